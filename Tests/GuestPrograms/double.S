# Double precision arithmetic, in every mode: all five roundings and the flags.
# Expected: pass. Results and flags are IEEE 754-2019's with tininess detected after rounding; every NaN that arithmetic
# makes is the canonical 0x7ff8000000000000.
#define FROM_BITS fmv.d.x
#define TO_BITS   fmv.x.d
#define WIDTH     64
#include "modes.inc"
#include "float.inc"
    .text
body:
    # Addition and subtraction: rounding of ties, signs of zero, infinities, NaNs.
    binary fadd.d, rne, 0x0, 0x4008000000000000, 0x3ff0000000000000, 0x4000000000000000
    binary fadd.d, rne, 0x1, 0x3ff0000000000000, 0x3ff0000000000000, 0x3ca0000000000000
    binary fadd.d, rtz, 0x1, 0x3ff0000000000000, 0x3ff0000000000000, 0x3ca0000000000000
    binary fadd.d, rdn, 0x1, 0x3ff0000000000000, 0x3ff0000000000000, 0x3ca0000000000000
    binary fadd.d, rup, 0x1, 0x3ff0000000000001, 0x3ff0000000000000, 0x3ca0000000000000
    binary fadd.d, rmm, 0x1, 0x3ff0000000000001, 0x3ff0000000000000, 0x3ca0000000000000
    binary fadd.d, rne, 0x1, 0x3ff0000000000002, 0x3ff0000000000001, 0x3ca0000000000000
    binary fadd.d, rtz, 0x1, 0x3ff0000000000001, 0x3ff0000000000001, 0x3ca0000000000000
    binary fadd.d, rdn, 0x1, 0x3ff0000000000001, 0x3ff0000000000001, 0x3ca0000000000000
    binary fadd.d, rup, 0x1, 0x3ff0000000000002, 0x3ff0000000000001, 0x3ca0000000000000
    binary fadd.d, rmm, 0x1, 0x3ff0000000000002, 0x3ff0000000000001, 0x3ca0000000000000
    binary fadd.d, rne, 0x1, 0xbff0000000000000, 0xbff0000000000000, 0xbca0000000000000
    binary fadd.d, rtz, 0x1, 0xbff0000000000000, 0xbff0000000000000, 0xbca0000000000000
    binary fadd.d, rdn, 0x1, 0xbff0000000000001, 0xbff0000000000000, 0xbca0000000000000
    binary fadd.d, rup, 0x1, 0xbff0000000000000, 0xbff0000000000000, 0xbca0000000000000
    binary fadd.d, rmm, 0x1, 0xbff0000000000001, 0xbff0000000000000, 0xbca0000000000000
    binary fadd.d, rne, 0x5, 0x7ff0000000000000, 0x7fefffffffffffff, 0x7fefffffffffffff
    binary fadd.d, rtz, 0x5, 0x7fefffffffffffff, 0x7fefffffffffffff, 0x7fefffffffffffff
    binary fadd.d, rdn, 0x5, 0x7fefffffffffffff, 0x7fefffffffffffff, 0x7fefffffffffffff
    binary fadd.d, rup, 0x5, 0x7ff0000000000000, 0x7fefffffffffffff, 0x7fefffffffffffff
    binary fadd.d, rmm, 0x5, 0x7ff0000000000000, 0x7fefffffffffffff, 0x7fefffffffffffff
    binary fadd.d, rne, 0x5, 0xfff0000000000000, 0xffefffffffffffff, 0xffefffffffffffff
    binary fadd.d, rtz, 0x5, 0xffefffffffffffff, 0xffefffffffffffff, 0xffefffffffffffff
    binary fadd.d, rdn, 0x5, 0xfff0000000000000, 0xffefffffffffffff, 0xffefffffffffffff
    binary fadd.d, rup, 0x5, 0xffefffffffffffff, 0xffefffffffffffff, 0xffefffffffffffff
    binary fadd.d, rmm, 0x5, 0xfff0000000000000, 0xffefffffffffffff, 0xffefffffffffffff
    binary fadd.d, rne, 0x0, 0x2, 0x1, 0x1
    binary fadd.d, rne, 0x0, 0xfffffffffffff, 0x10000000000000, 0x8000000000000001
    binary fadd.d, rne, 0x0, 0x0, 0x3ff0000000000000, 0xbff0000000000000
    binary fadd.d, rtz, 0x0, 0x0, 0x3ff0000000000000, 0xbff0000000000000
    binary fadd.d, rdn, 0x0, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000
    binary fadd.d, rup, 0x0, 0x0, 0x3ff0000000000000, 0xbff0000000000000
    binary fadd.d, rmm, 0x0, 0x0, 0x3ff0000000000000, 0xbff0000000000000
    binary fadd.d, rne, 0x0, 0x0, 0x0, 0x8000000000000000
    binary fadd.d, rne, 0x0, 0x8000000000000000, 0x8000000000000000, 0x8000000000000000
    binary fadd.d, rne, 0x0, 0x7ff0000000000000, 0x7ff0000000000000, 0x3ff0000000000000
    binary fadd.d, rne, 0x10, 0x7ff8000000000000, 0x7ff0000000000000, 0xfff0000000000000
    binary fadd.d, rne, 0x0, 0x7ff8000000000000, 0x7ff8000000000000, 0x3ff0000000000000
    binary fadd.d, rne, 0x10, 0x7ff8000000000000, 0x3ff0000000000000, 0x7ff0000000000001
    binary fadd.d, rne, 0x0, 0x7ff8000000000000, 0xfff8000000000005, 0x7ff0000000000000
    binary fsub.d, rne, 0x0, 0x0, 0x3ff0000000000000, 0x3ff0000000000000
    binary fsub.d, rne, 0x10, 0x7ff8000000000000, 0x7ff0000000000000, 0x7ff0000000000000
    binary fsub.d, rne, 0x0, 0x8000000000000000, 0x8000000000000000, 0x0
    binary fsub.d, rne, 0x0, 0x3fefffffffffffff, 0x3ff0000000000000, 0x3ca0000000000000
    binary fsub.d, rne, 0x0, 0xfffffffffffff, 0x10000000000000, 0x1
    binary fsub.d, rne, 0x10, 0x7ff8000000000000, 0x7ff0000000000001, 0x7ff0000000000001
    # Multiplication and division: overflow, underflow (after rounding), exact subnormals.
    binary fmul.d, rne, 0x0, 0x3ff8000000000000, 0x4008000000000000, 0x3fe0000000000000
    binary fmul.d, rne, 0x1, 0x3ff0000000000002, 0x3ff0000000000001, 0x3ff0000000000001
    binary fmul.d, rtz, 0x1, 0x3ff0000000000002, 0x3ff0000000000001, 0x3ff0000000000001
    binary fmul.d, rdn, 0x1, 0x3ff0000000000002, 0x3ff0000000000001, 0x3ff0000000000001
    binary fmul.d, rup, 0x1, 0x3ff0000000000003, 0x3ff0000000000001, 0x3ff0000000000001
    binary fmul.d, rmm, 0x1, 0x3ff0000000000002, 0x3ff0000000000001, 0x3ff0000000000001
    binary fmul.d, rne, 0x5, 0x7ff0000000000000, 0x7fefffffffffffff, 0x4000000000000000
    binary fmul.d, rtz, 0x5, 0x7fefffffffffffff, 0x7fefffffffffffff, 0x4000000000000000
    binary fmul.d, rdn, 0x5, 0x7fefffffffffffff, 0x7fefffffffffffff, 0x4000000000000000
    binary fmul.d, rup, 0x5, 0x7ff0000000000000, 0x7fefffffffffffff, 0x4000000000000000
    binary fmul.d, rmm, 0x5, 0x7ff0000000000000, 0x7fefffffffffffff, 0x4000000000000000
    binary fmul.d, rne, 0x5, 0xfff0000000000000, 0xffefffffffffffff, 0x4000000000000000
    binary fmul.d, rtz, 0x5, 0xffefffffffffffff, 0xffefffffffffffff, 0x4000000000000000
    binary fmul.d, rdn, 0x5, 0xfff0000000000000, 0xffefffffffffffff, 0x4000000000000000
    binary fmul.d, rup, 0x5, 0xffefffffffffffff, 0xffefffffffffffff, 0x4000000000000000
    binary fmul.d, rmm, 0x5, 0xfff0000000000000, 0xffefffffffffffff, 0x4000000000000000
    binary fmul.d, rne, 0x0, 0x8000000000000, 0x10000000000000, 0x3fe0000000000000
    binary fmul.d, rne, 0x3, 0x8000000000000, 0x10000000000001, 0x3fe0000000000000
    binary fmul.d, rtz, 0x3, 0x8000000000000, 0x10000000000001, 0x3fe0000000000000
    binary fmul.d, rdn, 0x3, 0x8000000000000, 0x10000000000001, 0x3fe0000000000000
    binary fmul.d, rup, 0x3, 0x8000000000001, 0x10000000000001, 0x3fe0000000000000
    binary fmul.d, rmm, 0x3, 0x8000000000001, 0x10000000000001, 0x3fe0000000000000
    binary fmul.d, rne, 0x3, 0x8000000000002, 0x10000000000003, 0x3fe0000000000000
    binary fmul.d, rtz, 0x3, 0x8000000000001, 0x10000000000003, 0x3fe0000000000000
    binary fmul.d, rdn, 0x3, 0x8000000000001, 0x10000000000003, 0x3fe0000000000000
    binary fmul.d, rup, 0x3, 0x8000000000002, 0x10000000000003, 0x3fe0000000000000
    binary fmul.d, rmm, 0x3, 0x8000000000002, 0x10000000000003, 0x3fe0000000000000
    binary fmul.d, rne, 0x3, 0x0, 0x1, 0x3fe0000000000000
    binary fmul.d, rtz, 0x3, 0x0, 0x1, 0x3fe0000000000000
    binary fmul.d, rdn, 0x3, 0x0, 0x1, 0x3fe0000000000000
    binary fmul.d, rup, 0x3, 0x1, 0x1, 0x3fe0000000000000
    binary fmul.d, rmm, 0x3, 0x1, 0x1, 0x3fe0000000000000
    binary fmul.d, rne, 0x3, 0x8000000000000000, 0x8000000000000001, 0x3fe0000000000000
    binary fmul.d, rtz, 0x3, 0x8000000000000000, 0x8000000000000001, 0x3fe0000000000000
    binary fmul.d, rdn, 0x3, 0x8000000000000001, 0x8000000000000001, 0x3fe0000000000000
    binary fmul.d, rup, 0x3, 0x8000000000000000, 0x8000000000000001, 0x3fe0000000000000
    binary fmul.d, rmm, 0x3, 0x8000000000000001, 0x8000000000000001, 0x3fe0000000000000
    binary fmul.d, rne, 0x3, 0x10000000000000, 0x10000000000000, 0x3fefffffffffffff
    binary fmul.d, rtz, 0x3, 0xfffffffffffff, 0x10000000000000, 0x3fefffffffffffff
    binary fmul.d, rdn, 0x3, 0xfffffffffffff, 0x10000000000000, 0x3fefffffffffffff
    binary fmul.d, rup, 0x3, 0x10000000000000, 0x10000000000000, 0x3fefffffffffffff
    binary fmul.d, rmm, 0x3, 0x10000000000000, 0x10000000000000, 0x3fefffffffffffff
    binary fmul.d, rne, 0x1, 0x10000000000000, 0x10000000000001, 0x3fefffffffffffff
    binary fmul.d, rne, 0x10, 0x7ff8000000000000, 0x0, 0x7ff0000000000000
    binary fmul.d, rne, 0x0, 0x8000000000000000, 0x8000000000000000, 0x3ff0000000000000
    binary fmul.d, rne, 0x0, 0xfff0000000000000, 0x7ff0000000000000, 0xfff0000000000000
    binary fmul.d, rne, 0x10, 0x7ff8000000000000, 0x7ff0000000000001, 0x0
    binary fdiv.d, rne, 0x1, 0x3fd5555555555555, 0x3ff0000000000000, 0x4008000000000000
    binary fdiv.d, rtz, 0x1, 0x3fd5555555555555, 0x3ff0000000000000, 0x4008000000000000
    binary fdiv.d, rdn, 0x1, 0x3fd5555555555555, 0x3ff0000000000000, 0x4008000000000000
    binary fdiv.d, rup, 0x1, 0x3fd5555555555556, 0x3ff0000000000000, 0x4008000000000000
    binary fdiv.d, rmm, 0x1, 0x3fd5555555555555, 0x3ff0000000000000, 0x4008000000000000
    binary fdiv.d, rne, 0x1, 0xbfd5555555555555, 0xbff0000000000000, 0x4008000000000000
    binary fdiv.d, rtz, 0x1, 0xbfd5555555555555, 0xbff0000000000000, 0x4008000000000000
    binary fdiv.d, rdn, 0x1, 0xbfd5555555555556, 0xbff0000000000000, 0x4008000000000000
    binary fdiv.d, rup, 0x1, 0xbfd5555555555555, 0xbff0000000000000, 0x4008000000000000
    binary fdiv.d, rmm, 0x1, 0xbfd5555555555555, 0xbff0000000000000, 0x4008000000000000
    binary fdiv.d, rne, 0x0, 0x4000000000000000, 0x4000000000000000, 0x3ff0000000000000
    binary fdiv.d, rne, 0x8, 0x7ff0000000000000, 0x3ff0000000000000, 0x0
    binary fdiv.d, rne, 0x8, 0xfff0000000000000, 0x3ff0000000000000, 0x8000000000000000
    binary fdiv.d, rne, 0x10, 0x7ff8000000000000, 0x0, 0x0
    binary fdiv.d, rne, 0x10, 0x7ff8000000000000, 0x7ff0000000000000, 0x7ff0000000000000
    binary fdiv.d, rne, 0x0, 0x0, 0x3ff0000000000000, 0x7ff0000000000000
    binary fdiv.d, rne, 0x0, 0x7ff0000000000000, 0x7ff0000000000000, 0x0
    binary fdiv.d, rne, 0x5, 0x7ff0000000000000, 0x7fefffffffffffff, 0x3fe0000000000000
    binary fdiv.d, rtz, 0x5, 0x7fefffffffffffff, 0x7fefffffffffffff, 0x3fe0000000000000
    binary fdiv.d, rdn, 0x5, 0x7fefffffffffffff, 0x7fefffffffffffff, 0x3fe0000000000000
    binary fdiv.d, rup, 0x5, 0x7ff0000000000000, 0x7fefffffffffffff, 0x3fe0000000000000
    binary fdiv.d, rmm, 0x5, 0x7ff0000000000000, 0x7fefffffffffffff, 0x3fe0000000000000
    binary fdiv.d, rne, 0x3, 0x5555555555555, 0x10000000000000, 0x4008000000000000
    binary fdiv.d, rtz, 0x3, 0x5555555555555, 0x10000000000000, 0x4008000000000000
    binary fdiv.d, rdn, 0x3, 0x5555555555555, 0x10000000000000, 0x4008000000000000
    binary fdiv.d, rup, 0x3, 0x5555555555556, 0x10000000000000, 0x4008000000000000
    binary fdiv.d, rmm, 0x3, 0x5555555555555, 0x10000000000000, 0x4008000000000000
    binary fdiv.d, rne, 0x0, 0x7ff8000000000000, 0x7ff8000000000000, 0x0
    binary fdiv.d, rne, 0x3, 0x0, 0x1, 0x7fefffffffffffff
    binary fdiv.d, rtz, 0x3, 0x0, 0x1, 0x7fefffffffffffff
    binary fdiv.d, rdn, 0x3, 0x0, 0x1, 0x7fefffffffffffff
    binary fdiv.d, rup, 0x3, 0x1, 0x1, 0x7fefffffffffffff
    binary fdiv.d, rmm, 0x3, 0x0, 0x1, 0x7fefffffffffffff
    # Square root.
    unary fsqrt.d, rne, 0x1, 0x3ff6a09e667f3bcd, 0x4000000000000000
    unary fsqrt.d, rtz, 0x1, 0x3ff6a09e667f3bcc, 0x4000000000000000
    unary fsqrt.d, rdn, 0x1, 0x3ff6a09e667f3bcc, 0x4000000000000000
    unary fsqrt.d, rup, 0x1, 0x3ff6a09e667f3bcd, 0x4000000000000000
    unary fsqrt.d, rmm, 0x1, 0x3ff6a09e667f3bcd, 0x4000000000000000
    unary fsqrt.d, rne, 0x0, 0x4000000000000000, 0x4010000000000000
    unary fsqrt.d, rne, 0x1, 0x3ffbb67ae8584caa, 0x4008000000000000
    unary fsqrt.d, rtz, 0x1, 0x3ffbb67ae8584caa, 0x4008000000000000
    unary fsqrt.d, rdn, 0x1, 0x3ffbb67ae8584caa, 0x4008000000000000
    unary fsqrt.d, rup, 0x1, 0x3ffbb67ae8584cab, 0x4008000000000000
    unary fsqrt.d, rmm, 0x1, 0x3ffbb67ae8584caa, 0x4008000000000000
    unary fsqrt.d, rne, 0x0, 0x1e60000000000000, 0x1
    unary fsqrt.d, rne, 0x1, 0x5fefffffffffffff, 0x7fefffffffffffff
    unary fsqrt.d, rne, 0x0, 0x0, 0x0
    unary fsqrt.d, rne, 0x0, 0x8000000000000000, 0x8000000000000000
    unary fsqrt.d, rne, 0x10, 0x7ff8000000000000, 0xbff0000000000000
    unary fsqrt.d, rne, 0x0, 0x7ff0000000000000, 0x7ff0000000000000
    unary fsqrt.d, rne, 0x10, 0x7ff8000000000000, 0xfff0000000000000
    unary fsqrt.d, rne, 0x0, 0x7ff8000000000000, 0x7ff8000000000000
    unary fsqrt.d, rne, 0x10, 0x7ff8000000000000, 0x7ff0000000000001
    # Fused multiply-add: one rounding, the sign of zero, infinity times zero with a quiet NaN.
    ternary fmadd.d, rne, 0x1, 0x3cc0000000000000, 0x3ff0000000000001, 0x3ff0000000000001, 0xbff0000000000000
    ternary fmadd.d, rtz, 0x1, 0x3cc0000000000000, 0x3ff0000000000001, 0x3ff0000000000001, 0xbff0000000000000
    ternary fmadd.d, rdn, 0x1, 0x3cc0000000000000, 0x3ff0000000000001, 0x3ff0000000000001, 0xbff0000000000000
    ternary fmadd.d, rup, 0x1, 0x3cc0000000000001, 0x3ff0000000000001, 0x3ff0000000000001, 0xbff0000000000000
    ternary fmadd.d, rmm, 0x1, 0x3cc0000000000001, 0x3ff0000000000001, 0x3ff0000000000001, 0xbff0000000000000
    ternary fmadd.d, rne, 0x0, 0x400c000000000000, 0x4008000000000000, 0x3fe0000000000000, 0x4000000000000000
    ternary fmadd.d, rne, 0x0, 0x7fefffffffffffff, 0x7fefffffffffffff, 0x4000000000000000, 0xffefffffffffffff
    ternary fmadd.d, rne, 0x0, 0x0, 0x3ff0000000000000, 0x3ff0000000000000, 0xbff0000000000000
    ternary fmadd.d, rtz, 0x0, 0x0, 0x3ff0000000000000, 0x3ff0000000000000, 0xbff0000000000000
    ternary fmadd.d, rdn, 0x0, 0x8000000000000000, 0x3ff0000000000000, 0x3ff0000000000000, 0xbff0000000000000
    ternary fmadd.d, rup, 0x0, 0x0, 0x3ff0000000000000, 0x3ff0000000000000, 0xbff0000000000000
    ternary fmadd.d, rmm, 0x0, 0x0, 0x3ff0000000000000, 0x3ff0000000000000, 0xbff0000000000000
    ternary fmadd.d, rne, 0x0, 0x0, 0x0, 0x3ff0000000000000, 0x8000000000000000
    ternary fmadd.d, rne, 0x10, 0x7ff8000000000000, 0x7ff0000000000000, 0x0, 0x7ff8000000000000
    ternary fmadd.d, rne, 0x10, 0x7ff8000000000000, 0x0, 0x7ff0000000000000, 0x3ff0000000000000
    ternary fmadd.d, rne, 0x10, 0x7ff8000000000000, 0x7ff0000000000000, 0x3ff0000000000000, 0xfff0000000000000
    ternary fmadd.d, rne, 0x10, 0x7ff8000000000000, 0x7ff0000000000001, 0x3ff0000000000000, 0x3ff0000000000000
    ternary fmadd.d, rne, 0x0, 0x7ff8000000000000, 0x3ff0000000000000, 0x3ff0000000000000, 0xfff8000000000005
    ternary fmadd.d, rne, 0x3, 0x1, 0x10000000000000, 0x10000000000000, 0x1
    ternary fmadd.d, rtz, 0x3, 0x1, 0x10000000000000, 0x10000000000000, 0x1
    ternary fmadd.d, rdn, 0x3, 0x1, 0x10000000000000, 0x10000000000000, 0x1
    ternary fmadd.d, rup, 0x3, 0x2, 0x10000000000000, 0x10000000000000, 0x1
    ternary fmadd.d, rmm, 0x3, 0x1, 0x10000000000000, 0x10000000000000, 0x1
    ternary fmadd.d, rne, 0x1, 0x3ff0000000000001, 0x3ff0000000000001, 0x3fefffffffffffff, 0x3ca0000000000000
    ternary fmadd.d, rtz, 0x1, 0x3ff0000000000000, 0x3ff0000000000001, 0x3fefffffffffffff, 0x3ca0000000000000
    ternary fmadd.d, rdn, 0x1, 0x3ff0000000000000, 0x3ff0000000000001, 0x3fefffffffffffff, 0x3ca0000000000000
    ternary fmadd.d, rup, 0x1, 0x3ff0000000000001, 0x3ff0000000000001, 0x3fefffffffffffff, 0x3ca0000000000000
    ternary fmadd.d, rmm, 0x1, 0x3ff0000000000001, 0x3ff0000000000001, 0x3fefffffffffffff, 0x3ca0000000000000
    ternary fmsub.d, rne, 0x0, 0xbfe0000000000000, 0x4008000000000000, 0x3fe0000000000000, 0x4000000000000000
    ternary fmsub.d, rne, 0x0, 0x0, 0x3ff0000000000000, 0x3ff0000000000000, 0x3ff0000000000000
    ternary fmsub.d, rdn, 0x0, 0x8000000000000000, 0x3ff0000000000000, 0x3ff0000000000000, 0x3ff0000000000000
    ternary fmsub.d, rne, 0x0, 0x0, 0x0, 0x3ff0000000000000, 0x0
    ternary fmsub.d, rne, 0x1, 0x3cc0000000000000, 0x3ff0000000000001, 0x3ff0000000000001, 0x3ff0000000000000
    ternary fmsub.d, rne, 0x10, 0x7ff8000000000000, 0x7ff0000000000000, 0x0, 0x7ff8000000000000
    ternary fmsub.d, rne, 0x0, 0x4000000000000000, 0x3ff0000000000000, 0x3ff0000000000000, 0xbff0000000000000
    ternary fmsub.d, rdn, 0x0, 0x4000000000000000, 0x3ff0000000000000, 0x3ff0000000000000, 0xbff0000000000000
    ternary fnmsub.d, rne, 0x0, 0x3fe0000000000000, 0x4008000000000000, 0x3fe0000000000000, 0x4000000000000000
    ternary fnmsub.d, rne, 0x0, 0x0, 0x3ff0000000000000, 0x3ff0000000000000, 0x3ff0000000000000
    ternary fnmsub.d, rdn, 0x0, 0x8000000000000000, 0x3ff0000000000000, 0x3ff0000000000000, 0x3ff0000000000000
    ternary fnmsub.d, rne, 0x0, 0x0, 0x0, 0x3ff0000000000000, 0x0
    ternary fnmsub.d, rne, 0x1, 0xbcc0000000000000, 0x3ff0000000000001, 0x3ff0000000000001, 0x3ff0000000000000
    ternary fnmsub.d, rne, 0x10, 0x7ff8000000000000, 0x7ff0000000000000, 0x0, 0x7ff8000000000000
    ternary fnmsub.d, rne, 0x0, 0xc000000000000000, 0x3ff0000000000000, 0x3ff0000000000000, 0xbff0000000000000
    ternary fnmsub.d, rdn, 0x0, 0xc000000000000000, 0x3ff0000000000000, 0x3ff0000000000000, 0xbff0000000000000
    ternary fnmadd.d, rne, 0x0, 0xc00c000000000000, 0x4008000000000000, 0x3fe0000000000000, 0x4000000000000000
    ternary fnmadd.d, rne, 0x0, 0xc000000000000000, 0x3ff0000000000000, 0x3ff0000000000000, 0x3ff0000000000000
    ternary fnmadd.d, rdn, 0x0, 0xc000000000000000, 0x3ff0000000000000, 0x3ff0000000000000, 0x3ff0000000000000
    ternary fnmadd.d, rne, 0x0, 0x8000000000000000, 0x0, 0x3ff0000000000000, 0x0
    ternary fnmadd.d, rne, 0x1, 0xc000000000000001, 0x3ff0000000000001, 0x3ff0000000000001, 0x3ff0000000000000
    ternary fnmadd.d, rne, 0x10, 0x7ff8000000000000, 0x7ff0000000000000, 0x0, 0x7ff8000000000000
    ternary fnmadd.d, rne, 0x0, 0x0, 0x3ff0000000000000, 0x3ff0000000000000, 0xbff0000000000000
    ternary fnmadd.d, rdn, 0x0, 0x8000000000000000, 0x3ff0000000000000, 0x3ff0000000000000, 0xbff0000000000000
    # Minimum and maximum: -0 is below +0, a NaN gives way, a signaling one raises NV.
    plain fmin.d, 0x0, 0x3ff0000000000000, 0x3ff0000000000000, 0x4000000000000000
    plain fmin.d, 0x0, 0x3ff0000000000000, 0x4000000000000000, 0x3ff0000000000000
    plain fmin.d, 0x0, 0x8000000000000000, 0x0, 0x8000000000000000
    plain fmin.d, 0x0, 0x8000000000000000, 0x8000000000000000, 0x0
    plain fmin.d, 0x0, 0x3ff0000000000000, 0x7ff8000000000000, 0x3ff0000000000000
    plain fmin.d, 0x0, 0x3ff0000000000000, 0x3ff0000000000000, 0xfff8000000000005
    plain fmin.d, 0x0, 0x7ff8000000000000, 0x7ff8000000000000, 0xfff8000000000005
    plain fmin.d, 0x10, 0x3ff0000000000000, 0x7ff0000000000001, 0x3ff0000000000000
    plain fmin.d, 0x0, 0xfff0000000000000, 0xfff0000000000000, 0x7fefffffffffffff
    plain fmax.d, 0x0, 0x4000000000000000, 0x3ff0000000000000, 0x4000000000000000
    plain fmax.d, 0x0, 0x4000000000000000, 0x4000000000000000, 0x3ff0000000000000
    plain fmax.d, 0x0, 0x0, 0x0, 0x8000000000000000
    plain fmax.d, 0x0, 0x0, 0x8000000000000000, 0x0
    plain fmax.d, 0x0, 0x3ff0000000000000, 0x7ff8000000000000, 0x3ff0000000000000
    plain fmax.d, 0x0, 0x3ff0000000000000, 0x3ff0000000000000, 0xfff8000000000005
    plain fmax.d, 0x0, 0x7ff8000000000000, 0x7ff8000000000000, 0xfff8000000000005
    plain fmax.d, 0x10, 0x3ff0000000000000, 0x7ff0000000000001, 0x3ff0000000000000
    plain fmax.d, 0x0, 0x7fefffffffffffff, 0xfff0000000000000, 0x7fefffffffffffff
    # Comparisons: feq is quiet, flt and fle are not.
    compare feq.d, 0x0, 1, 0x3ff0000000000000, 0x3ff0000000000000
    compare feq.d, 0x0, 0, 0x3ff0000000000000, 0x4000000000000000
    compare feq.d, 0x0, 0, 0x4000000000000000, 0x3ff0000000000000
    compare feq.d, 0x0, 1, 0x0, 0x8000000000000000
    compare feq.d, 0x0, 0, 0xfff0000000000000, 0x7ff0000000000000
    compare feq.d, 0x0, 0, 0x7ff8000000000000, 0x3ff0000000000000
    compare feq.d, 0x10, 0, 0x3ff0000000000000, 0x7ff0000000000001
    compare flt.d, 0x0, 0, 0x3ff0000000000000, 0x3ff0000000000000
    compare flt.d, 0x0, 1, 0x3ff0000000000000, 0x4000000000000000
    compare flt.d, 0x0, 0, 0x4000000000000000, 0x3ff0000000000000
    compare flt.d, 0x0, 0, 0x0, 0x8000000000000000
    compare flt.d, 0x0, 1, 0xfff0000000000000, 0x7ff0000000000000
    compare flt.d, 0x10, 0, 0x7ff8000000000000, 0x3ff0000000000000
    compare flt.d, 0x10, 0, 0x3ff0000000000000, 0x7ff0000000000001
    compare fle.d, 0x0, 1, 0x3ff0000000000000, 0x3ff0000000000000
    compare fle.d, 0x0, 1, 0x3ff0000000000000, 0x4000000000000000
    compare fle.d, 0x0, 0, 0x4000000000000000, 0x3ff0000000000000
    compare fle.d, 0x0, 1, 0x0, 0x8000000000000000
    compare fle.d, 0x0, 1, 0xfff0000000000000, 0x7ff0000000000000
    compare fle.d, 0x10, 0, 0x7ff8000000000000, 0x3ff0000000000000
    compare fle.d, 0x10, 0, 0x3ff0000000000000, 0x7ff0000000000001
    # Sign injection (never raises, keeps NaN payloads) and classification.
    plain fsgnj.d, 0, 0xbff0000000000000, 0x3ff0000000000000, 0x8000000000000000
    plain fsgnjn.d, 0, 0x3ff0000000000000, 0x3ff0000000000000, 0x8000000000000000
    plain fsgnjx.d, 0, 0xbff0000000000000, 0x3ff0000000000000, 0x8000000000000000
    plain fsgnj.d, 0, 0x3ff0000000000000, 0xbff0000000000000, 0x0
    plain fsgnjn.d, 0, 0xbff0000000000000, 0xbff0000000000000, 0x0
    plain fsgnjx.d, 0, 0xbff0000000000000, 0xbff0000000000000, 0x0
    plain fsgnj.d, 0, 0xfff0000000000001, 0x7ff0000000000001, 0x8000000000000000
    plain fsgnjn.d, 0, 0x7ff0000000000001, 0x7ff0000000000001, 0x8000000000000000
    plain fsgnjx.d, 0, 0xfff0000000000001, 0x7ff0000000000001, 0x8000000000000000
    plain fsgnj.d, 0, 0x7ff8000000000005, 0xfff8000000000005, 0x3ff0000000000000
    plain fsgnjn.d, 0, 0xfff8000000000005, 0xfff8000000000005, 0x3ff0000000000000
    plain fsgnjx.d, 0, 0xfff8000000000005, 0xfff8000000000005, 0x3ff0000000000000
    class fclass.d, 0x1, 0xfff0000000000000
    class fclass.d, 0x2, 0xbff0000000000000
    class fclass.d, 0x4, 0x8000000000000001
    class fclass.d, 0x8, 0x8000000000000000
    class fclass.d, 0x10, 0x0
    class fclass.d, 0x20, 0x1
    class fclass.d, 0x40, 0x3ff0000000000000
    class fclass.d, 0x80, 0x7ff0000000000000
    class fclass.d, 0x100, 0x7ff0000000000001
    class fclass.d, 0x200, 0x7ff8000000000000
    next                            # loads and stores keep every bit, NaNs included
    la a1, number
    fld fa0, 0(a1)
    fsd fa0, 8(a1)
    ld a0, 8(a1)
    expect a0, 0x7ff0000000000123
    next                            # at an odd address and across a page
    la a1, border - 3
    fsd fa0, 0(a1)
    fmv.d.x fa0, zero
    fld fa0, 0(a1)
    fmv.x.d a0, fa0
    expect a0, 0x7ff0000000000123
    next                            # flags are sticky
    fsflags zero
    li a0, 1
    fcvt.d.l fa1, a0
    fmv.d.x fa2, zero
    fdiv.d fa3, fa1, fa2
    fsub.d fa3, fa3, fa3
    fadd.d fa3, fa1, fa1
    frflags a4
    expect a4, 0x18
    next                            # the registers' shape: fcsr = frm << 5 | fflags
    li a0, 0xffffffffffffffff
    csrw fcsr, a0
    csrr a1, fcsr
    expect a1, 0xff
    csrr a1, frm
    expect a1, 7
    csrr a1, fflags
    expect a1, 31
    next
    li a0, 0x43
    fscsr a1, a0
    expect a1, 0xff
    fsrmi a1, 3
    expect a1, 2
    fsflagsi a1, 16
    expect a1, 3
    frcsr a1
    expect a1, 0x70
    next                            # rounding modes 5 and 6 do not exist, and 7 is frm's
    csrwi frm, 5
    traps CAUSE_ILLEGAL, fadd.d fa0, fa1, fa2
    csrwi frm, 7
    traps CAUSE_ILLEGAL, fmul.d fa0, fa1, fa2
    traps CAUSE_ILLEGAL, fcvt.l.d a0, fa1, dyn
    csrwi frm, 0
    traps CAUSE_ILLEGAL, .word 0x02c5d553       # fadd.d fa0, fa1, fa2 with rounding 5
    traps CAUSE_ILLEGAL, .word 0x02c5e553       # and 6
    quiet fsgnj.d fa0, fa1, fa2     # no rounding here
    csrwi frm, 5
    quiet fmin.d fa0, fa1, fa2
    csrwi frm, 0
    finish

    .data
    .balign 16
number:
    .dword 0x7ff0000000000123, 0
    .balign 4096
    .space 4096
border:
    .space 64
