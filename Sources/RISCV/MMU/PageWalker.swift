import CLinux
import Machine

/// Address translation: Bare, Sv39, Sv48 and Sv57 (privileged spec, "Virtual Address Translation Process").
///
/// Values in, values out: safe on any thread that owns `state`, with any page table. A and D bits follow
/// Svade, or Svadu while `menvcfg.ADUE` is set. Svnapot is not offered: its bit is reserved.
package enum PageWalker {
    private enum Entry {
        static let valid: UInt64 = 1 << 0
        static let read: UInt64 = 1 << 1
        static let write: UInt64 = 1 << 2
        static let execute: UInt64 = 1 << 3
        static let user: UInt64 = 1 << 4
        static let global: UInt64 = 1 << 5
        static let accessed: UInt64 = 1 << 6
        static let dirty: UInt64 = 1 << 7
        static let memoryType: UInt64 = 3 << 61
        static let reserved: UInt64 = 1 << 63 | 0x7F << 54
        /// Must be zero where the entry points to a further table.
        static let leafOnly = user | accessed | dirty | memoryType
    }

    /// The parameters and findings of one walk.
    private struct Walk {
        let state: HartPointer
        let memory: GuestMemory
        let address: UInt64
        let access: Access
        let privilege: Privilege

        var pageFault: Trap { access.pageFault(address) }
        var accessFault: Trap { access.accessFault(address) }
    }

    /// Translates and checks an access of `count` bytes that lies within one 4 KiB page.
    ///
    /// - Parameter privilege: the mode to act in: the current one for fetches, `dataPrivilege` for the rest.
    package static func walk(
        _ state: HartPointer, _ memory: GuestMemory, _ address: UInt64, count: UInt64, _ access: Access,
        _ privilege: Privilege
    ) throws(Trap) -> PageMapping {
        let walk = Walk(state: state, memory: memory, address: address, access: access, privilege: privilege)
        let mode = state.pointee.satp >> TranslationRegister.modeShift
        guard privilege != .machine, mode != 0 else {
            let bare = PageMapping(
                physical: address, sizeBits: 12, readable: true, writable: true, executable: true,
                user: false,
                global: false, isUniform: true)
            return try protect(walk, bare, count)
        }
        return try protect(walk, try translate(walk, levels: Int(truncatingIfNeeded: mode) - 5), count)
    }

    // MARK: Page tables

    private static func translate(_ walk: Walk, levels: Int) throws(Trap) -> PageMapping {
        let unused = UInt64(64 - (12 + 9 * levels))
        guard Int64(bitPattern: walk.address << unused) >> unused == Int64(bitPattern: walk.address) else {
            throw walk.pageFault
        }
        var table = (walk.state.pointee.satp & TranslationRegister.rootMask) << 12
        var level = levels - 1
        var global = false
        while level >= 0 {
            let position = table | (walk.address >> UInt64(12 + 9 * level) & 0x1FF) << 3
            guard PhysicalProtection.allows(walk.state, position, 8, .read, .supervisor),
                let pointer = walk.memory.pointer(to: position, count: 8)
            else { throw walk.accessFault }
            let entry = viv_load64(pointer)
            try checkForm(walk, entry)
            global = global || entry & Entry.global != 0
            if entry & (Entry.read | Entry.execute) != 0 {
                // An entry that another hart changed meanwhile is looked at again.
                guard let current = try leaf(walk, entry, level, at: position, pointer) else { continue }
                return mapping(walk, current, level, global)
            }
            guard entry & Entry.leafOnly == 0 else { throw walk.pageFault }
            table = (entry >> 10 & TranslationRegister.rootMask) << 12
            level -= 1
        }
        throw walk.pageFault
    }

    private static func checkForm(_ walk: Walk, _ entry: UInt64) throws(Trap) {
        let type = entry & Entry.memoryType
        let typed = walk.state.pointee.menvcfg & EnvironmentConfiguration.pbmte != 0
        guard entry & Entry.valid != 0, entry & (Entry.read | Entry.write) != Entry.write,
            entry & Entry.reserved == 0, type == 0 || (typed && type != Entry.memoryType)
        else { throw walk.pageFault }
    }

    /// Checks a leaf and marks it accessed and dirty as needed.
    ///
    /// - Returns: the entry as it now is in memory; `nil` when it has changed under the walk.
    private static func leaf(
        _ walk: Walk, _ entry: UInt64, _ level: Int, at position: UInt64, _ pointer: UnsafeMutableRawPointer
    ) throws(Trap) -> UInt64? {
        let lowPages = UInt64(1) << UInt64(9 * level) &- 1
        guard rights(walk, entry).allow(walk.access), entry >> 10 & lowPages == 0 else {
            throw walk.pageFault
        }
        let marked = entry | Entry.accessed | (walk.access == .write ? Entry.dirty : 0)
        if marked == entry { return entry }
        guard walk.state.pointee.menvcfg & EnvironmentConfiguration.adue != 0 else { throw walk.pageFault }
        guard PhysicalProtection.allows(walk.state, position, 8, .write, .supervisor) else {
            throw walk.accessFault
        }
        guard viv_compare_exchange64(pointer, entry, marked) else { return nil }
        walk.memory.didWrite(position, 8)
        return marked
    }

    /// What a leaf grants in the mode of the walk, A and D apart.
    private static func rights(_ walk: Walk, _ entry: UInt64) -> Rights {
        let status = walk.state.pointee.mstatus
        var rights = Rights(rawValue: UInt8(truncatingIfNeeded: entry >> 1 & 7))
        if status & Status.mxr != 0, rights.contains(.execute) { rights.insert(.read) }
        let isUserPage = entry & Entry.user != 0
        if walk.privilege == .user { return isUserPage ? rights : [] }
        guard isUserPage else { return rights }
        return status & Status.sum != 0 ? rights.subtracting(.execute) : []
    }

    private static func mapping(_ walk: Walk, _ entry: UInt64, _ level: Int, _ global: Bool) -> PageMapping {
        let offset = UInt64(1) << UInt64(12 + 9 * level) &- 1
        let rights = rights(walk, entry)
        return PageMapping(
            physical: (entry >> 10 & TranslationRegister.rootMask) << 12 & ~offset | walk.address & offset,
            sizeBits: UInt8(truncatingIfNeeded: 12 + 9 * level), readable: rights.contains(.read),
            writable: rights.contains(.write) && entry & Entry.dirty != 0,
            executable: rights.contains(.execute), user: entry & Entry.user != 0, global: global,
            isUniform: true)
    }

    // MARK: Physical memory protection

    private static func protect(
        _ walk: Walk, _ mapping: PageMapping, _ count: UInt64
    ) throws(Trap) -> PageMapping {
        var result = mapping
        if let rights = PhysicalProtection.rights(walk.state, mapping.physical & ~0xFFF, 4096, walk.privilege)
        {
            guard rights.allow(walk.access) else { throw walk.accessFault }
            result.readable = mapping.readable && rights.contains(.read)
            result.writable = mapping.writable && rights.contains(.write)
            result.executable = mapping.executable && rights.contains(.execute)
            return result
        }
        guard PhysicalProtection.allows(walk.state, mapping.physical, count, walk.access, walk.privilege)
        else {
            throw walk.accessFault
        }
        result.readable = false
        result.writable = false
        result.executable = false
        result.isUniform = false
        return result
    }
}
