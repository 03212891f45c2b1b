// Segment descriptors (SDM vol. 3, sections 3.4 and 5.8).
extension Core {
    /// The descriptor that `selector` names, which is not null.
    func descriptor(_ selector: UInt16) throws(Fault) -> Segment {
        let raw = try rawDescriptor(selector)
        var segment = Segment()
        segment.selector = selector
        segment.attributes = UInt16(truncatingIfNeeded: raw >> 40 & 0xF0FF)
        let limit = UInt32(truncatingIfNeeded: raw & 0xFFFF | raw >> 32 & 0xF0000)
        segment.limit = raw >> 55 & 1 != 0 ? limit << 12 | 0xFFF : limit
        segment.base = raw >> 16 & 0xFF_FFFF | raw >> 32 & 0xFF00_0000
        return segment
    }

    /// The eight bytes that `selector` names, or in IA-32e mode the eight behind them.
    func rawDescriptor(_ selector: UInt16, upper: Bool = false) throws(Fault) -> UInt64 {
        try systemLoad(try place(of: selector) &+ (upper ? 8 : 0), 3)
    }

    func place(of selector: UInt16) throws(Fault) -> UInt64 {
        let offset = UInt64(selector & ~7)
        let (base, limit) =
            selector & 4 != 0
            ? (state.pointee.ldt.base, UInt64(state.pointee.ldt.limit))
            : (state.pointee.gdt.base, UInt64(state.pointee.gdt.limit))
        guard offset + 7 <= limit else { throw .protection(UInt32(selector & ~3)) }
        return base &+ offset
    }

    /// A system descriptor is twice as long in IA-32e mode; the upper half has bits 32 to 63 of the base.
    func systemDescriptor(_ selector: UInt16) throws(Fault) -> Segment {
        var segment = try descriptor(selector)
        guard isLongMode else { return segment }
        segment.base |= try systemLoad(try place(of: selector) &+ 8, 3) << 32
        return segment
    }

    /// Marks a descriptor accessed (or a TSS busy), if it is not.
    func mark(_ selector: UInt16, _ bit: UInt64, _ segment: Segment) throws(Fault) {
        guard UInt64(segment.attributes) & bit == 0 else { return }
        let place = try place(of: selector) &+ 5
        try systemStore(place, 0, try systemLoad(place, 0) | bit)
    }

    /// MOV and POP to a data segment register.
    func loadSegment(_ slot: UInt8, _ selector: UInt16) throws(Fault) {
        let code = UInt32(selector & ~3)
        let privilege = UInt16(state.pointee.privilege)
        if hasParagraphs { return setParagraph(slot, selector) }
        if selector & ~3 == 0 {
            let mayBeNull =
                slot != SegmentSlot.ss
                || (state.pointee.mode == Decoder.Mode.bits64.rawValue && privilege < 3
                    && selector & 3 == privilege)
            guard mayBeNull else { throw .protection(0) }
            // Only SS of 64-bit mode may be used then.
            setSegment(slot, .flat(selector: selector, attributes: 0))
            return
        }
        let segment = try descriptor(selector)
        let type = segment.attributes
        let level = type >> 5 & 3
        if slot == SegmentSlot.ss {
            guard type & 0x1A == 0x12, level == privilege, selector & 3 == privilege else {
                throw .protection(code)
            }
            guard type & 0x80 != 0 else { throw Fault(12, code) }
        } else {
            let isReadable = type & 0x10 != 0 && (type & 8 == 0 || type & 2 != 0)
            let isConforming = type & 0xC == 0xC
            guard isReadable, isConforming || level >= max(privilege, selector & 3) else {
                throw .protection(code)
            }
            guard type & 0x80 != 0 else { throw Fault(11, code) }
        }
        try mark(selector, 1, segment)
        setSegment(slot, segment)
    }

    /// A segment register of real or virtual-8086 mode: the selector is the base in paragraphs. Real mode keeps the
    /// limit that the register had.
    func setParagraph(_ slot: UInt8, _ selector: UInt16) {
        var segment = state.pointee.segments[Int(slot)]
        segment.selector = selector
        segment.base = UInt64(selector) << 4
        if isRealMode {
            segment.attributes = segment.attributes & 0xFF00 | 0x93
        } else {
            segment.attributes = 0xF3
            segment.limit = 0xFFFF
        }
        setSegment(slot, segment)
    }

    private func setSegment(_ slot: UInt8, _ segment: Segment) {
        state.pointee.segments[Int(slot)] = segment
        updateMode()
    }

    /// CS from a code segment descriptor, for a far transfer.
    ///
    /// - Parameter level: the privilege after the transfer.
    func codeSegment(_ selector: UInt16, level: UInt8) throws(Fault) -> Segment {
        guard selector & ~3 != 0 else { throw .protection(0) }
        var segment = try descriptor(selector)
        let type = segment.attributes
        let code = UInt32(selector & ~3)
        let descriptorLevel = UInt8(truncatingIfNeeded: type >> 5 & 3)
        let isConforming = type & 4 != 0
        guard type & 0x18 == 0x18, isConforming ? descriptorLevel <= level : descriptorLevel == level else {
            throw .protection(code)
        }
        if isLongMode, type & 1 << 13 != 0, type & 1 << 14 != 0 { throw .protection(code) }
        guard type & 0x80 != 0 else { throw Fault(11, code) }
        segment.selector = selector & ~3 | UInt16(level)
        return segment
    }
}
