import Machine

// Loads and stores through the TLB.
extension Interpreter {
    @inline(__always)
    func tlbEntry(_ address: UInt64) -> UnsafeMutablePointer<TLBEntry> {
        let base = UnsafeMutablePointer<TLBEntry>(bitPattern: s.pointee.tlb).unsafelyUnwrapped
        return base + Int(truncatingIfNeeded: address >> 12 & UInt64(TLB.size - 1))
    }

    /// The linear address of the instruction's memory operand.
    @inline(__always)
    func address(_ i: UnsafePointer<Instruction>) -> UInt64 {
        let offset = effective(i)
        return offset &+ withBases { $0[Int(i.pointee.segment)] }
    }

    /// The offset within the segment.
    @inline(__always)
    func effective(_ i: UnsafePointer<Instruction>) -> UInt64 {
        let displacement = UInt64(bitPattern: Int64(i.pointee.displacement))
        let offset =
            r[Int(i.pointee.base)] &+ (r[Int(i.pointee.index)] &<< UInt64(i.pointee.scale)) &+ displacement
        if i.pointee.flags.isDisjoint(with: [.address32, .address16]) { return offset }
        return i.pointee.flags.contains(.address32) ? offset & 0xFFFF_FFFF : offset & 0xFFFF
    }

    @inline(__always)
    func withBases(_ body: (UnsafeMutablePointer<UInt64>) -> UInt64) -> UInt64 { body(cpu.bases) }

    @inline(__always)
    private func host(_ entry: UnsafeMutablePointer<TLBEntry>, _ address: UInt64) -> UnsafeMutableRawPointer {
        let place = UInt(truncatingIfNeeded: entry.pointee.host | address & 0xFFF)
        return UnsafeMutableRawPointer(bitPattern: place).unsafelyUnwrapped
    }

    /// Loads 1, 2, 4 or 8 bytes (`size` 0 to 3), zero-extended.
    @inline(__always)
    func load(_ address: UInt64, _ size: UInt8) throws(Fault) -> UInt64 {
        let entry = tlbEntry(address)
        guard entry.pointee.read ^ address <= 4096 &- (1 &<< UInt64(size)) else {
            return try cpu.slowLoad(address, size)
        }
        let place = host(entry, address)
        switch size {
        case 0: return UInt64(place.load(as: UInt8.self))
        case 1: return UInt64(place.loadUnaligned(as: UInt16.self))
        case 2: return UInt64(place.loadUnaligned(as: UInt32.self))
        default: return place.loadUnaligned(as: UInt64.self)
        }
    }

    /// A load that faults as a store would, for what is written back.
    @inline(__always)
    func loadToModify(_ address: UInt64, _ size: UInt8) throws(Fault) -> UInt64 {
        let bytes = 1 &<< UInt64(size)
        if tlbEntry(address).pointee.write ^ address > 4096 &- bytes { try cpu.probeWrite(address, bytes) }
        return try load(address, size)
    }

    @inline(__always)
    func store(_ address: UInt64, _ size: UInt8, _ value: UInt64) throws(Fault) {
        let entry = tlbEntry(address)
        guard entry.pointee.write ^ address <= 4096 &- (1 &<< UInt64(size)) else {
            return try cpu.slowStore(address, size, value)
        }
        let place = host(entry, address)
        switch size {
        case 0: place.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
        case 1: place.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
        case 2: place.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
        default: place.storeBytes(of: value, as: UInt64.self)
        }
    }

    /// Host address of `count` bytes from `address` when they lie in one page of RAM that may be accessed so;
    /// `nil` when the access must be made piece by piece. A write through it needs no further notice.
    @inline(__always)
    func direct(_ address: UInt64, _ count: UInt64, write: Bool) -> UnsafeMutableRawPointer? {
        let entry = tlbEntry(address)
        let tag = write ? entry.pointee.write : entry.pointee.read
        return tag ^ address <= 4096 &- count ? host(entry, address) : nil
    }

    func loadVector(_ address: UInt64) throws(Fault) -> Vector {
        if let place = direct(address, 16, write: false) {
            return Vector(
                low: place.loadUnaligned(as: UInt64.self), high: (place + 8).loadUnaligned(as: UInt64.self))
        }
        // The whole operand is looked at before any part of it is fetched.
        guard Core.isCanonical(cpu.linear(address &+ 15)) else { throw Core.nonCanonical }
        let low = try load(address, 3)
        return Vector(low: low, high: try load(address &+ 8, 3))
    }

    func storeVector(_ address: UInt64, _ value: Vector) throws(Fault) {
        if let place = direct(address, 16, write: true) {
            place.storeBytes(of: value.low, as: UInt64.self)
            (place + 8).storeBytes(of: value.high, as: UInt64.self)
            return
        }
        try cpu.probeWrite(address, 16)
        try store(address, 3, value.low)
        try store(address &+ 8, 3, value.high)
    }
}
