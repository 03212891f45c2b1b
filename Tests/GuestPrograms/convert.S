# Conversions between integers, singles and doubles, in every mode.
# Expected: pass. Out-of-range values saturate with NV alone, NaNs count as the largest; word results sign-extend, also
# the unsigned ones.
#include "modes.inc"
    .set ROUND_rne, 0
    .set ROUND_rtz, 1
    .set ROUND_rdn, 2
    .set ROUND_rup, 3
    .set ROUND_rmm, 4

.macro from_float move, operation, rounding, flags, want, bits
    next
    li a0, \bits
    \move fa1, a0
    csrwi fcsr, 0
    \operation a1, fa1, \rounding
    frflags a4
    expect a1, \want
    expect a4, \flags
    csrwi fflags, 0
    csrwi frm, ROUND_\rounding
    \operation a1, fa1, dyn
    frflags a4
    expect a1, \want
    expect a4, \flags
.endm

# A single's line and a double's.
.macro from_s arguments:vararg
    from_float fmv.w.x, \arguments
.endm
.macro from_d arguments:vararg
    from_float fmv.d.x, \arguments
.endm

.macro to_float move, operation, rounding, flags, want, value
    next
    li a0, \value
    csrwi fcsr, 0
    \operation fa0, a0, \rounding
    frflags a4
    expect a4, \flags
    li a1, \want
    \move fa1, a1
    fmv.x.d a0, fa0
    fmv.x.d a1, fa1
    same a0, a1
    csrwi fflags, 0
    li a0, \value
    csrwi frm, ROUND_\rounding
    \operation fa0, a0, dyn
    fmv.x.d a0, fa0
    same a0, a1
.endm

.macro to_s arguments:vararg
    to_float fmv.w.x, \arguments
.endm
.macro to_d arguments:vararg
    to_float fmv.d.x, \arguments
.endm

.macro from_exact operation, want, value
    next
    li a0, \value
    csrwi fcsr, 0
    \operation fa0, a0
    fmv.x.d a1, fa0
    expect a1, \want
    frflags a4
    expect a4, 0
.endm

.macro narrow rounding, flags, want, bits
    next
    li a0, \bits
    fmv.d.x fa1, a0
    csrwi fcsr, 0
    fcvt.s.d fa0, fa1, \rounding
    frflags a4
    fmv.x.d a1, fa0
    expect a1, 0xffffffff00000000 | \want
    expect a4, \flags
    csrwi fflags, 0
    csrwi frm, ROUND_\rounding
    fcvt.s.d fa1, fa1, dyn
    fmv.x.w a1, fa1
    slli a1, a1, 32
    srli a1, a1, 32
    expect a1, \want
.endm

.macro widen flags, want, bits
    next
    li a0, \bits
    fmv.w.x fa1, a0
    csrwi fcsr, 0
    fcvt.d.s fa0, fa1
    frflags a4
    fmv.x.d a1, fa0
    expect a1, \want
    expect a4, \flags
.endm

    .text
body:
    # s to w
    from_s fcvt.w.s, rtz, 0x0, 0x0, 0x0
    from_s fcvt.w.s, rtz, 0x0, 0x0, 0x80000000
    from_s fcvt.w.s, rne, 0x1, 0x2, 0x3fc00000
    from_s fcvt.w.s, rtz, 0x1, 0x1, 0x3fc00000
    from_s fcvt.w.s, rdn, 0x1, 0x1, 0x3fc00000
    from_s fcvt.w.s, rup, 0x1, 0x2, 0x3fc00000
    from_s fcvt.w.s, rmm, 0x1, 0x2, 0x3fc00000
    from_s fcvt.w.s, rne, 0x1, 0x2, 0x40200000
    from_s fcvt.w.s, rtz, 0x1, 0x2, 0x40200000
    from_s fcvt.w.s, rdn, 0x1, 0x2, 0x40200000
    from_s fcvt.w.s, rup, 0x1, 0x3, 0x40200000
    from_s fcvt.w.s, rmm, 0x1, 0x3, 0x40200000
    from_s fcvt.w.s, rne, 0x1, 0xfffffffffffffffe, 0xbfc00000
    from_s fcvt.w.s, rtz, 0x1, 0xffffffffffffffff, 0xbfc00000
    from_s fcvt.w.s, rdn, 0x1, 0xfffffffffffffffe, 0xbfc00000
    from_s fcvt.w.s, rup, 0x1, 0xffffffffffffffff, 0xbfc00000
    from_s fcvt.w.s, rmm, 0x1, 0xfffffffffffffffe, 0xbfc00000
    from_s fcvt.w.s, rne, 0x1, 0x0, 0xbe800000
    from_s fcvt.w.s, rtz, 0x1, 0x0, 0xbe800000
    from_s fcvt.w.s, rdn, 0x1, 0xffffffffffffffff, 0xbe800000
    from_s fcvt.w.s, rup, 0x1, 0x0, 0xbe800000
    from_s fcvt.w.s, rmm, 0x1, 0x0, 0xbe800000
    from_s fcvt.w.s, rtz, 0x10, 0x7fffffff, 0x4f000000
    from_s fcvt.w.s, rtz, 0x0, 0xffffffff80000000, 0xcf000000
    from_s fcvt.w.s, rtz, 0x10, 0x7fffffff, 0x4f32d05e
    from_s fcvt.w.s, rtz, 0x10, 0xffffffff80000000, 0xcf32d05e
    from_s fcvt.w.s, rne, 0x10, 0x7fffffff, 0x7f800000
    from_s fcvt.w.s, rne, 0x10, 0xffffffff80000000, 0xff800000
    from_s fcvt.w.s, rne, 0x10, 0x7fffffff, 0x7fc00000
    from_s fcvt.w.s, rne, 0x10, 0x7fffffff, 0xffc00000
    from_s fcvt.w.s, rne, 0x10, 0x7fffffff, 0x7f800001
    # s to wu
    from_s fcvt.wu.s, rne, 0x1, 0x2, 0x3fc00000
    from_s fcvt.wu.s, rtz, 0x1, 0x1, 0x3fc00000
    from_s fcvt.wu.s, rdn, 0x1, 0x1, 0x3fc00000
    from_s fcvt.wu.s, rup, 0x1, 0x2, 0x3fc00000
    from_s fcvt.wu.s, rmm, 0x1, 0x2, 0x3fc00000
    from_s fcvt.wu.s, rne, 0x1, 0x0, 0xbe800000
    from_s fcvt.wu.s, rtz, 0x1, 0x0, 0xbe800000
    from_s fcvt.wu.s, rdn, 0x10, 0x0, 0xbe800000
    from_s fcvt.wu.s, rup, 0x1, 0x0, 0xbe800000
    from_s fcvt.wu.s, rmm, 0x1, 0x0, 0xbe800000
    from_s fcvt.wu.s, rne, 0x1, 0x0, 0xbf000000
    from_s fcvt.wu.s, rtz, 0x1, 0x0, 0xbf000000
    from_s fcvt.wu.s, rdn, 0x10, 0x0, 0xbf000000
    from_s fcvt.wu.s, rup, 0x1, 0x0, 0xbf000000
    from_s fcvt.wu.s, rmm, 0x10, 0x0, 0xbf000000
    from_s fcvt.wu.s, rtz, 0x10, 0x0, 0xbf800000
    from_s fcvt.wu.s, rtz, 0x10, 0xffffffffffffffff, 0x4f800000
    from_s fcvt.wu.s, rtz, 0x0, 0xffffffffb2d05e00, 0x4f32d05e
    from_s fcvt.wu.s, rne, 0x10, 0xffffffffffffffff, 0x7f800000
    from_s fcvt.wu.s, rne, 0x10, 0x0, 0xff800000
    from_s fcvt.wu.s, rne, 0x10, 0xffffffffffffffff, 0x7fc00000
    from_s fcvt.wu.s, rne, 0x10, 0xffffffffffffffff, 0xffc00000
    from_s fcvt.wu.s, rne, 0x10, 0xffffffffffffffff, 0x7f800001
    # s to l
    from_s fcvt.l.s, rne, 0x1, 0x2, 0x40200000
    from_s fcvt.l.s, rtz, 0x1, 0x2, 0x40200000
    from_s fcvt.l.s, rdn, 0x1, 0x2, 0x40200000
    from_s fcvt.l.s, rup, 0x1, 0x3, 0x40200000
    from_s fcvt.l.s, rmm, 0x1, 0x3, 0x40200000
    from_s fcvt.l.s, rne, 0x1, 0xfffffffffffffffe, 0xc0200000
    from_s fcvt.l.s, rtz, 0x1, 0xfffffffffffffffe, 0xc0200000
    from_s fcvt.l.s, rdn, 0x1, 0xfffffffffffffffd, 0xc0200000
    from_s fcvt.l.s, rup, 0x1, 0xfffffffffffffffe, 0xc0200000
    from_s fcvt.l.s, rmm, 0x1, 0xfffffffffffffffd, 0xc0200000
    from_s fcvt.l.s, rtz, 0x10, 0x7fffffffffffffff, 0x5f000000
    from_s fcvt.l.s, rtz, 0x0, 0x8000000000000000, 0xdf000000
    from_s fcvt.l.s, rtz, 0x10, 0x7fffffffffffffff, 0x5f0ac723
    from_s fcvt.l.s, rne, 0x10, 0x7fffffffffffffff, 0x7f800000
    from_s fcvt.l.s, rne, 0x10, 0x8000000000000000, 0xff800000
    from_s fcvt.l.s, rne, 0x10, 0x7fffffffffffffff, 0x7fc00000
    from_s fcvt.l.s, rne, 0x10, 0x7fffffffffffffff, 0xffc00000
    from_s fcvt.l.s, rne, 0x10, 0x7fffffffffffffff, 0x7f800001
    # s to lu
    from_s fcvt.lu.s, rne, 0x1, 0x0, 0x3f000000
    from_s fcvt.lu.s, rtz, 0x1, 0x0, 0x3f000000
    from_s fcvt.lu.s, rdn, 0x1, 0x0, 0x3f000000
    from_s fcvt.lu.s, rup, 0x1, 0x1, 0x3f000000
    from_s fcvt.lu.s, rmm, 0x1, 0x1, 0x3f000000
    from_s fcvt.lu.s, rne, 0x10, 0x0, 0xbf400000
    from_s fcvt.lu.s, rtz, 0x1, 0x0, 0xbf400000
    from_s fcvt.lu.s, rdn, 0x10, 0x0, 0xbf400000
    from_s fcvt.lu.s, rup, 0x1, 0x0, 0xbf400000
    from_s fcvt.lu.s, rmm, 0x10, 0x0, 0xbf400000
    from_s fcvt.lu.s, rtz, 0x10, 0x0, 0xc0000000
    from_s fcvt.lu.s, rtz, 0x10, 0xffffffffffffffff, 0x5f800000
    from_s fcvt.lu.s, rtz, 0x0, 0x8ac7230000000000, 0x5f0ac723
    from_s fcvt.lu.s, rne, 0x10, 0xffffffffffffffff, 0x7f800000
    from_s fcvt.lu.s, rne, 0x10, 0x0, 0xff800000
    from_s fcvt.lu.s, rne, 0x10, 0xffffffffffffffff, 0x7fc00000
    from_s fcvt.lu.s, rne, 0x10, 0xffffffffffffffff, 0xffc00000
    from_s fcvt.lu.s, rne, 0x10, 0xffffffffffffffff, 0x7f800001
    # w to s
    to_s fcvt.s.w, rne, 0x0, 0x0, 0x0
    to_s fcvt.s.w, rne, 0x0, 0x3f800000, 0x1
    to_s fcvt.s.w, rne, 0x0, 0xbf800000, 0xffffffffffffffff
    to_s fcvt.s.w, rne, 0x1, 0x4f000000, 0x7fffffff
    to_s fcvt.s.w, rtz, 0x1, 0x4effffff, 0x7fffffff
    to_s fcvt.s.w, rdn, 0x1, 0x4effffff, 0x7fffffff
    to_s fcvt.s.w, rup, 0x1, 0x4f000000, 0x7fffffff
    to_s fcvt.s.w, rmm, 0x1, 0x4f000000, 0x7fffffff
    to_s fcvt.s.w, rne, 0x0, 0xcf000000, 0x80000000
    to_s fcvt.s.w, rne, 0x1, 0x4b800000, 0x1000001
    to_s fcvt.s.w, rtz, 0x1, 0x4b800000, 0x1000001
    to_s fcvt.s.w, rdn, 0x1, 0x4b800000, 0x1000001
    to_s fcvt.s.w, rup, 0x1, 0x4b800001, 0x1000001
    to_s fcvt.s.w, rmm, 0x1, 0x4b800001, 0x1000001
    # wu to s
    to_s fcvt.s.wu, rne, 0x1, 0x4f800000, 0xffffffff
    to_s fcvt.s.wu, rtz, 0x1, 0x4f7fffff, 0xffffffff
    to_s fcvt.s.wu, rdn, 0x1, 0x4f7fffff, 0xffffffff
    to_s fcvt.s.wu, rup, 0x1, 0x4f800000, 0xffffffff
    to_s fcvt.s.wu, rmm, 0x1, 0x4f800000, 0xffffffff
    to_s fcvt.s.wu, rne, 0x1, 0x4f000000, 0x80000001
    to_s fcvt.s.wu, rtz, 0x1, 0x4f000000, 0x80000001
    to_s fcvt.s.wu, rdn, 0x1, 0x4f000000, 0x80000001
    to_s fcvt.s.wu, rup, 0x1, 0x4f000001, 0x80000001
    to_s fcvt.s.wu, rmm, 0x1, 0x4f000000, 0x80000001
    to_s fcvt.s.wu, rne, 0x0, 0x40a00000, 0x5
    # l to s
    to_s fcvt.s.l, rne, 0x1, 0x5f000000, 0x7fffffffffffffff
    to_s fcvt.s.l, rtz, 0x1, 0x5effffff, 0x7fffffffffffffff
    to_s fcvt.s.l, rdn, 0x1, 0x5effffff, 0x7fffffffffffffff
    to_s fcvt.s.l, rup, 0x1, 0x5f000000, 0x7fffffffffffffff
    to_s fcvt.s.l, rmm, 0x1, 0x5f000000, 0x7fffffffffffffff
    to_s fcvt.s.l, rne, 0x0, 0xdf000000, 0x8000000000000000
    to_s fcvt.s.l, rne, 0x0, 0xbf800000, 0xffffffffffffffff
    to_s fcvt.s.l, rne, 0x1, 0x5a000000, 0x20000000000001
    to_s fcvt.s.l, rtz, 0x1, 0x5a000000, 0x20000000000001
    to_s fcvt.s.l, rdn, 0x1, 0x5a000000, 0x20000000000001
    to_s fcvt.s.l, rup, 0x1, 0x5a000001, 0x20000000000001
    to_s fcvt.s.l, rmm, 0x1, 0x5a000000, 0x20000000000001
    # lu to s
    to_s fcvt.s.lu, rne, 0x1, 0x5f800000, 0xffffffffffffffff
    to_s fcvt.s.lu, rtz, 0x1, 0x5f7fffff, 0xffffffffffffffff
    to_s fcvt.s.lu, rdn, 0x1, 0x5f7fffff, 0xffffffffffffffff
    to_s fcvt.s.lu, rup, 0x1, 0x5f800000, 0xffffffffffffffff
    to_s fcvt.s.lu, rmm, 0x1, 0x5f800000, 0xffffffffffffffff
    to_s fcvt.s.lu, rne, 0x0, 0x5f000000, 0x8000000000000000
    to_s fcvt.s.lu, rne, 0x1, 0x5f000000, 0x8000000000000401
    to_s fcvt.s.lu, rtz, 0x1, 0x5f000000, 0x8000000000000401
    to_s fcvt.s.lu, rdn, 0x1, 0x5f000000, 0x8000000000000401
    to_s fcvt.s.lu, rup, 0x1, 0x5f000001, 0x8000000000000401
    to_s fcvt.s.lu, rmm, 0x1, 0x5f000000, 0x8000000000000401
    # d to w
    from_d fcvt.w.d, rtz, 0x0, 0x0, 0x0
    from_d fcvt.w.d, rtz, 0x0, 0x0, 0x8000000000000000
    from_d fcvt.w.d, rne, 0x1, 0x2, 0x3ff8000000000000
    from_d fcvt.w.d, rtz, 0x1, 0x1, 0x3ff8000000000000
    from_d fcvt.w.d, rdn, 0x1, 0x1, 0x3ff8000000000000
    from_d fcvt.w.d, rup, 0x1, 0x2, 0x3ff8000000000000
    from_d fcvt.w.d, rmm, 0x1, 0x2, 0x3ff8000000000000
    from_d fcvt.w.d, rne, 0x1, 0x2, 0x4004000000000000
    from_d fcvt.w.d, rtz, 0x1, 0x2, 0x4004000000000000
    from_d fcvt.w.d, rdn, 0x1, 0x2, 0x4004000000000000
    from_d fcvt.w.d, rup, 0x1, 0x3, 0x4004000000000000
    from_d fcvt.w.d, rmm, 0x1, 0x3, 0x4004000000000000
    from_d fcvt.w.d, rne, 0x1, 0xfffffffffffffffe, 0xbff8000000000000
    from_d fcvt.w.d, rtz, 0x1, 0xffffffffffffffff, 0xbff8000000000000
    from_d fcvt.w.d, rdn, 0x1, 0xfffffffffffffffe, 0xbff8000000000000
    from_d fcvt.w.d, rup, 0x1, 0xffffffffffffffff, 0xbff8000000000000
    from_d fcvt.w.d, rmm, 0x1, 0xfffffffffffffffe, 0xbff8000000000000
    from_d fcvt.w.d, rne, 0x1, 0x0, 0xbfd0000000000000
    from_d fcvt.w.d, rtz, 0x1, 0x0, 0xbfd0000000000000
    from_d fcvt.w.d, rdn, 0x1, 0xffffffffffffffff, 0xbfd0000000000000
    from_d fcvt.w.d, rup, 0x1, 0x0, 0xbfd0000000000000
    from_d fcvt.w.d, rmm, 0x1, 0x0, 0xbfd0000000000000
    from_d fcvt.w.d, rtz, 0x10, 0x7fffffff, 0x41e0000000000000
    from_d fcvt.w.d, rtz, 0x0, 0xffffffff80000000, 0xc1e0000000000000
    from_d fcvt.w.d, rtz, 0x10, 0x7fffffff, 0x41e65a0bc0000000
    from_d fcvt.w.d, rtz, 0x10, 0xffffffff80000000, 0xc1e65a0bc0000000
    from_d fcvt.w.d, rne, 0x10, 0x7fffffff, 0x7ff0000000000000
    from_d fcvt.w.d, rne, 0x10, 0xffffffff80000000, 0xfff0000000000000
    from_d fcvt.w.d, rne, 0x10, 0x7fffffff, 0x7ff8000000000000
    from_d fcvt.w.d, rne, 0x10, 0x7fffffff, 0xfff8000000000000
    from_d fcvt.w.d, rne, 0x10, 0x7fffffff, 0x7ff0000000000001
    # d to wu
    from_d fcvt.wu.d, rne, 0x1, 0x2, 0x3ff8000000000000
    from_d fcvt.wu.d, rtz, 0x1, 0x1, 0x3ff8000000000000
    from_d fcvt.wu.d, rdn, 0x1, 0x1, 0x3ff8000000000000
    from_d fcvt.wu.d, rup, 0x1, 0x2, 0x3ff8000000000000
    from_d fcvt.wu.d, rmm, 0x1, 0x2, 0x3ff8000000000000
    from_d fcvt.wu.d, rne, 0x1, 0x0, 0xbfd0000000000000
    from_d fcvt.wu.d, rtz, 0x1, 0x0, 0xbfd0000000000000
    from_d fcvt.wu.d, rdn, 0x10, 0x0, 0xbfd0000000000000
    from_d fcvt.wu.d, rup, 0x1, 0x0, 0xbfd0000000000000
    from_d fcvt.wu.d, rmm, 0x1, 0x0, 0xbfd0000000000000
    from_d fcvt.wu.d, rne, 0x1, 0x0, 0xbfe0000000000000
    from_d fcvt.wu.d, rtz, 0x1, 0x0, 0xbfe0000000000000
    from_d fcvt.wu.d, rdn, 0x10, 0x0, 0xbfe0000000000000
    from_d fcvt.wu.d, rup, 0x1, 0x0, 0xbfe0000000000000
    from_d fcvt.wu.d, rmm, 0x10, 0x0, 0xbfe0000000000000
    from_d fcvt.wu.d, rtz, 0x10, 0x0, 0xbff0000000000000
    from_d fcvt.wu.d, rtz, 0x10, 0xffffffffffffffff, 0x41f0000000000000
    from_d fcvt.wu.d, rtz, 0x0, 0xffffffffb2d05e00, 0x41e65a0bc0000000
    from_d fcvt.wu.d, rne, 0x10, 0xffffffffffffffff, 0x7ff0000000000000
    from_d fcvt.wu.d, rne, 0x10, 0x0, 0xfff0000000000000
    from_d fcvt.wu.d, rne, 0x10, 0xffffffffffffffff, 0x7ff8000000000000
    from_d fcvt.wu.d, rne, 0x10, 0xffffffffffffffff, 0xfff8000000000000
    from_d fcvt.wu.d, rne, 0x10, 0xffffffffffffffff, 0x7ff0000000000001
    # d to l
    from_d fcvt.l.d, rne, 0x1, 0x2, 0x4004000000000000
    from_d fcvt.l.d, rtz, 0x1, 0x2, 0x4004000000000000
    from_d fcvt.l.d, rdn, 0x1, 0x2, 0x4004000000000000
    from_d fcvt.l.d, rup, 0x1, 0x3, 0x4004000000000000
    from_d fcvt.l.d, rmm, 0x1, 0x3, 0x4004000000000000
    from_d fcvt.l.d, rne, 0x1, 0xfffffffffffffffe, 0xc004000000000000
    from_d fcvt.l.d, rtz, 0x1, 0xfffffffffffffffe, 0xc004000000000000
    from_d fcvt.l.d, rdn, 0x1, 0xfffffffffffffffd, 0xc004000000000000
    from_d fcvt.l.d, rup, 0x1, 0xfffffffffffffffe, 0xc004000000000000
    from_d fcvt.l.d, rmm, 0x1, 0xfffffffffffffffd, 0xc004000000000000
    from_d fcvt.l.d, rtz, 0x10, 0x7fffffffffffffff, 0x43e0000000000000
    from_d fcvt.l.d, rtz, 0x0, 0x8000000000000000, 0xc3e0000000000000
    from_d fcvt.l.d, rtz, 0x10, 0x7fffffffffffffff, 0x43e158e460913d00
    from_d fcvt.l.d, rne, 0x10, 0x7fffffffffffffff, 0x7ff0000000000000
    from_d fcvt.l.d, rne, 0x10, 0x8000000000000000, 0xfff0000000000000
    from_d fcvt.l.d, rne, 0x10, 0x7fffffffffffffff, 0x7ff8000000000000
    from_d fcvt.l.d, rne, 0x10, 0x7fffffffffffffff, 0xfff8000000000000
    from_d fcvt.l.d, rne, 0x10, 0x7fffffffffffffff, 0x7ff0000000000001
    # d to lu
    from_d fcvt.lu.d, rne, 0x1, 0x0, 0x3fe0000000000000
    from_d fcvt.lu.d, rtz, 0x1, 0x0, 0x3fe0000000000000
    from_d fcvt.lu.d, rdn, 0x1, 0x0, 0x3fe0000000000000
    from_d fcvt.lu.d, rup, 0x1, 0x1, 0x3fe0000000000000
    from_d fcvt.lu.d, rmm, 0x1, 0x1, 0x3fe0000000000000
    from_d fcvt.lu.d, rne, 0x10, 0x0, 0xbfe8000000000000
    from_d fcvt.lu.d, rtz, 0x1, 0x0, 0xbfe8000000000000
    from_d fcvt.lu.d, rdn, 0x10, 0x0, 0xbfe8000000000000
    from_d fcvt.lu.d, rup, 0x1, 0x0, 0xbfe8000000000000
    from_d fcvt.lu.d, rmm, 0x10, 0x0, 0xbfe8000000000000
    from_d fcvt.lu.d, rtz, 0x10, 0x0, 0xc000000000000000
    from_d fcvt.lu.d, rtz, 0x10, 0xffffffffffffffff, 0x43f0000000000000
    from_d fcvt.lu.d, rtz, 0x0, 0x8ac7230489e80000, 0x43e158e460913d00
    from_d fcvt.lu.d, rne, 0x10, 0xffffffffffffffff, 0x7ff0000000000000
    from_d fcvt.lu.d, rne, 0x10, 0x0, 0xfff0000000000000
    from_d fcvt.lu.d, rne, 0x10, 0xffffffffffffffff, 0x7ff8000000000000
    from_d fcvt.lu.d, rne, 0x10, 0xffffffffffffffff, 0xfff8000000000000
    from_d fcvt.lu.d, rne, 0x10, 0xffffffffffffffff, 0x7ff0000000000001
    # w to d
    from_exact fcvt.d.w, 0x0, 0x0
    from_exact fcvt.d.w, 0x3ff0000000000000, 0x1
    from_exact fcvt.d.w, 0xbff0000000000000, 0xffffffffffffffff
    from_exact fcvt.d.w, 0x41dfffffffc00000, 0x7fffffff
    from_exact fcvt.d.w, 0xc1e0000000000000, 0x80000000
    from_exact fcvt.d.w, 0x4170000010000000, 0x1000001
    # wu to d
    from_exact fcvt.d.wu, 0x41efffffffe00000, 0xffffffff
    from_exact fcvt.d.wu, 0x41e0000000200000, 0x80000001
    from_exact fcvt.d.wu, 0x4014000000000000, 0x5
    # l to d
    to_d fcvt.d.l, rne, 0x1, 0x43e0000000000000, 0x7fffffffffffffff
    to_d fcvt.d.l, rtz, 0x1, 0x43dfffffffffffff, 0x7fffffffffffffff
    to_d fcvt.d.l, rdn, 0x1, 0x43dfffffffffffff, 0x7fffffffffffffff
    to_d fcvt.d.l, rup, 0x1, 0x43e0000000000000, 0x7fffffffffffffff
    to_d fcvt.d.l, rmm, 0x1, 0x43e0000000000000, 0x7fffffffffffffff
    to_d fcvt.d.l, rne, 0x0, 0xc3e0000000000000, 0x8000000000000000
    to_d fcvt.d.l, rne, 0x0, 0xbff0000000000000, 0xffffffffffffffff
    to_d fcvt.d.l, rne, 0x1, 0x4340000000000000, 0x20000000000001
    to_d fcvt.d.l, rtz, 0x1, 0x4340000000000000, 0x20000000000001
    to_d fcvt.d.l, rdn, 0x1, 0x4340000000000000, 0x20000000000001
    to_d fcvt.d.l, rup, 0x1, 0x4340000000000001, 0x20000000000001
    to_d fcvt.d.l, rmm, 0x1, 0x4340000000000001, 0x20000000000001
    # lu to d
    to_d fcvt.d.lu, rne, 0x1, 0x43f0000000000000, 0xffffffffffffffff
    to_d fcvt.d.lu, rtz, 0x1, 0x43efffffffffffff, 0xffffffffffffffff
    to_d fcvt.d.lu, rdn, 0x1, 0x43efffffffffffff, 0xffffffffffffffff
    to_d fcvt.d.lu, rup, 0x1, 0x43f0000000000000, 0xffffffffffffffff
    to_d fcvt.d.lu, rmm, 0x1, 0x43f0000000000000, 0xffffffffffffffff
    to_d fcvt.d.lu, rne, 0x0, 0x43e0000000000000, 0x8000000000000000
    to_d fcvt.d.lu, rne, 0x1, 0x43e0000000000001, 0x8000000000000401
    to_d fcvt.d.lu, rtz, 0x1, 0x43e0000000000000, 0x8000000000000401
    to_d fcvt.d.lu, rdn, 0x1, 0x43e0000000000000, 0x8000000000000401
    to_d fcvt.d.lu, rup, 0x1, 0x43e0000000000001, 0x8000000000000401
    to_d fcvt.d.lu, rmm, 0x1, 0x43e0000000000001, 0x8000000000000401
    # Between the formats.
    narrow rne, 0x1, 0x3f8ccccd, 0x3ff199999999999a
    narrow rtz, 0x1, 0x3f8ccccc, 0x3ff199999999999a
    narrow rdn, 0x1, 0x3f8ccccc, 0x3ff199999999999a
    narrow rup, 0x1, 0x3f8ccccd, 0x3ff199999999999a
    narrow rmm, 0x1, 0x3f8ccccd, 0x3ff199999999999a
    narrow rne, 0x1, 0xbf8ccccd, 0xbff199999999999a
    narrow rtz, 0x1, 0xbf8ccccc, 0xbff199999999999a
    narrow rdn, 0x1, 0xbf8ccccd, 0xbff199999999999a
    narrow rup, 0x1, 0xbf8ccccc, 0xbff199999999999a
    narrow rmm, 0x1, 0xbf8ccccd, 0xbff199999999999a
    narrow rne, 0x5, 0x7f800000, 0x7e37e43c8800759c
    narrow rtz, 0x5, 0x7f7fffff, 0x7e37e43c8800759c
    narrow rdn, 0x5, 0x7f7fffff, 0x7e37e43c8800759c
    narrow rup, 0x5, 0x7f800000, 0x7e37e43c8800759c
    narrow rmm, 0x5, 0x7f800000, 0x7e37e43c8800759c
    narrow rne, 0x5, 0xff800000, 0xfe37e43c8800759c
    narrow rtz, 0x5, 0xff7fffff, 0xfe37e43c8800759c
    narrow rdn, 0x5, 0xff800000, 0xfe37e43c8800759c
    narrow rup, 0x5, 0xff7fffff, 0xfe37e43c8800759c
    narrow rmm, 0x5, 0xff800000, 0xfe37e43c8800759c
    narrow rne, 0x3, 0x2ca, 0x37364cfda3281e39
    narrow rtz, 0x3, 0x2c9, 0x37364cfda3281e39
    narrow rdn, 0x3, 0x2c9, 0x37364cfda3281e39
    narrow rup, 0x3, 0x2ca, 0x37364cfda3281e39
    narrow rmm, 0x3, 0x2ca, 0x37364cfda3281e39
    narrow rne, 0x3, 0x0, 0x3379b604aaaca626
    narrow rtz, 0x3, 0x0, 0x3379b604aaaca626
    narrow rdn, 0x3, 0x0, 0x3379b604aaaca626
    narrow rup, 0x3, 0x1, 0x3379b604aaaca626
    narrow rmm, 0x3, 0x0, 0x3379b604aaaca626
    narrow rne, 0x1, 0x800000, 0x380ffffff8000000
    narrow rtz, 0x3, 0x7fffff, 0x380ffffff8000000
    narrow rdn, 0x3, 0x7fffff, 0x380ffffff8000000
    narrow rup, 0x1, 0x800000, 0x380ffffff8000000
    narrow rmm, 0x1, 0x800000, 0x380ffffff8000000
    narrow rne, 0x0, 0x0, 0x0
    narrow rne, 0x0, 0x80000000, 0x8000000000000000
    narrow rne, 0x0, 0x7f800000, 0x7ff0000000000000
    narrow rne, 0x0, 0x7fc00000, 0x7ff8000000000005
    narrow rne, 0x10, 0x7fc00000, 0xfff0000000000001
    narrow rne, 0x0, 0x3fc00000, 0x3ff8000000000000
    widen 0x0, 0x3ff19999a0000000, 0x3f8ccccd
    widen 0x0, 0x36a0000000000000, 0x1
    widen 0x0, 0xb6a0000000000000, 0x80000001
    widen 0x0, 0x7ff0000000000000, 0x7f800000
    widen 0x0, 0x8000000000000000, 0x80000000
    widen 0x0, 0x7ff8000000000000, 0xffc00003
    widen 0x10, 0x7ff8000000000000, 0x7f800001
    finish
