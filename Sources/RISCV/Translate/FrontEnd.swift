import Translator

/// Turns RISC-V instructions into operations.
struct FrontEnd {
    private let decoder = Decoder()
    /// See `GuestISA.build`.
    func build(
        _ unit: inout UnitBuilder, code: CodeWindow, offset: Int, limit: Int, mode: ModeKey
    ) -> Int? {
        var at = offset
        for _ in 0..<limit where unit.hasRoom && at < code.size {
            guard let instruction = fetch(code, at) else {
                // It continues in a page that is out of reach.
                unit.instruction(at: UInt16(at), length: 2)
                unit.append(Op(.interpretAndLeave))
                return nil
            }
            unit.instruction(at: UInt16(at), length: instruction.length)
            if mode.isSplit {
                unit.append(Op(.interpretAndLeave, immediate: Int64(instruction.raw)))
                return nil
            }
            if append(instruction, at, mode, &unit) { return nil }
            at += Int(instruction.length)
        }
        return at
    }

    private func fetch(_ code: CodeWindow, _ at: Int) -> Instruction? {
        let low = UInt32(code.half(at: at))
        if low & 3 != 3 { return decoder.decode(low) }
        guard at + 4 <= code.size else { return nil }
        return decoder.decode(UInt32(code.half(at: at + 2)) << 16 | low)
    }

    // MARK: Instructions

    /// Appends one instruction; true when it ends the run.
    private func append(_ i: Instruction, _ at: Int, _ mode: ModeKey, _ unit: inout UnitBuilder) -> Bool {
        if let op = integer(i) {
            unit.append(op)
            return false
        }
        switch Chapter(i.op) {
        case .control: return control(i, at, &unit)
        case .memory: unit.append(memory(i, mode))
        case .atomic: unit.append(atomic(i))
        case .single, .double, .floatMove: unit.append(float(i, mode))
        case .system: return system(i, mode, &unit)
        default: unit.append(Op(.interpret, immediate: Int64(i.raw)))
        }
        return needsLeave(i, mode)
    }

    /// The first floating-point instruction makes FS dirty, which is another mode.
    private func needsLeave(_ i: Instruction, _ mode: ModeKey) -> Bool {
        guard !mode.hasFloat else { return false }
        switch Chapter(i.op) {
        case .single, .double, .floatMove: return true
        case .memory: return [.flw, .fld, .fsw, .fsd].contains(i.op)
        default: return false
        }
    }

    private func control(_ i: Instruction, _ at: Int, _ unit: inout UnitBuilder) -> Bool {
        let target = Int64(at) + Int64(i.imm)
        let condition: Translator.Condition
        switch i.op {
        case .lui:
            unit.append(Op(.constant, i.destination, immediate: Int64(i.imm)))
            return false
        case .auipc:
            unit.append(Op(.pageRelative, i.destination, immediate: target))
            return false
        case .jal:
            unit.append(Op(.jump, i.destination, c: i.length, immediate: target))
            return true
        case .jalr:
            unit.append(Op(.jumpIndirect, i.destination, i.first, c: i.length, immediate: Int64(i.imm)))
            return true
        case .beq: condition = .equal
        case .bne: condition = .notEqual
        case .blt: condition = .less
        case .bge: condition = .greaterOrEqual
        case .bltu: condition = .below
        default: condition = .aboveOrEqual
        }
        unit.append(Op(.branch, .zero, i.first, i.second, c: condition.rawValue, immediate: target))
        return false
    }

    private func memory(_ i: Instruction, _ mode: ModeKey) -> Op {
        let offset = Int64(i.imm)
        func load(_ size: Size, _ signed: Bool = false) -> Op {
            Op(
                .load, i.destination, i.first, c: MemoryWidth(size, signed: signed).rawValue,
                immediate: offset)
        }
        func store(_ size: Size) -> Op {
            Op(.store, .zero, i.first, i.second, c: MemoryWidth(size).rawValue, immediate: offset)
        }
        switch i.op {
        case .lb: return load(.b8, true)
        case .lh: return load(.b16, true)
        case .lw: return load(.b32, true)
        case .ld: return load(.b64)
        case .lbu: return load(.b8)
        case .lhu: return load(.b16)
        case .lwu: return load(.b32)
        case .sb: return store(.b8)
        case .sh: return store(.b16)
        case .sw: return store(.b32)
        case .sd: return store(.b64)
        default: break
        }
        guard mode.hasFloat else { return Op(.interpretAndLeave, immediate: Int64(i.raw)) }
        let width = MemoryWidth(i.op == .flw || i.op == .fsw ? .b32 : .b64).rawValue
        if i.op == .flw || i.op == .fld {
            return Op(.floatLoad, .float(i.rd), i.first, c: width, immediate: offset)
        }
        return Op(.floatStore, .zero, i.first, .float(i.rs2), c: width, immediate: offset)
    }

    private func atomic(_ i: Instruction) -> Op {
        let isWord = i.op.rawValue < Opcode.lrD.rawValue
        let width = MemoryWidth(isWord ? .b32 : .b64).rawValue
        let code: Op.Code
        switch i.op {
        case .lrW, .lrD: return Op(.loadReserved, i.destination, i.first, c: width)
        case .scW, .scD: code = .storeConditional
        case .amoswapW, .amoswapD: code = .atomicSwap
        case .amoaddW, .amoaddD: code = .atomicAdd
        case .amoandW, .amoandD: code = .atomicAnd
        case .amoorW, .amoorD: code = .atomicOr
        case .amoxorW, .amoxorD: code = .atomicXor
        default: return Op(.interpret, immediate: Int64(i.raw))
        }
        return Op(code, i.destination, i.first, i.second, c: width)
    }

    // MARK: System

    private func system(_ i: Instruction, _ mode: ModeKey, _ unit: inout UnitBuilder) -> Bool {
        switch i.op {
        case .fence:
            unit.append(Op(ordersLoadsAfterStores(i) ? .fence : .nothing))
            return false
        case .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci:
            if !status(i, mode, &unit), !exceptions(i, mode, &unit) { unit.append(register(i, mode)) }
            return false
        case .cboZero where mode.mayZeroBlocks:
            unit.append(Op(.zeroBlock, .zero, i.first))
            return false
        case .cboClean, .cboFlush, .cboInval, .cboZero:
            unit.append(Op(.interpret, immediate: Int64(i.raw)))
            return false
        default:
            unit.append(Op(.interpretAndLeave, immediate: Int64(i.raw)))
            return true
        }
    }

    /// The host keeps every other order by itself (unprivileged spec, "FENCE"; predecessor and successor sets are
    /// I, O, R, W from bit 27 and from bit 23 down; FENCE.TSO never orders loads after stores).
    private func ordersLoadsAfterStores(_ i: Instruction) -> Bool {
        let isTSO = i.raw >> 28 == 8
        return !isTSO && i.raw >> 24 & 0b0101 != 0 && i.raw >> 20 & 0b1010 != 0
    }

    /// CSRRSI and CSRRCI of sstatus.SIE, with which Linux guards its critical sections, and writes of
    /// sepc. False for anything else.
    private func status(_ i: Instruction, _ mode: ModeKey, _ unit: inout UnitBuilder) -> Bool {
        guard mode.privilege >= 1 else { return false }
        let number = UInt16(truncatingIfNeeded: i.imm)
        if i.op == .csrrw, number == RegisterNumber.sepc, i.rd == 0 {
            let field = Int64(TranslatedHart.offset(\.sepc))
            unit.append(Op(.storeState, .zero, i.first, immediate: field))
            unit.append(Op(.clearStateBits, c: 1, immediate: field))
            return true
        }
        guard i.op == .csrrsi || i.op == .csrrci, number == RegisterNumber.sstatus, i.rs1 == UInt8(Status.sie)
        else { return false }
        let field = Int64(TranslatedHart.offset(\.mstatus))
        if i.rd != 0 { readStatus(i, field, mode, &unit) }
        unit.append(Op(i.op == .csrrsi ? .setStateBits : .clearStateBits, c: i.rs1, immediate: field))
        if i.op == .csrrsi { unit.append(Op(.attendIfPending, immediate: Int64(i.length))) }
        return true
    }

    /// FRFLAGS and FSFLAGS, which compilers put around comparisons.
    private func exceptions(_ i: Instruction, _ mode: ModeKey, _ unit: inout UnitBuilder) -> Bool {
        guard mode.hasFloat, UInt16(truncatingIfNeeded: i.imm) == RegisterNumber.fflags else { return false }
        if i.op == .csrrs, i.rs1 == 0 {
            unit.append(Op(.readExceptions, i.destination))
            return true
        }
        guard i.op == .csrrw, i.rd == 0 || i.rd != i.rs1 else { return false }
        if i.rd != 0 { unit.append(Op(.readExceptions, i.destination)) }
        unit.append(Op(.writeExceptions, .zero, i.first))
        return true
    }

    /// The supervisor's view of mstatus: UXL is 2, and SD is known from the mode.
    private func readStatus(_ i: Instruction, _ field: Int64, _ mode: ModeKey, _ unit: inout UnitBuilder) {
        let visible = Int64(Status.supervisorWritable)
        unit.append(Op(.loadState, i.destination, immediate: field))
        unit.append(Op(.and, i.destination, i.destination, .immediate, immediate: visible))
        unit.append(Op(.bitSet, i.destination, i.destination, .immediate, immediate: 33))
        if mode.hasFloat { unit.append(Op(.bitSet, i.destination, i.destination, .immediate, immediate: 63)) }
    }

    /// Plain registers are fields of the state; the rest has effects and goes to the interpreter,
    /// which may end the unit.
    private func register(_ i: Instruction, _ mode: ModeKey) -> Op {
        let number = UInt16(truncatingIfNeeded: i.imm)
        let onlyReads = (i.op == .csrrs || i.op == .csrrc) && i.rs1 == 0
        if number == RegisterNumber.time, onlyReads, mode.mayReadTime { return Op(.readTime, i.destination) }
        guard mode.privilege >= 1, let field = plainField(number) else {
            return Op(.interpret, immediate: Int64(i.raw))
        }
        if onlyReads { return Op(.loadState, i.destination, immediate: Int64(field)) }
        guard i.op == .csrrw, number == RegisterNumber.sscratch else {
            return Op(.interpret, immediate: Int64(i.raw))
        }
        return i.rd == 0
            ? Op(.storeState, .zero, i.first, immediate: Int64(field))
            : Op(.exchangeState, i.destination, i.first, immediate: Int64(field))
    }

    private func plainField(_ number: UInt16) -> Int? {
        switch number {
        case RegisterNumber.sscratch: TranslatedHart.offset(\.sscratch)
        case RegisterNumber.sepc: TranslatedHart.offset(\.sepc)
        case RegisterNumber.scause: TranslatedHart.offset(\.scause)
        case RegisterNumber.stval: TranslatedHart.offset(\.stval)
        default: nil
        }
    }
}

extension Instruction {
    /// Register operands as places of the intermediate representation.
    var destination: Value { rd == 0 ? .zero : rd }
    var first: Value { rs1 == 0 ? .zero : rs1 }
    var second: Value { rs2 == 0 ? .zero : rs2 }
}
