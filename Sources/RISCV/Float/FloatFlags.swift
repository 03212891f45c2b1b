/// The accrued exceptions of IEEE 754, laid out as `fflags` (unprivileged spec, "Floating-Point Control and
/// Status Register"). Operations only ever add to them.
package struct FloatFlags: OptionSet, Equatable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// NX: the delivered result differs from the exact one.
    package static let inexact = FloatFlags(rawValue: 1 << 0)
    /// UF: the result is tiny (judged after rounding) and inexact.
    package static let underflow = FloatFlags(rawValue: 1 << 1)
    /// OF: the rounded result is beyond the largest finite number.
    package static let overflow = FloatFlags(rawValue: 1 << 2)
    /// DZ: an exact infinity from finite operands.
    package static let divideByZero = FloatFlags(rawValue: 1 << 3)
    /// NV: no usefully definable result.
    package static let invalid = FloatFlags(rawValue: 1 << 4)
}
