extension FloatFormat {
    /// Rounds a number to this format (IEEE 754, clause 4.3) and raises NX, UF and OF.
    @inline(__always)
    static func pack(_ value: UnpackedFloat, _ rounding: FloatRounding, _ flags: inout FloatFlags) -> Bits {
        let sign = value.negative ? signBit : 0
        switch value.kind {
        case .zero: return sign
        case .infinity: return sign | infinity
        case .quietNaN, .signalingNaN: return canonicalNaN
        case .finite: break
        }
        guard value.exponent <= maximumExponent else {
            return sign | overflow(negative: value.negative, rounding, &flags)
        }
        guard value.exponent >= minimumExponent else { return sign | packTiny(value, rounding, &flags) }
        let (digits, exact) = rounded(value.significand, value.negative, rounding)
        if !exact { flags.insert(.inexact) }
        // The leading one of `digits` adds to the exponent, as does the carry of rounding up.
        let magnitude = Bits(truncatingIfNeeded: value.exponent &- minimumExponent) << fractionBits &+ digits
        if magnitude == infinity { flags.insert([.overflow, .inexact]) }
        return sign | magnitude
    }

    /// A number below the smallest normal one: it loses precision first, and may round up to normal.
    private static func packTiny(
        _ value: UnpackedFloat, _ rounding: FloatRounding, _ flags: inout FloatFlags
    ) -> Bits {
        let shifted = value.significand.shiftedRightSticky(minimumExponent &- value.exponent)
        let (digits, exact) = rounded(shifted, value.negative, rounding)
        if exact { return digits }
        // Tininess after rounding: is it below the smallest normal number even at full precision?
        let full = rounded(value.significand, value.negative, rounding).digits
        let reachesNormal = value.exponent == minimumExponent - 1 && full == 1 << precision
        flags.insert(reachesNormal ? .inexact : [.inexact, .underflow])
        return digits
    }

    /// The top `precision` bits of a significand, rounded: up to `1 << precision` inclusive.
    @inline(__always)
    private static func rounded(
        _ significand: UInt128, _ negative: Bool, _ rounding: FloatRounding
    ) -> (digits: Bits, exact: Bool) {
        let digits = Bits(truncatingIfNeeded: significand >> (128 - precision))
        let lost = significand << precision
        let up = rounding.incrementsMagnitude(negative: negative, odd: digits & 1 == 1, lost: lost)
        return (up ? digits &+ 1 : digits, lost == 0)
    }

    private static func overflow(
        negative: Bool, _ rounding: FloatRounding, _ flags: inout FloatFlags
    ) -> Bits {
        flags.insert([.overflow, .inexact])
        return rounding.overflowsToInfinity(negative: negative) ? infinity : infinity &- 1
    }
}
