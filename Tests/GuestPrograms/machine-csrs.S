# Control and status registers: the six instructions, access rights, and fields that keep only legal values.
# Expected: pass. An illegal access leaves mtval zero or holding the instruction.
#include "bare.inc"

# An instruction that must be illegal.
.macro illegal instruction:vararg
    traps CAUSE_ILLEGAL, \instruction
    beqz s9, .Lzero\@
    lhu t4, 0(s7)
    andi t3, t4, 3
    addi t3, t3, -3
    bnez t3, .Lshort\@
    lwu t4, 0(s7)
.Lshort\@:
    same s9, t4
.Lzero\@:
.endm

    .text
main:
    next                            # csrrw, csrrs and csrrc return the old value
    li a0, 0x123456789abcdef0
    csrw mscratch, a0
    li a1, 0xff
    csrrs a2, mscratch, a1
    same a2, a0
    csrrc a2, mscratch, a1
    expect a2, 0x123456789abcdeff
    csrrw a2, mscratch, a1
    expect a2, 0x123456789abcde00
    csrr a2, mscratch
    expect a2, 0xff
    next                            # and so do the immediate forms
    csrrwi a2, mscratch, 21
    expect a2, 0xff
    csrrsi a2, mscratch, 10
    expect a2, 21
    csrrci a2, mscratch, 3
    expect a2, 31
    csrr a2, mscratch
    expect a2, 28
    next                            # the same register in and out
    li a0, 5
    csrrw a0, mscratch, a0
    expect a0, 28
    csrr a0, mscratch
    expect a0, 5
    next                            # rd = x0
    csrrw zero, mscratch, zero
    csrr a0, mscratch
    expect a0, 0

    next                            # reading a read-only register by csrrs and csrrc with x0 is no write
    csrrs a0, mhartid, zero
    expect a0, 0
    csrrc a0, mhartid, zero
    csrrsi a0, mhartid, 0
    csrrci a0, mhartid, 0
    csrr a0, mvendorid
    csrr a0, marchid
    csrr a0, mimpid
    csrr a0, mconfigptr
    illegal csrw mhartid, zero
    illegal csrrs a0, mhartid, a1
    illegal csrrwi a0, mvendorid, 0
    illegal csrrsi a0, marchid, 1
    illegal csrw cycle, a0
    illegal csrrs a0, time, a1
    illegal csrr a0, 0x8ff          # numbers that nobody has
    illegal csrr a0, 0x5c0
    illegal csrr a0, 0xfff
    illegal csrw 0x7ff, a0
    illegal .word 0                 # encodings that mean nothing
    illegal .word 0xffffffff
    illegal .word 0x0000700b

    next                            # misa: 64 bits wide, with I M A F D C S U
    csrr a0, misa
    srli a1, a0, 62
    expect a1, 2
    li a1, 1 << 8 | 1 << 12 | 1 << 0 | 1 << 5 | 1 << 3 | 1 << 2 | 1 << 18 | 1 << 20
    and a0, a0, a1
    same a0, a1
    next                            # SXL and UXL are 64 bits
    csrr a0, mstatus
    srli a0, a0, 32
    andi a0, a0, 15
    expect a0, 10
    next                            # SD tells of FS
    li a0, MSTATUS_FS
    csrc mstatus, a0
    csrr a1, mstatus
    srli a1, a1, 63
    expect a1, 0
    li a1, 1 << 13
    csrs mstatus, a1
    csrr a1, mstatus
    srli a1, a1, 63
    expect a1, 0
    csrs mstatus, a0
    csrr a1, mstatus
    sltz a1, a1
    expect a1, 1
    next                            # sstatus shows its part of mstatus and no more
    li a0, MPP_M | MSTATUS_MPIE | MSTATUS_MPRV | MSTATUS_TVM | MSTATUS_TW | MSTATUS_TSR
    csrr a1, sstatus
    and a1, a1, a0
    expect a1, 0
    li a0, MSTATUS_SUM | MSTATUS_MXR | MSTATUS_SPP | MSTATUS_SPIE
    csrs sstatus, a0
    csrr a1, mstatus
    and a1, a1, a0
    same a1, a0
    csrc sstatus, a0
    csrr a1, mstatus
    and a1, a1, a0
    expect a1, 0
    li a0, MSTATUS_MPRV | MSTATUS_TVM | MSTATUS_TW | MSTATUS_TSR
    csrs sstatus, a0
    csrr a1, mstatus
    and a1, a1, a0
    expect a1, 0

    next                            # vectors: modes 2 and 3 do not exist
    csrr s0, mtvec
    li a0, 0x80001003
    csrw mtvec, a0
    csrr a1, mtvec
    andi a1, a1, 2
    expect a1, 0
    csrw mtvec, s0
    csrr s0, stvec
    csrw stvec, a0
    csrr a1, stvec
    andi a1, a1, 2
    expect a1, 0
    li a0, 0x80001001
    csrw stvec, a0
    csrr a1, stvec
    same a1, a0
    csrw stvec, s0
    next                            # delegation: the supervisor's three interrupts and no more
    li a0, -1
    csrw mideleg, a0
    csrr a1, mideleg
    andi a1, a1, 0x222
    expect a1, 0x222
    csrr a1, mideleg
    li a0, 0x888
    and a1, a1, a0
    expect a1, 0
    csrw mideleg, zero
    next
    li a0, 0xb1ff
    csrw medeleg, a0
    csrr a1, medeleg
    and a1, a1, a0
    same a1, a0
    csrw medeleg, zero
    next                            # mip: the supervisor's bits are M-mode's to write, its own are not
    li a0, -1
    csrw mip, a0
    csrr a1, mip
    li a0, 0xa2a                    # MTIP is the timer's business
    and a1, a1, a0
    expect a1, 0x222
    csrw mip, zero
    csrr a1, mip
    and a1, a1, a0
    expect a1, 0
    next                            # mie has six bits; sie shows those that are delegated
    li a0, -1
    csrw mie, a0
    csrr a1, mie
    li a0, 0xaaa
    and a1, a1, a0
    same a1, a0
    csrr a1, sie
    expect a1, 0
    li a0, 0x22
    csrw mideleg, a0
    csrr a1, sie
    expect a1, 0x22
    csrw sie, zero
    csrr a1, mie
    li a0, 0xaaa
    and a1, a1, a0
    expect a1, 0xa88
    csrw mie, zero
    csrw mideleg, zero
    next                            # scratch registers hold 64 bits
    li a0, 0xfedcba9876543210
    csrw sscratch, a0
    csrr a1, sscratch
    same a1, a0
    csrw stval, a0
    csrr a1, stval
    same a1, a0
    csrw mtval, a0
    csrr a1, mtval
    same a1, a0
    next
    li a0, 1 << 63 | 5
    csrw scause, a0
    csrr a1, scause
    same a1, a0
    csrw mcause, a0
    csrr a1, mcause
    same a1, a0
    next                            # satp: a mode that does not exist changes nothing
    csrw satp, zero
    li a0, 7 << 60 | 0x80000
    csrw satp, a0
    csrr a1, satp
    expect a1, 0
    quiet csrr a0, menvcfg
    quiet csrr a0, senvcfg
    quiet csrr a0, mcountinhibit
    quiet csrr a0, mhpmcounter3
    quiet csrr a0, mhpmevent31

    next                            # floating point off: its instructions and registers are illegal
    li a0, MSTATUS_FS
    csrc mstatus, a0
    illegal fadd.d fa0, fa0, fa0
    illegal flw fa0, 0(sp)
    illegal fsd fa0, 0(sp)
    illegal fmv.x.d a0, fa0
    illegal fcvt.d.w fa0, a0
    illegal csrr a0, fcsr
    illegal csrr a0, fflags
    illegal csrw frm, zero
    traps CAUSE_ILLEGAL, c.fldsp fa0, 0(sp)
    next                            # initial or clean becomes dirty by a write to a register or to fcsr
    li a0, 1 << 13
    csrs mstatus, a0
    fmv.d.x fa0, zero
    csrr a1, mstatus
    srli a1, a1, 13
    andi a1, a1, 3
    expect a1, 3
    next
    li a0, 1 << 13
    csrc mstatus, a0
    fld fa0, 0(sp)
    csrr a1, mstatus
    srli a1, a1, 13
    andi a1, a1, 3
    expect a1, 3
    next
    li a0, 1 << 13
    csrc mstatus, a0
    csrwi fflags, 1
    csrr a1, mstatus
    srli a1, a1, 13
    andi a1, a1, 3
    expect a1, 3
    next                            # a store from them leaves clean clean
    csrc mstatus, a0
    fsd fa0, 0(sp)
    csrr a1, mstatus
    srli a1, a1, 13
    andi a1, a1, 3
    expect a1, 2
    next                            # flags raised by arithmetic are state too
    csrwi fflags, 0
    li a0, 1 << 13
    csrc mstatus, a0
    feq.d a1, fa0, fa0
    li a1, 3
    fcvt.d.w fa1, a1
    li a1, 1
    fcvt.d.w fa2, a1
    csrc mstatus, a0
    fdiv.d fa3, fa2, fa1
    csrr a1, mstatus
    srli a1, a1, 13
    andi a1, a1, 3
    expect a1, 3
    csrr a1, fflags
    expect a1, 1

    to_supervisor                   # rights: one privilege may not touch the next one's registers
    illegal csrr a0, mstatus
    illegal csrr a0, mscratch
    illegal csrw mie, zero
    illegal csrr a0, mhartid
    illegal csrr a0, pmpcfg0
    illegal mret
    quiet csrr a0, sstatus
    quiet csrr a0, satp
    quiet csrr a0, scounteren
    to_machine
    to_user
    illegal csrr a0, sstatus
    illegal csrw sscratch, zero
    illegal csrr a0, satp
    illegal csrr a0, mstatus
    illegal sret
    illegal mret
    illegal sfence.vma
    quiet csrr a0, fcsr
    finish
