import Translator

// One operand, shifts, multiplication, bits.
extension UnitEmitter {
    mutating func unary(_ i: UnsafePointer<Instruction>) {
        let isMemory = i.pointee.destination == Operand.memory
        if isMemory { access(i, i.pointee.size, write: true) }
        if traits[index].contains(.reads) { requireLive() }
        let defines = traits[index].contains(.defines)
        if !isMemory, traits[index].isDisjoint(with: [.defines, .reads]) {
            willWrite(i.pointee.destination >> 3)
        }
        let recipe = isMemory ? .none : prepareRecipe(i)
        switch i.pointee.op {
        case .shld, .shldCL, .shrd, .shrdCL: shiftDouble(i)
        default: unaryOperation(i)
        }
        if defines {
            defined(recipe)
        } else if traits[index].contains(.reads) {
            defined()
        }
    }

    /// The recipe for the flags of NEG, and of a shift of a register whose value is put aside.
    private mutating func prepareRecipe(_ i: UnsafePointer<Instruction>) -> FlagRecipe {
        guard traits[index].contains(.defines) else { return .none }
        let number = i.pointee.destination >> 3
        var recipe = FlagRecipe(kind: .none, size: i.pointee.size, a: number)
        switch i.pointee.op {
        case .neg: recipe.kind = .negate
        case .shl: recipe.kind = .shiftLeft
        case .shr: recipe.kind = .shiftRight
        case .sar: recipe.kind = .shiftArithmetic
        default: return .none
        }
        guard i.pointee.op != .neg else { return recipe }
        guard isClobberedLater else { return .none }
        keep(number, CoreLayout.first)
        recipe.a = FlagRecipe.Source.first
        recipe.immediate = Int32(Lowering.count(i))
        return recipe
    }

    /// Calls `body` with what ModRM.rm is to name: the operand, or `r14` for a 32-bit register in memory, whose
    /// upper half is to become zero.
    private mutating func modify(_ i: UnsafePointer<Instruction>, _ emit: (inout Assembler, Place) -> Void) {
        guard i.pointee.destination != Operand.memory else { return emit(&asm, operand) }
        let target = guest(i.pointee.destination)
        guard target.isMemory, i.pointee.size == 2 else { return emit(&asm, target) }
        asm.load(2, HostRegisters.scratch, target)
        emit(&asm, .register(HostRegisters.scratch))
        asm.store(3, target, HostRegisters.scratch)
    }

    private mutating func unaryOperation(_ i: UnsafePointer<Instruction>) {
        let size = i.pointee.size
        let wide: UInt8 = size == 0 ? 0 : 1
        let isLocked = isLocked(i)
        let byCount = i.pointee.source == Operand.immediate
        let count = UInt8(truncatingIfNeeded: i.pointee.immediate)
        let (opcode, digit): (UInt8, UInt8) =
            switch i.pointee.op {
            case .inc: (0xFE, 0)
            case .dec: (0xFE, 1)
            case .not: (0xF6, 2)
            case .neg: (0xF6, 3)
            case .rol: (byCount ? 0xC0 : 0xD2, 0)
            case .ror: (byCount ? 0xC0 : 0xD2, 1)
            case .rcl: (byCount ? 0xC0 : 0xD2, 2)
            case .rcr: (byCount ? 0xC0 : 0xD2, 3)
            case .shl: (byCount ? 0xC0 : 0xD2, 4)
            case .shr: (byCount ? 0xC0 : 0xD2, 5)
            default: (byCount ? 0xC0 : 0xD2, 7)
            }
        modify(i) { asm, place in
            if isLocked { asm.byte(0xF0) }
            asm.instruction(size, opcode | wide, digit, place, bytes: size == 0)
            if opcode == 0xC0 { asm.byte(count) }
        }
    }

    private mutating func shiftDouble(_ i: UnsafePointer<Instruction>) {
        let byCL = i.pointee.op == .shldCL || i.pointee.op == .shrdCL
        let isLeft = i.pointee.op == .shld || i.pointee.op == .shldCL
        let opcode: UInt8 = (isLeft ? 0xA4 : 0xAC) | (byCL ? 1 : 0)
        let size = i.pointee.size
        let reg = inRegister(i.pointee.source, size)
        var target = operand
        if i.pointee.destination != Operand.memory {
            target = .register(HostRegisters.address)
            asm.load(size, HostRegisters.address, guest(i.pointee.destination))
        }
        asm.instruction(size, map: 1, opcode, reg, target)
        if !byCL { asm.byte(UInt8(truncatingIfNeeded: i.pointee.immediate)) }
        if i.pointee.destination != Operand.memory {
            setGuest(i.pointee.destination, size, HostRegisters.address)
        }
    }

    // MARK: Multiplication

    mutating func multiply(_ i: UnsafePointer<Instruction>) {
        if i.pointee.op == .div || i.pointee.op == .idiv { return divide(i) }
        let size = i.pointee.size
        let isTwo = i.pointee.op == .imul2 || i.pointee.op == .imul3
        let factor = isTwo ? i.pointee.source : i.pointee.destination
        var rm = operand
        if factor == Operand.memory { access(i, size, write: false) } else { rm = guest(factor) }
        guard isTwo else {
            let digit: UInt8 = i.pointee.op == .mul ? 4 : 5
            asm.instruction(size, size == 0 ? 0xF6 : 0xF7, digit, rm, bytes: size == 0)
            return defined()
        }
        let reg = inRegister(i.pointee.destination, size)
        if i.pointee.op == .imul2 {
            asm.instruction(size, map: 1, 0xAF, reg, rm)
        } else {
            asm.instruction(size, 0x69, reg, rm)
            asm.immediate(i.pointee.immediate, size)
        }
        if guest(i.pointee.destination).isMemory {
            setGuest(i.pointee.destination, size, HostRegisters.scratch)
        }
        defined()
    }

    /// Only where the quotient is known to fit: the interpreter raises the exception elsewhere. Flags stay as they
    /// are, as the manual leaves them undefined.
    private mutating func divide(_ i: UnsafePointer<Instruction>) {
        let size = i.pointee.size
        let divisor = HostRegisters.address
        if i.pointee.destination == Operand.memory {
            access(i, size, write: false)
            asm.load(size, divisor, operand)
        } else {
            aboutToClobber()
            asm.load(size, divisor, guest(i.pointee.destination))
        }
        var path = ColdPath(.interpretHere, flags)
        willWrite(0)
        willWrite(2)
        if i.pointee.op == .div {
            emitALU(.cmp, size, .register(.rdx), .register(divisor))
            path.field = jumpLater(3)
        } else {
            checkSigned(size, &path)
        }
        asm.instruction(size, 0xF7, i.pointee.op == .div ? 6 : 7, .register(divisor))
        path.back = asm.cursor
        path.info = info
        cold.append(path)
    }

    /// The dividend fits its lower half, and the divisor is neither 0 nor -1.
    private mutating func checkSigned(_ size: UInt8, _ path: inout ColdPath) {
        let (divisor, scratch) = (HostRegisters.address, HostRegisters.scratch)
        asm.load(size, scratch, .register(.rax))
        asm.instruction(size, 0xC1, 7, .register(scratch))
        asm.byte(size == 3 ? 63 : 31)
        emitALU(.cmp, size, .register(scratch), .register(.rdx))
        path.field = jumpLater(5)
        asm.lea(scratch, Address(divisor, 1), size == 3 ? .b64 : .b32)
        emitALU(.cmp, size, .register(scratch), immediate: 1)
        path.other = jumpLater(6)
    }

    // MARK: Bits

    mutating func bits(_ i: UnsafePointer<Instruction>) {
        switch i.pointee.op {
        case .bt, .bts, .btr, .btc: bitTest(i)
        case .popcnt: countBits(i, 0xB8, 0xF3)
        case .tzcnt: countBits(i, 0xBC, 0xF3)
        case .lzcnt: countBits(i, 0xBD, 0xF3)
        case .bsf: countBits(i, 0xBC, 0)
        case .bsr: countBits(i, 0xBD, 0)
        case .xadd, .cmpxchg: readModifyWrite(i)
        case .cmpxchg8: compareExchangeWide(i)
        case .cld, .std: setDirection(i)
        case .adcx, .adox: addCarrying(i)
        case .crc32: checksum(i)
        case .andn, .bextr, .blsr, .blsmsk, .blsi, .bzhi, .mulx, .pdep, .pext, .rorx, .sarx, .shlx, .shrx:
            bitManipulation(i)
        default: flagOperation(i)
        }
    }

    private mutating func flagOperation(_ i: UnsafePointer<Instruction>) {
        requireLive()
        switch i.pointee.op {
        case .clc: asm.byte(0xF8)
        case .stc: asm.byte(0xF9)
        case .cmc: asm.byte(0xF5)
        case .lahf:
            willWrite(0)
            return asm.byte(0x9F)
        default: asm.byte(0x9E)
        }
        defined()
    }

    private mutating func bitTest(_ i: UnsafePointer<Instruction>) {
        let size = i.pointee.size
        if i.pointee.hasMemory, i.pointee.source < 0x80 { return bitString(i) }
        let digit: UInt8 =
            switch i.pointee.op {
            case .bt: 4
            case .bts: 5
            case .btr: 6
            default: 7
            }
        let isMemory = i.pointee.destination == Operand.memory
        if isMemory { access(i, size, write: digit != 4) }
        requireLive()
        var target = operand
        if !isMemory {
            if digit != 4 { willWrite(i.pointee.destination >> 3) }
            target = guest(i.pointee.destination)
        }
        let isCopied = target.isMemory && !isMemory
        if isCopied {
            asm.load(size, HostRegisters.address, target)
            target = .register(HostRegisters.address)
        }
        if i.pointee.source == Operand.immediate {
            lockPrefix(i)
            asm.instruction(size, map: 1, 0xBA, digit, target)
            asm.byte(UInt8(truncatingIfNeeded: i.pointee.immediate))
        } else {
            let reg = inRegister(i.pointee.source, size)
            asm.instruction(size, map: 1, 0x83 | digit << 3, reg, target)
        }
        if isCopied, digit != 4 { setGuest(i.pointee.destination, size, HostRegisters.address) }
        defined()
    }

    /// A bit number in a register reaches beyond the operand in memory.
    private mutating func bitString(_ i: UnsafePointer<Instruction>) {
        let (address, scratch) = (HostRegisters.address, HostRegisters.scratch)
        let size = i.pointee.size
        let digit = 4 + UInt8(truncatingIfNeeded: i.pointee.op.rawValue - Operation.bt.rawValue)
        locate(i)
        asm.instruction(3, size == 3 ? 0x8B : 0x63, scratch.code, guest(i.pointee.source))
        asm.instruction(3, 0xC1, 7, .register(scratch))
        asm.byte(size == 3 ? 6 : 5)
        asm.lea(address, Address(address, scratch, shift: size))
        check(1 << Int32(size), write: digit != 4)
        asm.load(size, scratch, guest(i.pointee.source))
        emitALU(.and, size, .register(scratch), immediate: size == 3 ? 63 : 31)
        asm.store(3, .state(CoreLayout.kept), scratch)
        requireLive()
        asm.load(3, scratch, .state(CoreLayout.kept))
        lockPrefix(i)
        asm.instruction(size, map: 1, 0x83 | digit << 3, scratch.code, operand)
        defined()
    }

    /// CMPXCHG8B and CMPXCHG16B: their registers are the host's own.
    private mutating func compareExchangeWide(_ i: UnsafePointer<Instruction>) {
        let isWide = i.pointee.sourceSize == 3
        access(i, isWide ? 4 : 3, write: true, aligned: isWide)
        requireLive()
        lockPrefix(i)
        asm.instruction(isWide ? 3 : 2, map: 1, 0xC7, 1, operand)
        defined()
    }

    private mutating func countBits(_ i: UnsafePointer<Instruction>, _ opcode: UInt8, _ prefix: UInt8) {
        let size = i.pointee.size
        let source = sourcePlace(i, size)
        // What has no first bit leaves the whole register alone.
        let reg = inRegister(i.pointee.destination, 3)
        asm.instruction(size, map: 1, prefix: prefix, opcode, reg, source)
        if guest(i.pointee.destination).isMemory {
            setGuest(i.pointee.destination, size == 2 ? 3 : size, HostRegisters.scratch)
        }
        defined()
    }

    /// XADD and CMPXCHG with memory. The accumulator is the host's own.
    private mutating func readModifyWrite(_ i: UnsafePointer<Instruction>) {
        let size = i.pointee.size
        let isAddition = i.pointee.op == .xadd
        access(i, size, write: true)
        let reg = inRegister(i.pointee.source, size)
        lockPrefix(i)
        asm.instruction(
            size, map: 1, (isAddition ? 0xC0 : 0xB0) | (size == 0 ? 0 : 1), reg, operand, bytes: size == 0)
        if isAddition, guest(i.pointee.source).isMemory {
            setGuest(i.pointee.source, size, HostRegisters.scratch)
        }
        defined()
    }
}
