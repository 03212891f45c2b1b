// Unprivileged spec, "Floating-Point Conversion and Move Instructions".
extension FloatFormat {
    /// The number in another format, rounded to it (FCVT.S.D; FCVT.D.S never rounds).
    package static func convert<Source: FloatFormat>(
        _ bits: Source.Bits, from: Source.Type, _ rounding: FloatRounding, _ flags: inout FloatFlags
    ) -> Bits {
        if Source.isSignalingNaN(bits) { flags.insert(.invalid) }
        return pack(Source.unpack(bits), rounding, &flags)
    }

    /// An integer of at most 64 bits as a number (FCVT.S.W, FCVT.D.LU and their like).
    package static func fromInteger<Integer: FixedWidthInteger>(
        _ integer: Integer, _ rounding: FloatRounding, _ flags: inout FloatFlags
    ) -> Bits {
        let magnitude = UInt128(truncatingIfNeeded: integer.magnitude)
        return pack(UnpackedFloat(negative: integer < 0, magnitude: magnitude, scale: 0), rounding, &flags)
    }

    /// The number rounded to an integer of at most 64 bits (FCVT.W.S, FCVT.LU.D and their like).
    ///
    /// What does not fit after rounding raises NV, and not NX, and saturates; a NaN counts as +∞. The caller
    /// sign-extends 32-bit results to XLEN, those of FCVT.WU as well.
    package static func toInteger<Integer: FixedWidthInteger>(
        _ bits: Bits, _: Integer.Type, _ rounding: FloatRounding, _ flags: inout FloatFlags
    ) -> Integer {
        let value = unpack(bits)
        if value.kind == .zero { return 0 }
        let saturated = value.negative && !value.isNaN ? Integer.min : Integer.max
        guard value.kind == .finite, value.exponent < 64 else {
            flags.insert(.invalid)
            return saturated
        }
        let (magnitude, exact) = roundedMagnitude(value, rounding)
        guard magnitude <= UInt128(truncatingIfNeeded: saturated.magnitude) else {
            flags.insert(.invalid)
            return saturated
        }
        if !exact { flags.insert(.inexact) }
        let integer = Integer(truncatingIfNeeded: magnitude)
        return value.negative ? 0 &- integer : integer
    }

    /// The magnitude of a finite number below 2^64, rounded to an integer: at most 2^64.
    @inline(__always)
    private static func roundedMagnitude(
        _ value: UnpackedFloat, _ rounding: FloatRounding
    ) -> (magnitude: UInt128, exact: Bool) {
        // Below ½ nothing but "less than half a unit" matters.
        guard value.exponent >= -1 else {
            return (
                rounding.incrementsMagnitude(negative: value.negative, odd: false, lost: 1) ? 1 : 0, false
            )
        }
        let kept = value.significand >> (127 - value.exponent)
        let lost = value.significand << (value.exponent + 1)
        let up = rounding.incrementsMagnitude(negative: value.negative, odd: kept & 1 == 1, lost: lost)
        return (up ? kept &+ 1 : kept, lost == 0)
    }
}
