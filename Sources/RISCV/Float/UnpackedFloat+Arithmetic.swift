// The operations of IEEE 754 on unpacked numbers. They raise NV and DZ; what depends on the destination (NX,
// UF, OF) is raised when the result is packed. Operands are as unpacked from a format (at most 53 significant
// bits); `sum` also takes a product (at most 106), so a fused multiply-add is two calls and one rounding.
extension UnpackedFloat {
    /// `a + b`. The rounding mode only decides the sign of an exact zero.
    @inline(__always)
    static func sum(_ a: Self, _ b: Self, _ rounding: FloatRounding, _ flags: inout FloatFlags) -> Self {
        if a.kind == .finite && b.kind == .finite { return finiteSum(a, b, rounding) }
        if a.isNaN || b.isNaN { return propagateNaN(a, b, &flags) }
        switch (a.kind, b.kind) {
        case (.infinity, .infinity): return a.negative == b.negative ? a : invalid(&flags)
        case (.infinity, _): return a
        case (_, .infinity): return b
        case (.zero, .zero): return a.negative == b.negative ? a : Self(.zero, negative: rounding == .down)
        case (.zero, _): return b
        default: return a
        }
    }

    @inline(__always)
    private static func finiteSum(_ a: Self, _ b: Self, _ rounding: FloatRounding) -> Self {
        let ordered = a.exponent > b.exponent || (a.exponent == b.exponent && a.significand >= b.significand)
        let (large, small) = ordered ? (a, b) : (b, a)
        let aligned = small.significand.shiftedRightSticky(large.exponent &- small.exponent)
        guard large.negative == small.negative else {
            // Bits are cut off only when the exponents are far apart; then at most one leading bit cancels.
            let difference = large.significand &- aligned
            if difference == 0 { return Self(.zero, negative: rounding == .down) }
            return Self(negative: large.negative, magnitude: difference, scale: large.exponent &- 127)
        }
        let (sum, carry) = large.significand.addingReportingOverflow(aligned)
        var result = large
        result.exponent &+= carry ? 1 : 0
        result.significand = carry ? sum.shiftedRightSticky(1) | 1 << 127 : sum
        return result
    }

    /// `a × b`, exact.
    @inline(__always)
    static func product(_ a: Self, _ b: Self, _ flags: inout FloatFlags) -> Self {
        let negative = a.negative != b.negative
        if a.kind == .finite && b.kind == .finite {
            let (high, low) = a.leading64.multipliedFullWidth(by: b.leading64)
            return Self(
                negative: negative, magnitude: UInt128(high) << 64 | UInt128(low),
                scale: a.exponent &+ b.exponent &- 126)
        }
        if a.isNaN || b.isNaN { return propagateNaN(a, b, &flags) }
        if a.kind == .infinity || b.kind == .infinity {
            let indefinite = a.kind == .zero || b.kind == .zero
            return indefinite ? invalid(&flags) : Self(.infinity, negative: negative)
        }
        return Self(.zero, negative: negative)
    }

    /// `a ÷ b`, to 63 or 64 bits and a sticky bit.
    @inline(__always)
    static func quotient(_ a: Self, _ b: Self, _ flags: inout FloatFlags) -> Self {
        let negative = a.negative != b.negative
        if a.kind == .finite && b.kind == .finite {
            // Halving the dividend keeps the quotient within 64 bits: it is below 2^64 as a < 2b.
            let (quotient, remainder) = b.leading64.dividingFullWidth((a.leading64 >> 1, 0))
            let sticky: UInt128 = remainder == 0 ? 0 : 1
            return Self(
                negative: negative, magnitude: UInt128(quotient) << 64 | sticky,
                scale: a.exponent &- b.exponent &- 127)
        }
        if a.isNaN || b.isNaN { return propagateNaN(a, b, &flags) }
        switch (a.kind, b.kind) {
        case (.infinity, .infinity), (.zero, .zero): return invalid(&flags)
        case (.finite, .zero):
            flags.insert(.divideByZero)
            return Self(.infinity, negative: negative)
        case (.infinity, _): return Self(.infinity, negative: negative)
        default: return Self(.zero, negative: negative)
        }
    }

    /// `√a`, to 64 bits and a sticky bit.
    @inline(__always)
    static func squareRoot(_ a: Self, _ flags: inout FloatFlags) -> Self {
        if a.isNaN { return propagateNaN(a, a, &flags) }
        guard a.kind != .zero else { return a }
        guard !a.negative else { return invalid(&flags) }
        guard a.kind == .finite else { return a }
        // An odd exponent lends its odd power of two to the radicand.
        let radicand = a.exponent & 1 == 0 ? a.significand >> 1 : a.significand
        let root = UInt128(radicand.floorSquareRoot)
        let sticky: UInt128 = root &* root == radicand ? 0 : 1
        return Self(negative: false, magnitude: root << 64 | sticky, scale: (a.exponent >> 1) &- 127)
    }

    /// The significand of an operand just unpacked, whose lower half is zero.
    @inline(__always)
    private var leading64: UInt64 { UInt64(truncatingIfNeeded: significand >> 64) }

    @inline(__always)
    private static func propagateNaN(_ a: Self, _ b: Self, _ flags: inout FloatFlags) -> Self {
        if a.kind == .signalingNaN || b.kind == .signalingNaN { flags.insert(.invalid) }
        return nan
    }

    @inline(__always)
    private static func invalid(_ flags: inout FloatFlags) -> Self {
        flags.insert(.invalid)
        return nan
    }
}

extension UInt128 {
    /// ⌊√self⌋ by Newton's iteration from above, for a radicand with one of its two top bits set.
    fileprivate var floorSquareRoot: UInt64 {
        // The tangent √x ≤ (x + 1) / 2 on [¼, 1) bounds the root from above; each step keeps the bound.
        var root = UInt64(truncatingIfNeeded: self >> 65) | 1 << 63
        while true {
            let quotient = UInt64(truncatingIfNeeded: self / UInt128(root))
            guard quotient < root else { return root }
            root = quotient &+ (root &- quotient) >> 1
        }
    }
}
