import CLinux
import Machine

/// What emitted code calls. Each function gets the address of the vCPU's core.
enum SlowPaths {
    typealias Access = @convention(c) (UnsafeMutableRawPointer, UInt64, UInt32) -> UInt64
    typealias Store = @convention(c) (UnsafeMutableRawPointer, UInt64, UInt64, UInt32) -> UInt64
    typealias Interpret = @convention(c) (UnsafeMutableRawPointer, UInt32, UInt32) -> UInt64

    static var targets: Thunks.Targets {
        Thunks.Targets(
            load: address(load), store: address(store), hoist: address(hoist), interpret: address(interpret))
    }

    private static func address(_ function: Access) -> UInt { unsafeBitCast(function, to: UInt.self) }
    private static func address(_ function: Store) -> UInt { unsafeBitCast(function, to: UInt.self) }
    private static func address(_ function: Interpret) -> UInt { unsafeBitCast(function, to: UInt.self) }

    @inline(__always)
    private static func runtime(_ core: UnsafeMutableRawPointer) -> Unmanaged<TranslatedVCPU> {
        let bits = core.assumingMemoryBound(to: VCPUCore.self).pointee.runtime
        guard let pointer = UnsafeRawPointer(bitPattern: bits) else { fatalError("vCPU without a runtime") }
        return Unmanaged.fromOpaque(pointer)
    }

    /// Returns the host address to load from, or 0 after a trap.
    private static let load: Access = { core, address, info in
        runtime(core)._withUnsafeGuaranteedRef { $0.slowLoad(address, info) }
    }

    /// Returns 0, or 1 after a trap.
    private static let store: Store = { core, address, value, info in
        runtime(core)._withUnsafeGuaranteedRef { $0.slowStore(address, value, info) ? 0 : 1 }
    }

    /// Returns the host address of `info & 0xffff` bytes that may all be accessed, or 0.
    private static let hoist: Access = { core, address, info in
        runtime(core)._withUnsafeGuaranteedRef { $0.findHost(address, info) }
    }

    /// Returns 0 when the unit may go on, 1 to leave it.
    private static let interpret: Interpret = { core, info, encoding in
        runtime(core)._withUnsafeGuaranteedRef { $0.interpret(info, encoding) ? 0 : 1 }
    }
}

extension TranslatedVCPU {
    /// Makes the architectural state say that the instruction of `info` is next.
    @inline(__always)
    private func settle(_ info: UInt32) {
        pc.pointee = core.pointee.pageBase &+ UInt64(info & 0xffff)
        instructions.pointee &+= UInt64(info >> 16 & 0xff)
    }

    func slowLoad(_ address: UInt64, _ info: UInt32) -> UInt64 {
        let bytes = Int(info >> 24 & 15)
        if address & 0xfff <= UInt64(4096 - bytes), let host = fill(address, .read) { return host }
        settle(info)
        guard let value = isa.load(address, bytes: bytes) else { return 0 }
        instructions.pointee &-= UInt64(info >> 16 & 0xff)
        core.pointee.bounce = value
        return UInt64(UInt(bitPattern: core) &+ UInt(MemoryLayout<VCPUCore>.offset(of: \.bounce) ?? 0))
    }

    func slowStore(_ address: UInt64, _ value: UInt64, _ info: UInt32) -> Bool {
        let bytes = Int(info >> 24 & 15)
        if address & 0xfff <= UInt64(4096 - bytes), let host = fill(address, .write),
            let place = UnsafeMutableRawPointer(bitPattern: UInt(host))
        {
            switch bytes {
            case 1: place.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
            case 2: place.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
            case 4: place.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
            default: place.storeBytes(of: value, as: UInt64.self)
            }
            return true
        }
        settle(info)
        guard isa.store(address, bytes: bytes, value) else { return false }
        instructions.pointee &-= UInt64(info >> 16 & 0xff)
        return true
    }

    func findHost(_ address: UInt64, _ info: UInt32) -> UInt64 {
        let span = UInt64(info & 0xffff)
        guard address & 0xfff <= 4096 - span else { return 0 }
        let access: MemoryAccess = info >> 17 & 1 != 0 ? .execute : info >> 16 & 1 != 0 ? .write : .read
        return fill(address, access) ?? 0
    }

    /// Puts the page of `address` in the TLB and returns the host address of the byte; `nil` when
    /// accesses to it must not bypass the runtime: a fault, a device, code that a store may change.
    func fill(_ address: UInt64, _ access: MemoryAccess) -> UInt64? {
        guard let page = calls.translate(address, access),
            let host = cache.memory.pointer(to: page.physical, count: 4096)
        else { return nil }
        let flags = cache.memory.pageFlags + Int((page.physical &- cache.memory.base) >> 12)
        let writable = access == .write && mayWrite(flags)
        let hostAddress = UInt64(UInt(bitPattern: host))
        let keepsWrite =
            access != .write && page.writable && flags.pointee & Self.codeAndWritable == Self.writableOnly
        tlb.fill(address, page, host: hostAddress, writable: writable || keepsWrite)
        if access == .write && !writable { return nil }
        return hostAddress &+ (address & 0xfff)
    }

    private static let writableOnly = GuestMemory.PageFlags.writable.rawValue
    private static let codeAndWritable =
        GuestMemory.PageFlags.writable.rawValue | GuestMemory.PageFlags.code.rawValue

    /// Announces a write tag, then looks whether the page holds code: whoever translates from it
    /// does the reverse, so that one of the two sees the other.
    private func mayWrite(_ flags: UnsafeMutablePointer<UInt8>) -> Bool {
        let before = viv_fetch_or8(flags, GuestMemory.PageFlags.writable.rawValue)
        return before & GuestMemory.PageFlags.code.rawValue == 0
    }

    /// An instruction that leaves the unit may wait for other vCPUs, which must not wait for this one.
    /// An encoding of zero is not known.
    func interpret(_ info: UInt32, _ encoding: UInt32) -> Bool {
        if info >> 31 != 0 { isInCode.store(false, ordering: .sequentiallyConsistent) }
        let retired = UInt64(info >> 16 & 0xff)
        settle(info)
        let goesOn = calls.interpret(encoding == 0 ? nil : encoding) && info >> 31 == 0
        // The unit's way out counts the instructions of the whole block, this one included.
        if goesOn { instructions.pointee &-= retired &+ 1 }
        return goesOn
    }
}
