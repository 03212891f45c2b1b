// Far jumps, calls and returns (SDM vol. 3, section 5.8).
extension Interpreter {
    func farTransfer(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let size = i.pointee.size
        switch i.pointee.op {
        case .retFar: try farReturn(size, release: 0)
        case .retFarImm: try farReturn(size, release: UInt64(i.pointee.immediate & 0xFFFF))
        case .jmpFarDirect, .callFarDirect:
            let pointer = UInt64(bitPattern: i.pointee.immediate)
            try farJump(
                UInt16(truncatingIfNeeded: pointer >> 32), pointer & 0xFFFF_FFFF, size,
                isCall: i.pointee.op == .callFarDirect)
        default:
            let place = address(i)
            let target = try load(place, size)
            let selector = UInt16(truncatingIfNeeded: try load(place &+ 1 << UInt64(size), 1))
            try farJump(selector, target, size, isCall: i.pointee.op == .callFar)
        }
    }

    private func farJump(_ selector: UInt16, _ target: UInt64, _ size: UInt8, isCall: Bool) throws(Fault) {
        if cpu.hasParagraphs {
            guard target <= UInt64(s.pointee.segments[1].limit) else { throw .protection }
            if isCall { try pushReturn(size) }
            cpu.setParagraph(SegmentSlot.cs, selector)
            r[17] = target
            return
        }
        guard selector & ~3 != 0 else { throw .protection(0) }
        let segment = try cpu.descriptor(selector)
        guard segment.attributes & 0x10 != 0 else {
            return try throughSystemSegment(selector, segment, isCall: isCall)
        }
        guard segment.attributes & 4 != 0 || selector & 3 <= UInt16(s.pointee.privilege) else {
            throw .protection(UInt32(selector & ~3))
        }
        let code = try cpu.codeSegment(selector, level: s.pointee.privilege)
        try cpu.checkEntry(target, code)
        if isCall { try pushReturn(size) }
        try enter(code, target)
    }

    /// Goes on at `target` of a checked code segment, whose privilege is in its selector.
    func enter(_ code: Segment, _ target: UInt64) throws(Fault) {
        try cpu.mark(code.selector, 1, code)
        s.pointee.segments[1] = code
        s.pointee.privilege = UInt8(truncatingIfNeeded: code.selector & 3)
        r[17] = target
        cpu.updateMode()
    }

    /// CS and the instruction pointer, or nothing when not both can be pushed.
    private func pushReturn(_ size: UInt8) throws(Fault) {
        let stack = r[4]
        do throws(Fault) {
            try push(UInt64(s.pointee.segments[1].selector), size)
            try push(r[17], size)
        } catch {
            r[4] = stack
            throw error
        }
    }

    /// A call gate, or a task by its TSS or a task gate.
    private func throughSystemSegment(_ selector: UInt16, _ segment: Segment, isCall: Bool) throws(Fault) {
        let code = UInt32(selector & ~3)
        let level = segment.attributes >> 5 & 3
        guard level >= max(UInt16(s.pointee.privilege), selector & 3) else { throw .protection(code) }
        switch segment.attributes & 0xF {
        case 4 where !cpu.isLongMode, 0xC: try throughCallGate(selector, isCall: isCall)
        case 1 where !cpu.isLongMode, 9 where !cpu.isLongMode:
            try cpu.switchTask(to: selector, isCall ? .call : .jump)
        case 5 where !cpu.isLongMode:
            guard segment.attributes & 0x80 != 0 else { throw Fault(11, code) }
            let task = UInt16(truncatingIfNeeded: try cpu.rawDescriptor(selector) >> 16)
            try cpu.switchTask(to: task, isCall ? .call : .jump)
        default: throw .protection(code)
        }
    }

    private func throughCallGate(_ selector: UInt16, isCall: Bool) throws(Fault) {
        let raw = try cpu.rawDescriptor(selector)
        guard raw >> 47 & 1 != 0 else { throw Fault(11, UInt32(selector & ~3)) }
        let isLong = cpu.isLongMode
        // Of its type, bit 3 tells 32 bits from 16; 64-bit gates have their upper half behind.
        let size: UInt8 = isLong ? 3 : raw >> 43 & 1 != 0 ? 2 : 1
        var target = truncate(raw & 0xFFFF | raw >> 32 & 0xFFFF_0000, min(size, 2))
        if isLong { target |= try cpu.rawDescriptor(selector, upper: true) << 32 }
        let to = UInt16(truncatingIfNeeded: raw >> 16)
        guard to & ~3 != 0 else { throw .protection(0) }
        var code = try cpu.descriptor(to)
        let type = code.attributes
        let level = UInt8(truncatingIfNeeded: type >> 5 & 3)
        guard type & 0x18 == 0x18, level <= s.pointee.privilege, !isLong || type & 0x6000 == 0x2000 else {
            throw .protection(UInt32(to & ~3))
        }
        guard type & 0x80 != 0 else { throw Fault(11, UInt32(to & ~3)) }
        let isConforming = type & 4 != 0
        let isInward = isCall && !isConforming && level < s.pointee.privilege
        guard isCall || isConforming || level == s.pointee.privilege else {
            throw .protection(UInt32(to & ~3))
        }
        code.selector = to & ~3 | UInt16(isInward ? level : s.pointee.privilege)
        try cpu.checkEntry(target, code)
        if isInward {
            try callInward(level, size, parameters: isLong ? 0 : raw >> 32 & 31)
        } else if isCall {
            try pushReturn(size)
        }
        try enter(code, target)
    }

    /// The inner stack gets the outer stack's address, its topmost words, and where to return to.
    private func callInward(_ level: UInt8, _ size: UInt8, parameters: UInt64) throws(Fault) {
        let width = UInt64(1) << UInt64(size)
        var words = [UInt64(s.pointee.segments[2].selector), r[4]]
        for word in (0..<parameters).reversed() { words.append(try stackWord(word * width, size)) }
        words += [UInt64(s.pointee.segments[1].selector), r[17]]
        var frame = try cpu.innerStack(level)
        for word in words { try cpu.push(word, size, onto: &frame) }
        cpu.adopt(frame, level)
    }

    // MARK: Returns

    /// RETF, to the same privilege or outwards.
    ///
    /// - Parameter release: bytes of parameters, which are dropped from both stacks.
    private func farReturn(_ size: UInt8, release: UInt64) throws(Fault) {
        let width = UInt64(1) << UInt64(size)
        let target = try stackWord(0, size)
        let selector = UInt16(truncatingIfNeeded: try stackWord(width, size))
        if cpu.hasParagraphs {
            guard target <= UInt64(s.pointee.segments[1].limit) else { throw .protection }
            drop(2 * width + release)
            cpu.setParagraph(SegmentSlot.cs, selector)
            r[17] = target
            return
        }
        let level = UInt8(truncatingIfNeeded: selector & 3)
        guard level >= s.pointee.privilege else { throw .protection(UInt32(selector & ~3)) }
        let code = try cpu.codeSegment(selector, level: level)
        try cpu.checkEntry(target, code)
        guard level > s.pointee.privilege else {
            drop(2 * width + release)
            return try enter(code, target)
        }
        let outer = try stackWord(2 * width + release, size)
        let stackSelector = UInt16(truncatingIfNeeded: try stackWord(3 * width + release, size))
        let isWide = cpu.isLongMode && code.attributes & 1 << 13 != 0
        let stack = try stackSegment(stackSelector, level, isWide)
        try returnOutwards(code, target, stack, outer)
        drop(release)
    }

    /// The last steps of a return to less privilege.
    func returnOutwards(_ code: Segment, _ target: UInt64, _ stack: Segment, _ pointer: UInt64) throws(Fault)
    {
        if stack.selector & ~3 != 0 { try cpu.mark(stack.selector, 1, stack) }
        s.pointee.segments[2] = stack
        try enter(code, target)
        setStackPointer(pointer)
        dropSegments(s.pointee.privilege)
        cpu.updateMode()
    }
}
