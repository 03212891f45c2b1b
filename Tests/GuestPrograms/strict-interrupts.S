# The order of simultaneous interrupts: machine external, software, timer, then the supervisor's three in the same order.
# Expected: pass. (QEMU 7.2 without AIA takes the lowest number.)
#include "bare.inc"
#include "interrupts.inc"

    .text
main:
    li t0, 1
    li t1, MSIP
    sw t0, 0(t1)
    li t1, MTIMECMP
    sd zero, 0(t1)
    li t0, 0x222
    csrw mip, t0
    li t0, 0x2aa
    csrw mie, t0
    taken 3
    li t0, 0x2a2
    csrw mie, t0
    taken 7
    li t0, 0x222
    csrw mie, t0
    taken 9
    li t0, 0x022
    csrw mie, t0
    taken 1
    li t0, 0x020
    csrw mie, t0
    taken 5
    next                                # the same among delegated ones
    li t0, 0x222
    csrw mideleg, t0
    csrw mie, t0
    arm 2f
    to_user
1:  j 1b
2:  expect s8, INTERRUPT(9)
    expect s6, 1
    finish
