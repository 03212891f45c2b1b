import CLinux

// Read-modify-write of memory that other cores share (SDM vol. 3, section 9.1).
extension Interpreter {
    /// Makes an instruction that locks the bus one of the chapter for that, unless there is nobody to be locked out.
    func lock(_ i: inout Instruction) {
        guard cpu.watch.isShared, i.destination == Operand.memory else { return }
        if i.flags.contains(.lock) || i.op == .xchg { i.chapter = .locked }
    }

    /// Executes the instruction on a copy of its operand, and puts the result in place if the operand is still what
    /// it was; else once more. What lies on two pages, or is no RAM, is not locked.
    func locked(_ i: UnsafePointer<Instruction>) throws(Fault) {
        var plain = i.pointee
        plain.chapter = EncodingTable.shared.encodings[Int(plain.encoding)].chapter
        if plain.op == .cmpxchg8 { return try lockedPair(i, plain) }
        let size = plain.size
        let place = lockedPlace(i)
        guard let (host, physical) = try sharedOperand(place, UInt64(1) << UInt64(size)) else {
            return try withUnsafePointer(to: plain) { pointer throws(Fault) in try execute(pointer) }
        }
        // A register that the instruction does not name stands for the operand.
        let copy: UInt8 = plain.source < 0x80 && plain.source >> 3 == 15 ? 14 : 15
        plain.destination = copy << 3
        let (flags, kept) = (s.pointee.flags, (r[0], r[Int(plain.source >> 3 & 15)], r[Int(copy)]))
        defer { r[Int(copy)] = kept.2 }
        while true {
            let old = Self.load(host, size)
            r[Int(copy)] = old
            try withUnsafePointer(to: plain) { pointer throws(Fault) in try execute(pointer) }
            if Self.exchange(host, size, old, r[Int(copy)]) { break }
            s.pointee.flags = flags
            r[0] = kept.0
            if plain.source < 0x80 { r[Int(plain.source >> 3)] = kept.1 }
        }
        cpu.forgetCode(physical, UInt64(1) << UInt64(size))
    }

    /// CMPXCHG8B and CMPXCHG16B.
    private func lockedPair(_ i: UnsafePointer<Instruction>, _ plain: Instruction) throws(Fault) {
        let place = address(i)
        let isWide = plain.sourceSize == 3
        if isWide, place & 15 != 0 { throw .protection }
        guard let (host, physical) = try sharedOperand(place, isWide ? 16 : 8) else {
            return try withUnsafePointer(to: plain) { pointer throws(Fault) in try execute(pointer) }
        }
        if isWide {
            var found = (r[0], r[2])
            let isEqual = withUnsafeMutablePointer(to: &found) {
                $0.withMemoryRebound(to: UInt64.self, capacity: 2) {
                    viv_compare_exchange128(host, $0, r[3], r[1])
                }
            }
            finishPair(isEqual, found.0, found.1, 3)
        } else {
            let wanted = r[0] & 0xFFFF_FFFF | r[2] << 32
            var old = Self.load(host, 3)
            while !Self.exchange(host, 3, old, old == wanted ? r[3] & 0xFFFF_FFFF | r[1] << 32 : old) {
                old = Self.load(host, 3)
            }
            finishPair(old == wanted, old & 0xFFFF_FFFF, old >> 32, 2)
        }
        cpu.forgetCode(physical, isWide ? 16 : 8)
    }

    private func finishPair(_ isEqual: Bool, _ low: UInt64, _ high: UInt64, _ size: UInt8) {
        s.pointee.flags.zero = isEqual ? 0 : 1
        guard !isEqual else { return }
        setRegister(0, size, low)
        setRegister(16, size, high)
    }

    /// Where the operand lies; a bit's number in a register reaches beyond.
    private func lockedPlace(_ i: UnsafePointer<Instruction>) -> UInt64 {
        guard [.bts, .btr, .btc].contains(i.pointee.op), i.pointee.source < 0x80 else { return address(i) }
        return bitPlace(i, signExtend(register(i.pointee.source), i.pointee.size), i.pointee.size)
    }

    /// The host's address of an operand in RAM that may be written, and its physical one; `nil` when it is elsewhere
    /// or on two pages.
    private func sharedOperand(
        _ place: UInt64, _ bytes: UInt64
    ) throws(Fault) -> (UnsafeMutableRawPointer, UInt64)? {
        let place = cpu.linear(place)
        guard place & 0xFFF <= 4096 - bytes else { return nil }
        if let host = direct(place, bytes, write: true) {
            return (host, cpu.physical(ofHost: UInt64(UInt(bitPattern: host))))
        }
        let mapping = try cpu.translate(place, .write)
        cpu.noteDebug(place, bytes, .write)
        guard let page = cpu.memory.pointer(to: mapping.physical, count: 4096) else { return nil }
        cpu.enter(place, mapping, page)
        return (page + Int(place & 0xFFF), mapping.physical | place & 0xFFF)
    }

    private static func load(_ host: UnsafeMutableRawPointer, _ size: UInt8) -> UInt64 {
        switch size {
        case 0: UInt64(viv_load8(host))
        case 1: UInt64(viv_load16(host))
        case 2: UInt64(viv_load32(host))
        default: viv_load64(host)
        }
    }

    private static func exchange(
        _ host: UnsafeMutableRawPointer, _ size: UInt8, _ old: UInt64, _ new: UInt64
    ) -> Bool {
        switch size {
        case 0: viv_compare_exchange8(host, UInt8(old), UInt8(truncatingIfNeeded: new))
        case 1: viv_compare_exchange16(host, UInt16(old), UInt16(truncatingIfNeeded: new))
        case 2: viv_compare_exchange32(host, UInt32(old), UInt32(truncatingIfNeeded: new))
        default: viv_compare_exchange64(host, old, new)
        }
    }
}
