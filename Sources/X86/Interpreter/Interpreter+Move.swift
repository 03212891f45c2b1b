// Data transfer (SDM vol. 1, section 7.3.1).
extension Interpreter {
    @inline(__always)
    func move(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let size = i.pointee.size
        switch i.pointee.op {
        case .mov: try mov(i, size)
        case .lea: setRegister(i.pointee.destination, size, effective(i))
        case .movzx:
            let narrow = i.pointee.sourceSize
            setRegister(i.pointee.destination, size, truncate(try source(i, narrow), narrow))
        case .movsx:
            let narrow = i.pointee.sourceSize
            setRegister(i.pointee.destination, size, signExtend(try source(i, narrow), narrow))
        case .push: try push(try pushed(i, size), size)
        case .pop: try pop(i, size)
        case .cmov:
            // The source is read, and a 32-bit register is written, in any case.
            let value = try source(i, size)
            let old = register(i.pointee.destination)
            setRegister(i.pointee.destination, size, holds(i.pointee.extra) ? value : old)
        case .nop, .pause: break
        default: try moveRarely(i, size)
        }
    }

    @inline(__always)
    private func mov(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) {
        // moffs: the address is the immediate.
        if i.pointee.extra & 0xFC == 0xA0, i.pointee.hasMemory, i.pointee.base == Slot.zero {
            return try movOffset(i, size)
        }
        try setDestination(i, size, try source(i, size))
    }

    private func movOffset(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) {
        let address = UInt64(bitPattern: i.pointee.immediate) &+ cpu.bases[Int(i.pointee.segment)]
        if i.pointee.source == Operand.memory {
            setRegister(0, size, try load(address, size))
        } else {
            try store(address, size, r[0])
        }
    }

    /// PUSH of memory whose address uses RSP takes RSP as it was.
    @inline(__always)
    private func pushed(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) -> UInt64 {
        let place = i.pointee.destination
        if place < 0x80 { return register(place) }
        return place == Operand.immediate
            ? UInt64(bitPattern: i.pointee.immediate) : try load(address(i), size)
    }

    /// POP to memory whose address uses RSP takes RSP as it will be.
    @inline(__always)
    private func pop(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) {
        let value = try top(size)
        let old = r[4]
        drop(1 &<< UInt64(size))
        guard i.pointee.destination == Operand.memory else {
            return setRegister(i.pointee.destination, size, value)
        }
        do throws(Fault) {
            try store(address(i), size, value)
        } catch {
            r[4] = old
            throw error
        }
    }

    private func moveRarely(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) {
        switch i.pointee.op {
        case .set: try setDestination(i, 0, holds(i.pointee.extra) ? 1 : 0)
        case .xchg: try exchange(i, size)
        case .leave: try leave(size)
        case .enter: try enter(i, size)
        case .bswap: swapBytes(i, size)
        case .convertUp: setRegister(0, size, signExtend(r[0], size - 1))
        case .convertAcross: setRegister(16, size, 0 &- signExtend(r[0], size) >> 63)
        case .xlat: try translateByte(i)
        case .pushAll: try pushAll(size)
        case .popAll: try popAll(size)
        case .bound: try checkBounds(i, size)
        case .setCarry: setRegister(0, 0, 0 &- s.pointee.flags.carry)
        case .movbe: try setDestination(i, size, try source(i, size).byteSwapped >> room(size))
        case .movnti: try store(address(i), i.pointee.sourceSize, register(i.pointee.source))
        default: throw .undefined
        }
    }

    /// 90 is NOP, though 32-bit XCHG with itself would clear the upper half.
    private func exchange(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) {
        if i.pointee.extra == 0x90, i.pointee.destination == 0 { return }
        let a = try modified(i, size)
        try setDestination(i, size, register(i.pointee.source))
        setRegister(i.pointee.source, size, a)
    }

    private func swapBytes(_ i: UnsafePointer<Instruction>, _ size: UInt8) {
        let value = register(i.pointee.destination)
        // With a 16-bit register the result is undefined; processors clear it.
        setRegister(i.pointee.destination, size, size == 1 ? 0 : value.byteSwapped >> room(size))
    }

    private func translateByte(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let offset = (r[3] &+ (r[0] & 0xFF)) & addressMask(i)
        if !cpu.isWide { try cpu.checkSegment(i.pointee.segment, offset, 1, write: false) }
        setRegister(0, 0, try load(offset &+ cpu.bases[Int(i.pointee.segment)], 0))
    }

    /// BOUND: a signed index between two bounds in memory, or #BR.
    private func checkBounds(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) {
        let place = address(i)
        let index = Int64(bitPattern: signExtend(register(i.pointee.destination), size))
        let lower = Int64(bitPattern: signExtend(try load(place, size), size))
        let upper = Int64(bitPattern: signExtend(try load(place &+ 1 << UInt64(size), size), size))
        guard lower <= index, index <= upper else { throw Fault(5) }
    }
}
