/// An IEEE 754 binary interchange format, and the namespace of its arithmetic on raw bits.
///
/// All of it is integer code: the host's floating-point state belongs to the guest while a hart runs, so
/// nothing here may read or write it. Every NaN result is the canonical one (unprivileged spec, "NaN
/// Generation and Propagation").
package protocol FloatFormat {
    /// The unsigned integer that holds one number.
    associatedtype Bits: FixedWidthInteger & UnsignedInteger & Sendable

    /// Bits of the fraction field: the precision without the implicit leading one.
    static var fractionBits: Int { get }
}

/// Single precision, the numbers of the F extension.
package enum Binary32: FloatFormat {
    package typealias Bits = UInt32
    package static var fractionBits: Int { 23 }
}

/// Double precision, the numbers of the D extension.
package enum Binary64: FloatFormat {
    package typealias Bits = UInt64
    package static var fractionBits: Int { 52 }
}

extension FloatFormat {
    /// The only NaN that arithmetic produces: positive, quiet, no payload.
    package static var canonicalNaN: Bits { infinity | quietBit }
    /// Positive infinity.
    package static var infinity: Bits { Bits(truncatingIfNeeded: maximumBiasedExponent) << fractionBits }
    /// The sign bit alone, which is also −0.
    package static var signBit: Bits { 1 << (Bits.bitWidth - 1) }

    static var quietBit: Bits { 1 << (fractionBits - 1) }
    static var fractionMask: Bits { (1 << fractionBits) &- 1 }
    /// Significant bits of a normal number, the implicit one included.
    static var precision: Int { fractionBits + 1 }
    /// The exponent field of infinities and NaNs.
    static var maximumBiasedExponent: Int { (1 << (Bits.bitWidth - precision)) - 1 }
    static var maximumExponent: Int { maximumBiasedExponent >> 1 }
    static var minimumExponent: Int { 1 - maximumExponent }

    static func isNaN(_ bits: Bits) -> Bool { bits & ~signBit > infinity }
    static func isSignalingNaN(_ bits: Bits) -> Bool { isNaN(bits) && bits & quietBit == 0 }
}
