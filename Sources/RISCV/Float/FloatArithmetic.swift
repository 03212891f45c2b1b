// Unprivileged spec, "Single-Precision Floating-Point Computational Instructions" and its twin for doubles.
extension FloatFormat {
    /// `a + b` (FADD).
    package static func add(
        _ a: Bits, _ b: Bits, _ rounding: FloatRounding, _ flags: inout FloatFlags
    ) -> Bits {
        pack(.sum(unpack(a), unpack(b), rounding, &flags), rounding, &flags)
    }

    /// `a − b` (FSUB).
    package static func subtract(
        _ a: Bits, _ b: Bits, _ rounding: FloatRounding, _ flags: inout FloatFlags
    ) -> Bits {
        pack(.sum(unpack(a), unpack(b).negated(true), rounding, &flags), rounding, &flags)
    }

    /// `a × b` (FMUL).
    package static func multiply(
        _ a: Bits, _ b: Bits, _ rounding: FloatRounding, _ flags: inout FloatFlags
    ) -> Bits {
        pack(.product(unpack(a), unpack(b), &flags), rounding, &flags)
    }

    /// `a ÷ b` (FDIV).
    package static func divide(
        _ a: Bits, _ b: Bits, _ rounding: FloatRounding, _ flags: inout FloatFlags
    ) -> Bits {
        pack(.quotient(unpack(a), unpack(b), &flags), rounding, &flags)
    }

    /// `√a` (FSQRT).
    package static func squareRoot(_ a: Bits, _ rounding: FloatRounding, _ flags: inout FloatFlags) -> Bits {
        pack(.squareRoot(unpack(a), &flags), rounding, &flags)
    }

    /// `±(a × b) ± c` rounded once; signs are changed before the sum and its rounding.
    ///
    /// FMADD negates neither, FMSUB the addend, FNMSUB the product, FNMADD both. ∞ × 0 raises NV even when
    /// `c` is a quiet NaN.
    package static func fusedMultiplyAdd(
        _ a: Bits, _ b: Bits, _ c: Bits, negateProduct: Bool = false, negateAddend: Bool = false,
        _ rounding: FloatRounding, _ flags: inout FloatFlags
    ) -> Bits {
        let product = UnpackedFloat.product(unpack(a), unpack(b), &flags).negated(negateProduct)
        return pack(.sum(product, unpack(c).negated(negateAddend), rounding, &flags), rounding, &flags)
    }

    @inline(__always)
    static func unpack(_ bits: Bits) -> UnpackedFloat { UnpackedFloat(bits, Self.self) }
}
