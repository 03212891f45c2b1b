# Zicond, in every mode. QEMU 7.2 does not know it.
# Expected: pass. The condition is the whole 64-bit register.
#include "modes.inc"
#include "integer.inc"

.macro czero_eqz rd, rs1, rs2
    .insn r 0x33, 5, 7, \rd, \rs1, \rs2
.endm
.macro czero_nez rd, rs1, rs2
    .insn r 0x33, 7, 7, \rd, \rs1, \rs2
.endm

    .text
body:
    rr czero_eqz, 0, 0x123456789abcdef0, 0
    rr czero_eqz, 0x123456789abcdef0, 0x123456789abcdef0, 1
    rr czero_eqz, 0xffffffffffffffff, 0xffffffffffffffff, 0x8000000000000000
    rr czero_eqz, 0xffffffffffffffff, 0xffffffffffffffff, 0x100000000
    rr czero_eqz, 0, 0, 0
    rr czero_eqz, 0, 0, 0xffffffffffffffff
    rr czero_nez, 0x123456789abcdef0, 0x123456789abcdef0, 0
    rr czero_nez, 0, 0x123456789abcdef0, 1
    rr czero_nez, 0, 0xffffffffffffffff, 0x8000000000000000
    rr czero_nez, 0, 0xffffffffffffffff, 0x100000000
    rr czero_nez, 0, 0, 0
    rr czero_nez, 0, 0, 0xffffffffffffffff
    finish
