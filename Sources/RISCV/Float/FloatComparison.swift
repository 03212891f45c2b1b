// Unprivileged spec, "Floating-Point Compare Instructions", "Classify Instruction" and FMIN/FMAX.
extension FloatFormat {
    /// `a = b` (FEQ), a quiet comparison: only a signaling NaN raises NV.
    package static func isEqual(_ a: Bits, _ b: Bits, _ flags: inout FloatFlags) -> Bool {
        guard !isNaN(a), !isNaN(b) else {
            if isSignalingNaN(a) || isSignalingNaN(b) { flags.insert(.invalid) }
            return false
        }
        return a == b || (a | b) == signBit
    }

    /// `a < b` (FLT); any NaN raises NV.
    package static func isLess(_ a: Bits, _ b: Bits, _ flags: inout FloatFlags) -> Bool {
        guard isOrdered(a, b, &flags) else { return false }
        return totalOrder(a) < totalOrder(b) && (a | b) != signBit
    }

    /// `a ≤ b` (FLE); any NaN raises NV.
    package static func isLessOrEqual(_ a: Bits, _ b: Bits, _ flags: inout FloatFlags) -> Bool {
        guard isOrdered(a, b, &flags) else { return false }
        return totalOrder(a) <= totalOrder(b) || (a | b) == signBit
    }

    /// IEEE 754-2019 minimumNumber (FMIN): −0 < +0, a number wins over a NaN, a signaling NaN raises NV.
    package static func minimum(_ a: Bits, _ b: Bits, _ flags: inout FloatFlags) -> Bits {
        number(of: a, b, &flags) ?? (totalOrder(a) < totalOrder(b) ? a : b)
    }

    /// IEEE 754-2019 maximumNumber (FMAX), the mirror image of `minimum`.
    package static func maximum(_ a: Bits, _ b: Bits, _ flags: inout FloatFlags) -> Bits {
        number(of: a, b, &flags) ?? (totalOrder(a) < totalOrder(b) ? b : a)
    }

    /// FCLASS: one of ten bits, from −∞ (bit 0) over −0 and +0 (bits 3 and 4) to +∞ (bit 7), signaling NaN
    /// (bit 8) and quiet NaN (bit 9).
    package static func classify(_ bits: Bits) -> UInt16 {
        if isNaN(bits) { return isSignalingNaN(bits) ? 1 << 8 : 1 << 9 }
        let magnitude = bits & ~signBit
        return switch (magnitude, bits & signBit != 0) {
        case (0, let negative): negative ? 1 << 3 : 1 << 4
        case (...fractionMask, let negative): negative ? 1 << 2 : 1 << 5
        case (..<infinity, let negative): negative ? 1 << 1 : 1 << 6
        case (_, let negative): negative ? 1 << 0 : 1 << 7
        }
    }

    /// Numbers in their order as integers, −0 just below +0: the negative ones turned upside down.
    private static func totalOrder(_ bits: Bits) -> Bits {
        bits & signBit != 0 ? ~bits : bits | signBit
    }

    private static func isOrdered(_ a: Bits, _ b: Bits, _ flags: inout FloatFlags) -> Bool {
        guard isNaN(a) || isNaN(b) else { return true }
        flags.insert(.invalid)
        return false
    }

    /// What a minimum or maximum is when an operand is a NaN; nil when there is none.
    private static func number(of a: Bits, _ b: Bits, _ flags: inout FloatFlags) -> Bits? {
        guard isNaN(a) || isNaN(b) else { return nil }
        if isSignalingNaN(a) || isSignalingNaN(b) { flags.insert(.invalid) }
        guard isNaN(a) else { return a }
        return isNaN(b) ? canonicalNaN : b
    }
}
