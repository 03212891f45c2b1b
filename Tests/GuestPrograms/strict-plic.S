# The PLIC: priorities, thresholds, enables per context, claim and completion, with the UART as source.
# Expected: pass. Source 10 is the UART's, which interrupts when its empty transmitter is enabled to. (QEMU 7.2 forgets a line
# that is still up at completion.)
#include "bare.inc"
#include "interrupts.inc"

#define PRIORITY  0x0c000000
#define PENDING   0x0c001000
#define ENABLE    0x0c002000            /* context 0: hart 0 in M; context 1: in S, 0x80 further */
#define THRESHOLD 0x0c200000            /* and 0x1000 further */
#define UART      0x10000000
#define SOURCE    10

# a0 = the bits \mask of mip, once they are what they must be; a line takes a moment.
.macro pending mask, value
    next
    li a1, 100000
.Lagain\@:
    csrr a0, mip
    li t0, \mask
    and a0, a0, t0
    li t0, \value
    beq a0, t0, .Lseen\@
    addi a1, a1, -1
    bnez a1, .Lagain\@
    j fail
.Lseen\@:
.endm

#define MEIP 0x800
#define SEIP 0x200

    .text
main:
    li s0, PRIORITY
    li s1, ENABLE
    li s2, THRESHOLD
    li s3, UART
    li s4, THRESHOLD + 0x1000
    sw zero, 0(s2)
    sw zero, 0(s4)

    next                                # priorities are 0 to 7
    li t0, 7
    sw t0, 4 * SOURCE(s0)
    lwu a0, 4 * SOURCE(s0)
    expect a0, 7
    sw zero, 4 * SOURCE(s0)
    sw zero, 0(s0)                      # source 0 does not exist
    lwu a0, 0(s0)
    expect a0, 0

    li t0, 1 << SOURCE                  # a source of priority 0 never interrupts
    sw t0, 0(s1)
    li t0, 2
    sb t0, 1(s3)
    pending MEIP | SEIP, 0
    next
    li t0, PENDING
    lwu a0, 0(t0)
    li t0, 1 << SOURCE
    and a0, a0, t0
    expect a0, 1 << SOURCE
    li t0, 1                            # with a priority it does, in the context that enables it
    sw t0, 4 * SOURCE(s0)
    pending MEIP | SEIP, MEIP
    sw t0, 0(s2)                        # not above the threshold: held back
    li t0, 1
    sw t0, 0(s2)
    pending MEIP | SEIP, 0
    sw zero, 0(s2)
    pending MEIP, MEIP
    li t0, 0x800
    csrw mie, t0
    taken 11

    next                                # claimed: nobody else gets it
    lwu a0, 4(s2)
    expect a0, SOURCE
    lwu a0, 4(s2)
    expect a0, 0
    pending MEIP | SEIP, 0
    li t0, 3                            # completing what was not claimed changes nothing
    sw t0, 4(s2)
    pending MEIP, 0
    li t0, SOURCE                       # completed while the line is up: pending again
    sw t0, 4(s2)
    pending MEIP, MEIP
    next                                # serviced, claimed, completed: over
    lbu a0, 2(s3)
    andi a0, a0, 15
    expect a0, 2
    lwu a0, 4(s2)
    li t0, SOURCE
    sw t0, 4(s2)
    pending MEIP | SEIP, 0

    sw zero, 0(s1)                      # the same source for the other context
    li t0, 1 << SOURCE
    sw t0, 0x80(s1)
    sb zero, 1(s3)
    li t0, 2
    sb t0, 1(s3)
    pending MEIP | SEIP, SEIP
    next
    lwu a0, 4(s2)
    expect a0, 0
    lwu a0, 4(s4)
    expect a0, SOURCE
    lbu a0, 2(s3)
    li t0, SOURCE
    sw t0, 4(s4)
    pending MEIP | SEIP, 0
    sb zero, 1(s3)
    sw zero, 0x80(s1)
    finish
