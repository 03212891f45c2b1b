# Loads and stores of every width, aligned and not, inside a page and across two, in every mode.
# Expected: pass. Misaligned accesses work in hardware and bytes are little-endian.
#include "modes.inc"

# A load at \offset from the middle of a page.
.macro load operation, want, offset
    next
    la a1, bytes
    \operation a0, \offset(a1)
    expect a0, \want
    \operation a1, \offset(a1)
    expect a1, \want
.endm

# A store of \value at \offset into a cleared field, then the doublewords at 0 and 8 of it.
.macro store operation, value, offset, low, high
    next
    la a1, field
    sd zero, 0(a1)
    sd zero, 8(a1)
    li a0, \value
    \operation a0, \offset(a1)
    ld a2, 0(a1)
    ld a3, 8(a1)
    expect a2, \low
    expect a3, \high
.endm

# Writes and reads back a value that begins \before bytes ahead of a page's end.
.macro crossing store, load, before, value, want
    next
    la a1, border
    addi a2, a1, -\before
    sd zero, -8(a1)
    sd zero, 0(a1)
    li a0, \value
    \store a0, 0(a2)
    \load a3, 0(a2)
    expect a3, \want
    ld a4, -8(a1)               # what lies in the first page
    li a0, \value
    slli a0, a0, 64 - 8 * \before
    same a4, a0
.endm

    .text
body:
    load lb, 0x11, 0
    load lb, 0xffffffffffffff88, 7
    load lbu, 0x88, 7
    load lb, 0xfffffffffffffff1, -1
    load lh, 0x2211, 0
    load lh, 0xffffffffffff8877, 6
    load lhu, 0x8877, 6
    load lhu, 0x99f8, 15
    load lw, 0x44332211, 0
    load lw, 0xffffffff88776655, 4
    load lwu, 0x88776655, 4
    load ld, 0x8877665544332211, 0
    load ld, 0xf8e7d6c5b4a39281, 8
    load lh, 0x3322, 1
    load lhu, 0x8188, 7
    load lw, 0x55443322, 1
    load lw, 0xffffffff81887766, 5
    load lwu, 0x92818877, 6
    load ld, 0x8188776655443322, 1
    load ld, 0xb4a3928188776655, 4
    load ld, 0xd6c5b4a392818877, 6
    load ld, 0x11f1e1d1c1b1a191, -7

    store sb, 0xffffffffffffffab, 0, 0xab, 0
    store sb, 0x1cd, 7, 0xcd00000000000000, 0
    store sh, 0xffffffff1234abcd, 0, 0xabcd, 0
    store sh, 0xabcd, 3, 0xabcd000000, 0
    store sh, 0xabcd, 7, 0xcd00000000000000, 0xab
    store sw, 0xffffffff89abcdef, 4, 0x89abcdef00000000, 0
    store sw, 0x89abcdef, 1, 0x89abcdef00, 0
    store sw, 0x89abcdef, 6, 0xcdef000000000000, 0x89ab
    store sd, 0x0123456789abcdef, 0, 0x0123456789abcdef, 0
    store sd, 0x0123456789abcdef, 8, 0, 0x0123456789abcdef
    store sd, 0x0123456789abcdef, 1, 0x23456789abcdef00, 0x01
    store sd, 0x0123456789abcdef, 5, 0xabcdef0000000000, 0x0123456789

    crossing sh, lh, 1, 0x8091, 0xffffffffffff8091
    crossing sh, lhu, 1, 0x8091, 0x8091
    crossing sw, lw, 1, 0x89abcdef, 0xffffffff89abcdef
    crossing sw, lwu, 2, 0x89abcdef, 0x89abcdef
    crossing sw, lw, 3, 0x79abcdef, 0x79abcdef
    crossing sd, ld, 1, 0x8123456789abcdef, 0x8123456789abcdef
    crossing sd, ld, 4, 0x8123456789abcdef, 0x8123456789abcdef
    crossing sd, ld, 7, 0x8123456789abcdef, 0x8123456789abcdef

    next                        # the ends of the offset range
    la a1, field
    li a0, 0x5a5a
    addi a2, a1, 2047
    addi a2, a2, 1
    sw a0, -2048(a2)
    lw a3, 0(a1)
    same a3, a0
    addi a2, a1, -2047
    sw zero, 2047(a2)
    lw a3, 0(a1)
    expect a3, 0

    next                        # a load into x0 is still an access, and x0 stays zero
    la a1, bytes
    ld zero, 0(a1)
    expect zero, 0

    next                        # many addresses through one base: a copy loop of odd length, byte by byte and by words
    la a1, source
    la a2, border - 1000
    li a3, 2001
    li a4, 7
1:  sb a4, 0(a1)
    addi a4, a4, 13
    addi a1, a1, 1
    addi a3, a3, -1
    bnez a3, 1b
    la a1, source
    li a3, 2001
2:  lbu a0, 0(a1)
    sb a0, 0(a2)
    addi a1, a1, 1
    addi a2, a2, 1
    addi a3, a3, -1
    bnez a3, 2b
    la a1, source
    la a2, border - 1000
    li a3, 250
3:  ld a0, 0(a1)
    ld a4, 0(a2)
    same a0, a4
    addi a1, a1, 8
    addi a2, a2, 8
    addi a3, a3, -1
    bnez a3, 3b
    finish

    .data
    .balign 4096
    .space 2048
    .byte 0x81, 0x91, 0xa1, 0xb1, 0xc1, 0xd1, 0xe1, 0xf1
bytes:
    .byte 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8, 0x99
    .balign 8
field:
    .dword 0, 0
    .balign 4096
    .space 4096
border:
    .space 4096
source:
    .space 4096
