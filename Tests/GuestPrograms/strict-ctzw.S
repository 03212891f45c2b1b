# ctzw looks at the low word only: set bits above it count for nothing. In every mode. (QEMU 7.2 answers 63.)
# Expected: pass.
#include "modes.inc"
#include "integer.inc"
    .text
body:
    r1 ctzw, 32, 0x8000000000000000
    r1 ctzw, 32, 0xffffffff00000000
    r1 ctzw, 31, 0xffffffff80000000
    finish
