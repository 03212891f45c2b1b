# Zba, Zbb and Zbs, in every mode.
# Expected: pass.
#include "modes.inc"
#include "integer.inc"
    .text
body:
    # Zba
    rr add.uw, 3, 0xffffffff00000001, 2
    rr add.uw, 0x7fffffff, 0x80000000, 0xffffffffffffffff
    rr add.uw, 0x123456799abcdeef, 0xffffffffffffffff, 0x123456789abcdef0
    rr sh1add, 0xfffffffe00000004, 0xffffffff00000001, 2
    rr sh1add, 0xffffffff, 0x80000000, 0xffffffffffffffff
    rr sh1add, 0x123456789abcdeee, 0xffffffffffffffff, 0x123456789abcdef0
    rr sh2add, 0xfffffffc00000006, 0xffffffff00000001, 2
    rr sh2add, 0x1ffffffff, 0x80000000, 0xffffffffffffffff
    rr sh2add, 0x123456789abcdeec, 0xffffffffffffffff, 0x123456789abcdef0
    rr sh3add, 0xfffffff80000000a, 0xffffffff00000001, 2
    rr sh3add, 0x3ffffffff, 0x80000000, 0xffffffffffffffff
    rr sh3add, 0x123456789abcdee8, 0xffffffffffffffff, 0x123456789abcdef0
    rr sh1add.uw, 4, 0xffffffff00000001, 2
    rr sh1add.uw, 0xffffffff, 0x80000000, 0xffffffffffffffff
    rr sh1add.uw, 0x1234567a9abcdeee, 0xffffffffffffffff, 0x123456789abcdef0
    rr sh2add.uw, 6, 0xffffffff00000001, 2
    rr sh2add.uw, 0x1ffffffff, 0x80000000, 0xffffffffffffffff
    rr sh2add.uw, 0x1234567c9abcdeec, 0xffffffffffffffff, 0x123456789abcdef0
    rr sh3add.uw, 0xa, 0xffffffff00000001, 2
    rr sh3add.uw, 0x3ffffffff, 0x80000000, 0xffffffffffffffff
    rr sh3add.uw, 0x123456809abcdee8, 0xffffffffffffffff, 0x123456789abcdef0
    ri slli.uw, 0x80000001, 0xffffffff80000001, 0
    ri slli.uw, 0x100000002, 0xffffffff80000001, 1
    ri slli.uw, 0x4000000080000000, 0xffffffff80000001, 31
    ri slli.uw, 0x8000000100000000, 0xffffffff80000001, 32
    ri slli.uw, 0x8000000000000000, 0xffffffff80000001, 63
    ri slli.uw, 0x9abcdef0, 0x123456789abcdef0, 0
    ri slli.uw, 0x13579bde0, 0x123456789abcdef0, 1
    ri slli.uw, 0x4d5e6f7800000000, 0x123456789abcdef0, 31
    ri slli.uw, 0x9abcdef000000000, 0x123456789abcdef0, 32
    ri slli.uw, 0, 0x123456789abcdef0, 63
    # Zbb
    rr andn, 0xf000f000f000f000, 0xff00ff00ff00ff00, 0xff00ff00ff00ff0
    rr andn, 0, 0, 0xffffffffffffffff
    rr andn, 0x123456789abcdef0, 0x123456789abcdef0, 0x8000000000000001
    rr orn, 0xff0fff0fff0fff0f, 0xff00ff00ff00ff00, 0xff00ff00ff00ff0
    rr orn, 0, 0, 0xffffffffffffffff
    rr orn, 0x7ffffffffffffffe, 0x123456789abcdef0, 0x8000000000000001
    rr xnor, 0xf0f0f0f0f0f0f0f, 0xff00ff00ff00ff00, 0xff00ff00ff00ff0
    rr xnor, 0, 0, 0xffffffffffffffff
    rr xnor, 0x6dcba9876543210e, 0x123456789abcdef0, 0x8000000000000001
    rr min, 0xffffffffffffffff, 0, 0xffffffffffffffff
    rr min, 0xffffffffffffffff, 0xffffffffffffffff, 0
    rr min, 0x8000000000000000, 0x8000000000000000, 0x7fffffffffffffff
    rr min, 7, 7, 7
    rr max, 0, 0, 0xffffffffffffffff
    rr max, 0, 0xffffffffffffffff, 0
    rr max, 0x7fffffffffffffff, 0x8000000000000000, 0x7fffffffffffffff
    rr max, 7, 7, 7
    rr minu, 0, 0, 0xffffffffffffffff
    rr minu, 0, 0xffffffffffffffff, 0
    rr minu, 0x7fffffffffffffff, 0x8000000000000000, 0x7fffffffffffffff
    rr minu, 7, 7, 7
    rr maxu, 0xffffffffffffffff, 0, 0xffffffffffffffff
    rr maxu, 0xffffffffffffffff, 0xffffffffffffffff, 0
    rr maxu, 0x8000000000000000, 0x8000000000000000, 0x7fffffffffffffff
    rr maxu, 7, 7, 7
    rr rol, 0xffffffffffffffff, 0xffffffffffffffff, 0x3f
    rr rol, 3, 0x8000000000000001, 1
    rr rol, 0x9abcdef012345678, 0x123456789abcdef0, 0x20
    rr rol, 0x40000000ff6e5d4c, 0xfedcba9880000001, 0x1f
    rr rol, 0x1000000010, 0x8000000080000000, 0x45
    rr rol, 0x40000000, 0x80000000, 0xffffffffffffffff
    rr ror, 0xffffffffffffffff, 0xffffffffffffffff, 0x3f
    rr ror, 0xc000000000000000, 0x8000000000000001, 1
    rr ror, 0x9abcdef012345678, 0x123456789abcdef0, 0x20
    rr ror, 0x3fdb97531, 0xfedcba9880000001, 0x1f
    rr ror, 0x400000004000000, 0x8000000080000000, 0x45
    rr ror, 0x100000000, 0x80000000, 0xffffffffffffffff
    rr rolw, 0xffffffffffffffff, 0xffffffffffffffff, 0x3f
    rr rolw, 2, 0x8000000000000001, 1
    rr rolw, 0xffffffff9abcdef0, 0x123456789abcdef0, 0x20
    rr rolw, 0xffffffffc0000000, 0xfedcba9880000001, 0x1f
    rr rolw, 0x10, 0x8000000080000000, 0x45
    rr rolw, 0x40000000, 0x80000000, 0xffffffffffffffff
    rr rorw, 0xffffffffffffffff, 0xffffffffffffffff, 0x3f
    rr rorw, 0xffffffff80000000, 0x8000000000000001, 1
    rr rorw, 0xffffffff9abcdef0, 0x123456789abcdef0, 0x20
    rr rorw, 3, 0xfedcba9880000001, 0x1f
    rr rorw, 0x4000000, 0x8000000080000000, 0x45
    rr rorw, 1, 0x80000000, 0xffffffffffffffff
    ri rori, 0x8000000000000001, 0x8000000000000001, 0
    ri rori, 0xc000000000000000, 0x8000000000000001, 1
    ri rori, 0x180000000, 0x8000000000000001, 32
    ri rori, 3, 0x8000000000000001, 63
    ri roriw, 1, 0x8000000000000001, 0
    ri roriw, 0xffffffff80000000, 0x8000000000000001, 1
    ri roriw, 2, 0x8000000000000001, 31
    ri rori, 0x123456789abcdef0, 0x123456789abcdef0, 0
    ri rori, 0x91a2b3c4d5e6f78, 0x123456789abcdef0, 1
    ri rori, 0x9abcdef012345678, 0x123456789abcdef0, 32
    ri rori, 0x2468acf13579bde0, 0x123456789abcdef0, 63
    ri roriw, 0xffffffff9abcdef0, 0x123456789abcdef0, 0
    ri roriw, 0x4d5e6f78, 0x123456789abcdef0, 1
    ri roriw, 0x3579bde1, 0x123456789abcdef0, 31
    r1 clz, 0x40, 0
    r1 clz, 0, 0xffffffffffffffff
    r1 clz, 0x3f, 1
    r1 clz, 0, 0x8000000000000000
    r1 clz, 0x38, 0x80
    r1 clz, 0x30, 0x8000
    r1 clz, 0x20, 0x80000000
    r1 clz, 8, 0xff000100800000
    r1 clz, 3, 0x123456789abcdef0
    r1 ctz, 0x40, 0
    r1 ctz, 0, 0xffffffffffffffff
    r1 ctz, 0, 1
    r1 ctz, 0x3f, 0x8000000000000000
    r1 ctz, 7, 0x80
    r1 ctz, 0xf, 0x8000
    r1 ctz, 0x1f, 0x80000000
    r1 ctz, 0x17, 0xff000100800000
    r1 ctz, 4, 0x123456789abcdef0
    r1 cpop, 0, 0
    r1 cpop, 0x40, 0xffffffffffffffff
    r1 cpop, 1, 1
    r1 cpop, 1, 0x8000000000000000
    r1 cpop, 1, 0x80
    r1 cpop, 1, 0x8000
    r1 cpop, 1, 0x80000000
    r1 cpop, 0xa, 0xff000100800000
    r1 cpop, 0x20, 0x123456789abcdef0
    r1 clzw, 0x20, 0
    r1 clzw, 0, 0xffffffffffffffff
    r1 clzw, 0x1f, 1
    r1 clzw, 0x20, 0x8000000000000000
    r1 clzw, 0x18, 0x80
    r1 clzw, 0x10, 0x8000
    r1 clzw, 0, 0x80000000
    r1 clzw, 8, 0xff000100800000
    r1 clzw, 0, 0x123456789abcdef0
    r1 ctzw, 0x20, 0
    r1 ctzw, 0, 0xffffffffffffffff
    r1 ctzw, 0, 1
    r1 ctzw, 7, 0x80
    r1 ctzw, 0xf, 0x8000
    r1 ctzw, 0x1f, 0x80000000
    r1 ctzw, 0x17, 0xff000100800000
    r1 ctzw, 4, 0x123456789abcdef0
    r1 cpopw, 0, 0
    r1 cpopw, 0x20, 0xffffffffffffffff
    r1 cpopw, 1, 1
    r1 cpopw, 0, 0x8000000000000000
    r1 cpopw, 1, 0x80
    r1 cpopw, 1, 0x8000
    r1 cpopw, 1, 0x80000000
    r1 cpopw, 1, 0xff000100800000
    r1 cpopw, 0x13, 0x123456789abcdef0
    r1 sext.b, 0, 0
    r1 sext.b, 0xffffffffffffffff, 0xffffffffffffffff
    r1 sext.b, 1, 1
    r1 sext.b, 0, 0x8000000000000000
    r1 sext.b, 0xffffffffffffff80, 0x80
    r1 sext.b, 0, 0x8000
    r1 sext.b, 0, 0x80000000
    r1 sext.b, 0, 0xff000100800000
    r1 sext.b, 0xfffffffffffffff0, 0x123456789abcdef0
    r1 sext.h, 0, 0
    r1 sext.h, 0xffffffffffffffff, 0xffffffffffffffff
    r1 sext.h, 1, 1
    r1 sext.h, 0, 0x8000000000000000
    r1 sext.h, 0x80, 0x80
    r1 sext.h, 0xffffffffffff8000, 0x8000
    r1 sext.h, 0, 0x80000000
    r1 sext.h, 0, 0xff000100800000
    r1 sext.h, 0xffffffffffffdef0, 0x123456789abcdef0
    r1 zext.h, 0, 0
    r1 zext.h, 0xffff, 0xffffffffffffffff
    r1 zext.h, 1, 1
    r1 zext.h, 0, 0x8000000000000000
    r1 zext.h, 0x80, 0x80
    r1 zext.h, 0x8000, 0x8000
    r1 zext.h, 0, 0x80000000
    r1 zext.h, 0, 0xff000100800000
    r1 zext.h, 0xdef0, 0x123456789abcdef0
    r1 rev8, 0, 0
    r1 rev8, 0xffffffffffffffff, 0xffffffffffffffff
    r1 rev8, 0x100000000000000, 1
    r1 rev8, 0x80, 0x8000000000000000
    r1 rev8, 0x8000000000000000, 0x80
    r1 rev8, 0x80000000000000, 0x8000
    r1 rev8, 0x8000000000, 0x80000000
    r1 rev8, 0x80000100ff00, 0xff000100800000
    r1 rev8, 0xf0debc9a78563412, 0x123456789abcdef0
    r1 orc.b, 0, 0
    r1 orc.b, 0xffffffffffffffff, 0xffffffffffffffff
    r1 orc.b, 0xff, 1
    r1 orc.b, 0xff00000000000000, 0x8000000000000000
    r1 orc.b, 0xff, 0x80
    r1 orc.b, 0xff00, 0x8000
    r1 orc.b, 0xff000000, 0x80000000
    r1 orc.b, 0xff00ff00ff0000, 0xff000100800000
    r1 orc.b, 0xffffffffffffffff, 0x123456789abcdef0
    # Zbs
    rr bset, 1, 0, 0
    rr bset, 0xffffffffffffffff, 0xffffffffffffffff, 0x3f
    rr bset, 0x123456789abcdef0, 0x123456789abcdef0, 0x44
    rr bset, 0x80000000, 0x80000000, 0x1f
    rr bclr, 0, 0, 0
    rr bclr, 0x7fffffffffffffff, 0xffffffffffffffff, 0x3f
    rr bclr, 0x123456789abcdee0, 0x123456789abcdef0, 0x44
    rr bclr, 0, 0x80000000, 0x1f
    rr binv, 1, 0, 0
    rr binv, 0x7fffffffffffffff, 0xffffffffffffffff, 0x3f
    rr binv, 0x123456789abcdee0, 0x123456789abcdef0, 0x44
    rr binv, 0, 0x80000000, 0x1f
    rr bext, 0, 0, 0
    rr bext, 1, 0xffffffffffffffff, 0x3f
    rr bext, 1, 0x123456789abcdef0, 0x44
    rr bext, 1, 0x80000000, 0x1f
    ri bseti, 0x8000000000000000, 0, 63
    ri bseti, 0xffffffffffffffff, 0xffffffffffffffff, 0
    ri bseti, 0x8000000080000000, 0x8000000080000000, 31
    ri bseti, 0xffffffffffffffff, 0xffffffffffffffff, 63
    ri bclri, 0, 0, 63
    ri bclri, 0xfffffffffffffffe, 0xffffffffffffffff, 0
    ri bclri, 0x8000000000000000, 0x8000000080000000, 31
    ri bclri, 0x7fffffffffffffff, 0xffffffffffffffff, 63
    ri binvi, 0x8000000000000000, 0, 63
    ri binvi, 0xfffffffffffffffe, 0xffffffffffffffff, 0
    ri binvi, 0x8000000000000000, 0x8000000080000000, 31
    ri binvi, 0x7fffffffffffffff, 0xffffffffffffffff, 63
    ri bexti, 0, 0, 63
    ri bexti, 1, 0xffffffffffffffff, 0
    ri bexti, 1, 0x8000000080000000, 31
    ri bexti, 1, 0xffffffffffffffff, 63
    finish
