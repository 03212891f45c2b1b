# Physical memory protection: OFF, TOR, NA4 and NAPOT, priority, page tables, locking.
# Expected: pass. Faults are access faults; M-mode is bound by locked entries only.
#include "bare.inc"
#define R 1
#define W 2
#define X 4
#define TOR   (1 << 3)
#define NA4   (2 << 3)
#define NAPOT (3 << 3)
#define L     (1 << 7)

# The NAPOT form of an aligned region, for pmpaddr.
.macro region register, address, size
    la \register, \address
    srli \register, \register, 2
    ori \register, \register, (\size >> 3) - 1
.endm

    .text
main:
    la s0, area
    li s1, 0x5eed
    sd s1, 0(s0)
    next                                # no entry: everything is closed to S and U, nothing to M
    csrw pmpcfg0, zero
    sfence.vma
    ld a0, 0(s0)
    same a0, s1
    li t6, MPP_M
    csrc mstatus, t6
    li t0, MSTATUS_MPRV
    csrs mstatus, t0
    traps CAUSE_LOAD_ACCESS, ld a0, 0(s0)
    same s9, s0
    next                                # (a trap to M and back leaves MPP at U, and MPRV where it was)
    li t0, MSTATUS_MPRV
    csrc mstatus, t0

    # Entry 0: one page, read-only; entry 1: everything.
    region t0, area, 4096
    csrw pmpaddr0, t0
    li t0, -1
    csrw pmpaddr1, t0
    li t0, (NAPOT | R | W | X) << 8 | NAPOT | R
    csrw pmpcfg0, t0
    sfence.vma
    next
    csrr a0, pmpcfg0
    same a0, t0
    to_supervisor
    next
    ld a0, 0(s0)
    same a0, s1
    sd s1, -8(s0)
    li t1, 4096
    add a1, s0, t1
    sd s1, 0(a1)
    traps CAUSE_STORE_ACCESS, sd zero, 8(s0)
    addi a0, s0, 8
    same s9, a0
    traps CAUSE_STORE_ACCESS, amoadd.d a0, a0, (s0)
    traps CAUSE_STORE_ACCESS, sb zero, -1(a1)
    next
    arm 1f
    jalr ra, 0(s0)
1:  expect s8, CAUSE_FETCH_ACCESS
    same s7, s0
    same s9, s0
    to_machine
    next
    sd s1, 8(s0)                        # M-mode writes on
    ld a0, 8(s0)
    same a0, s1

    # TOR: entry 0 only gives the bottom, entry 1 closes [area, area + 256), entry 2 opens all.
    la t0, area
    srli t0, t0, 2
    csrw pmpaddr0, t0
    addi t0, t0, 256 >> 2
    csrw pmpaddr1, t0
    li t0, -1
    csrw pmpaddr2, t0
    li t0, (NAPOT | R | W | X) << 16 | TOR << 8
    csrw pmpcfg0, t0
    sfence.vma
    to_supervisor
    traps CAUSE_LOAD_ACCESS, lbu a0, 0(s0)
    traps CAUSE_LOAD_ACCESS, lbu a0, 255(s0)
    quiet lbu a0, 256(s0)
    quiet lbu a0, -1(s0)
    traps CAUSE_STORE_ACCESS, sw a0, 252(s0)
    quiet sw a0, 256(s0)
    to_machine

    # NA4: four bytes, between open neighbours.
    la t0, area + 16
    srli t0, t0, 2
    csrw pmpaddr0, t0
    csrw pmpaddr1, t0
    li t0, (NAPOT | R | W | X) << 16 | NA4 | R
    csrw pmpcfg0, t0
    sfence.vma
    to_supervisor
    quiet lw a0, 16(s0)
    traps CAUSE_STORE_ACCESS, sw a0, 16(s0)
    traps CAUSE_STORE_ACCESS, sb a0, 19(s0)
    quiet sw a0, 12(s0)
    quiet sw a0, 20(s0)
    to_machine

    next                                # the lowest number decides, and rights do not add up
    region t0, area, 4096
    csrw pmpaddr0, t0
    csrw pmpaddr1, t0
    li t0, (NAPOT | R | W | X) << 16 | (NAPOT | R | W) << 8 | NAPOT | X
    csrw pmpcfg0, t0
    sfence.vma
    li t0, 0x8082                       # c.jr ra
    sh t0, 32(s0)
    fence.i
    to_supervisor
    quiet jalr ra, 32(s0)
    traps CAUSE_LOAD_ACCESS, ld a0, 0(s0)
    traps CAUSE_STORE_ACCESS, sd a0, 0(s0)
    to_machine

    next                                # page tables are read with S-mode's rights
    la t0, root
    li t1, 0x80000000 >> 2 | 0xcf
    sd t1, 16(t0)
    la t0, root2
    srli t1, t0, 2
    ori t1, t1, 1
    la t0, root
    sd t1, 32(t0)
    la t0, root2
    li t1, 0x80000000 >> 2 | 0xcf
    sd t1, 0(t0)
    region t0, root2, 4096
    csrw pmpaddr0, t0
    csrw pmpaddr1, t0
    li t0, (NAPOT | R | W | X) << 16 | NAPOT << 8 | NAPOT
    csrw pmpcfg0, t0
    la t0, root
    srli t0, t0, 12
    li t1, 8 << 60
    or t0, t0, t1
    csrw satp, t0
    sfence.vma
    li a2, 4 << 30
    to_supervisor
    traps CAUSE_LOAD_ACCESS, ld a0, 0(a2)
    same s9, a2
    traps CAUSE_STORE_ACCESS, sd a0, 0(a2)
    quiet ld a0, 0(s0)
    to_machine
    li t0, (NAPOT | R | W | X) << 16
    csrw pmpcfg0, t0
    sfence.vma
    to_supervisor
    quiet ld a0, 0(a2)
    to_machine
    csrw satp, zero
    sfence.vma

    next                                # locked entries bind M-mode too, and stay
    region t0, area, 4096
    csrw pmpaddr0, t0
    li t1, (NAPOT | R | W | X) << 16 | L | NAPOT | R
    csrw pmpcfg0, t1
    sfence.vma
    ld a0, 0(s0)
    same a0, s1
    traps CAUSE_STORE_ACCESS, sd zero, 0(s0)
    next
    csrw pmpcfg0, zero
    csrr a0, pmpcfg0
    expect a0, L | NAPOT | R
    csrw pmpaddr0, zero
    csrr a0, pmpaddr0
    same a0, t0
    traps CAUSE_STORE_ACCESS, sd zero, 0(s0)
    finish

    .data
    .balign 4096
    .space 4096
area:
    .space 4096
    .space 64

    .bss
    .balign 4096
root:
    .space 4096
root2:
    .space 4096
    .text
