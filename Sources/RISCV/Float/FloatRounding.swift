/// A rounding mode; raw values are those of `frm` and of an instruction's `rm` field, where 5 and 6 are
/// reserved and 7 (DYN) means "look in `frm`": none of the three is a value here.
package enum FloatRounding: UInt8, CaseIterable, Sendable {
    /// RNE: to nearest, ties to even.
    case nearestEven = 0
    /// RTZ: towards zero.
    case towardZero = 1
    /// RDN: towards −∞.
    case down = 2
    /// RUP: towards +∞.
    case up = 3
    /// RMM: to nearest, ties away from zero.
    case nearestMaxMagnitude = 4

    /// Whether a magnitude that is cut off has to grow by one unit in its last kept place.
    ///
    /// - Parameters:
    ///   - negative: the sign of the number.
    ///   - odd: whether the last kept bit is one.
    ///   - lost: the bits cut off, left-aligned: `1 << 127` is exactly half a unit.
    @inline(__always)
    func incrementsMagnitude(negative: Bool, odd: Bool, lost: UInt128) -> Bool {
        let half: UInt128 = 1 << 127
        return switch self {
        case .nearestEven: lost > half || (lost == half && odd)
        case .towardZero: false
        case .down: negative && lost != 0
        case .up: !negative && lost != 0
        case .nearestMaxMagnitude: lost >= half
        }
    }

    /// Whether a number beyond the largest finite one becomes an infinity (else that largest number).
    @inline(__always)
    func overflowsToInfinity(negative: Bool) -> Bool {
        switch self {
        case .nearestEven, .nearestMaxMagnitude: true
        case .towardZero: false
        case .down: negative
        case .up: !negative
        }
    }
}
