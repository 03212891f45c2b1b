// Exceptions and interrupts outside IA-32e mode (SDM vol. 3, section 6.12, and chapter 20 for real mode).
extension Core {
    /// Real mode: four bytes a vector tell where the handler is, and no error code is pushed.
    func deliverReal(_ fault: Fault) throws(Fault) {
        let place = UInt64(fault.vector) * 4
        // Without room for the vector there is none for that of #GP or #DF: the processor shuts down.
        guard place + 3 <= UInt64(state.pointee.idt.limit) else {
            throw fault.vector == 8 ? .double : .protection
        }
        let vector = try systemLoad(state.pointee.idt.base &+ place, 2)
        var frame = currentStack
        try push(state.rflags, 1, onto: &frame)
        try push(UInt64(state.pointee.segments[Int(SegmentSlot.cs)].selector), 1, onto: &frame)
        try push(registers[17], 1, onto: &frame)
        registers[4] = frame.pointer
        state.pointee.systemFlags &= ~(Flag.interrupt | Flag.trap | Flag.alignment)
        state.pointee.isShadowed = false
        registers[17] = vector & 0xFFFF
        setParagraph(SegmentSlot.cs, UInt16(truncatingIfNeeded: vector >> 16))
    }

    /// What a gate of the IDT says.
    private struct Gate {
        let offset: UInt64
        let selector: UInt16
        /// 5 for a task, 6 and 7 for 16 bits, 14 and 15 for 32.
        let type: UInt8

        var size: UInt8 { type & 8 != 0 ? 2 : 1 }
        var isInterrupt: Bool { type & 1 == 0 }
    }

    func deliverProtected(_ fault: Fault) throws(Fault) {
        let gate = try legacyGate(of: fault)
        if gate.type == 5 {
            return try switchTask(to: gate.selector, .interrupt, code: fault.hasCode ? fault.code : nil)
        }
        var code = try handlerSegment(gate.selector)
        let isConforming = code.attributes & 4 != 0
        let level =
            isConforming ? state.pointee.privilege : UInt8(truncatingIfNeeded: code.attributes >> 5 & 3)
        let isVirtual = isVirtual8086
        // Out of virtual-8086 mode the way leads to the innermost ring only.
        guard level <= state.pointee.privilege, !isVirtual || level == 0 else {
            throw .protection(UInt32(gate.selector & ~3))
        }
        guard gate.offset <= UInt64(code.limit) else { throw .protection }
        let frame = try pushFrame(fault, gate, level, isVirtual)
        code.selector = gate.selector & ~3 | UInt16(level)
        try mark(code.selector, 1, code)
        var cleared = Flag.trap | Flag.nested | Flag.resume | Flag.virtual8086
        if gate.isInterrupt { cleared |= Flag.interrupt }
        state.pointee.systemFlags &= ~cleared
        if isVirtual { forgetDataSegments() }
        state.pointee.segments[Int(SegmentSlot.cs)] = code
        registers[17] = gate.offset
        state.pointee.isShadowed = false
        adopt(frame, level)
    }

    private func pushFrame(
        _ fault: Fault, _ gate: Gate, _ level: UInt8, _ isVirtual: Bool
    ) throws(Fault) -> StackFrame {
        let segments = state.pointee.segments
        var words: [UInt64] = []
        if isVirtual { words += [5, 4, 3, 0].map { UInt64(segments[$0].selector) } }
        let isInward = level < state.pointee.privilege
        if isInward { words += [UInt64(segments[2].selector), registers[4]] }
        let resumes = fault.vector < 32 && !fault.isTrap
        words += [
            state.rflags | (resumes ? Flag.resume : 0), UInt64(segments[1].selector), registers[17],
        ]
        if fault.hasCode { words.append(UInt64(fault.code)) }
        var frame = isInward ? try innerStack(level) : currentStack
        for word in words { try push(word, gate.size, onto: &frame) }
        return frame
    }

    /// What was a paragraph is no selector.
    private func forgetDataSegments() {
        for slot in [0, 3, 4, 5] { state.pointee.segments[slot] = .flat(selector: 0, attributes: 0) }
    }

    private func legacyGate(of fault: Fault) throws(Fault) -> Gate {
        let external: UInt32 = fault.isTrap && fault.isSoftware ? 0 : 1
        let code = UInt32(fault.vector) << 3 | 2 | external
        let place = UInt64(fault.vector) * 8
        guard place + 7 <= UInt64(state.pointee.idt.limit) else { throw .protection(code) }
        let raw = try systemLoad(state.pointee.idt.base &+ place, 3)
        let type = UInt8(truncatingIfNeeded: raw >> 40 & 0x1F)
        guard [5, 6, 7, 14, 15].contains(type) else { throw .protection(code) }
        if fault.isSoftware, UInt64(state.pointee.privilege) > raw >> 45 & 3 { throw .protection(code) }
        guard raw >> 47 & 1 != 0 else { throw Fault(11, code) }
        let high = type & 8 != 0 ? raw >> 32 & 0xFFFF_0000 : 0
        return Gate(offset: raw & 0xFFFF | high, selector: UInt16(truncatingIfNeeded: raw >> 16), type: type)
    }

    /// A present code segment.
    private func handlerSegment(_ selector: UInt16) throws(Fault) -> Segment {
        guard selector & ~3 != 0 else { throw .protection }
        let segment = try descriptor(selector)
        guard segment.attributes & 0x18 == 0x18 else { throw .protection(UInt32(selector & ~3)) }
        guard segment.attributes & 0x80 != 0 else { throw Fault(11, UInt32(selector & ~3)) }
        return segment
    }
}
