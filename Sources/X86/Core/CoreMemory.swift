import CLinux
import Machine

// What the TLB does not know: walks, devices, pages that hold code.
extension Core {
    /// A non-canonical address; the run loop turns it into #SS or #GP, whichever the instruction deserves.
    static let nonCanonical = Fault(13, 0xFFFF_FFFF)

    /// The page of `address` for an access in the current mode.
    ///
    /// - Throws: #PF (with CR2 set), or `nonCanonical`.
    func translate(_ address: UInt64, _ access: Access) throws(Fault) -> PageMapping {
        try translate(address, access, currentSet)
    }

    private func translate(_ address: UInt64, _ access: Access, _ set: TLB.Set) throws(Fault) -> PageMapping {
        let address = isLongMode ? address : address & 0xFFFF_FFFF
        guard Self.isCanonical(address) else { throw access == .execute ? .protection : Self.nonCanonical }
        let walker = PageWalker(
            memory: memory, cr0: state.pointee.cr0, cr3: state.pointee.cr3, cr4: state.pointee.cr4,
            efer: state.pointee.efer, isUser: set == .user, avoidsUser: set == .supervisorStrict)
        do throws(Fault) {
            var mapping = try walker.walk(address, access)
            mapping.physical &= addressLines
            if access != .write, let seen = memory.seen(at: mapping.physical) {
                (mapping.physical, mapping.writable) = (seen, false)
            }
            return mapping
        } catch {
            state.pointee.cr2 = address
            throw error
        }
    }

    /// Linear addresses outside 64-bit mode are 32 bits wide, and wrap. The TLB knows none that are not, so that only
    /// what misses it need care.
    func linear(_ address: UInt64) -> UInt64 { isWide ? address : address & 0xFFFF_FFFF }

    /// Enters a page of RAM into the TLB. Pages that hold code get no write tag.
    func enter(_ address: UInt64, _ mapping: PageMapping, _ host: UnsafeMutableRawPointer) {
        let mapping = unobserved(mapping, address)
        if isWatched(address) { return enterCode(address, mapping, host) }
        tlb.fill(
            address, currentSet, mapping, host: UInt64(UInt(bitPattern: host)),
            writable: mapping.writable && watch.mayWriteUnseen(mapping.physical, inbox))
    }

    /// Enters a page of which every load and store must be looked at.
    private func enterCode(_ address: UInt64, _ mapping: PageMapping, _ host: UnsafeMutableRawPointer) {
        var mapping = mapping
        mapping.readable = false
        tlb.fill(
            address, currentSet, mapping, host: UInt64(UInt(bitPattern: host)), writable: false)
    }

    /// Makes every store to these pages be seen by this core, whoever makes it. What others ask meanwhile may be that
    /// they are forgotten again.
    func watchCode(_ first: UInt64, _ second: UInt64? = nil) {
        var isSettled = false
        while !isSettled {
            isSettled = true
            for page in [first, second ?? first] where blocks.flag(page) {
                protectCode(page)
                watch.protect(page, by: inbox) { serveInbox() }
                isSettled = false
            }
        }
    }

    /// Makes every store of this core's to the page of `physical` take the slow path.
    private func protectCode(_ physical: UInt64) {
        guard let host = memory.pointer(to: physical & ~0xFFF, count: 4096) else { return }
        tlb.protect(host: UInt64(UInt(bitPattern: host)))
    }

    /// Does what other cores and devices ask about code. Own thread, between two units.
    func serveInbox() {
        inbox.serve { requests in
            for page in requests.protected {
                watch.gaveUp(page, inbox)
                protectCode(page)
            }
            if requests.isFlush { tlb.flush() }
            if requests.isAll { return blocks.clear() }
            for page in requests.written { blocks.forget(page: page) }
        }
    }

    func slowLoad(_ address: UInt64, _ size: UInt8) throws(Fault) -> UInt64 {
        let address = linear(address)
        let bytes = UInt64(1) << UInt64(size)
        if address & 0xFFF > 4096 - bytes {
            guard Self.isCanonical(address &+ bytes &- 1) else { throw Self.nonCanonical }
            var value: UInt64 = 0
            for index in 0..<bytes { value |= try slowLoad(address &+ index, 0) << (8 * index) }
            return value
        }
        let mapping = try translate(address, .read)
        noteDebug(address, bytes, .read)
        if let host = memory.pointer(to: mapping.physical, count: 4096) { enter(address, mapping, host) }
        noteAccess(address, bytes, .read)
        return loadPhysical(mapping.physical | address & 0xFFF, size)
    }

    func slowStore(_ address: UInt64, _ size: UInt8, _ value: UInt64) throws(Fault) {
        let address = linear(address)
        let bytes = UInt64(1) << UInt64(size)
        if address & 0xFFF > 4096 - bytes {
            try probeWrite(address, bytes)
            for index in 0..<bytes { try slowStore(address &+ index, 0, value >> (8 * index)) }
            return
        }
        let mapping = try translate(address, .write)
        noteDebug(address, bytes, .write)
        storePhysical(mapping.physical | address & 0xFFF, size, value)
        noteAccess(address, bytes, .write)
        guard let host = memory.pointer(to: mapping.physical, count: 4096) else { return }
        forgetCode(mapping.physical | address & 0xFFF, bytes)
        enter(address, mapping, host)
    }

    /// Bytes of a page have been written to: what was decoded from them no longer counts, and the block at work may
    /// be part of it.
    func forgetCode(_ physical: UInt64, _ bytes: UInt64) {
        if watch.isShared { viv_fence() }
        guard watch.isCode(physical), watch.wrote(physical, bytes, by: inbox) else { return }
        blocks.forget(page: physical)
        state.pointee.blockEnd = 0
    }

    /// Throws what writing `count` bytes (at most a page) would throw, and writes nothing.
    func probeWrite(_ address: UInt64, _ count: UInt64) throws(Fault) {
        let address = linear(address)
        let last = linear(address &+ count &- 1)
        guard Self.isCanonical(last) else { throw Self.nonCanonical }
        _ = try translate(address, .write)
        if last & ~0xFFF != address & ~0xFFF { _ = try translate(last & ~0xFFF, .write) }
    }

    // MARK: Physical memory

    /// Reads RAM, or else a device; all ones where there is neither.
    func loadPhysical(_ address: UInt64, _ size: UInt8) -> UInt64 {
        guard let pointer = memory.pointer(to: address, count: 1 << UInt64(size)) else {
            let width = AccessWidth(rawValue: 1 << size) ?? .byte
            if controller.window() == address & ~0xFFF {
                return controller.readWindow(address & 0xFFF, width)
            }
            return bus.read(address, width: width) ?? .max
        }
        switch size {
        case 0: return UInt64(pointer.load(as: UInt8.self))
        case 1: return UInt64(pointer.loadUnaligned(as: UInt16.self))
        case 2: return UInt64(pointer.loadUnaligned(as: UInt32.self))
        default: return pointer.loadUnaligned(as: UInt64.self)
        }
    }

    /// Writes RAM, or else a device; nothing where there is neither.
    func storePhysical(_ address: UInt64, _ size: UInt8, _ value: UInt64) {
        guard let pointer = memory.pointer(to: address, count: 1 << UInt64(size)) else {
            let width = AccessWidth(rawValue: 1 << size) ?? .byte
            if controller.window() == address & ~0xFFF {
                return controller.writeWindow(address & 0xFFF, width, value)
            }
            _ = bus.write(address, width: width, value)
            return
        }
        switch size {
        case 0: pointer.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
        case 1: pointer.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
        case 2: pointer.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
        default: pointer.storeBytes(of: value, as: UInt64.self)
        }
    }

    // MARK: Implicit supervisor accesses (SDM vol. 3, section 4.6): descriptor tables, TSS, exception frames

    func systemLoad(_ address: UInt64, _ size: UInt8) throws(Fault) -> UInt64 {
        let bytes = UInt64(1) << UInt64(size)
        if address & 0xFFF > 4096 - bytes {
            var value: UInt64 = 0
            for index in 0..<bytes { value |= try systemLoad(address &+ index, 0) << (8 * index) }
            return value
        }
        return loadPhysical(try translate(address, .read, .supervisor).physical | address & 0xFFF, size)
    }

    func systemStore(_ address: UInt64, _ size: UInt8, _ value: UInt64) throws(Fault) {
        let bytes = UInt64(1) << UInt64(size)
        if address & 0xFFF > 4096 - bytes {
            for index in 0..<bytes { try systemStore(address &+ index, 0, value >> (8 * index)) }
            return
        }
        let mapping = try translate(address, .write, .supervisor)
        storePhysical(mapping.physical | address & 0xFFF, size, value)
        if memory.contains(mapping.physical, 4096) { forgetCode(mapping.physical | address & 0xFFF, bytes) }
    }
}
