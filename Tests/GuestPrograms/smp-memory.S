# Two harts and one memory: atomics, locks, messages, lost reservations, interrupts between them, code written by the other.
# Expected: pass, on a machine with at least two harts; one hart alone waits for ever.
#define SECOND_HART
#include "bare.inc"
#define MSIP 0x02000000
#define ROUNDS 20000

# Both harts wait here for each other. Clobbers t0-t2.
.macro meet
    la t0, gate
    li t1, 1
    amoadd.w.aqrl t2, t1, (t0)
    andi t2, t2, -2
    addi t2, t2, 2
.Lwait\@:
    lw t1, 0(t0)
    fence rw, rw
    blt t1, t2, .Lwait\@
.endm

    .text
main:
    call both
    meet
    la a2, counters
    next
    ld a0, 0(a2)
    expect a0, 2 * ROUNDS
    next
    ld a0, 64(a2)
    expect a0, 2 * ROUNDS
    next
    ld a0, 128(a2)
    expect a0, 2 * ROUNDS
    next
    ld a0, 192(a2)
    expect a0, 2 * ROUNDS

    next                                # a store by the other hart breaks a reservation
    la a2, mailbox
    sd zero, 0(a2)
    sd zero, 8(a2)
    fence
    meet
    lr.d a0, (a2)
    li a3, 1
    sd a3, 64(a2)                       # ask; the other stores 7 and answers
1:  ld a4, 128(a2)
    beqz a4, 1b
    fence
    li a4, 9
    sc.d a5, a4, (a2)
    snez a5, a5
    expect a5, 1
    ld a0, 0(a2)
    expect a0, 7

    next                                # messages: the flag never comes before the data
    meet
    la a2, message
    li a3, 5000
2:  sd a3, 0(a2)
    fence w, w
    sd a3, 64(a2)
3:  ld a4, 128(a2)
    bne a4, a3, 3b
    addi a3, a3, -1
    bnez a3, 2b

    next                                # software interrupts wake the other hart from WFI, many times
    meet
    li a3, 200
    li a2, MSIP + 4
4:  li a4, 1
    sw a4, 0(a2)
5:  lw a4, 0(a2)
    bnez a4, 5b
    addi a3, a3, -1
    bnez a3, 4b
    la a2, woken
    meet
    lw a0, 0(a2)
    expect a0, 200

    next                                # code that the other hart runs is replaced under it
    la a2, patched
    la a5, message
    li a3, 1
6:  slli a4, a3, 20
    li t0, 0x00000513                   # li a0, number
    or a4, a4, t0
    sw a4, 0(a2)
    fence rw, rw
    fence.i
    sd a3, 192(a5)
7:  ld a4, 256(a5)
    bne a4, a3, 7b
    addi a3, a3, 1
    li a4, 300
    bne a3, a4, 6b
    la a2, errors
    ld a0, 0(a2)
    expect a0, 0
    finish

# Four counters, each by another means.
both:
    meet
    la a2, counters
    li a3, ROUNDS
    li a4, 1
1:  amoadd.d zero, a4, (a2)             # an atomic addition
    addi a5, a2, 64
2:  lr.w a6, (a5)                       # a reservation
    addi a6, a6, 1
    sc.w a7, a6, (a5)
    bnez a7, 2b
    addi a5, a2, 128
3:  lr.d.aq a6, (a5)
    addi a6, a6, 1
    sc.d.rl a7, a6, (a5)
    bnez a7, 3b
    la a5, lock                         # a lock around a plain addition
4:  amoswap.w.aq a6, a4, (a5)
    bnez a6, 4b
    ld a6, 192(a2)
    addi a6, a6, 1
    sd a6, 192(a2)
    amoswap.w.rl zero, zero, (a5)
    addi a3, a3, -1
    bnez a3, 1b
    ret

other_hart:
    csrr t0, mhartid
    li t1, 1
    bne t0, t1, asleep
    la t0, machine_trap
    csrw mtvec, t0
    csrw mie, zero
    csrw mideleg, zero
    li s11, 0
    li gp, 0x800
    call both
    meet

    meet                                # store into the other's reservation
    la a2, mailbox
1:  ld a3, 64(a2)
    beqz a3, 1b
    fence
    li a3, 7
    sd a3, 0(a2)
    fence
    li a3, 1
    sd a3, 128(a2)

    meet                                # messages
    la a2, message
    li a3, 5000
2:  ld a4, 64(a2)
    bne a4, a3, 2b
    fence r, r
    ld a4, 0(a2)
    beq a4, a3, 3f
    call count_error
3:  sd a3, 128(a2)
    addi a3, a3, -1
    bnez a3, 2b

    meet                                # interrupts
    li a3, 200
    li a2, MSIP + 4
    la a5, woken
    csrwi mie, 8
4:  wfi
    lw a4, 0(a2)
    beqz a4, 4b
    lw a4, 0(a5)
    addi a4, a4, 1
    sw a4, 0(a5)
    fence
    sw zero, 0(a2)
    addi a3, a3, -1
    bnez a3, 4b
    csrw mie, zero
    meet

    la a2, patched                      # code
    la a5, message
    li a3, 1
5:  ld a4, 192(a5)
    bne a4, a3, 5b
    fence.i
    jalr ra, 0(a2)
    beq a0, a3, 6f
    call count_error
6:  sd a3, 256(a5)
    addi a3, a3, 1
    li a4, 300
    bne a3, a4, 5b
asleep:
    wfi
    j asleep

count_error:
    la t0, errors
    li t1, 1
    amoadd.d zero, t1, (t0)
    ret

    .balign 4096
    .option push
    .option norvc
patched:
    li a0, 0
    ret
    .option pop
    .balign 4096

    .bss
    .balign 64
gate:
    .space 64
lock:
    .space 64
counters:
    .space 256
mailbox:
    .space 192
message:
    .space 320
woken:
    .space 64
errors:
    .space 64
    .text
