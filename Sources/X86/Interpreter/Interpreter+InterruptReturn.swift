// IRET in all its forms (SDM vol. 2, IRET).
extension Interpreter {
    func interruptReturn(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let size = i.pointee.size
        if cpu.hasParagraphs { return try returnByParagraph(size) }
        guard s.pointee.systemFlags & Flag.nested == 0 else {
            guard !cpu.isLongMode else { throw .protection }
            return try cpu.returnFromTask()
        }
        let width = UInt64(1) << UInt64(size)
        let flags = try stackWord(2 * width, size)
        let target = try stackWord(0, size)
        let selector = UInt16(truncatingIfNeeded: try stackWord(width, size))
        if !cpu.isLongMode, flags & Flag.virtual8086 != 0, size == 2, s.pointee.privilege == 0 {
            return try returnToVirtual8086(target, selector, flags)
        }
        let level = UInt8(truncatingIfNeeded: selector & 3)
        guard level >= s.pointee.privilege else { throw .protection(UInt32(selector & ~3)) }
        let code = try cpu.codeSegment(selector, level: level)
        try cpu.checkEntry(target, code)
        let old = s.pointee.privilege
        // 64-bit code always takes the stack back.
        guard level > old || cpu.isWide else {
            drop(3 * width)
            try enter(code, target)
            return finishReturn(flags, size, old)
        }
        let pointer = try stackWord(3 * width, size)
        let isWide = cpu.isLongMode && code.attributes & 1 << 13 != 0
        let stackSelector = UInt16(truncatingIfNeeded: try stackWord(4 * width, size))
        let stack = try stackSegment(stackSelector, level, isWide)
        if level > old {
            try returnOutwards(code, target, stack, pointer)
        } else {
            s.pointee.segments[2] = stack
            try enter(code, target)
            setStackPointer(pointer)
        }
        finishReturn(flags, size, old)
    }

    private func finishReturn(_ flags: UInt64, _ size: UInt8, _ privilege: UInt8) {
        setFlags(flags, size: size, privilege: privilege)
        if size > 1 {
            // Only the supervisor decides on virtual interrupts.
            let mask =
                privilege == 0 ? Flag.resume | Flag.virtualInterrupt | Flag.virtualPending : Flag.resume
            s.pointee.systemFlags = s.pointee.systemFlags & ~mask | flags & mask
        }
        cpu.selectTLB()
        noticeInterrupts()
    }

    /// Real mode; and virtual-8086 mode, if its monitor lets it touch the interrupt flag.
    private func returnByParagraph(_ size: UInt8) throws(Fault) {
        let isVirtual = cpu.isVirtual8086 && ioPrivilege < 3
        if isVirtual, !hasVirtualInterrupts || size != 1 { throw .protection }
        let width = UInt64(1) << UInt64(size)
        let target = try stackWord(0, size)
        let selector = UInt16(truncatingIfNeeded: try stackWord(width, size))
        let flags = try stackWord(2 * width, size)
        guard target <= UInt64(s.pointee.segments[1].limit) else { throw .protection }
        if isVirtual { try setVirtualFlags(flags) }
        drop(3 * width)
        cpu.setParagraph(SegmentSlot.cs, selector)
        r[17] = target
        if !isVirtual { setFlags(flags, size: size, privilege: s.pointee.privilege) }
        noticeInterrupts()
    }

    private func returnToVirtual8086(_ target: UInt64, _ selector: UInt16, _ flags: UInt64) throws(Fault) {
        guard target <= 0xFFFF else { throw .protection }
        let pointer = try stackWord(12, 2)
        var selectors = InlineArray<6, UInt16>(repeating: 0)
        // On the stack lie SS, ES, DS, FS and GS.
        for (place, slot) in [SegmentSlot.ss, SegmentSlot.es, SegmentSlot.ds, 4, 5].enumerated() {
            selectors[Int(slot)] = UInt16(truncatingIfNeeded: try stackWord(UInt64(16 + 4 * place), 2))
        }
        selectors[1] = selector
        s.rflags = flags & (Flag.arithmetic | 0x3F_7700) | Flag.fixed
        s.pointee.privilege = 3
        for slot in 0..<6 { cpu.setParagraph(UInt8(slot), selectors[slot]) }
        r[17] = target
        r[4] = pointer & 0xFFFF_FFFF
        noticeInterrupts()
    }
}
