import CLinux
import Machine

/// What an access wants to do with memory.
package enum Access: UInt8, Sendable {
    case read, write, execute
}

/// One page as the tables tell it, and what may be done with it in the mode asked about.
package struct PageMapping: Equatable, Sendable {
    /// Guest-physical address of the 4 KiB page.
    package var physical: UInt64
    /// Size of the guest's page as a power of two: 12, 21 or 30.
    package var sizeBits: UInt8 = 12
    package var readable: Bool
    /// Only when the page is already marked dirty.
    package var writable: Bool
    package var executable: Bool
    /// The same in all address spaces.
    package var isGlobal = false
}

/// Walks the tables of paging in all its forms (SDM vol. 3, chapter 4), setting accessed and dirty bits: four levels
/// of 64-bit paging, three of PAE paging, two of 32-bit paging. Without paging every address is its own.
///
/// The four entries at the top of PAE's tables are read with each walk, not kept from when CR3 was loaded.
package struct PageWalker {
    private enum Entry {
        static let present: UInt64 = 1
        static let writable: UInt64 = 1 << 1
        static let user: UInt64 = 1 << 2
        static let accessed: UInt64 = 1 << 5
        static let dirty: UInt64 = 1 << 6
        static let large: UInt64 = 1 << 7
        static let global: UInt64 = 1 << 8
        static let noExecute: UInt64 = 1 << 63
    }

    /// Bits of a physical address: what CPUID tells.
    package static let physicalBits: UInt64 = 40
    private static let frame: UInt64 = (1 << physicalBits - 1) & ~0xFFF
    private static let reserved: UInt64 = (1 << 52 - 1) & ~(1 << physicalBits - 1)

    /// Bits that PAE paging has not, the one that forbids execution apart.
    private static let reservedInPAE: UInt64 = 0x7FF << 52
    private static let reservedInPointer: UInt64 = 0x1E6 | ~(1 << physicalBits - 1)

    unowned(unsafe) let memory: GuestMemory
    let cr0: UInt64
    let cr3: UInt64
    let cr4: UInt64
    let efer: UInt64
    /// Whether the access is made in user mode.
    let isUser: Bool
    /// SMAP holds the access off user pages.
    let avoidsUser: Bool

    package init(
        memory: GuestMemory, cr0: UInt64, cr3: UInt64, cr4: UInt64, efer: UInt64, isUser: Bool,
        avoidsUser: Bool
    ) {
        self.memory = memory
        self.cr0 = cr0
        self.cr3 = cr3
        self.cr4 = cr4
        self.efer = efer
        self.isUser = isUser
        self.avoidsUser = avoidsUser
    }

    /// The rights along a walk.
    private struct Rights {
        var writable = true
        var user = true
        var executable = true

        mutating func restrict(by entry: UInt64) {
            writable = writable && entry & Entry.writable != 0
            user = user && entry & Entry.user != 0
            executable = executable && entry & Entry.noExecute == 0
        }
    }

    /// The page of a canonical address.
    ///
    /// - Throws: a page fault with its error code; CR2 is the caller's to set.
    package func walk(_ address: UInt64, _ access: Access) throws(Fault) -> PageMapping {
        guard cr0 & Control.paging != 0 else {
            let page = address & ~0xFFF
            return PageMapping(physical: page, readable: true, writable: true, executable: true)
        }
        let shape = shape
        if shape == .pae { return try walkPointerTable(address, access) }
        let root = shape == .legacy ? cr3 & 0xFFFF_F000 : cr3 & Self.frame
        return try walk(address, access, shape, root, top: shape == .legacy ? 22 : 39)
    }

    /// How the tables look.
    private enum Shape {
        /// Entries of 64 bits on four levels, or three with PAE.
        case long, pae
        /// Entries of 32 bits on two levels.
        case legacy

        var indexBits: UInt64 { self == .legacy ? 10 : 9 }
        var entrySize: UInt64 { self == .legacy ? 4 : 8 }
    }

    private var shape: Shape {
        if efer & Control.longModeActive != 0 { return .long }
        return cr4 & Control.cr4PAE != 0 ? .pae : .legacy
    }

    /// PAE's topmost table has four entries, which give no rights.
    private func walkPointerTable(_ address: UInt64, _ access: Access) throws(Fault) -> PageMapping {
        let position = cr3 & 0xFFFF_FFE0 | (address >> 30 & 3) << 3
        guard let entry = memory.load64(position), entry & Entry.present != 0 else { throw fault(access, 0) }
        guard entry & Self.reservedInPointer == 0 else {
            throw fault(access, PageFaultCode.present | PageFaultCode.reserved)
        }
        return try walk(address, access, .pae, entry & Self.frame, top: 21)
    }

    /// - Parameters:
    ///   - root: the table to begin with.
    ///   - top: how far an address is shifted for its index into that.
    private func walk(
        _ address: UInt64, _ access: Access, _ shape: Shape, _ root: UInt64, top: UInt64
    ) throws(Fault) -> PageMapping {
        var table = root
        var rights = Rights()
        var shift = top
        while true {
            let index = address >> shift & (1 << shape.indexBits - 1)
            let position = table | index * shape.entrySize
            guard let pointer = memory.pointer(to: position, count: shape.entrySize) else {
                throw fault(access, 0)
            }
            let entry = load(pointer, shape)
            guard entry & Entry.present != 0 else { throw fault(access, 0) }
            let isLeaf = shift == 12 || isLarge(entry, shift, shape)
            guard isSound(entry, shift, isLeaf, shape) else {
                throw fault(access, PageFaultCode.present | PageFaultCode.reserved)
            }
            rights.restrict(by: entry)
            guard isLeaf else {
                if mark(pointer, entry, .read, shape) == nil { continue }
                table = entry & Self.frame
                shift -= shape.indexBits
                continue
            }
            let wide = shape == .legacy && shift == 22 ? Self.widened(entry) : entry
            let mapping = self.mapping(wide, rights, shift, address)
            guard mapping.allows(access) || isWriteToClean(access, rights) else {
                throw fault(access, PageFaultCode.present)
            }
            // An entry that somebody changed meanwhile is looked at again.
            if let marked = mark(pointer, entry, access, shape) {
                let wide = shape == .legacy && shift == 22 ? Self.widened(marked) : marked
                return self.mapping(wide, rights, shift, address)
            }
            (rights, table, shift) = (Rights(), root, top)
        }
    }

    private func load(_ pointer: UnsafeMutableRawPointer, _ shape: Shape) -> UInt64 {
        shape == .legacy ? UInt64(viv_load32(pointer)) : viv_load64(pointer)
    }

    /// Two levels know large pages only under CR4.PSE.
    private func isLarge(_ entry: UInt64, _ shift: UInt64, _ shape: Shape) -> Bool {
        shift < 39 && entry & Entry.large != 0 && (shape != .legacy || cr4 & Control.cr4PSE != 0)
    }

    /// A 4 MiB page keeps bits 32 to 39 of its address in bits 13 to 20 (PSE-36).
    private static func widened(_ entry: UInt64) -> UInt64 {
        entry & 0xFFC0_0FFF | (entry >> 13 & 0xFF) << 32
    }

    private func isSound(_ entry: UInt64, _ shift: UInt64, _ isLeaf: Bool, _ shape: Shape) -> Bool {
        // Bit 21 of a 4 MiB page's entry must be zero.
        if shape == .legacy { return !isLeaf || shift == 12 || entry & 1 << 21 == 0 }
        if shape == .pae, entry & Self.reservedInPAE != 0 { return false }
        if entry & Self.reserved != 0 { return false }
        if efer & Control.noExecute == 0, entry & Entry.noExecute != 0 { return false }
        if shift == 39, entry & Entry.large != 0 { return false }
        // Bit 12 of a large page is its PAT bit.
        if isLeaf, shift > 12, entry & ((1 << shift - 1) & ~0x1FFF) & Self.frame != 0 { return false }
        return true
    }

    private func fault(_ access: Access, _ code: UInt32) -> Fault {
        var code = code
        if access == .write { code |= PageFaultCode.write }
        if isUser { code |= PageFaultCode.user }
        let forbids = efer & Control.noExecute != 0 && cr4 & Control.cr4PAE != 0
        let tellsFetch = forbids || cr4 & Control.cr4SMEP != 0
        if access == .execute, tellsFetch { code |= PageFaultCode.fetch }
        return .page(code)
    }

    private func mapping(_ entry: UInt64, _ rights: Rights, _ shift: UInt64, _ address: UInt64) -> PageMapping
    {
        let offset = UInt64(1) << shift &- 1
        let readable = isUser ? rights.user : !(rights.user && avoidsUser)
        let executable =
            rights.executable && (isUser ? rights.user : !(rights.user && cr4 & Control.cr4SMEP != 0))
        return PageMapping(
            physical: (entry & Self.frame & ~offset | address & offset) & ~0xFFF,
            sizeBits: UInt8(truncatingIfNeeded: shift), readable: readable,
            writable: mayWrite(rights) && entry & Entry.dirty != 0, executable: executable,
            isGlobal: entry & Entry.global != 0 && cr4 & Control.cr4PGE != 0)
    }

    /// What the tables and CR0.WP say of writing, the dirty bit apart.
    private func mayWrite(_ rights: Rights) -> Bool {
        if isUser { return rights.user && rights.writable }
        if rights.user, avoidsUser { return false }
        return rights.writable || cr0 & Control.writeProtect == 0
    }

    private func isWriteToClean(_ access: Access, _ rights: Rights) -> Bool {
        access == .write && mayWrite(rights)
    }

    /// Sets A, and D for a write to a leaf. Returns the entry as it now is; `nil` when it has changed under us.
    private func mark(
        _ pointer: UnsafeMutableRawPointer, _ entry: UInt64, _ access: Access, _ shape: Shape
    ) -> UInt64? {
        let marked = entry | Entry.accessed | (access == .write ? Entry.dirty : 0)
        if marked == entry { return entry }
        if shape == .legacy {
            let (old, new) = (UInt32(truncatingIfNeeded: entry), UInt32(truncatingIfNeeded: marked))
            return viv_compare_exchange32(pointer, old, new) ? marked : nil
        }
        return viv_compare_exchange64(pointer, entry, marked) ? marked : nil
    }
}

extension PageMapping {
    func allows(_ access: Access) -> Bool {
        switch access {
        case .read: readable
        case .write: writable
        case .execute: executable
        }
    }
}
