import Translator

// Addition, subtraction, logic, comparison.
extension UnitEmitter {
    /// The instruction as the host's; `nil` is TEST.
    @inline(__always)
    private func operation(_ i: UnsafePointer<Instruction>) -> ALU? {
        ALU(rawValue: UInt8(truncatingIfNeeded: i.pointee.op.rawValue))
    }

    /// `op a, b`, of which at most one is in memory.
    mutating func emitALU(_ op: ALU?, _ size: UInt8, _ a: Place, _ b: Place) {
        let byte: UInt8 = size == 0 ? 0 : 1
        guard let op else {
            let (rm, reg) = a.isMemory ? (a, b) : (b, a)
            return asm.instruction(size, 0x84 | byte, reg.base, rm, bytes: size == 0)
        }
        if b.isMemory {
            asm.instruction(size, op.rawValue << 3 | 2 | byte, a.base, b, bytes: size == 0)
        } else {
            asm.instruction(size, op.rawValue << 3 | byte, b.base, a, bytes: size == 0)
        }
    }

    mutating func emitALU(_ op: ALU?, _ size: UInt8, _ a: Place, immediate: Int64) {
        guard let op else {
            asm.instruction(size, size == 0 ? 0xF6 : 0xF7, 0, a, bytes: size == 0)
            return asm.immediate(immediate, size)
        }
        let isShort = size != 0 && immediate >= -128 && immediate <= 127
        asm.instruction(size, size == 0 ? 0x80 : isShort ? 0x83 : 0x81, op.rawValue, a, bytes: size == 0)
        if isShort {
            asm.byte(UInt8(truncatingIfNeeded: immediate))
        } else {
            asm.immediate(immediate, size)
        }
    }

    mutating func arithmetic(_ i: UnsafePointer<Instruction>) {
        if (i.pointee.destination | i.pointee.source) & 1 != 0, hasHighByte(i) {
            return highByteArithmetic(i)
        }
        if i.pointee.destination == Operand.memory { return arithmeticOnMemory(i) }
        if i.pointee.source == Operand.memory { return arithmeticWithMemory(i) }
        if traits[index].contains(.reads) { requireLive() }
        let (op, size) = (operation(i), i.pointee.size)
        let target = guest(i.pointee.destination)
        if target.isMemory, size == 2, isWritten(i) {
            asm.load(2, HostRegisters.scratch, target)
            apply(op, size, .register(HostRegisters.scratch), i)
            asm.store(3, target, HostRegisters.scratch)
        } else if target.isMemory, i.pointee.source < 0x80, guest(i.pointee.source).isMemory {
            asm.load(size, HostRegisters.scratch, guest(i.pointee.source))
            emitALU(op, size, target, .register(HostRegisters.scratch))
        } else {
            apply(op, size, target, i)
        }
        defined(recipe(i))
    }

    private func isWritten(_ i: UnsafePointer<Instruction>) -> Bool {
        i.pointee.op.rawValue < Operation.cmp.rawValue
    }

    private mutating func apply(_ op: ALU?, _ size: UInt8, _ target: Place, _ i: UnsafePointer<Instruction>) {
        if i.pointee.source == Operand.immediate {
            emitALU(op, size, target, immediate: i.pointee.immediate)
        } else {
            emitALU(op, size, target, guest(i.pointee.source))
        }
    }

    /// How to have the flags again, from operands in registers.
    private func recipe(_ i: UnsafePointer<Instruction>) -> FlagRecipe {
        var recipe = FlagRecipe(kind: .none, size: i.pointee.size, a: i.pointee.destination >> 3)
        if i.pointee.source == Operand.immediate {
            recipe.immediate = Int32(truncatingIfNeeded: i.pointee.immediate)
        } else {
            recipe.b = i.pointee.source >> 3
        }
        switch i.pointee.op {
        case .cmp: recipe.kind = .compare
        case .test: recipe.kind = .test
        case .and, .or, .xor:
            recipe.kind = .logic
            recipe.b = FlagRecipe.Source.immediate
        case .add: recipe.kind = recipe.a == recipe.b ? .none : .add
        case .sub:
            // What is left of a difference with itself compares equal to itself.
            recipe.kind = recipe.a == recipe.b ? .compare : .subtract
        default: return .none
        }
        return recipe
    }

    private mutating func arithmeticOnMemory(_ i: UnsafePointer<Instruction>) {
        let (op, size) = (operation(i), i.pointee.size)
        access(i, size, write: isWritten(i))
        if !isWritten(i), isClobberedLater { return compareKept(i, op) }
        var source = HostRegisters.scratch.code
        if traits[index].contains(.reads) { requireLive() }
        if i.pointee.source < 0x80 { source = inRegister(i.pointee.source, size) }
        lockPrefix(i)
        if i.pointee.source == Operand.immediate {
            emitALU(op, size, operand, immediate: i.pointee.immediate)
        } else {
            emitALU(op, size, operand, .register(source))
        }
        defined()
    }

    /// CMP or TEST of memory whose flags may be wanted after the next access.
    private mutating func compareKept(_ i: UnsafePointer<Instruction>, _ op: ALU?) {
        let size = i.pointee.size
        let scratch = Place.register(HostRegisters.scratch)
        asm.load(size, HostRegisters.scratch, operand)
        asm.store(3, .state(CoreLayout.first), HostRegisters.scratch)
        var recipe = FlagRecipe(
            kind: op == nil ? .test : .compare, size: size, a: FlagRecipe.Source.first)
        if i.pointee.source == Operand.immediate {
            recipe.immediate = Int32(truncatingIfNeeded: i.pointee.immediate)
            emitALU(op, size, scratch, immediate: i.pointee.immediate)
        } else {
            recipe.b = i.pointee.source >> 3
            emitALU(op, size, scratch, guest(i.pointee.source))
        }
        defined(recipe)
    }

    private mutating func arithmeticWithMemory(_ i: UnsafePointer<Instruction>) {
        let (op, size) = (operation(i), i.pointee.size)
        access(i, size, write: false)
        if traits[index].contains(.reads) { requireLive() }
        let target = guest(i.pointee.destination)
        let isLogic = [.and, .or, .xor].contains(i.pointee.op)
        let keeps = isClobberedLater && !isLogic && i.pointee.op != .adc && i.pointee.op != .sbb
        var recipe = FlagRecipe(kind: .none, size: size, a: i.pointee.destination >> 3)
        var source = operand
        if keeps || target.isMemory {
            asm.load(size, HostRegisters.scratch, operand)
            source = .register(HostRegisters.scratch)
        }
        if keeps {
            asm.store(3, .state(CoreLayout.second), HostRegisters.scratch)
            recipe.b = FlagRecipe.Source.second
            recipe.kind =
                i.pointee.op == .add ? .add : i.pointee.op == .sub ? .subtract : op == nil ? .test : .compare
        }
        if isLogic { recipe.kind = .logic }
        if target.isMemory, size == 2, isWritten(i) {
            asm.load(2, HostRegisters.address, target)
            emitALU(op, size, .register(HostRegisters.address), source)
            asm.store(3, target, HostRegisters.address)
        } else {
            emitALU(op, size, target, source)
        }
        defined(recipe)
    }

    // MARK: AH, CH, DH, BH

    private func hasHighByte(_ i: UnsafePointer<Instruction>) -> Bool {
        isHigh(i.pointee.destination) || isHigh(i.pointee.source)
    }

    func isHigh(_ operand: UInt8) -> Bool { operand < 0x80 && operand & 1 != 0 }

    /// A byte register as it is encoded without REX.
    func byteCode(_ operand: UInt8) -> UInt8 { operand >> 3 | (operand & 1) << 2 }

    private mutating func highByteArithmetic(_ i: UnsafePointer<Instruction>) {
        if traits[index].contains(.reads) { requireLive() }
        let target = Place.register(byteCode(i.pointee.destination))
        if i.pointee.source == Operand.immediate {
            if let op = operation(i) {
                asm.instruction(0, 0x80, op.rawValue, target)
            } else {
                asm.instruction(0, 0xF6, 0, target)
            }
            asm.immediate(i.pointee.immediate, 0)
        } else {
            let opcode = operation(i).map { $0.rawValue << 3 } ?? 0x84
            asm.instruction(0, opcode, byteCode(i.pointee.source), target)
        }
        defined()
    }
}
