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
}

/// Walks the four levels of 64-bit paging (SDM vol. 3, section 4.5), setting accessed and dirty bits.
///
/// Without paging every address is its own; 32-bit paging is not walked.
package struct PageWalker {
    private enum Entry {
        static let present: UInt64 = 1
        static let writable: UInt64 = 1 << 1
        static let user: UInt64 = 1 << 2
        static let accessed: UInt64 = 1 << 5
        static let dirty: UInt64 = 1 << 6
        static let large: UInt64 = 1 << 7
        static let noExecute: UInt64 = 1 << 63
    }

    /// Bits of a physical address: what CPUID tells.
    package static let physicalBits: UInt64 = 40
    private static let frame: UInt64 = (1 << physicalBits - 1) & ~0xFFF
    private static let reserved: UInt64 = (1 << 52 - 1) & ~(1 << physicalBits - 1)

    let memory: GuestMemory
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
        var table = cr3 & Self.frame
        var rights = Rights()
        var shift: UInt64 = 39
        while true {
            let position = table | (address >> shift & 0x1FF) << 3
            guard let pointer = memory.pointer(to: position, count: 8) else { throw fault(access, 0) }
            let entry = viv_load64(pointer)
            guard entry & Entry.present != 0 else { throw fault(access, 0) }
            let isLeaf = shift == 12 || (shift < 39 && entry & Entry.large != 0)
            guard isSound(entry, shift, isLeaf) else {
                throw fault(access, PageFaultCode.present | PageFaultCode.reserved)
            }
            rights.restrict(by: entry)
            if isLeaf {
                let mapping = self.mapping(entry, rights, shift, address)
                guard mapping.allows(access) || isWriteToClean(access, rights) else {
                    throw fault(access, PageFaultCode.present)
                }
                // An entry that somebody changed meanwhile is looked at again.
                if let marked = mark(pointer, entry, access) {
                    return self.mapping(marked, rights, shift, address)
                }
                rights = Rights()
                table = cr3 & Self.frame
                shift = 39
                continue
            }
            if mark(pointer, entry, .read) == nil { continue }
            table = entry & Self.frame
            shift -= 9
        }
    }

    private func isSound(_ entry: UInt64, _ shift: UInt64, _ isLeaf: Bool) -> Bool {
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
        let tellsFetch = efer & Control.noExecute != 0 || cr4 & Control.cr4SMEP != 0
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
            writable: mayWrite(rights) && entry & Entry.dirty != 0, executable: executable)
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
    private func mark(_ pointer: UnsafeMutableRawPointer, _ entry: UInt64, _ access: Access) -> UInt64? {
        let marked = entry | Entry.accessed | (access == .write ? Entry.dirty : 0)
        if marked == entry { return entry }
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
