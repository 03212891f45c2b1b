# Every compressed form of RV64C with the D extension, in every mode, and the encodings that are reserved.
# Expected: pass. Each form does what the instruction it stands for does; the reserved ones are illegal.
#include "modes.inc"

# A two-byte encoding that must be illegal.
.macro reserved encoding
    traps CAUSE_ILLEGAL, .half \encoding
.endm

    .text
body:
    next
    mv s0, sp
    la sp, frame
    c.addi4spn a0, sp, 4
    la a1, frame + 4
    same a0, a1
    next
    c.addi4spn a0, sp, 1020
    la a1, frame + 1020
    same a0, a1
    next
    li a2, 0x8899aabb
    c.swsp a2, 0(sp)
    c.lwsp a3, 0(sp)
    expect a3, 0xffffffff8899aabb
    next
    c.swsp a2, 252(sp)
    c.lwsp ra, 252(sp)
    expect ra, 0xffffffff8899aabb
    next
    li a2, 0x0123456789abcdef
    c.sdsp a2, 8(sp)
    c.ldsp t0, 8(sp)
    same t0, a2
    c.sdsp a2, 504(sp)
    c.ldsp t0, 504(sp)
    same t0, a2
    next
    fmv.d.x fs0, a2
    c.fsdsp fs0, 496(sp)
    c.fldsp ft1, 496(sp)
    fmv.x.d a3, ft1
    same a3, a2
    next
    c.addi16sp sp, 496
    la a1, frame + 496
    same sp, a1
    c.addi16sp sp, -512
    la a1, frame - 16
    same sp, a1
    next
    la sp, frame
    c.mv a1, sp
    c.sw a2, 124(a1)
    c.lw a3, 124(a1)
    expect a3, 0xffffffff89abcdef
    c.sw a2, 0(a1)
    c.lw a1, 0(a1)
    expect a1, 0xffffffff89abcdef
    next
    mv a1, sp
    c.sd a2, 248(a1)
    c.ld a3, 248(a1)
    same a3, a2
    next
    fmv.d.x fa5, a2
    c.fsd fa5, 240(a1)
    c.fld fa4, 240(a1)
    fmv.x.d a3, fa4
    same a3, a2
    mv sp, s0

    next
    li a0, 5
    c.addi a0, 31
    expect a0, 36
    c.addi a0, -32
    expect a0, 4
    next
    li t5, 0x7fffffff
    c.addiw t5, 1
    expect t5, 0xffffffff80000000
    next
    li a0, 0x1234567880000000
    c.addiw a0, 0
    expect a0, 0xffffffff80000000
    next
    c.li t3, -32
    expect t3, -32
    c.li t3, 31
    expect t3, 31
    next
    c.lui a5, 1
    expect a5, 0x1000
    c.lui a5, 0xfffe0
    expect a5, 0xfffffffffffe0000
    next
    li a0, 0x8000000000000001
    c.srli a0, 1
    expect a0, 0x4000000000000000
    li a0, -1
    c.srli a0, 63
    expect a0, 1
    next
    li a0, 0x8000000000000001
    c.srai a0, 33
    expect a0, 0xffffffffc0000000
    next
    li a0, 0x1234567
    c.andi a0, -16
    expect a0, 0x1234560
    c.andi a0, 31
    expect a0, 0
    next
    li t0, 1
    c.slli t0, 63
    expect t0, 0x8000000000000000
    next
    li a0, 0xff00ff00
    li a1, 0x0ff00ff0
    mv a2, a0
    c.sub a2, a1
    expect a2, 0xef10ef10
    mv a2, a0
    c.xor a2, a1
    expect a2, 0xf0f0f0f0
    mv a2, a0
    c.or a2, a1
    expect a2, 0xfff0fff0
    mv a2, a0
    c.and a2, a1
    expect a2, 0x0f000f00
    next
    mv a2, a0
    c.addw a2, a1
    expect a2, 0x0ef10ef0
    mv a2, a0
    c.subw a2, a1
    expect a2, 0xffffffffef10ef10
    next
    c.mv t0, a0
    expect t0, 0xff00ff00
    c.add t0, a1
    expect t0, 0x10ef10ef0
    next
    c.nop
    .half 0x0005                    # c.addi x0, 1: a hint
    .half 0x4005                    # c.li x0, 1: a hint
    .half 0x6005                    # c.lui x0, 1: a hint
    .half 0x8006                    # c.mv x0, x1: a hint
    .half 0x9006                    # c.add x0, x1: a hint
    .half 0x0006                    # c.slli x0, 1: a hint
    expect zero, 0

    next
    li a0, 0
    c.beqz a0, 1f
    j fail
1:  c.bnez a0, 2f
    c.j 3f
2:  j fail
3:  li a0, 0x100000000
    c.beqz a0, 2b
    c.bnez a0, 4f
    j fail
4:  nop
    next
    la a1, 1f
    c.jr a1
    j fail
1:  nop
    next                            # c.jalr links the address two bytes on
    la a1, 1f
    la a2, 2f
    c.jalr a1
2:  j fail
1:  same ra, a2
    next                            # and may jump through the register that it writes
    la ra, 1f
    la a2, 2f
    c.jalr ra
2:  j fail
1:  same ra, a2
    next                            # a four-byte instruction at a two-byte address
    .balign 4
    c.nop
    .option push
    .option norvc
    lui a0, 0x12345
    addi a0, a0, 0x678
    .option pop
    expect a0, 0x12345678
    next                            # and across two pages
    j straddle
straddled:
    expect a0, 0x12345678

    traps CAUSE_BREAKPOINT, c.ebreak
    reserved 0x0000                 # the all-zero halfword
    reserved 0x0004                 # c.addi4spn with no offset
    reserved 0x6101                 # c.addi16sp with no offset
    reserved 0x6281                 # c.lui with no immediate
    reserved 0x4002                 # c.lwsp into x0
    reserved 0x6002                 # c.ldsp into x0
    reserved 0x8002                 # c.jr x0
    reserved 0x9c41                 # the free two of the register operations
    reserved 0x9c61
    finish

    .balign 4096
    .space 4096 - 2
straddle:
    .option push
    .option norvc
    lui a0, 0x12345
    .option pop
    addi a0, a0, 0x678
    j straddled

    .data
    .balign 16
    .space 64
frame:
    .space 1088
