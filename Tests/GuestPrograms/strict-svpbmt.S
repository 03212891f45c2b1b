# Svpbmt: memory types in page-table entries. QEMU 7.2 has it switched off.
# Expected: pass. Types 1 (NC) and 2 (IO) read and write memory; type 3, and any type while menvcfg.PBMTE is clear, are
# page faults; so is a type in an entry that points to a table.
#include "bare.inc"

#define MENVCFG 0x30a
#define PBMTE (1 << 62)
#define FLAGS 0xcf                      /* V R W X, A D */
#define HERE (0x80000000 >> 2 | FLAGS)
#define VIRTUAL 0x40000000              /* root entry 1; entry 2 is the identity */

# Root entry 1 becomes \entry.
.macro alias entry
    li t0, \entry
    sd t0, 8(s1)
    sfence.vma
.endm

    .text
main:
    la s1, root
    li t0, HERE
    sd t0, 16(s1)
    srli t1, s1, 12
    li t0, 8 << 60
    or t1, t1, t0
    csrw satp, t1
    la a2, cell
    li t0, VIRTUAL - 0x80000000
    add a2, a2, t0

    csrw MENVCFG, zero
    to_supervisor
    alias HERE
    quiet ld a0, 0(a2)
    expect a0, 0x5eed
    alias HERE | 1 << 61
    traps CAUSE_LOAD_PAGE, ld a0, 0(a2)
    same s9, a2
    alias HERE | 2 << 61
    traps CAUSE_STORE_PAGE, sd a0, 0(a2)
    to_machine
    li t0, PBMTE
    csrs MENVCFG, t0
    csrr t1, MENVCFG
    and t1, t1, t0
    same t1, t0
    to_supervisor
    alias HERE | 1 << 61
    next
    ld a0, 0(a2)
    expect a0, 0x5eed
    li a0, 0xbeef
    sd a0, 0(a2)
    alias HERE | 2 << 61
    next
    ld a0, 0(a2)
    expect a0, 0xbeef
    alias HERE | 3 << 61
    traps CAUSE_LOAD_PAGE, ld a0, 0(a2)
    traps CAUSE_STORE_PAGE, sd a0, 0(a2)
    next                                # a pointer to a table has no type
    la t0, root2
    srli t0, t0, 2
    ori t0, t0, 1
    li t1, 1 << 61
    or t0, t0, t1
    sd t0, 8(s1)
    sfence.vma
    traps CAUSE_LOAD_PAGE, ld a0, 0(a2)
    finish

    .data
    .balign 8
cell:
    .dword 0x5eed

    .bss
    .balign 4096
root:
    .space 4096
root2:
    .space 4096
    .text
