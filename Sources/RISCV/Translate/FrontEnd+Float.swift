import Translator

/// F and D. What rounds is native only where the host's units can round so.
extension FrontEnd {
    func float(_ i: Instruction, _ mode: ModeKey) -> Op {
        guard mode.hasFloat else { return Op(.interpretAndLeave, immediate: Int64(i.raw)) }
        // With a reserved mode in frm every instruction that names it is illegal, exact or not.
        if i.rm == 7, mode.rounding > 4, [.fcvtDS, .fcvtDW, .fcvtDWU].contains(i.op) {
            return Op(.interpret, immediate: Int64(i.raw))
        }
        if let op = exact(i) { return op }
        if isTruncation(i), let op = toInteger(i, truncating: true) { return op }
        guard mayRound(i, mode) else { return Op(.interpret, immediate: Int64(i.raw)) }
        return rounded(i) ?? toInteger(i, truncating: false) ?? Op(.interpret, immediate: Int64(i.raw))
    }

    /// Whether the instruction rounds as MXCSR says. Modes 4 and up are not SSE's.
    private func mayRound(_ i: Instruction, _ mode: ModeKey) -> Bool {
        mode.rounding < 4 && (i.rm == 7 || i.rm == mode.rounding)
    }

    private func isTruncation(_ i: Instruction) -> Bool { i.rm == 1 }

    /// `c` bit 0.
    private func isDouble(_ i: Instruction) -> UInt8 {
        switch i.op.rawValue {
        case Opcode.fmaddD.rawValue...Opcode.fmvDX.rawValue: 1
        default: 0
        }
    }

    private func op(_ code: Op.Code, _ i: Instruction, immediate: Int64 = 0) -> Op {
        Op(code, .float(i.rd), .float(i.rs1), .float(i.rs2), c: isDouble(i), immediate: immediate)
    }

    /// Instructions whose result does not depend on a rounding mode.
    private func exact(_ i: Instruction) -> Op? {
        switch i.op {
        case .fsgnjS, .fsgnjD: op(.floatSign, i, immediate: 0)
        case .fsgnjnS, .fsgnjnD: op(.floatSign, i, immediate: 1)
        case .fsgnjxS, .fsgnjxD: op(.floatSign, i, immediate: 2)
        case .fminS, .fminD: op(.floatMin, i)
        case .fmaxS, .fmaxD: op(.floatMax, i)
        case .feqS, .feqD: comparison(.floatEqual, i)
        case .fltS, .fltD: comparison(.floatLess, i)
        case .fleS, .fleD: comparison(.floatLessOrEqual, i)
        case .fmvXW: Op(.floatMoveToInteger, i.destination, .float(i.rs1), c: 0)
        case .fmvXD: Op(.floatMoveToInteger, i.destination, .float(i.rs1), c: 1)
        case .fmvWX: Op(.floatMoveFromInteger, .float(i.rd), i.first, c: 0)
        case .fmvDX: Op(.floatMoveFromInteger, .float(i.rd), i.first, c: 1)
        case .fcvtDS: Op(.floatConvert, .float(i.rd), .float(i.rs1), c: 0)
        case .fcvtDW: Op(.floatFromInteger, .float(i.rd), i.first, c: 1)
        case .fcvtDWU: Op(.floatFromInteger, .float(i.rd), i.first, c: 5)
        default: nil
        }
    }

    private func comparison(_ code: Op.Code, _ i: Instruction) -> Op {
        Op(code, i.destination, .float(i.rs1), .float(i.rs2), c: isDouble(i))
    }

    private func rounded(_ i: Instruction) -> Op? {
        switch i.op {
        case .faddS, .faddD: op(.floatAdd, i)
        case .fsubS, .fsubD: op(.floatSub, i)
        case .fmulS, .fmulD: op(.floatMul, i)
        case .fdivS, .fdivD: op(.floatDiv, i)
        case .fsqrtS, .fsqrtD: Op(.floatSqrt, .float(i.rd), .float(i.rs1), c: isDouble(i))
        case .fmaddS, .fmaddD: fused(i, 0)
        case .fmsubS, .fmsubD: fused(i, 2)
        case .fnmsubS, .fnmsubD: fused(i, 1)
        case .fnmaddS, .fnmaddD: fused(i, 3)
        case .fcvtSD: Op(.floatConvert, .float(i.rd), .float(i.rs1), c: 1)
        case .fcvtSW: Op(.floatFromInteger, .float(i.rd), i.first, c: 0)
        case .fcvtSWU: Op(.floatFromInteger, .float(i.rd), i.first, c: 4)
        case .fcvtSL: Op(.floatFromInteger, .float(i.rd), i.first, c: 2)
        case .fcvtDL: Op(.floatFromInteger, .float(i.rd), i.first, c: 3)
        default: nil
        }
    }

    private func fused(_ i: Instruction, _ signs: Int64) -> Op {
        op(.floatFused, i, immediate: signs | Int64(Value.float(i.rs3)) << 8)
    }

    /// Conversions to integers; the unsigned ones are native for words, truncating.
    private func toInteger(_ i: Instruction, truncating: Bool) -> Op? {
        let shape: UInt8
        switch i.op {
        case .fcvtWS: shape = 0
        case .fcvtLS: shape = 2
        case .fcvtWD: shape = 1
        case .fcvtLD: shape = 3
        case .fcvtWUS where truncating: shape = 4
        case .fcvtWUD where truncating: shape = 5
        default: return nil
        }
        return Op(.floatToInteger, i.destination, .float(i.rs1), c: shape | (truncating ? 8 : 0))
    }
}
