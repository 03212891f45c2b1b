import Translator

// Data transfer.
extension UnitEmitter {
    mutating func move(_ i: UnsafePointer<Instruction>) {
        switch i.pointee.op {
        case .mov, .movnti: mov(i)
        case .lea: loadAddress(i)
        case .movzx: extend(i, signed: false)
        case .movsx: extend(i, signed: true)
        case .push: push(i)
        case .pop: pop(i)
        case .leave: leaveFrame()
        case .cmov: conditionalMove(i)
        case .set: set(i)
        case .xchg: exchange(i)
        case .bswap: swapBytes(i)
        case .convertUp:
            willWrite(0)
            convert(i, 0x98)
        case .convertAcross:
            willWrite(2)
            convert(i, 0x99)
        default: break
        }
    }

    private mutating func mov(_ i: UnsafePointer<Instruction>) {
        let size = i.pointee.op == .movnti ? i.pointee.sourceSize : i.pointee.size
        if i.pointee.destination == Operand.memory { return store(i, size) }
        if isHigh(i.pointee.destination) || isHigh(i.pointee.source) { return movHighByte(i) }
        if i.pointee.source == Operand.immediate { return loadImmediate(i, size) }
        let source = sourcePlace(i, size)
        willWrite(i.pointee.destination >> 3)
        load(i.pointee.destination, size, source)
    }

    /// A register of the guest takes what is at a place.
    mutating func load(_ operand: UInt8, _ size: UInt8, _ source: Place) {
        let target = guest(operand)
        if !target.isMemory { return asm.load(size, Register(target.base), source) }
        if !source.isMemory, size != 2 { return asm.store(size, target, Register(source.base)) }
        asm.load(size, HostRegisters.scratch, source)
        setGuest(operand, size, HostRegisters.scratch)
    }

    private mutating func store(_ i: UnsafePointer<Instruction>, _ size: UInt8) {
        access(i, size, write: true)
        if isHigh(i.pointee.source) {
            // REX, which the address needs, knows no AH.
            asm.rorx(HostRegisters.scratch, Register(i.pointee.source >> 3), by: 8)
            return asm.store(0, operand, HostRegisters.scratch)
        }
        guard i.pointee.source == Operand.immediate else {
            return asm.store(size, operand, Register(inRegister(i.pointee.source, size)))
        }
        asm.instruction(size, size == 0 ? 0xC6 : 0xC7, 0, operand)
        asm.immediate(i.pointee.immediate, size)
    }

    private mutating func loadImmediate(_ i: UnsafePointer<Instruction>, _ size: UInt8) {
        willWrite(i.pointee.destination >> 3)
        let target = guest(i.pointee.destination)
        guard size > 1 else {
            asm.instruction(size, size == 0 ? 0xC6 : 0xC7, 0, target, bytes: size == 0)
            return asm.immediate(i.pointee.immediate, size)
        }
        let value = size == 3 ? i.pointee.immediate : i.pointee.immediate & 0xFFFF_FFFF
        if !target.isMemory { return asm.mov(Register(target.base), immediate: value) }
        asm.mov(HostRegisters.scratch, immediate: value)
        asm.store(3, target, HostRegisters.scratch)
    }

    private mutating func movHighByte(_ i: UnsafePointer<Instruction>) {
        willWrite(i.pointee.destination >> 3)
        let target = byteCode(i.pointee.destination)
        if i.pointee.source == Operand.immediate {
            asm.byte(0xB0 | target)
            return asm.immediate(i.pointee.immediate, 0)
        }
        asm.instruction(0, 0x88, byteCode(i.pointee.source), .register(target))
    }

    private mutating func loadAddress(_ i: UnsafePointer<Instruction>) {
        let size = i.pointee.size
        willWrite(i.pointee.destination >> 3)
        let target = guest(i.pointee.destination)
        if target.isMemory || size == 1 {
            effective(i, HostRegisters.address, wide: size == 3)
            return setGuest(i.pointee.destination, size, HostRegisters.address)
        }
        effective(i, Register(target.base), wide: size == 3)
    }

    private mutating func extend(_ i: UnsafePointer<Instruction>, signed: Bool) {
        let (size, narrow) = (i.pointee.size, i.pointee.sourceSize)
        var source = operand
        if i.pointee.source == Operand.memory {
            access(i, narrow, write: false)
        } else if isHigh(i.pointee.source) {
            source = .register(byteCode(i.pointee.source))
        } else {
            source = guest(i.pointee.source)
        }
        willWrite(i.pointee.destination >> 3)
        let target = guest(i.pointee.destination)
        let reg = target.isMemory ? HostRegisters.scratch.code : target.base
        if narrow == 2 {
            asm.instruction(size, 0x63, reg, source)
        } else {
            let opcode: UInt8 = (signed ? 0xBE : 0xB6) | narrow
            // Only the source is a byte register; one without REX is AH to BH.
            let needsREX =
                narrow == 0 && !source.isMemory && source.base & 12 == 4 && !isHigh(i.pointee.source)
            asm.instruction(size, map: 1, opcode, reg, source, bytes: needsREX)
        }
        if target.isMemory { setGuest(i.pointee.destination, size, HostRegisters.scratch) }
    }

    // MARK: Stack

    private mutating func push(_ i: UnsafePointer<Instruction>) {
        let size = i.pointee.size
        let bytes = Int32(1) << Int32(size)
        let isMemory = i.pointee.destination == Operand.memory
        if isMemory {
            access(i, size, write: false)
            asm.load(size, HostRegisters.scratch, operand)
            asm.store(3, .state(CoreLayout.kept), HostRegisters.scratch)
        }
        access(4, -bytes, size, write: true)
        if i.pointee.destination == Operand.immediate {
            asm.instruction(size, 0xC7, 0, operand)
            asm.immediate(i.pointee.immediate, size)
        } else if isMemory {
            asm.load(3, HostRegisters.scratch, .state(CoreLayout.kept))
            asm.store(size, operand, HostRegisters.scratch)
        } else {
            asm.store(size, operand, Register(inRegister(i.pointee.destination, size)))
        }
        willWrite(4)
        asm.lea(HostRegisters.stack, Address(HostRegisters.stack, -bytes))
    }

    private mutating func pop(_ i: UnsafePointer<Instruction>) {
        let size = i.pointee.size
        access(4, 0, size, write: false)
        willWrite(4)
        let isStack = i.pointee.destination == 32
        if isStack, size != 3 {
            asm.lea(HostRegisters.stack, Address(HostRegisters.stack, 1 << Int32(size)))
        }
        willWrite(i.pointee.destination >> 3)
        load(i.pointee.destination, size, operand)
        if !isStack { asm.lea(HostRegisters.stack, Address(HostRegisters.stack, 1 << Int32(size))) }
    }

    private mutating func leaveFrame() {
        aboutToClobber()
        let frame = Register(Place.guest(5).base)
        asm.mov(HostRegisters.address, frame)
        check(8, write: false)
        willWrite(4)
        willWrite(5)
        asm.lea(HostRegisters.stack, Address(frame, 8))
        asm.load(3, frame, operand)
    }

    // MARK: Conditions

    private mutating func conditionalMove(_ i: UnsafePointer<Instruction>) {
        let size = i.pointee.size
        let source = sourcePlace(i, size)
        requireLive()
        willWrite(i.pointee.destination >> 3)
        let reg = inRegister(i.pointee.destination, 3)
        asm.instruction(size, map: 1, 0x40 | i.pointee.extra & 15, reg, source)
        if guest(i.pointee.destination).isMemory {
            setGuest(i.pointee.destination, size, HostRegisters.scratch)
        }
    }

    private mutating func set(_ i: UnsafePointer<Instruction>) {
        var target = operand
        if i.pointee.destination == Operand.memory {
            access(i, 0, write: true)
        } else {
            target = guest(i.pointee.destination)
        }
        requireLive()
        if i.pointee.destination < 0x80 { willWrite(i.pointee.destination >> 3) }
        asm.instruction(0, map: 1, 0x90 | i.pointee.extra & 15, 0, target, bytes: true)
    }

    // MARK: Exchanges and conversions

    private mutating func exchange(_ i: UnsafePointer<Instruction>) {
        let size = i.pointee.size
        if i.pointee.extra == 0x90, i.pointee.destination == 0 { return }
        guard i.pointee.destination != Operand.memory else { return exchangeMemory(i, size) }
        willWrite(i.pointee.destination >> 3)
        willWrite(i.pointee.source >> 3)
        asm.load(size, HostRegisters.address, guest(i.pointee.destination))
        asm.load(size, HostRegisters.scratch, guest(i.pointee.source))
        setGuest(i.pointee.destination, size, HostRegisters.scratch)
        setGuest(i.pointee.source, size, HostRegisters.address)
    }

    private mutating func exchangeMemory(_ i: UnsafePointer<Instruction>, _ size: UInt8) {
        access(i, size, write: true)
        willWrite(i.pointee.source >> 3)
        let reg = inRegister(i.pointee.source, size)
        asm.instruction(size, size == 0 ? 0x86 : 0x87, reg, operand, bytes: size == 0)
        if guest(i.pointee.source).isMemory { setGuest(i.pointee.source, size, HostRegisters.scratch) }
    }

    private mutating func swapBytes(_ i: UnsafePointer<Instruction>) {
        let size = i.pointee.size
        willWrite(i.pointee.destination >> 3)
        let reg = inRegister(i.pointee.destination, size)
        asm.byte(0x40 | (size == 3 ? 8 : 0) | reg >> 3)
        asm.byte(0x0F)
        asm.byte(0xC8 | reg & 7)
        if guest(i.pointee.destination).isMemory {
            setGuest(i.pointee.destination, size, HostRegisters.scratch)
        }
    }

    private mutating func convert(_ i: UnsafePointer<Instruction>, _ opcode: UInt8) {
        if i.pointee.size == 1 { asm.byte(0x66) }
        if i.pointee.size == 3 { asm.byte(0x48) }
        asm.byte(opcode)
    }
}
