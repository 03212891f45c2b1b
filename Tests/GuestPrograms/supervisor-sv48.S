# Sv48 page tables: permissions, faults and their tval, superpages, fences, address spaces.
# Expected: pass. A hart either sets A and D itself or faults and leaves them clear.
#define TOP       3
#define SATP_MODE 9
#define VA        0x123456789000
#include "translation.inc"
