// Exceptions and interrupts in IA-32e mode (SDM vol. 3, section 6.14).
extension Core {
    /// Enters the handler of a fault or trap. RIP is where the handler is to return to.
    func raise(_ fault: Fault) {
        do throws(Fault) {
            try deliver(fault)
        } catch {
            escalate(fault, error)
        }
    }

    /// Enters the handler of an external interrupt.
    func interrupt(_ vector: UInt8) { raise(Fault(vector, isTrap: true)) }

    /// A fault during the delivery of another: either that one is delivered, or a double fault.
    private func escalate(_ first: Fault, _ second: Fault) {
        let second = second == Self.nonCanonical ? Fault.stack : second
        if first.vector == 8, !first.isSoftware { return shutDown() }
        let doubles =
            (first.kind == .contributory && second.kind == .contributory)
            || (first.kind == .page && second.kind != .benign)
        guard doubles else { return raise(second) }
        raise(.double)
    }

    /// What a gate of the IDT says.
    private struct Gate {
        let offset: UInt64
        let selector: UInt16
        let stack: UInt64
        let isInterrupt: Bool
    }

    private func deliver(_ fault: Fault) throws(Fault) {
        if isRealMode { return try deliverReal(fault) }
        guard isLongMode else { return try deliverProtected(fault) }
        let gate = try gate(of: fault)
        let code = try codeSegment(gate.selector, for: fault)
        let privilege = UInt8(truncatingIfNeeded: code.attributes >> 5 & 3)
        // A conforming segment keeps the privilege.
        let isConforming = code.attributes & 4 != 0
        let level = isConforming ? state.pointee.privilege : privilege
        guard level <= state.pointee.privilege else { throw .protection(UInt32(gate.selector & ~3)) }
        let stack = try stackTop(gate, level)
        let old = (rip: registers[17], rsp: registers[4], flags: state.rflags)
        let cs = UInt64(state.pointee.segments[Int(SegmentSlot.cs)].selector)
        let ss = UInt64(state.pointee.segments[Int(SegmentSlot.ss)].selector)
        let flags = fault.vector < 32 && !fault.isTrap ? old.flags | Flag.resume : old.flags
        var frame = [ss, old.rsp, flags, cs, old.rip]
        if fault.hasCode { frame.append(UInt64(fault.code)) }
        var top = stack
        for word in frame {
            top &-= 8
            try systemStore(top, 3, word)
        }
        enterHandler(gate, code, level, top)
    }

    private func enterHandler(_ gate: Gate, _ code: Segment, _ level: UInt8, _ top: UInt64) {
        if level != state.pointee.privilege {
            state.pointee.segments[Int(SegmentSlot.ss)] = .flat(selector: UInt16(level), attributes: 0)
        }
        var cleared = Flag.trap | Flag.nested | Flag.resume | Flag.virtual8086
        if gate.isInterrupt { cleared |= Flag.interrupt }
        state.pointee.systemFlags &= ~cleared
        state.pointee.segments[Int(SegmentSlot.cs)] = code
        state.pointee.segments[Int(SegmentSlot.cs)].selector = gate.selector & ~3 | UInt16(level)
        state.pointee.privilege = level
        registers[4] = top
        registers[17] = gate.offset
        state.pointee.isShadowed = false
        updateMode()
    }

    private func gate(of fault: Fault) throws(Fault) -> Gate {
        let external: UInt32 = fault.isTrap && fault.isSoftware ? 0 : 1
        let code = UInt32(fault.vector) << 3 | 2 | external
        let offset = UInt64(fault.vector) * 16
        guard offset + 15 <= UInt64(state.pointee.idt.limit) else { throw .protection(code) }
        let low = try systemLoad(state.pointee.idt.base &+ offset, 3)
        let high = try systemLoad(state.pointee.idt.base &+ offset &+ 8, 3)
        let type = low >> 40 & 0x1F
        guard type == 0xE || type == 0xF else { throw .protection(code) }
        if fault.isSoftware, UInt64(state.pointee.privilege) > low >> 45 & 3 { throw .protection(code) }
        guard low >> 47 & 1 != 0 else { throw Fault(11, code) }
        let target = low & 0xFFFF | (low >> 48) << 16 | high << 32
        guard Self.isCanonical(target) else { throw .protection }
        return Gate(
            offset: target, selector: UInt16(truncatingIfNeeded: low >> 16), stack: low >> 32 & 7,
            isInterrupt: type == 0xE)
    }

    private func codeSegment(_ selector: UInt16, for fault: Fault) throws(Fault) -> Segment {
        guard selector & ~3 != 0 else { throw .protection }
        let segment = try descriptor(selector)
        let type = segment.attributes
        // A present 64-bit code segment.
        guard type & 0x18 == 0x18, type & 1 << 13 != 0, type & 1 << 14 == 0 else {
            throw .protection(UInt32(selector & ~3))
        }
        guard type & 0x80 != 0 else { throw Fault(11, UInt32(selector & ~3)) }
        return segment
    }

    /// The stack that a gate or a change of privilege demands, aligned as frames are.
    private func stackTop(_ gate: Gate, _ level: UInt8) throws(Fault) -> UInt64 {
        var top = registers[4]
        if gate.stack != 0 {
            top = try taskStack(UInt64(28) + 8 * gate.stack)
        } else if level != state.pointee.privilege {
            top = try taskStack(UInt64(4) + 8 * UInt64(level))
        }
        return top & ~15
    }

    /// A stack pointer out of the 64-bit TSS (SDM vol. 3, section 7.7).
    func taskStack(_ offset: UInt64) throws(Fault) -> UInt64 {
        guard offset + 7 <= UInt64(state.pointee.task.limit) else {
            throw Fault(10, UInt32(state.pointee.task.selector & ~3))
        }
        let top = try systemLoad(state.pointee.task.base &+ offset, 3)
        guard Self.isCanonical(top) else { throw .stack }
        return top
    }
}
