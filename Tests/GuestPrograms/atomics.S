# The A extension on one hart, in every mode.
# Expected: pass. Word results sign-extend, the memory beside a word is not touched, a misaligned AMO or LR
# raises the misaligned-address exception with the address as tval.
#include "modes.inc"

# \operation on memory holding \old with operand \value: rd gets \old, memory \new.
.macro amo suffix, operation, new, old, value
    next
    la a1, cell
    li a2, 0x5a5a5a5a5a5a5a5a
    sd a2, 8(a1)
    li a2, \old
    s\suffix a2, 0(a1)
    li a3, \value
    \operation\().\suffix a0, a3, (a1)
    l\suffix a2, 0(a1)
    expect a0, \old
    expect a2, \new
    s\suffix a0, 0(a1)              # once more, into the operand's register, ordered both ways
    \operation\().\suffix\().aqrl a3, a3, (a1)
    expect a3, \old
    ld a2, 8(a1)
    expect a2, 0x5a5a5a5a5a5a5a5a
.endm

    .text
body:
    amo w, amoswap, 0x12345678, 0xffffffff87654321, 0x12345678
    amo w, amoadd, 0xffffffff80000000, 0x7fffffff, 1
    amo w, amoadd, 0, 0xffffffffffffffff, 1
    amo w, amoand, 0x00f000f0, 0xfffffffff0f0f0f0, 0x0ff00ff0
    amo w, amoor, 0xfffffffffff0fff0, 0xfffffffff0f0f0f0, 0x0ff00ff0
    amo w, amoxor, 0xffffffffff00ff00, 0xfffffffff0f0f0f0, 0x0ff00ff0
    amo w, amomin, 0xffffffffffffffff, 5, 0xffffffff
    amo w, amomin, 0xffffffff80000000, 0xffffffff80000000, 0x7fffffff
    amo w, amomax, 5, 5, 0xffffffff
    amo w, amomax, 0x7fffffff, 0xffffffff80000000, 0x7fffffff
    amo w, amominu, 5, 5, 0xffffffff
    amo w, amominu, 0x7fffffff, 0xffffffff80000000, 0x7fffffff
    amo w, amomaxu, 0xffffffffffffffff, 5, 0xffffffff
    amo w, amomaxu, 0xffffffff80000000, 0xffffffff80000000, 0x7fffffff
    amo d, amoswap, 0x123456789abcdef0, -1, 0x123456789abcdef0
    amo d, amoadd, 0x8000000000000000, 0x7fffffffffffffff, 1
    amo d, amoand, 0x00f000f000f000f0, 0xf0f0f0f0f0f0f0f0, 0x0ff00ff00ff00ff0
    amo d, amoor, 0xfff0fff0fff0fff0, 0xf0f0f0f0f0f0f0f0, 0x0ff00ff00ff00ff0
    amo d, amoxor, 0xff00ff00ff00ff00, 0xf0f0f0f0f0f0f0f0, 0x0ff00ff00ff00ff0
    amo d, amomin, 0x8000000000000000, 0x7fffffffffffffff, 0x8000000000000000
    amo d, amomax, 0x7fffffffffffffff, 0x7fffffffffffffff, 0x8000000000000000
    amo d, amominu, 0x7fffffffffffffff, 0x7fffffffffffffff, 0x8000000000000000
    amo d, amomaxu, 0x8000000000000000, 0x7fffffffffffffff, 0x8000000000000000

    next                            # upper operand bits do not matter to a word operation
    la a1, cell
    li a2, 1
    sd a2, 0(a1)
    li a3, 0x7fffffff00000001
    amomaxu.w a0, a3, (a1)
    ld a2, 0(a1)
    expect a2, 1
    next                            # a word at the upper half of a doubleword
    sd zero, 0(a1)
    addi a1, a1, 4
    li a3, 3
    amoadd.w a0, a3, (a1)
    la a1, cell
    ld a2, 0(a1)
    expect a2, 0x300000000
    next                            # rd = x0
    sd a3, 0(a1)
    amoadd.d zero, a3, (a1)
    ld a2, 0(a1)
    expect a2, 6
    expect zero, 0

    next                            # LR and SC, the plain pair
    la a1, cell
    li a2, 0xfedcba9887654321
    sd a2, 0(a1)
    lr.w a0, (a1)
    li a3, 77
    sc.w a4, a3, (a1)
    expect a0, 0xffffffff87654321
    expect a4, 0
    ld a2, 0(a1)
    expect a2, 0xfedcba980000004d
    next
    lr.d.aq a0, (a1)
    addi a0, a0, 1
    sc.d.rl a4, a0, (a1)
    expect a4, 0
    ld a2, 0(a1)
    expect a2, 0xfedcba980000004e
    next                            # an SC uses the reservation up
    sc.d a4, a3, (a1)
    sltu a4, zero, a4
    expect a4, 1
    ld a2, 0(a1)
    expect a2, 0xfedcba980000004e
    next                            # an SC elsewhere fails and uses it up too
    lr.d a0, (a1)
    la a5, elsewhere
    li a3, 5
    sd zero, 0(a5)
    sc.d a4, a3, (a5)
    sltu a4, zero, a4
    expect a4, 1
    ld a2, 0(a5)
    expect a2, 0
    sc.d a4, a3, (a1)
    sltu a4, zero, a4
    expect a4, 1
    next                            # SC into its own address or operand register
    lr.d a0, (a1)
    mv a5, a1
    sc.d a5, a0, (a5)
    expect a5, 0
    lr.d a0, (a1)
    sc.d a0, a0, (a1)
    expect a0, 0
    next                            # a loop of the kind compilers emit
    sd zero, 0(a1)
    li a5, 1000
1:  lr.w a0, (a1)
    addi a0, a0, 3
    sc.w a4, a0, (a1)
    bnez a4, 1b
    addi a5, a5, -1
    bnez a5, 1b
    ld a2, 0(a1)
    expect a2, 3000

    next
    la a1, cell + 1
    traps CAUSE_STORE_MISALIGNED, amoadd.w a0, a2, (a1)
    same s9, a1
    next
    la a1, cell + 4
    traps CAUSE_STORE_MISALIGNED, amoswap.d a0, a2, (a1)
    same s9, a1
    next
    la a1, cell + 2
    traps CAUSE_LOAD_MISALIGNED, lr.w a0, (a1)
    same s9, a1
    next
    la a1, cell + 4
    traps CAUSE_LOAD_MISALIGNED, lr.d a0, (a1)
    same s9, a1

    quiet fence
    quiet fence rw, w
    quiet fence.i
    quiet fence.tso
    quiet .word 0x0100000f           # pause
    finish

    .data
    .balign 16
cell:
    .dword 0, 0
    .balign 4096
    .space 8192
elsewhere:
    .dword 0, 0
