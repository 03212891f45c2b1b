# Zawrs: waiting on a reservation set. QEMU 7.2 does not know it.
# Expected: pass. Both end at once without a reservation; WRS.STO ends by itself, WRS.NTO by a pending interrupt.
#include "bare.inc"
#include "interrupts.inc"

#define WRS_NTO .word 0x00d00073
#define WRS_STO .word 0x01d00073

    .text
main:
    la s3, cell
    next                                # no reservation: nothing to wait for
    WRS_STO
    WRS_NTO
    next                                # a store of one's own ends the reservation
    lr.w a0, (s3)
    li a1, 5
    sw a1, 0(s3)
    sc.w a2, a0, (s3)
    WRS_NTO
    lw a1, 0(s3)
    next                                # the short wait ends whether or not anything happens
    lr.w a0, (s3)
    WRS_STO
    next                                # an interrupt that is pending and enabled in mie ends the long one
    li s0, MSIP
    li t0, 1
    sw t0, 0(s0)
    csrwi mie, 8
1:  csrr a0, mip
    andi a0, a0, 8
    beqz a0, 1b
    lr.d a0, (s3)
    WRS_NTO
    sw zero, 0(s0)
    next                                # the timer ends it, too
    csrw mie, zero
    li s1, MTIMECMP
    li s2, MTIME
    ld a2, 0(s2)
    li t0, 50000
    add a2, a2, t0
    sd a2, 0(s1)
    li t0, 0x80
    csrw mie, t0
1:  lr.d a0, (s3)
    WRS_NTO
    ld a1, 0(s2)
    bltu a1, a2, 1b
    csrw mie, zero
    li t0, -1
    sd t0, 0(s1)
    finish

    .data
    .balign 64
cell:
    .dword 0
    .text
