# Branches, jumps and calls, in every mode.
# Expected: pass. Comparisons are of all 64 bits; jalr clears bit 0 of its target; links hold the next address.
#include "modes.inc"

# Checks that \operation is taken (\want 1) or not (0), forwards and backwards.
.macro branch operation, want, left, right
    next
    li a1, \left
    li a2, \right
    li a0, 0
    \operation a1, a2, .Lforward\@
    j .Lchosen\@
.Lbackward\@:
    addi a0, a0, 1
    j .Lchosen2\@
.Lforward\@:
    addi a0, a0, 1
.Lchosen\@:
    \operation a1, a2, .Lbackward\@
.Lchosen2\@:
    expect a0, 2 * \want
.endm

    .text
body:
    branch beq, 1, 0, 0
    branch beq, 0, 0x100000000, 0
    branch beq, 1, -1, 0xffffffffffffffff
    branch bne, 0, -1, -1
    branch bne, 1, 0x8000000000000000, 0
    branch blt, 1, -1, 0
    branch blt, 0, 0, -1
    branch blt, 0, 0, 0
    branch blt, 1, 0x8000000000000000, 0x7fffffffffffffff
    branch blt, 0, 0x80000000, 0x7fffffff
    branch bge, 1, 0, 0
    branch bge, 0, -1, 0
    branch bge, 1, 0x7fffffffffffffff, 0x8000000000000000
    branch bltu, 0, -1, 0
    branch bltu, 1, 0, -1
    branch bltu, 1, 0x7fffffffffffffff, 0x8000000000000000
    branch bltu, 0, 5, 5
    branch bgeu, 1, -1, 0
    branch bgeu, 1, 5, 5
    branch bgeu, 0, 0xffffffff, 0x100000000

    next                            # jal links the address behind it
    .option push
    .option norvc
    la a1, 1f
    jal a0, 2f
1:  j fail
2:  same a0, a1
    next                            # jalr: bit 0 is dropped, the offset is signed
    la a1, 1f
    addi a1, a1, 9
    la a3, 3f
    jalr a0, -8(a1)
3:  j fail
1:  same a0, a3
    next                            # link and base are the same register
    la a1, 1f
    la a3, 2f
    jalr a1, 0(a1)
2:  j fail
1:  same a1, a3
    next                            # a jump that links to x0
    la a1, 1f
    jalr zero, 0(a1)
    j fail
1:  expect zero, 0
    .option pop

    next                            # nested calls, returns in order
    li a0, 0
    li a1, 10
    jal ra, count
    expect a0, 55

    next                            # calls through a table: eight targets from one place
    li a0, 1
    li s0, 64
    li s1, 0x1234567
1:  slli t0, s1, 13                 # xorshift
    xor s1, s1, t0
    srli t0, s1, 7
    xor s1, s1, t0
    slli t0, s1, 17
    xor s1, s1, t0
    andi t0, s1, 7
    slli t0, t0, 3                  # eight bytes a target
    la t1, targets
    add t1, t1, t0
    jalr ra, 0(t1)
    addi s0, s0, -1
    bnez s0, 1b
    expect a0, 0xaf3

    next                            # a loop that runs long enough to be worth anybody's optimiser
    li a0, 0
    li a1, 20000
1:  add a0, a0, a1
    andi a2, a1, 15
    bnez a2, 2f
    xor a0, a0, a1
2:  addi a1, a1, -1
    bnez a1, 1b
    expect a0, 0xbfdabe0

    next                            # a branch at the very end of a page, its target in the next
    j page_end
page_returns:
    expect a0, 3

    finish

count:
    addi sp, sp, -16
    sd ra, 0(sp)
    sd a1, 8(sp)
    beqz a1, 1f
    addi a1, a1, -1
    jal ra, count
    ld a1, 8(sp)
    add a0, a0, a1
1:  ld ra, 0(sp)
    addi sp, sp, 16
    ret

    .balign 8
    .option push
    .option norvc
targets:
    addi a0, a0, 1
    ret
    xori a0, a0, 0x55
    ret
    slliw a0, a0, 1
    ret
    addi a0, a0, -77
    ret
    not a0, a0
    ret
    srliw a0, a0, 1
    ret
    addiw a0, a0, 1000
    ret
    xori a0, a0, -1234
    ret
    .option pop

    .balign 4096
    .space 4096 - 6
page_end:
    li a0, 1
    .option push
    .option norvc
    beqz zero, 1f                   # four bytes, two of them in the next page
    .option pop
    j fail
1:  addi a0, a0, 2
    j page_returns
