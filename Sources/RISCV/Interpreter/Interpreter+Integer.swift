// RV64I: computations and control transfer.
extension Interpreter {
    func integer(_ instruction: Instruction) {
        let a = x(instruction.rs1)
        let b = operand(instruction)
        setX(instruction.rd, Self.integer(instruction.op, a, b))
    }

    private static func integer(_ op: Opcode, _ a: UInt64, _ b: UInt64) -> UInt64 {
        let signedA = Int64(bitPattern: a)
        let narrowA = UInt32(truncatingIfNeeded: a)
        let narrowB = UInt32(truncatingIfNeeded: b)
        return switch op {
        case .add, .addi: a &+ b
        case .sub: a &- b
        case .sll, .slli: a &<< b
        case .slt, .slti: signedA < Int64(bitPattern: b) ? 1 : 0
        case .sltu, .sltiu: a < b ? 1 : 0
        case .xor, .xori: a ^ b
        case .srl, .srli: a &>> b
        case .sra, .srai: UInt64(bitPattern: signedA &>> Int64(bitPattern: b))
        case .or, .ori: a | b
        case .and, .andi: a & b
        case .addw, .addiw: signExtended(a &+ b)
        case .subw: signExtended(a &- b)
        case .sllw, .slliw: signExtended(UInt64(narrowA &<< narrowB))
        case .srlw, .srliw: signExtended(UInt64(narrowA &>> narrowB))
        // SRAW and SRAIW.
        default: UInt64(bitPattern: Int64(Int32(bitPattern: narrowA) &>> Int32(bitPattern: narrowB)))
        }
    }

    /// Jumps, branches, LUI and AUIPC. Targets are never misaligned: the hart has 16-bit instructions.
    func control(_ instruction: Instruction) -> UInt64 {
        let pc = state.pointee.pc
        let next = next(instruction)
        switch instruction.op {
        case .lui: setX(instruction.rd, immediate(instruction))
        case .auipc: setX(instruction.rd, pc &+ immediate(instruction))
        case .jal:
            setX(instruction.rd, next)
            return pc &+ immediate(instruction)
        case .jalr:
            let target = address(instruction) & ~1
            setX(instruction.rd, next)
            return target
        default:
            return isTaken(instruction) ? pc &+ immediate(instruction) : next
        }
        return next
    }

    private func isTaken(_ instruction: Instruction) -> Bool {
        let a = x(instruction.rs1)
        let b = x(instruction.rs2)
        return switch instruction.op {
        case .beq: a == b
        case .bne: a != b
        case .blt: Int64(bitPattern: a) < Int64(bitPattern: b)
        case .bge: Int64(bitPattern: a) >= Int64(bitPattern: b)
        case .bltu: a < b
        default: a >= b  // bgeu
        }
    }
}
