// F and D on the same code: a format, and registers that hold its numbers.
extension Interpreter {
    func float<Format: RegisterFormat>(_ instruction: Instruction, _: Format.Type) throws(Trap) {
        try requireFloat(instruction)
        guard let rounding = rounding(instruction) else { throw .illegal(instruction) }
        var flags: FloatFlags = []
        let a = Format.read(f(instruction.rs1))
        let b = Format.read(f(instruction.rs2))
        if let value = Self.toInteger(instruction.op, a, b, Format.self, rounding, &flags) {
            setX(instruction.rd, value)
        } else {
            let c = Format.read(f(instruction.rs3))
            let value =
                Self.fromInteger(instruction.op, x(instruction.rs1), Format.self, rounding, &flags)
                ?? Self.fused(instruction.op, a, b, c, Format.self, rounding, &flags)
                ?? Self.arithmetic(instruction.op, a, b, Format.self, rounding, &flags)
            setF(instruction.rd, Format.write(value))
        }
        raise(flags)
    }

    /// Conversions between the formats, and moves of bits as they are.
    func floatMove(_ instruction: Instruction) throws(Trap) {
        try requireFloat(instruction)
        guard let rounding = rounding(instruction) else { throw .illegal(instruction) }
        var flags: FloatFlags = []
        let source = f(instruction.rs1)
        switch instruction.op {
        case .fcvtSD:
            setF(instruction.rd, NaNBox.box(Binary32.convert(source, from: Binary64.self, rounding, &flags)))
        case .fcvtDS:
            let single = NaNBox.unbox(source)
            setF(instruction.rd, Binary64.convert(single, from: Binary32.self, rounding, &flags))
        case .fmvXW: setX(instruction.rd, signExtended(source))
        case .fmvXD: setX(instruction.rd, source)
        case .fmvWX: setF(instruction.rd, NaNBox.box(UInt32(truncatingIfNeeded: x(instruction.rs1))))
        default: setF(instruction.rd, x(instruction.rs1))  // fmvDX
        }
        raise(flags)
    }

    // MARK: Operations

    private static func fused<Format: FloatFormat>(
        _ op: Opcode, _ a: Format.Bits, _ b: Format.Bits, _ c: Format.Bits, _: Format.Type,
        _ rounding: FloatRounding, _ flags: inout FloatFlags
    ) -> Format.Bits? {
        let product: Bool
        let addend: Bool
        switch op {
        case .fmaddS, .fmaddD: (product, addend) = (false, false)
        case .fmsubS, .fmsubD: (product, addend) = (false, true)
        case .fnmsubS, .fnmsubD: (product, addend) = (true, false)
        case .fnmaddS, .fnmaddD: (product, addend) = (true, true)
        default: return nil
        }
        return Format.fusedMultiplyAdd(
            a, b, c, negateProduct: product, negateAddend: addend, rounding, &flags)
    }

    private static func arithmetic<Format: FloatFormat>(
        _ op: Opcode, _ a: Format.Bits, _ b: Format.Bits, _: Format.Type, _ rounding: FloatRounding,
        _ flags: inout FloatFlags
    ) -> Format.Bits {
        let sign = Format.signBit
        return switch op {
        case .faddS, .faddD: Format.add(a, b, rounding, &flags)
        case .fsubS, .fsubD: Format.subtract(a, b, rounding, &flags)
        case .fmulS, .fmulD: Format.multiply(a, b, rounding, &flags)
        case .fdivS, .fdivD: Format.divide(a, b, rounding, &flags)
        case .fsqrtS, .fsqrtD: Format.squareRoot(a, rounding, &flags)
        case .fsgnjS, .fsgnjD: a & ~sign | b & sign
        case .fsgnjnS, .fsgnjnD: a & ~sign | ~b & sign
        case .fsgnjxS, .fsgnjxD: a ^ b & sign
        case .fminS, .fminD: Format.minimum(a, b, &flags)
        default: Format.maximum(a, b, &flags)  // fmaxS, fmaxD
        }
    }

    private static func fromInteger<Format: FloatFormat>(
        _ op: Opcode, _ value: UInt64, _: Format.Type, _ rounding: FloatRounding, _ flags: inout FloatFlags
    ) -> Format.Bits? {
        switch op {
        case .fcvtSW, .fcvtDW: Format.fromInteger(Int32(truncatingIfNeeded: value), rounding, &flags)
        case .fcvtSWU, .fcvtDWU: Format.fromInteger(UInt32(truncatingIfNeeded: value), rounding, &flags)
        case .fcvtSL, .fcvtDL: Format.fromInteger(Int64(bitPattern: value), rounding, &flags)
        case .fcvtSLU, .fcvtDLU: Format.fromInteger(value, rounding, &flags)
        default: nil
        }
    }

    private static func toInteger<Format: FloatFormat>(
        _ op: Opcode, _ a: Format.Bits, _ b: Format.Bits, _: Format.Type, _ rounding: FloatRounding,
        _ flags: inout FloatFlags
    ) -> UInt64? {
        switch op {
        case .feqS, .feqD: Format.isEqual(a, b, &flags) ? 1 : 0
        case .fltS, .fltD: Format.isLess(a, b, &flags) ? 1 : 0
        case .fleS, .fleD: Format.isLessOrEqual(a, b, &flags) ? 1 : 0
        case .fclassS, .fclassD: UInt64(Format.classify(a))
        case .fcvtWS, .fcvtWD: UInt64(bitPattern: Int64(Format.toInteger(a, Int32.self, rounding, &flags)))
        case .fcvtWUS, .fcvtWUD: signExtended(UInt64(Format.toInteger(a, UInt32.self, rounding, &flags)))
        case .fcvtLS, .fcvtLD: UInt64(bitPattern: Format.toInteger(a, Int64.self, rounding, &flags))
        case .fcvtLUS, .fcvtLUD: Format.toInteger(a, UInt64.self, rounding, &flags)
        default: nil
        }
    }

    // MARK: Floating-point state

    /// With the unit off, every floating-point instruction is illegal.
    func requireFloat(_ instruction: Instruction) throws(Trap) {
        if state.pointee.mstatus & Status.fs == 0 { throw .illegal(instruction) }
    }

    /// The rounding mode in force; `nil` when `frm` holds a reserved one.
    private func rounding(_ instruction: Instruction) -> FloatRounding? {
        FloatRounding(
            rawValue: instruction.rm == 7 ? UInt8(truncatingIfNeeded: state.pointee.frm) : instruction.rm)
    }

    private func raise(_ flags: FloatFlags) {
        guard !flags.isEmpty else { return }
        state.pointee.fflags |= UInt32(flags.rawValue)
        state.pointee.mstatus |= Status.fs
    }

    func f(_ register: UInt8) -> UInt64 { state.pointee.f[Int(register & 31)] }

    func setF(_ register: UInt8, _ value: UInt64) {
        state.pointee.f[Int(register & 31)] = value
        state.pointee.mstatus |= Status.fs
    }
}

/// A format together with its place in a 64-bit register.
protocol RegisterFormat: FloatFormat {
    static func read(_ register: UInt64) -> Bits
    static func write(_ bits: Bits) -> UInt64
}

extension Binary32: RegisterFormat {
    static func read(_ register: UInt64) -> UInt32 { NaNBox.unbox(register) }
    static func write(_ bits: UInt32) -> UInt64 { NaNBox.box(bits) }
}

extension Binary64: RegisterFormat {
    static func read(_ register: UInt64) -> UInt64 { register }
    static func write(_ bits: UInt64) -> UInt64 { bits }
}
