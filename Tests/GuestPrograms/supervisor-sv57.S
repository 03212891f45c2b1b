# Sv57 page tables: permissions, faults and their tval, superpages, fences, address spaces.
# Expected: pass. A hart either sets A and D itself or faults and leaves them clear.
#define TOP       4
#define SATP_MODE 10
#define VA        0x00123456789ab000
#include "translation.inc"
