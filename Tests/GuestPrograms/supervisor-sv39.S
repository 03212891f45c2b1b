# Sv39 page tables: permissions, faults and their tval, superpages, fences, address spaces.
# Expected: pass. A hart either sets A and D itself or faults and leaves them clear.
#define TOP       2
#define SATP_MODE 8
#define VA        0x1234567000
#include "translation.inc"
