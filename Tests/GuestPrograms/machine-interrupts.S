# Interrupts: CLINT software and timer, delegation, vectors, Sstc, WFI, and a computation under a storm of them.
# Expected: pass.
#include "bare.inc"
#include "interrupts.inc"

    .text
main:
    li s0, MSIP
    li s1, MTIMECMP
    li s2, MTIME
    li t0, -1
    sd t0, 0(s1)
    sw zero, 0(s0)

    next                                # a software interrupt shows in mip, and goes away
    li t0, 1
    sw t0, 0(s0)
1:  csrr a0, mip
    andi a0, a0, 8
    beqz a0, 1b
    li t0, 2                            # only bit 0 counts
    sw t0, 0(s0)
    lwu a0, 0(s0)
    expect a0, 0
2:  csrr a0, mip
    andi a0, a0, 8
    bnez a0, 2b
    next                                # not taken while MIE or its bit in mie is clear
    li t0, 1
    sw t0, 0(s0)
    csrsi mstatus, MSTATUS_MIE
    nop
    csrci mstatus, MSTATUS_MIE
    csrwi mie, 8
    nop
    taken 3
    next
    csrwi mie, 8                        # mret may be what opens the gate
    la t0, 1f
    csrw mepc, t0
    li t1, MPP_M | MSTATUS_MPIE
    csrs mstatus, t1
    arm 2f
    mret
1:  j fail
2:  expect s8, INTERRUPT(3)
    la t0, 1b
    same s7, t0
    csrci mstatus, MSTATUS_MIE
    li t1, MPP_M
    csrs mstatus, t1
    sw zero, 0(s0)

    next                                # the timer: pending as long as mtime >= mtimecmp
    li t0, 1 << 62
    sd t0, 0(s1)
    csrr a0, mip
    li t1, 0x80
    and a0, a0, t1
    expect a0, 0
    arm 2f
    csrw mie, t1
    csrsi mstatus, MSTATUS_MIE
    ld t0, 0(s2)
    li t1, 20000
    add t0, t0, t1
    sd t0, 0(s1)
1:  j 1b                                # a loop without any exit
2:  csrci mstatus, MSTATUS_MIE
    li t6, MPP_M
    csrs mstatus, t6
    expect s8, INTERRUPT(7)
    ld a0, 0(s2)
    ld a1, 0(s1)
    sltu a0, a0, a1
    expect a0, 0
    next
    li t0, -1
    sd t0, 0(s1)
1:  csrr a0, mip
    andi a0, a0, 0x80
    bnez a0, 1b
    next                                # WFI sleeps until the timer, with the gate shut
    ld t0, 0(s2)
    li t1, 50000
    add a2, t0, t1
    sd a2, 0(s1)
    li t1, 0x80
    csrw mie, t1
1:  wfi
    csrr a0, mip
    andi a0, a0, 0x80
    beqz a0, 1b
    ld a0, 0(s2)
    sltu a0, a0, a2
    expect a0, 0

    li t0, -1
    sd t0, 0(s1)
    next                                # M-mode's interrupts come in S whatever MIE says
    li t0, 1
    sw t0, 0(s0)
    li t0, 8
    csrw mie, t0
    arm 2f
    to_supervisor
1:  j 1b
2:  expect s6, 3
    expect s8, INTERRUPT(3)
    to_machine
    sw zero, 0(s0)

    # Delegated ones: never in M, in S by SIE, in U always.
    li t0, 0x222
    csrw mideleg, t0
    csrw mie, t0
    csrwi mip, 2
    next
    li s11, 0
    csrsi mstatus, MSTATUS_MIE
    nop
    nop
    csrci mstatus, MSTATUS_MIE
    csrci mstatus, MSTATUS_SIE
    to_supervisor
    next
    csrr a0, sip
    andi a0, a0, 2
    expect a0, 2
    arm 1f
    la t4, 2f
    csrsi sstatus, MSTATUS_SIE
2:  j fail
1:  expect s8, INTERRUPT(1)
    expect s6, 1
    same s7, t4
    csrci sstatus, MSTATUS_SIE
    next                                # S may clear and set SSIP, but not STIP and SEIP
    csrw sip, zero
    li t0, 0x222
    csrs sip, t0
    csrr a0, sip
    li t0, 0x222
    and a0, a0, t0
    expect a0, 2
    to_machine
    next
    li t0, 0x222
    csrw mie, t0
    csrci mstatus, MSTATUS_SIE
    arm 2f
    to_user
1:  j 1b
2:  expect s8, INTERRUPT(1)
    expect s6, 1
    to_machine
    csrw mip, zero

    next                                # vectors: an interrupt enters at base + 4 * cause, an exception at the base
    csrr s3, mtvec
    la t0, vectors + 1
    csrw mtvec, t0
    csrw mideleg, zero
    csrwi mip, 2
    csrwi mie, 2
    li a0, 0
    csrsi mstatus, MSTATUS_MIE
    csrci mstatus, MSTATUS_MIE
    expect a0, 0x101
    csrw mip, zero
    csrwi mie, 8
    li t0, 1
    sw t0, 0(s0)
    csrsi mstatus, MSTATUS_MIE
    nop
    nop
    csrci mstatus, MSTATUS_MIE
    expect a0, 0x103
    sw zero, 0(s0)
    ebreak
    expect a0, 0x100
    csrw mtvec, s3
    csrw mie, zero

    # Sstc, if menvcfg.STCE can be set.
    li t0, 1 << 63
    csrs 0x30a, t0
    csrr a0, 0x30a
    bgez a0, no_sstc
    li t0, -1
    csrw 0x14d, t0
    li t0, 0x20
    csrw mideleg, t0
    csrw mie, t0
    to_supervisor
    next
    rdtime a0
    li a1, 20000
    add a0, a0, a1
    csrw 0x14d, a0
    arm 2f
    csrsi sstatus, MSTATUS_SIE
1:  j 1b
2:  expect s8, INTERRUPT(5)
    expect s6, 1
    rdtime a1
    sltu a1, a1, a0
    expect a1, 0
    csrci sstatus, MSTATUS_SIE
    next
    csrr a1, sip
    andi a1, a1, 0x20
    expect a1, 0x20
    li t0, -1
    csrw 0x14d, t0
1:  csrr a1, sip
    andi a1, a1, 0x20
    bnez a1, 1b
    to_machine
    li t0, 1 << 63
    csrc 0x30a, t0
    to_supervisor
    traps CAUSE_ILLEGAL, csrr a0, 0x14d
    to_machine
no_sstc:
    csrw mideleg, zero

    next                                # a computation that is interrupted over and over comes out right
    la t0, storm
    csrw mtvec, t0
    la t0, storm_frame
    csrw mscratch, t0
    li a6, 0
    ld t0, 0(s2)
    sd t0, 0(s1)
    li t0, 0x80
    csrw mie, t0
    csrsi mstatus, MSTATUS_MIE
    li s3, 40
1:  li a0, 1                            # a fixed sum, again and again
    li a1, 5000
    li a2, 0
2:  slli a3, a0, 13
    xor a0, a0, a3
    srli a3, a0, 7
    xor a0, a0, a3
    slli a3, a0, 17
    xor a0, a0, a3
    add a2, a2, a0
    addi a1, a1, -1
    bnez a1, 2b
    expect a2, 0xb3a8d9875ee42bd3
    addi s3, s3, -1
    bnez s3, 1b
    li s3, 1                            # and until enough interrupts have come
    li t0, 20
    bltu a6, t0, 1b
    csrci mstatus, MSTATUS_MIE
    csrw mie, zero
    la t0, machine_trap
    csrw mtvec, t0
    finish

    .balign 4
storm:
    csrrw t0, mscratch, t0
    sd t1, 0(t0)
    sd t2, 8(t0)
    li t1, MTIME
    ld t2, 0(t1)
    li t1, 10000                        # a millisecond
    add t2, t2, t1
    li t1, MTIMECMP
    sd t2, 0(t1)
    addi a6, a6, 1
    ld t1, 0(t0)
    ld t2, 8(t0)
    csrrw t0, mscratch, t0
    mret

    .balign 256
    .option push
    .option norvc
vectors:
    j vector_exception
    j vector_1
    j fail
    j vector_3
    j fail
    .option pop
vector_1:
    li a0, 0x101
    csrw mie, zero
    mret
vector_3:
    li a0, 0x103
    csrw mie, zero
    mret
vector_exception:
    li a0, 0x100
    csrr t0, mepc
    lhu t1, 0(t0)
    andi t1, t1, 3
    addi t1, t1, -3
    snez t1, t1
    slli t1, t1, 1
    sub t0, t0, t1
    addi t0, t0, 4
    csrw mepc, t0
    mret

    .data
    .balign 8
storm_frame:
    .dword 0, 0
    .text
