# Exceptions, their causes and values, delegation, and the stack of privileges in mstatus.
# Expected: pass. mtval of an illegal instruction or breakpoint may be zero.
#include "bare.inc"
#define NOWHERE 0x0f000000              /* no device answers here */

# The field of s5 (the handler's mstatus) at \shift under \mask must be \want.
.macro was shift, mask, want
    srli a0, s5, \shift
    andi a0, a0, \mask
    expect a0, \want
.endm

    .text
main:
    traps CAUSE_ECALL_M, ecall
    expect s9, 0
    was 11, 3, 3                        # MPP
    traps CAUSE_BREAKPOINT, ebreak
    next
    beqz s9, 1f
    same s9, s7
1:  li a1, NOWHERE
    traps CAUSE_LOAD_ACCESS, ld a0, 0(a1)
    same s9, a1
    traps CAUSE_STORE_ACCESS, sw a0, 0(a1)
    same s9, a1
    next
    arm 1f
    jalr ra, 0(a1)
1:  expect s8, CAUSE_FETCH_ACCESS
    same s7, a1
    same s9, a1
    next                                # a destination keeps its value when the access traps
    li a0, 77
    traps CAUSE_LOAD_ACCESS, ld a0, 8(a1)
    expect a0, 77
    mv a2, a1
    traps CAUSE_LOAD_ACCESS, lw a2, 0(a2)
    same a1, a2

    next                                # a trap stacks MIE and MPP, mret unstacks them
    csrsi mstatus, MSTATUS_MIE
    arm 1f
    ecall
1:  was 3, 1, 0
    was 7, 1, 1
    csrr a0, mstatus
    andi a0, a0, MSTATUS_MIE | MSTATUS_MPIE
    expect a0, MSTATUS_MIE | MSTATUS_MPIE
    csrci mstatus, MSTATUS_MIE
    arm 1f
    ecall
1:  was 7, 1, 0
    to_supervisor                       # the privilege that trapped is in MPP
    traps CAUSE_ECALL_S, ecall
    was 11, 3, 1
    to_machine
    to_user
    traps CAUSE_ECALL_U, ecall
    was 11, 3, 0
    to_machine
    next                                # mret leaves MPP at U
    li a0, MPP_M
    csrs mstatus, a0
    la a0, 1f
    csrw mepc, a0
    mret
    j fail
1:  csrr a0, mstatus
    srli a0, a0, 11
    andi a0, a0, 3
    expect a0, 0

    # Delegation: from U to S, and from S to S; M-mode keeps its own.
    li a0, 1 << CAUSE_ECALL_U | 1 << CAUSE_ILLEGAL | 1 << CAUSE_BREAKPOINT | 1 << CAUSE_LOAD_ACCESS
    csrw medeleg, a0
    la a0, supervisor_answers
    csrw stvec, a0
    traps CAUSE_ILLEGAL, .word 0
    expect s6, 3
    to_supervisor
    traps CAUSE_ILLEGAL, .word 0
    expect s6, 1
    was 8, 1, 1                         # SPP
    traps CAUSE_ECALL_S, ecall
    expect s6, 3
    next                                # SIE and SPIE
    csrsi sstatus, MSTATUS_SIE
    arm 1f
    .word 0
1:  was 1, 1, 0
    was 5, 1, 1
    csrr a0, sstatus
    andi a0, a0, MSTATUS_SIE | MSTATUS_SPIE
    expect a0, MSTATUS_SIE | MSTATUS_SPIE
    csrci sstatus, MSTATUS_SIE
    next                                # sret to U
    li a0, MSTATUS_SPP
    csrc sstatus, a0
    la a0, 1f
    csrw sepc, a0
    sret
1:  traps CAUSE_ILLEGAL, csrr a0, sstatus
    expect s6, 1
    was 8, 1, 0
    traps CAUSE_ECALL_U, ecall
    expect s6, 1
    traps CAUSE_BREAKPOINT, c.ebreak
    expect s6, 1
    li a1, NOWHERE
    traps CAUSE_LOAD_ACCESS, lbu a0, 3(a1)
    expect s6, 1
    addi a1, a1, 3
    same s9, a1
    traps CAUSE_STORE_ACCESS, sb a0, 0(a1)
    expect s6, 3
    next                                # an S-mode handler's trap leaves the M-mode registers alone
    traps CAUSE_STORE_ACCESS, sb a0, 0(a1)
    traps CAUSE_ILLEGAL, .word 0
    expect s6, 1
    next                                # U-mode's call is S-mode's to answer: this handler asks M-mode for the end
    li s11, 0
    ecall

    .balign 4
supervisor_answers:
    bnez s11, supervisor_trap
    csrr a0, scause
    expect a0, CAUSE_ECALL_U
    to_machine
    next                                # of all this M-mode's cause register has seen only the last call
    csrr a0, mcause
    expect a0, CAUSE_ECALL_S
    finish
