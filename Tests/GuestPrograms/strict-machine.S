# Fields that keep legal values only, where QEMU 7.2 keeps anything; an AMO where
# no memory is, which it calls a load; mret to a lower privilege, which leaves MPRV set there.
# Expected: pass.
#include "bare.inc"
    .text
main:
    next                            # mstatus.MPP: 2 is no privilege
    li a0, MPP_M
    csrc mstatus, a0
    li a0, 2 << 11
    csrs mstatus, a0
    csrr a0, mstatus
    srli a0, a0, 11
    andi a0, a0, 3
    addi a0, a0, -2
    snez a0, a0
    expect a0, 1
    next                            # exception addresses are even
    li a0, 0x123456789abcdef1
    csrw mepc, a0
    csrr a1, mepc
    expect a1, 0x123456789abcdef0
    csrw sepc, a0
    csrr a1, sepc
    expect a1, 0x123456789abcdef0
    li a1, 0x0f000000
    traps CAUSE_STORE_ACCESS, amoadd.w a0, a0, (a1)
    same s9, a1
    next                            # mret to a lower privilege clears MPRV
    li a0, MSTATUS_MPRV
    csrs mstatus, a0
    to_supervisor
    to_machine
    csrr a0, mstatus
    srli a0, a0, 17
    andi a0, a0, 1
    expect a0, 0
    finish
