# What M-mode can take from S-mode and both from U-mode: TVM, TW, TSR, counters; MPRV with MXR and SUM; WFI.
# Expected: pass.
#include "bare.inc"
    .text
main:
    li a0, MSTATUS_TVM | MSTATUS_TSR
    csrs mstatus, a0
    to_supervisor
    traps CAUSE_ILLEGAL, csrr a0, satp
    traps CAUSE_ILLEGAL, csrw satp, zero
    traps CAUSE_ILLEGAL, sfence.vma
    traps CAUSE_ILLEGAL, .word 0x16000073       # sinval.vma zero, zero
    traps CAUSE_ILLEGAL, sret
    to_machine
    li a0, MSTATUS_TVM | MSTATUS_TSR
    csrc mstatus, a0
    to_supervisor
    quiet csrr a0, satp
    quiet csrw satp, zero
    quiet sfence.vma
    quiet .word 0x16000073                      # sinval.vma
    quiet .word 0x18000073                      # sfence.w.inval
    quiet .word 0x18100073                      # sfence.inval.ir
    to_machine

    next                                        # WFI: a pending enabled interrupt ends it, taken or not
    csrwi mie, 2
    csrwi mip, 2
    wfi
    csrw mip, zero
    csrw mie, zero
    li a0, MSTATUS_TW                           # with TW it is illegal in S
    csrs mstatus, a0
    to_supervisor
    traps CAUSE_ILLEGAL, wfi
    to_machine
    li a0, MSTATUS_TW
    csrc mstatus, a0
    csrwi mideleg, 2                            # without TW it ends there too; SIE is clear, so nothing is taken
    csrwi mie, 2
    csrwi mip, 2
    to_supervisor
    quiet wfi
    to_machine
    csrw mip, zero
    csrw mie, zero
    csrw mideleg, zero

    # Counters are shown to S by mcounteren, and to U if scounteren agrees.
    csrw mcounteren, zero
    csrwi scounteren, 7
    to_supervisor
    traps CAUSE_ILLEGAL, rdcycle a0
    traps CAUSE_ILLEGAL, rdtime a0
    traps CAUSE_ILLEGAL, rdinstret a0
    to_machine
    csrwi mcounteren, 2
    to_supervisor
    traps CAUSE_ILLEGAL, rdcycle a0
    quiet rdtime a0
    traps CAUSE_ILLEGAL, rdinstret a0
    to_machine
    csrwi mcounteren, 7
    csrwi scounteren, 4
    to_supervisor
    quiet rdcycle a0
    quiet rdtime a0
    to_machine
    to_user
    traps CAUSE_ILLEGAL, rdcycle a0
    traps CAUSE_ILLEGAL, rdtime a0
    quiet rdinstret a0
    to_machine
    csrwi scounteren, 7
    to_user
    quiet rdcycle a0
    quiet rdtime a0
    quiet rdinstret a0
    traps CAUSE_ILLEGAL, csrw instret, a0
    to_machine

    next                                        # they run, and backwards never
    rdcycle a0
    rdcycle a1
    sltu a1, a1, a0
    expect a1, 0
    rdinstret a0
    li a2, 1000
1:  addi a2, a2, -1
    bnez a2, 1b
    rdinstret a1
    sltu a1, a0, a1
    expect a1, 1
    rdtime a0
2:  rdtime a1
    beq a0, a1, 2b
    sltu a1, a0, a1
    expect a1, 1
    next                                        # time is the CLINT's mtime
    li a3, 0x0200bff8
    ld a0, 0(a3)
    rdtime a1
    ld a2, 0(a3)
    sltu a4, a1, a0
    expect a4, 0
    sltu a4, a2, a1
    expect a4, 0
    next                                        # M-mode may set its counters
    csrw minstret, zero
    csrr a0, minstret
    li a1, 100000000
    sltu a0, a0, a1
    expect a0, 1
    li a1, 1 << 60
    csrw mcycle, a1
    csrr a0, mcycle
    sltu a0, a0, a1
    expect a0, 0

    # MPRV: loads and stores with MPP's eyes, fetches with M's.
    next
    la t0, root                                 # 1 GiB at 0x80000000 for S, a page at 4 GiB for U
    li t1, 0x80000000 >> 2 | 0xcf
    sd t1, 16(t0)
    la t1, level1
    srli t1, t1, 2
    ori t1, t1, 1
    sd t1, 32(t0)
    la t0, level1
    la t1, level0
    srli t1, t1, 2
    ori t1, t1, 1
    sd t1, 0(t0)
    la t0, level0
    la t1, frame
    srli t1, t1, 2
    ori t2, t1, 0xd7                            # V R W U A D
    sd t2, 0(t0)
    ori t2, t1, 0xc9                            # V X A D, S-mode's
    sd t2, 8(t0)
    la t0, root
    srli t0, t0, 12
    li t1, 8 << 60
    or t0, t0, t1
    csrw satp, t0
    sfence.vma
    li a2, 4 << 30
    li a3, (4 << 30) + 4096
    li a4, MSTATUS_MPRV
    li t0, MPP_M
    csrc mstatus, t0
    li t0, 0x600d
    la t1, frame
    sd t0, 0(t1)
    csrs mstatus, a4                            # as U
    ld a0, 0(a2)
    expect a0, 0x600d
    traps CAUSE_LOAD_PAGE, ld a0, 0(a3)
    csrs mstatus, a4
    la t1, frame
    traps CAUSE_LOAD_PAGE, ld a0, 0(t1)
    li t0, MPP_S                                # as S: not U's page without SUM
    csrs mstatus, t0
    csrs mstatus, a4
    traps CAUSE_LOAD_PAGE, ld a0, 0(a2)
    li t0, MPP_M
    csrc mstatus, t0
    li t0, MPP_S | MSTATUS_SUM
    csrs mstatus, t0
    csrs mstatus, a4
    next
    ld a0, 0(a2)
    expect a0, 0x600d
    traps CAUSE_LOAD_PAGE, ld a0, 0(a3)         # execute-only
    li t0, MPP_M
    csrc mstatus, t0
    li t0, MPP_S | MSTATUS_MXR
    csrs mstatus, t0
    csrs mstatus, a4
    next
    ld a0, 0(a3)
    expect a0, 0x600d
    next                                        # as M: no translation
    li t0, MPP_M
    csrs mstatus, t0
    csrs mstatus, a4
    la t1, frame
    ld a0, 0(t1)
    expect a0, 0x600d
    csrc mstatus, a4
    csrw satp, zero
    finish

    .bss
    .balign 4096
root:
    .space 4096
level1:
    .space 4096
level0:
    .space 4096
frame:
    .space 4096
    .text
