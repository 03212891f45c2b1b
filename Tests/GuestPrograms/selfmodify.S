# Code that is written while it runs, in every mode.
# Expected: pass. After fence.i a hart fetches what it has stored, whether the code was run before or not.
#include "modes.inc"
#define ADDI_A0(n) (0x00050513 | (n) << 20)     /* addi a0, a0, n */
#define RET        0x00008067

    .text
body:
    next                            # code made from nothing
    la a1, scratch
    li a2, ADDI_A0(5)
    sw a2, 0(a1)
    li a3, RET
    sw a3, 4(a1)
    fence.i
    li a0, 0
    jalr a1
    expect a0, 5

    next                            # the same place again, many times, each time another
    li s0, 0
    li s1, 200
    li a0, 0
    li s2, 0
1:  andi a2, s1, 31
    add s2, s2, a2
    slli a2, a2, 20
    li a3, ADDI_A0(0)
    or a2, a2, a3
    sw a2, 0(a1)
    fence.i
    jalr a1
    addi s1, s1, -1
    bnez s1, 1b
    same a0, s2

    next                            # one halfword of an instruction: the immediate's upper bits
    li a2, ADDI_A0(0x100)
    sw a2, 0(a1)
    fence.i
    li a0, 0
    jalr a1
    li a2, 0x7005
    sh a2, 2(a1)
    li a2, 0x20                     # and one byte of it
    sb a2, 3(a1)
    fence.i
    jalr a1
    li a2, 0x300
    same a0, a2

    next                            # the next instruction but one of the running block
    la a1, 1f
    li a2, ADDI_A0(7)
    li a0, 0
    li s0, 3
2:  sw a2, 0(a1)
    fence.i
    .option push
    .option norvc
    .balign 4
1:  addi a0, a0, 1
    .option pop
    addi s0, s0, -1
    bnez s0, 2b
    expect a0, 21
    li a2, ADDI_A0(1)               # put back for the next mode
    sw a2, 0(a1)
    fence.i

    next                            # a loop that was hot before it is changed
    la a1, 3f
    li a2, ADDI_A0(1)
    sw a2, 0(a1)
    fence.i
    li s0, 2
4:  li a0, 0
    li s1, 30000
    .option push
    .option norvc
    .balign 4
3:  addi a0, a0, 1
    .option pop
    addi s1, s1, -1
    bnez s1, 3b
    addi s0, s0, -1
    beqz s0, 5f
    expect a0, 30000
    li a2, ADDI_A0(2)
    sw a2, 0(a1)
    fence.i
    j 4b
5:  expect a0, 60000

    next                            # code copied elsewhere runs there, after the original is gone
    la a1, scratch
    la a2, scratch + 2048
    li a3, ADDI_A0(9)
    sw a3, 0(a1)
    li a3, RET
    sw a3, 4(a1)
    fence.i
    li a0, 0
    jalr a1
    ld a3, 0(a1)
    sd a3, 0(a2)
    sd zero, 0(a1)
    fence.i
    jalr a2
    expect a0, 18

    next                            # data beside code in one page is stored to without harm
    la a1, scratch
    li a3, ADDI_A0(1)
    sw a3, 0(a1)
    li a3, RET
    sw a3, 4(a1)
    fence.i
    li a0, 0
    li s0, 5000
6:  sd s0, 64(a1)
    jalr a1
    ld a3, 64(a1)
    same a3, s0
    addi s0, s0, -1
    bnez s0, 6b
    expect a0, 5000
    finish

    .balign 4096
scratch:
    .space 4096
