# Zicbom and Zicboz: what the operations do, and who may use them. QEMU 7.2 does not know them.
# Expected: pass. Blocks have 64 bytes; menvcfg and senvcfg open the operations to lower modes.
#include "bare.inc"

#define MENVCFG 0x30a
#define SENVCFG 0x10a
#define CBIE_FLUSH (1 << 4)
#define CBCFE (1 << 6)
#define CBZE (1 << 7)
#define NOWHERE 0x0f000000      /* no device answers here */

.macro cbo_inval reg
    .insn i 0x0f, 2, x0, \reg, 0
.endm
.macro cbo_clean reg
    .insn i 0x0f, 2, x0, \reg, 1
.endm
.macro cbo_flush reg
    .insn i 0x0f, 2, x0, \reg, 2
.endm
.macro cbo_zero reg
    .insn i 0x0f, 2, x0, \reg, 4
.endm

    .text
main:
    la s0, block
    csrw MENVCFG, zero
    csrw SENVCFG, zero

    next                                # the block around the address is zero, its neighbours are not
    call fill
    addi a0, s0, 64 + 13
    cbo_zero a0
    ld a1, 56(s0)
    expect a1, -1
    ld a1, 128(s0)
    expect a1, -1
    li a2, 0
    addi a3, s0, 64
    addi a4, s0, 128
1:  ld a1, 0(a3)
    or a2, a2, a1
    addi a3, a3, 8
    bne a3, a4, 1b
    expect a2, 0
    next                                # cleaning and flushing change nothing that can be seen
    li a1, 0x1234
    sd a1, 64(s0)
    addi a0, s0, 64
    cbo_clean a0
    cbo_flush a0
    ld a1, 64(s0)
    expect a1, 0x1234
    li a2, NOWHERE
    traps CAUSE_STORE_ACCESS, cbo_zero a2

    addi a0, s0, 64                     # closed to S and U
    to_supervisor
    traps CAUSE_ILLEGAL, cbo_zero a0
    traps CAUSE_ILLEGAL, cbo_clean a0
    traps CAUSE_ILLEGAL, cbo_flush a0
    traps CAUSE_ILLEGAL, cbo_inval a0
    to_machine
    li t0, CBIE_FLUSH | CBCFE | CBZE    # open to S, still closed to U
    csrw MENVCFG, t0
    to_supervisor
    quiet cbo_clean a0
    quiet cbo_flush a0
    quiet cbo_inval a0
    quiet cbo_zero a0
    ld a1, 64(s0)
    expect a1, 0
    to_machine
    to_user
    traps CAUSE_ILLEGAL, cbo_zero a0
    traps CAUSE_ILLEGAL, cbo_clean a0
    traps CAUSE_ILLEGAL, cbo_inval a0
    to_machine
    li t0, CBCFE | CBZE                 # each by its own bit
    csrw SENVCFG, t0
    to_user
    quiet cbo_clean a0
    quiet cbo_flush a0
    li a1, -1
    sd a1, 64(s0)
    quiet cbo_zero a0
    ld a1, 64(s0)
    expect a1, 0
    traps CAUSE_ILLEGAL, cbo_inval a0
    finish

fill:
    li t0, -1
    mv t1, s0
    addi t2, s0, 192
1:  sd t0, 0(t1)
    addi t1, t1, 8
    bne t1, t2, 1b
    ret

    .bss
    .balign 64
block:
    .space 192
    .text
