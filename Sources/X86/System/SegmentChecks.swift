// What segments allow outside 64-bit mode (SDM vol. 3, sections 5.3 to 5.5).
extension Core {
    /// Neither protection nor paging: segments are numbers.
    var isRealMode: Bool { state.pointee.cr0 & Control.protection == 0 }

    /// A task that believes itself in real mode.
    var isVirtual8086: Bool { !isRealMode && state.pointee.systemFlags & Flag.virtual8086 != 0 }

    /// Selectors are paragraphs, as on the 8086.
    var hasParagraphs: Bool { isRealMode || state.pointee.systemFlags & Flag.virtual8086 != 0 }

    /// Whether 64-bit code runs.
    var isWide: Bool { state.pointee.mode == Decoder.Mode.bits64.rawValue }

    /// Bits for the segments that allow everything everywhere, so that nothing need be looked at.
    func flatSegments() -> UInt8 {
        var bits: UInt8 = 0
        for slot in 0..<6 {
            let segment = state.pointee.segments[slot]
            let isWritableData = hasParagraphs || segment.attributes & 0x9E == 0x92
            if isWritableData, segment.limit == .max { bits |= 1 << UInt8(slot) }
        }
        return bits
    }

    /// Demands that `count` bytes at `offset` of a segment may be accessed.
    ///
    /// - Throws: #SS for the stack segment, #GP for others.
    func checkSegment(_ slot: UInt8, _ offset: UInt64, _ count: UInt64, write: Bool) throws(Fault) {
        if state.pointee.flatSegments >> slot & 1 != 0 { return }
        guard allows(state.pointee.segments[Int(slot)], offset, count, write: write) else {
            throw slot == SegmentSlot.ss ? .stack : .protection
        }
    }

    /// Whether a segment lets `count` bytes at `offset` be accessed.
    func allows(_ segment: Segment, _ offset: UInt64, _ count: UInt64, write: Bool) -> Bool {
        let type = segment.attributes
        if !hasParagraphs {
            guard type & 0x80 != 0 else { return false }
            let isCode = type & 8 != 0
            if write ? isCode || type & 2 == 0 : isCode && type & 2 == 0 { return false }
            if !isCode, type & 4 != 0 { return Self.reachesDown(segment, offset, count) }
        }
        return offset &+ count &- 1 <= UInt64(segment.limit)
    }

    /// An expand-down segment begins behind its limit.
    private static func reachesDown(_ segment: Segment, _ offset: UInt64, _ count: UInt64) -> Bool {
        let top: UInt64 = segment.attributes & 1 << 14 != 0 ? 0xFFFF_FFFF : 0xFFFF
        return offset > UInt64(segment.limit) && offset &+ count &- 1 <= top
    }

    /// Demands that `offset` lies in a code segment that is about to be entered.
    func checkEntry(_ offset: UInt64, _ code: Segment) throws(Fault) {
        if isLongMode, code.attributes & 1 << 13 != 0 {
            guard Self.isCanonical(offset) else { throw .protection }
            return
        }
        guard offset <= UInt64(code.limit) else { throw .protection }
    }
}

extension Interpreter {
    /// Before each instruction outside 64-bit mode: its bytes lie in the code segment, its operand in memory lies in
    /// its segment, which allows the access.
    func checkSegments(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let code = s.pointee.segments[Int(SegmentSlot.cs)]
        guard r[17] &- 1 <= UInt64(code.limit) else { throw .protection }
        let slot = i.pointee.segment
        guard slot < SegmentSlot.flat, s.pointee.flatSegments >> slot & 1 == 0, namesItsOperand(i) else {
            return
        }
        let isOffset = i.pointee.extra & 0xFC == 0xA0 && i.pointee.op == .mov && i.pointee.base == Slot.zero
        let offset = isOffset ? UInt64(bitPattern: i.pointee.immediate) : effective(i)
        try cpu.checkSegment(slot, offset, OperandAccess.bytes(i), write: OperandAccess.isWrite(i))
    }

    /// Strings are looked at turn by turn, and some addresses are never accessed.
    private func namesItsOperand(_ i: UnsafePointer<Instruction>) -> Bool {
        switch i.pointee.op {
        case .lea, .nop, .invlpg, .ins, .outs, .xlat, .maskmovdqu, .maskmovq: false
        default: i.pointee.chapter != .string
        }
    }
}

/// How an instruction accesses its operand in memory.
private enum OperandAccess {
    static func bytes(_ i: UnsafePointer<Instruction>) -> UInt64 {
        let operand = UInt64(1) << UInt64(i.pointee.size)
        switch i.pointee.op {
        case .lgdt, .lidt, .sgdt, .sidt: return 6
        case .jmpFar, .callFar, .lss, .lfs, .lgs, .les, .lds: return operand + 2
        case .bound: return 2 * operand
        case .cmpxchg8: return 2 << UInt64(i.pointee.sourceSize)
        case .fxsave, .fxrstor: return 512
        case .x87: return x87(i).bytes
        default: break
        }
        let bytes = sizes[Int(i.pointee.encoding)]
        return bytes == 0 ? operand : UInt64(bytes)
    }

    /// For each encoding the bytes of its operand in memory; 0 for as many as the operand size says. Never written to
    /// after it is made.
    private nonisolated(unsafe) static let sizes: UnsafePointer<UInt8> = {
        let encodings = EncodingTable.shared.encodings
        let sizes = UnsafeMutablePointer<UInt8>.allocate(capacity: encodings.count)
        for (row, encoding) in encodings.enumerated() { (sizes + row).initialize(to: size(encoding)) }
        return UnsafePointer(sizes)
    }()

    private static func size(_ encoding: Encoding) -> UInt8 {
        let kinds: [Encoding.Kind] = [
            .registerOrMemory, .memory, .vectorOrMemory, .mmxOrMemory, .offset, .anything,
        ]
        let inMemory = kinds.contains(encoding.first.kind) ? encoding.first : encoding.second
        return switch inMemory.size {
        case .byte: 1
        case .word: 2
        case .double, .wide: 4
        case .quad: 8
        case .vector16: 16
        default: 0
        }
    }

    /// Of instructions whose first operand is in memory, these only read it.
    static func isWrite(_ i: UnsafePointer<Instruction>) -> Bool {
        guard i.pointee.destination == Operand.memory else { return false }
        switch i.pointee.op {
        case .cmp, .test, .bt, .push, .jmpIndirect, .callIndirect, .jmpFar, .callFar, .mul, .imul, .div,
            .idiv,
            .lgdt, .lidt, .lldt, .ltr, .lmsw, .verr, .verw, .fxrstor, .ldmxcsr, .clflush:
            return false
        case .x87: return x87(i).isWrite
        default: return true
        }
    }

    private static func x87(_ i: UnsafePointer<Instruction>) -> (bytes: UInt64, isWrite: Bool) {
        let opcode = EncodingTable.shared.encodings[Int(i.pointee.encoding)].opcode & 7
        let digit = i.pointee.extra >> 3 & 7
        if let access = X87Piece.access(opcode, digit) { return (UInt64(access.bytes), access.isWrite) }
        let environment: UInt64 = i.pointee.size == 1 ? 14 : 28
        switch (opcode, digit) {
        case (1, 4): return (environment, false)
        case (1, 6): return (environment, true)
        case (5, 4): return (environment + 80, false)
        case (5, 6): return (environment + 80, true)
        case (1, 5): return (2, false)
        default: return (2, true)
        }
    }
}
