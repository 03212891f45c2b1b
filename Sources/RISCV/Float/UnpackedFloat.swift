/// A number of any format taken apart, wide enough for an exact product, so that arithmetic is written once
/// for all formats and rounds once, when the number is packed.
///
/// A finite number is `significand × 2^(exponent − 127)` with the significand's top bit set. The lowest bit
/// is *sticky*: one if anything non-zero was cut off below it. It lies far under any rounding position.
struct UnpackedFloat {
    enum Kind { case zero, finite, infinity, quietNaN, signalingNaN }

    var kind: Kind
    var negative: Bool
    var exponent: Int
    var significand: UInt128

    static var nan: Self { Self(.quietNaN, negative: false) }

    @inline(__always)
    init(_ kind: Kind, negative: Bool) {
        self.kind = kind
        self.negative = negative
        exponent = 0
        significand = 0
    }

    /// `magnitude × 2^scale`, normalized.
    @inline(__always)
    init(negative: Bool, magnitude: UInt128, scale: Int) {
        let leadingZeros = magnitude.leadingZeroBitCount
        kind = magnitude == 0 ? .zero : .finite
        self.negative = negative
        exponent = scale &+ 127 &- leadingZeros
        significand = magnitude << leadingZeros
    }

    @inline(__always)
    init<Format: FloatFormat>(_ bits: Format.Bits, _: Format.Type) {
        let negative = bits & Format.signBit != 0
        let fraction = bits & Format.fractionMask
        let biased = Int(truncatingIfNeeded: (bits & ~Format.signBit) >> Format.fractionBits)
        guard biased != Format.maximumBiasedExponent else {
            let nan: Kind = bits & Format.quietBit != 0 ? .quietNaN : .signalingNaN
            self.init(fraction == 0 ? .infinity : nan, negative: negative)
            return
        }
        let implicitOne: Format.Bits = biased == 0 ? 0 : 1 << Format.fractionBits
        self.init(
            negative: negative, magnitude: UInt128(truncatingIfNeeded: fraction | implicitOne),
            scale: max(biased, 1) &- Format.maximumExponent &- Format.fractionBits)
    }

    @inline(__always)
    var isNaN: Bool { kind == .quietNaN || kind == .signalingNaN }

    @inline(__always)
    func negated(_ condition: Bool) -> Self {
        var result = self
        result.negative = negative != condition
        return result
    }
}

extension UInt128 {
    /// Shifts right; the lowest bit of the result also tells whether any one-bit fell out.
    @inline(__always)
    func shiftedRightSticky(_ distance: Int) -> UInt128 {
        guard distance < 128 else { return self == 0 ? 0 : 1 }
        let kept = self &>> UInt128(truncatingIfNeeded: distance)
        return kept &<< UInt128(truncatingIfNeeded: distance) == self ? kept : kept | 1
    }
}
