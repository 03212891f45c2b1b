// Segment registers and descriptor tables (SDM vol. 3, chapters 2 and 3).
extension Interpreter {
    func segmentMove(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let size = i.pointee.size
        switch i.pointee.op {
        case .movFromSegment:
            let selector = UInt64(s.pointee.segments[Int(i.pointee.source)].selector)
            // Memory takes 16 bits whatever the operand size.
            try setDestination(i, i.pointee.destination == Operand.memory ? 1 : size, selector)
        case .movToSegment:
            let selector = UInt16(truncatingIfNeeded: try source(i, 1))
            try cpu.loadSegment(i.pointee.destination, selector)
            if i.pointee.destination == SegmentSlot.ss { s.pointee.isShadowed = true }
        case .pushFS, .pushGS:
            let slot = Int(i.pointee.op == .pushFS ? SegmentSlot.fs : SegmentSlot.gs)
            try push(UInt64(s.pointee.segments[slot].selector), size)
        case .popFS, .popGS:
            let slot = i.pointee.op == .popFS ? SegmentSlot.fs : SegmentSlot.gs
            try cpu.loadSegment(slot, UInt16(truncatingIfNeeded: try top(size)))
            drop(1 << UInt64(size))
        case .pushSegment: try push(UInt64(s.pointee.segments[Int(i.pointee.extra >> 3)].selector), size)
        case .popSegment:
            // The pointer moves in the old stack's width.
            let selector = UInt16(truncatingIfNeeded: try top(size))
            let stack = r[4]
            drop(1 << UInt64(size))
            do throws(Fault) {
                try cpu.loadSegment(i.pointee.extra >> 3, selector)
            } catch {
                r[4] = stack
                throw error
            }
            if i.pointee.extra >> 3 == SegmentSlot.ss { s.pointee.isShadowed = true }
        default: try loadFarPointer(i, size)
        }
    }

    private func loadFarPointer(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) {
        let slot: UInt8 =
            switch i.pointee.op {
            case .lss: SegmentSlot.ss
            case .lfs: SegmentSlot.fs
            case .lgs: SegmentSlot.gs
            case .les: SegmentSlot.es
            default: SegmentSlot.ds
            }
        let place = address(i)
        let offset = try load(place, size)
        try cpu.loadSegment(slot, UInt16(truncatingIfNeeded: try load(place &+ 1 << UInt64(size), 1)))
        setRegister(i.pointee.destination, size, offset)
    }

    func tableAccess(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let isLoad = [.lgdt, .lidt, .lldt, .ltr].contains(i.pointee.op)
        let isOfProtection = [.sldt, .str, .lldt, .ltr].contains(i.pointee.op)
        if isOfProtection, cpu.hasParagraphs { throw .undefined }
        if isLoad { try demandSupervisor() } else { try demandUnlessHidden() }
        switch i.pointee.op {
        case .sgdt: try storeTable(i, s.pointee.gdt)
        case .sidt: try storeTable(i, s.pointee.idt)
        case .lgdt: s.pointee.gdt = try loadTable(i)
        case .lidt: s.pointee.idt = try loadTable(i)
        case .sldt: try storeSelector(i, s.pointee.ldt.selector)
        case .str: try storeSelector(i, s.pointee.task.selector)
        case .lldt: try loadLocalTable(UInt16(truncatingIfNeeded: try destination(i, 1)))
        default: try loadTask(UInt16(truncatingIfNeeded: try destination(i, 1)))
        }
    }

    private func storeSelector(_ i: UnsafePointer<Instruction>, _ selector: UInt16) throws(Fault) {
        let isMemory = i.pointee.destination == Operand.memory
        try setDestination(i, isMemory ? 1 : i.pointee.size, UInt64(selector))
    }

    private func storeTable(_ i: UnsafePointer<Instruction>, _ table: TableRegister) throws(Fault) {
        let place = address(i)
        try store(place, 1, UInt64(table.limit))
        try store(place &+ 2, cpu.isWide ? 3 : 2, table.base)
    }

    private func loadTable(_ i: UnsafePointer<Instruction>) throws(Fault) -> TableRegister {
        let place = address(i)
        var table = TableRegister()
        table.limit = UInt16(truncatingIfNeeded: try load(place, 1))
        table.base = try load(place &+ 2, cpu.isWide ? 3 : 2)
        if cpu.isWide {
            try checkTarget(table.base)
        } else if i.pointee.size == 1 {
            // A 286 had 24 address lines.
            table.base &= 0xFF_FFFF
        }
        return table
    }

    private func loadLocalTable(_ selector: UInt16) throws(Fault) {
        guard selector & ~3 != 0 else {
            s.pointee.ldt = Segment()
            return
        }
        let segment = try systemTable(selector, types: [2])
        s.pointee.ldt = segment
    }

    private func loadTask(_ selector: UInt16) throws(Fault) {
        guard selector & ~3 != 0 else { throw .protection(0) }
        // An available TSS, which becomes busy.
        var segment = try systemTable(selector, types: cpu.isLongMode ? [9] : [1, 9])
        try cpu.mark(selector, 2, segment)
        segment.attributes |= 2
        s.pointee.task = segment
    }

    private func systemTable(_ selector: UInt16, types: [UInt16]) throws(Fault) -> Segment {
        let code = UInt32(selector & ~3)
        guard selector & 4 == 0 else { throw .protection(code) }
        let segment = try cpu.systemDescriptor(selector)
        guard types.contains(segment.attributes & 0x1F) else { throw .protection(code) }
        guard segment.attributes & 0x80 != 0 else { throw Fault(11, code) }
        return segment
    }

    /// VERR, VERW, LAR and LSL: ZF tells whether the descriptor could be used.
    func inspect(_ i: UnsafePointer<Instruction>) throws(Fault) {
        if cpu.hasParagraphs { throw .undefined }
        let isCheck = i.pointee.op == .verr || i.pointee.op == .verw
        let selector = UInt16(truncatingIfNeeded: isCheck ? try destination(i, 1) : try source(i, 1))
        let segment = try visible(selector)
        s.pointee.flags.zero = segment == nil ? 1 : 0
        guard let segment else { return }
        let type = segment.attributes
        let isCode = type & 8 != 0
        let isSegment = type & 0x10 != 0
        switch i.pointee.op {
        case .verr: s.pointee.flags.zero = isSegment && (!isCode || type & 2 != 0) ? 0 : 1
        case .verw: s.pointee.flags.zero = isSegment && !isCode && type & 2 != 0 ? 0 : 1
        case .lar:
            let isOld = !cpu.isLongMode && [1, 3, 4, 5].contains(type & 0x1F)
            guard isSegment || isOld || [2, 9, 11, 12].contains(type & 0x1F) else { return refuse() }
            setRegister(
                i.pointee.destination, i.pointee.size,
                UInt64(type) << 8 | UInt64(segment.limit >> 12 & 0xF_0000) & 0xF_0000)
        default:
            let isOld = !cpu.isLongMode && [1, 3].contains(type & 0x1F)
            guard isSegment || isOld || [2, 9, 11].contains(type & 0x1F) else { return refuse() }
            setRegister(i.pointee.destination, i.pointee.size, UInt64(segment.limit))
        }
    }

    /// ARPL: a selector claims no more privilege than its giver has.
    func adjustRequestedLevel(_ i: UnsafePointer<Instruction>) throws(Fault) {
        if cpu.hasParagraphs { throw .undefined }
        let selector = truncate(try modified(i, 1), 1)
        let level = register(i.pointee.source) & 3
        let isRaised = selector & 3 < level
        if isRaised { try setDestination(i, 1, selector & ~3 | level) }
        s.pointee.flags.zero = isRaised ? 0 : 1
    }

    private func refuse() { s.pointee.flags.zero = 1 }

    /// The descriptor, if there is one that the current privilege may see.
    private func visible(_ selector: UInt16) throws(Fault) -> Segment? {
        guard selector & ~3 != 0 else { return nil }
        let segment: Segment
        do throws(Fault) {
            segment = try cpu.descriptor(selector)
        } catch {
            guard error.vector == 13 else { throw error }
            return nil
        }
        let level = segment.attributes >> 5 & 3
        let isConforming = segment.attributes & 0x1C == 0x1C
        guard isConforming || level >= max(UInt16(s.pointee.privilege), selector & 3) else { return nil }
        return segment
    }
}
