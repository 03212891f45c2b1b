# A program for a debugger to look at: a function that is called ten times, a counter that it adds to, a second hart that
# counts for itself. Expected: pass.
#define SECOND_HART
#include "bare.inc"

    .text
main:
    li s0, 0
    li s1, 10
1:  mv a0, s0
    call work
    addi s0, s0, 1
    blt s0, s1, 1b
    next
    la a1, counter
    ld a0, 0(a1)
    expect a0, 45
    finish

    .globl work
work:                                   # adds a0 to the counter
    la a1, counter
    ld a2, 0(a1)
    add a2, a2, a0
    fcvt.d.l fa0, a2
    .globl store
store:
    sd a2, 0(a1)
    .globl stored
stored:
    ret

    .globl other_hart
other_hart:
    la t0, beats
    li t1, 1
beat:
    amoadd.d zero, t1, (t0)
    j beat

    .data
    .balign 8
    .globl counter
counter:
    .dword 0
    .balign 4096
    .globl beats
beats:
    .dword 0
