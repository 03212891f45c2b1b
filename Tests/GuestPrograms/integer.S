# Integer arithmetic, logic, shifts and comparisons of RV64I with corner values, in every mode.
# Expected: pass. Each result is the two's complement value, truncated to 64 bits; word operations sign-extend bit 31.
#include "modes.inc"
#include "integer.inc"
    .text
body:
    next                            # x0 stays zero, whatever is written to it
    li a1, 5
    add zero, a1, a1
    addi zero, a1, 1
    lui zero, 0x12345
    expect zero, 0
    next
    lui a0, 0x80000
    expect a0, 0xffffffff80000000
    next
    lui a0, 0x7ffff
    expect a0, 0x7ffff000
    next
    auipc a0, 0
    auipc a1, 1
    sub a0, a1, a0
    expect a0, 0x1004
    next
    auipc a0, 0xfffff
    auipc a1, 0
    sub a0, a1, a0
    expect a0, 0x1004
    next                            # source and destination all the same
    li a0, 0x123456789abcdef0
    sub a0, a0, a0
    expect a0, 0
    next
    li a0, 3
    sll a0, a0, a0
    expect a0, 24
    rr add, 0, 0, 0
    rr add, 0, 1, 0xffffffffffffffff
    rr add, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff
    rr add, 0x8000000000000000, 0x7fffffffffffffff, 1
    rr add, 0x100000000, 0x80000000, 0x80000000
    rr add, 0x80000000, 0x7fffffff, 1
    rr add, 0x1111111111111100, 0x123456789abcdef0, 0xfedcba9876543210
    rr sub, 0, 0, 0
    rr sub, 2, 1, 0xffffffffffffffff
    rr sub, 0x8000000000000001, 0x8000000000000000, 0xffffffffffffffff
    rr sub, 0x7ffffffffffffffe, 0x7fffffffffffffff, 1
    rr sub, 0, 0x80000000, 0x80000000
    rr sub, 0x7ffffffe, 0x7fffffff, 1
    rr sub, 0x13579be02468ace0, 0x123456789abcdef0, 0xfedcba9876543210
    rr addw, 0, 0, 0
    rr addw, 0, 1, 0xffffffffffffffff
    rr addw, 0xffffffffffffffff, 0x8000000000000000, 0xffffffffffffffff
    rr addw, 0, 0x7fffffffffffffff, 1
    rr addw, 0, 0x80000000, 0x80000000
    rr addw, 0xffffffff80000000, 0x7fffffff, 1
    rr addw, 0x11111100, 0x123456789abcdef0, 0xfedcba9876543210
    rr subw, 0, 0, 0
    rr subw, 2, 1, 0xffffffffffffffff
    rr subw, 1, 0x8000000000000000, 0xffffffffffffffff
    rr subw, 0xfffffffffffffffe, 0x7fffffffffffffff, 1
    rr subw, 0, 0x80000000, 0x80000000
    rr subw, 0x7ffffffe, 0x7fffffff, 1
    rr subw, 0x2468ace0, 0x123456789abcdef0, 0xfedcba9876543210
    rr slt, 0, 0, 0
    rr slt, 1, 0xffffffffffffffff, 0
    rr slt, 0, 0, 0xffffffffffffffff
    rr slt, 1, 0x8000000000000000, 0x7fffffffffffffff
    rr slt, 0, 0x7fffffffffffffff, 0x8000000000000000
    rr slt, 1, 5, 6
    rr slt, 0, 0xffffffff, 0xffffffffffffffff
    rr sltu, 0, 0, 0
    rr sltu, 0, 0xffffffffffffffff, 0
    rr sltu, 1, 0, 0xffffffffffffffff
    rr sltu, 0, 0x8000000000000000, 0x7fffffffffffffff
    rr sltu, 1, 0x7fffffffffffffff, 0x8000000000000000
    rr sltu, 1, 5, 6
    rr sltu, 1, 0xffffffff, 0xffffffffffffffff
    rr and, 0xf000f000f000f00, 0xff00ff00ff00ff00, 0xff00ff00ff00ff0
    rr and, 0, 0, 0xffffffffffffffff
    rr and, 0, 0x123456789abcdef0, 0x8000000000000001
    rr or, 0xfff0fff0fff0fff0, 0xff00ff00ff00ff00, 0xff00ff00ff00ff0
    rr or, 0xffffffffffffffff, 0, 0xffffffffffffffff
    rr or, 0x923456789abcdef1, 0x123456789abcdef0, 0x8000000000000001
    rr xor, 0xf0f0f0f0f0f0f0f0, 0xff00ff00ff00ff00, 0xff00ff00ff00ff0
    rr xor, 0xffffffffffffffff, 0, 0xffffffffffffffff
    rr xor, 0x923456789abcdef1, 0x123456789abcdef0, 0x8000000000000001
    rr sll, 1, 1, 0
    rr sll, 0x8000000000000000, 0xffffffffffffffff, 0x3f
    rr sll, 2, 0x8000000000000001, 1
    rr sll, 0x9abcdef000000000, 0x123456789abcdef0, 0x20
    rr sll, 0x4000000080000000, 0xfedcba9880000001, 0x1f
    rr sll, 0x1000000000, 0x8000000080000000, 0x45
    rr sll, 0, 0x80000000, 0xffffffffffffffff
    rr srl, 1, 1, 0
    rr srl, 1, 0xffffffffffffffff, 0x3f
    rr srl, 0x4000000000000000, 0x8000000000000001, 1
    rr srl, 0x12345678, 0x123456789abcdef0, 0x20
    rr srl, 0x1fdb97531, 0xfedcba9880000001, 0x1f
    rr srl, 0x400000004000000, 0x8000000080000000, 0x45
    rr srl, 0, 0x80000000, 0xffffffffffffffff
    rr sra, 1, 1, 0
    rr sra, 0xffffffffffffffff, 0xffffffffffffffff, 0x3f
    rr sra, 0xc000000000000000, 0x8000000000000001, 1
    rr sra, 0x12345678, 0x123456789abcdef0, 0x20
    rr sra, 0xfffffffffdb97531, 0xfedcba9880000001, 0x1f
    rr sra, 0xfc00000004000000, 0x8000000080000000, 0x45
    rr sra, 0, 0x80000000, 0xffffffffffffffff
    rr sllw, 1, 1, 0
    rr sllw, 0xffffffff80000000, 0xffffffffffffffff, 0x3f
    rr sllw, 2, 0x8000000000000001, 1
    rr sllw, 0xffffffff9abcdef0, 0x123456789abcdef0, 0x20
    rr sllw, 0xffffffff80000000, 0xfedcba9880000001, 0x1f
    rr sllw, 0, 0x8000000080000000, 0x45
    rr sllw, 0, 0x80000000, 0xffffffffffffffff
    rr srlw, 1, 1, 0
    rr srlw, 1, 0xffffffffffffffff, 0x3f
    rr srlw, 0, 0x8000000000000001, 1
    rr srlw, 0xffffffff9abcdef0, 0x123456789abcdef0, 0x20
    rr srlw, 1, 0xfedcba9880000001, 0x1f
    rr srlw, 0x4000000, 0x8000000080000000, 0x45
    rr srlw, 1, 0x80000000, 0xffffffffffffffff
    rr sraw, 1, 1, 0
    rr sraw, 0xffffffffffffffff, 0xffffffffffffffff, 0x3f
    rr sraw, 0, 0x8000000000000001, 1
    rr sraw, 0xffffffff9abcdef0, 0x123456789abcdef0, 0x20
    rr sraw, 0xffffffffffffffff, 0xfedcba9880000001, 0x1f
    rr sraw, 0xfffffffffc000000, 0x8000000080000000, 0x45
    rr sraw, 0xffffffffffffffff, 0x80000000, 0xffffffffffffffff
    # Immediates, at both ends of their range.
    ri addi, 0xfffffffffffff800, 0, -2048
    ri addi, 0xffffffffffffffff, 0, -1
    ri addi, 0x7ff, 0, 2047
    ri addi, 0xfffffffffffff7ff, 0xffffffffffffffff, -2048
    ri addi, 0xfffffffffffffffe, 0xffffffffffffffff, -1
    ri addi, 0x7fe, 0xffffffffffffffff, 2047
    ri addi, 0x7ffffffe, 0x7fffffff, -1
    ri addi, 0x80000000, 0x7fffffff, 1
    ri addi, 0x7fffffffffffffff, 0x8000000000000000, -1
    ri addi, 0x8000000000000001, 0x8000000000000000, 1
    ri slti, 0, 0, -2048
    ri slti, 0, 0, -1
    ri slti, 1, 0, 2047
    ri slti, 0, 0xffffffffffffffff, -2048
    ri slti, 0, 0xffffffffffffffff, -1
    ri slti, 1, 0xffffffffffffffff, 2047
    ri slti, 0, 0x7fffffff, -1
    ri slti, 0, 0x7fffffff, 1
    ri slti, 1, 0x8000000000000000, -1
    ri slti, 1, 0x8000000000000000, 1
    ri sltiu, 1, 0, -2048
    ri sltiu, 1, 0, -1
    ri sltiu, 1, 0, 2047
    ri sltiu, 0, 0xffffffffffffffff, -2048
    ri sltiu, 0, 0xffffffffffffffff, -1
    ri sltiu, 0, 0xffffffffffffffff, 2047
    ri sltiu, 1, 0x7fffffff, -1
    ri sltiu, 0, 0x7fffffff, 1
    ri sltiu, 1, 0x8000000000000000, -1
    ri sltiu, 0, 0x8000000000000000, 1
    ri xori, 0xfffffffffffff800, 0, -2048
    ri xori, 0xffffffffffffffff, 0, -1
    ri xori, 0x7ff, 0, 2047
    ri xori, 0x7ff, 0xffffffffffffffff, -2048
    ri xori, 0, 0xffffffffffffffff, -1
    ri xori, 0xfffffffffffff800, 0xffffffffffffffff, 2047
    ri xori, 0xffffffff80000000, 0x7fffffff, -1
    ri xori, 0x7ffffffe, 0x7fffffff, 1
    ri xori, 0x7fffffffffffffff, 0x8000000000000000, -1
    ri xori, 0x8000000000000001, 0x8000000000000000, 1
    ri ori, 0xfffffffffffff800, 0, -2048
    ri ori, 0xffffffffffffffff, 0, -1
    ri ori, 0x7ff, 0, 2047
    ri ori, 0xffffffffffffffff, 0xffffffffffffffff, -2048
    ri ori, 0xffffffffffffffff, 0xffffffffffffffff, -1
    ri ori, 0xffffffffffffffff, 0xffffffffffffffff, 2047
    ri ori, 0xffffffffffffffff, 0x7fffffff, -1
    ri ori, 0x7fffffff, 0x7fffffff, 1
    ri ori, 0xffffffffffffffff, 0x8000000000000000, -1
    ri ori, 0x8000000000000001, 0x8000000000000000, 1
    ri andi, 0, 0, -2048
    ri andi, 0, 0, -1
    ri andi, 0, 0, 2047
    ri andi, 0xfffffffffffff800, 0xffffffffffffffff, -2048
    ri andi, 0xffffffffffffffff, 0xffffffffffffffff, -1
    ri andi, 0x7ff, 0xffffffffffffffff, 2047
    ri andi, 0x7fffffff, 0x7fffffff, -1
    ri andi, 1, 0x7fffffff, 1
    ri andi, 0x8000000000000000, 0x8000000000000000, -1
    ri andi, 0, 0x8000000000000000, 1
    ri addiw, 0xfffffffffffff800, 0, -2048
    ri addiw, 0xffffffffffffffff, 0, -1
    ri addiw, 0x7ff, 0, 2047
    ri addiw, 0xfffffffffffff7ff, 0xffffffffffffffff, -2048
    ri addiw, 0xfffffffffffffffe, 0xffffffffffffffff, -1
    ri addiw, 0x7fe, 0xffffffffffffffff, 2047
    ri addiw, 0x7ffffffe, 0x7fffffff, -1
    ri addiw, 0xffffffff80000000, 0x7fffffff, 1
    ri addiw, 0xffffffffffffffff, 0x8000000000000000, -1
    ri addiw, 1, 0x8000000000000000, 1
    ri slli, 0x8000000080000001, 0x8000000080000001, 0
    ri slli, 0x100000002, 0x8000000080000001, 1
    ri slli, 0x4000000080000000, 0x8000000080000001, 31
    ri slli, 0x8000000000000000, 0x8000000080000001, 63
    ri slli, 0x123456789abcdef0, 0x123456789abcdef0, 0
    ri slli, 0x2468acf13579bde0, 0x123456789abcdef0, 1
    ri slli, 0x4d5e6f7800000000, 0x123456789abcdef0, 31
    ri slli, 0, 0x123456789abcdef0, 63
    ri srli, 0x8000000080000001, 0x8000000080000001, 0
    ri srli, 0x4000000040000000, 0x8000000080000001, 1
    ri srli, 0x100000001, 0x8000000080000001, 31
    ri srli, 1, 0x8000000080000001, 63
    ri srli, 0x123456789abcdef0, 0x123456789abcdef0, 0
    ri srli, 0x91a2b3c4d5e6f78, 0x123456789abcdef0, 1
    ri srli, 0x2468acf1, 0x123456789abcdef0, 31
    ri srli, 0, 0x123456789abcdef0, 63
    ri srai, 0x8000000080000001, 0x8000000080000001, 0
    ri srai, 0xc000000040000000, 0x8000000080000001, 1
    ri srai, 0xffffffff00000001, 0x8000000080000001, 31
    ri srai, 0xffffffffffffffff, 0x8000000080000001, 63
    ri srai, 0x123456789abcdef0, 0x123456789abcdef0, 0
    ri srai, 0x91a2b3c4d5e6f78, 0x123456789abcdef0, 1
    ri srai, 0x2468acf1, 0x123456789abcdef0, 31
    ri srai, 0, 0x123456789abcdef0, 63
    ri slliw, 0xffffffff80000001, 0x8000000080000001, 0
    ri slliw, 2, 0x8000000080000001, 1
    ri slliw, 0x8000, 0x8000000080000001, 15
    ri slliw, 0xffffffff80000000, 0x8000000080000001, 31
    ri slliw, 0xffffffff9abcdef0, 0x123456789abcdef0, 0
    ri slliw, 0x3579bde0, 0x123456789abcdef0, 1
    ri slliw, 0x6f780000, 0x123456789abcdef0, 15
    ri slliw, 0, 0x123456789abcdef0, 31
    ri srliw, 0xffffffff80000001, 0x8000000080000001, 0
    ri srliw, 0x40000000, 0x8000000080000001, 1
    ri srliw, 0x10000, 0x8000000080000001, 15
    ri srliw, 1, 0x8000000080000001, 31
    ri srliw, 0xffffffff9abcdef0, 0x123456789abcdef0, 0
    ri srliw, 0x4d5e6f78, 0x123456789abcdef0, 1
    ri srliw, 0x13579, 0x123456789abcdef0, 15
    ri srliw, 1, 0x123456789abcdef0, 31
    ri sraiw, 0xffffffff80000001, 0x8000000080000001, 0
    ri sraiw, 0xffffffffc0000000, 0x8000000080000001, 1
    ri sraiw, 0xffffffffffff0000, 0x8000000080000001, 15
    ri sraiw, 0xffffffffffffffff, 0x8000000080000001, 31
    ri sraiw, 0xffffffff9abcdef0, 0x123456789abcdef0, 0
    ri sraiw, 0xffffffffcd5e6f78, 0x123456789abcdef0, 1
    ri sraiw, 0xffffffffffff3579, 0x123456789abcdef0, 15
    ri sraiw, 0xffffffffffffffff, 0x123456789abcdef0, 31
    finish
