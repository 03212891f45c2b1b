import Machine

/// One entry of a TLB set. A tag equals the page's virtual address when that kind of access may go ahead, and
/// otherwise a value that no address at this index can match.
struct TLBEntry {
    var read: UInt64
    var write: UInt64
    var execute: UInt64
    /// The host's address of the page; 0 for none.
    var host: UInt64

    static let stride = 32
    static let writeOffset: Int32 = 8
    static let executeOffset: Int32 = 16
    static let hostOffset: Int32 = 24
}

/// The software TLB of one core: direct-mapped sets of plain entries, one set for each way in which rights can
/// differ, so that a change of privilege flushes nothing.
final class TLB {
    /// Which rights hold: user mode, supervisor mode, supervisor mode kept off user pages by SMAP.
    enum Set: Int {
        case user, supervisor, supervisorStrict
    }

    /// What 64 MiB of small pages need.
    static let size = 1 << 14
    private static let sets = 3
    /// What all sets occupy.
    static let bytes = size * sets * TLBEntry.stride

    private let entries: UnsafeMutablePointer<TLBEntry>
    /// Numbers of the entries filled since the last flush.
    private let filled: UnsafeMutablePointer<UInt16>
    private var count = 0
    /// Numbers of the entries that may be of pages that are not global, and which these are.
    private var locals = SlotLog(TLB.size * TLB.sets)
    /// Holds targets under mappings of ours.
    private let jumps: JumpTable
    /// Large pages that entries were made from, as addresses shifted by the page's size. Those of 2 MiB and of
    /// 1 GiB share the set: confusing them costs a flush.
    private var largePages: Swift.Set<UInt64> = []

    /// - Parameter memory: `bytes` bytes that live as long, beside the core's state.
    init(at memory: UnsafeMutableRawPointer, jumps: JumpTable) {
        self.jumps = jumps
        entries = memory.bindMemory(to: TLBEntry.self, capacity: Self.size * Self.sets)
        filled = .allocate(capacity: Self.size * Self.sets)
        for index in 0..<Self.size * Self.sets { (entries + index).initialize(to: Self.empty(index)) }
    }

    deinit {
        filled.deallocate()
    }

    /// The tag's index bits are never those of its slot.
    private static func empty(_ index: Int) -> TLBEntry {
        let tag = UInt64((index & (size - 1)) ^ 1) << 12
        return TLBEntry(read: tag, write: tag, execute: tag, host: 0)
    }

    func base(of set: Set) -> UnsafeMutablePointer<TLBEntry> { entries + set.rawValue * Self.size }

    /// Enters a page. An entry for the same page keeps no rights but those given.
    func fill(_ address: UInt64, _ set: Set, _ mapping: PageMapping, host: UInt64, writable: Bool) {
        let index = set.rawValue * Self.size + Int(address >> 12 & UInt64(Self.size - 1))
        let empty = Self.empty(index)
        if count == Self.size * Self.sets { flush() }
        if entries[index].host == 0 {
            filled[count] = UInt16(index)
            count += 1
        }
        if !mapping.isGlobal { locals.note(index) }
        if mapping.sizeBits > 12 { largePages.insert(address >> UInt64(mapping.sizeBits)) }
        let page = address & ~0xFFF
        entries[index] = TLBEntry(
            read: mapping.readable ? page : empty.read, write: writable ? page : empty.write,
            execute: mapping.executable ? page : empty.execute, host: host)
    }

    func flush() {
        jumps.flush()
        for position in 0..<count { entries[Int(filled[position])] = Self.empty(Int(filled[position])) }
        count = 0
        locals.forEach { _ in }
        largePages.removeAll(keepingCapacity: true)
    }

    /// Forgets all but global pages.
    func flushLocal() {
        jumps.flushLocal()
        locals.forEach { entries[$0] = Self.empty($0) }
    }

    /// Whether the entry that holds a page outlives a change of address space.
    func isGlobal(_ address: UInt64, _ set: Set) -> Bool {
        !locals.contains(set.rawValue * Self.size + Int(address >> 12 & UInt64(Self.size - 1)))
    }

    /// Forgets one page in all sets; of a large page every part that may be here.
    func flush(page address: UInt64) {
        jumps.flush()
        if largePages.contains(address >> 21) || largePages.contains(address >> 30) { return flush() }
        for set in 0..<Self.sets {
            let index = set * Self.size + Int(address >> 12 & UInt64(Self.size - 1))
            entries[index] = Self.empty(index)
        }
    }

    /// Takes the right to write a host page from every entry that has it.
    func protect(host page: UInt64) {
        for position in 0..<count {
            let index = Int(filled[position])
            let empty = Self.empty(index)
            guard entries[index].write != empty.write else { continue }
            if entries[index].host == page { entries[index].write = empty.write }
        }
    }
}
