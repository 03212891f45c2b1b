/// How a single-precision number lives in a 64-bit `f` register (unprivileged spec, "NaN Boxing of Narrower
/// Values"): with all upper bits one, which makes the whole a quiet double-precision NaN.
package enum NaNBox {
    /// What a narrower write leaves in the register.
    package static func box(_ bits: UInt32) -> UInt64 { 0xFFFF_FFFF_0000_0000 | UInt64(bits) }

    /// What a single-precision operation reads: the canonical NaN unless the register holds a box.
    ///
    /// Stores and moves (FSW, FMV.X.W) do not look: they take the lower half as it is.
    package static func unbox(_ register: UInt64) -> UInt32 {
        register >> 32 == 0xFFFF_FFFF ? UInt32(truncatingIfNeeded: register) : Binary32.canonicalNaN
    }
}
