import Glibc

/// One entry of a TLB set, as emitted code reads it. A tag equals the page's virtual address when
/// that kind of access may go ahead, and otherwise a value that no address at this index can match.
struct TLBEntry {
    var read: UInt64
    var write: UInt64
    var execute: UInt64
    /// What to add to an address in the page for the host's.
    var distance: UInt64

    static let stride = 32
    static let executeOffset: Int32 = 16
    static let distanceOffset: Int32 = 24
}

/// What a vCPU's accesses mean: which tables translate them and with which rights.
package struct AddressContext: Equatable, Sendable {
    /// Root of the page tables together with the paging mode (RISC-V: satp); 0 = no translation.
    package var root: UInt64
    /// Address-space identifier within the root, for flushes.
    package var identifier: UInt64
    /// Rights: privilege and the modifiers that widen it.
    package var rights: UInt8
    /// Only pages that are the same in all address spaces are expected here, so that the set stays
    /// in force when `root` changes.
    package var isShared: Bool

    package init(root: UInt64, identifier: UInt64, rights: UInt8, isShared: Bool) {
        self.root = root
        self.identifier = identifier
        self.rights = rights
        self.isShared = isShared
    }
}

/// One page's translation, as the guest's page walker found it.
package struct PageTranslation: Sendable {
    /// Guest-physical address of the 4 KiB page.
    package var physical: UInt64
    /// Size of the guest's page in bytes: 4096, or more for a superpage.
    package var size: UInt64
    package var readable: Bool
    /// Only when the page is already marked dirty.
    package var writable: Bool
    package var executable: Bool
    /// The same in all address spaces.
    package var global: Bool

    package init(
        physical: UInt64, size: UInt64, readable: Bool, writable: Bool, executable: Bool, global: Bool
    ) {
        self.physical = physical
        self.size = size
        self.readable = readable
        self.writable = writable
        self.executable = executable
        self.global = global
    }
}

/// The entries of one address context.
struct TLBSet {
    var context: AddressContext
    var entries: UnsafeMutablePointer<TLBEntry>
    var count: Int
    /// Unique among all sets of the vCPU; renewed whenever an execute tag goes.
    var generation: UInt32
    var lastUse: UInt64 = 0
    /// Fills since the set was last resized or looked at.
    var fills = 0
    /// An entry of a page that is not global exists.
    var hasPrivatePages = false
    /// Virtual ranges that contain every superpage with 4 KiB entries here: a single-page flush
    /// inside one of them empties the set.
    var superpages = InlineArray<8, SuperpageRange>(repeating: SuperpageRange())
    var superpageCount = 0

    struct SuperpageRange {
        var start: UInt64 = 0
        /// Exclusive; 0 stands for 2^64.
        var end: UInt64 = 0

        @inline(__always)
        func contains(_ address: UInt64) -> Bool { address &- start < end &- start }

        /// Distance from the range to `address`, which lies outside.
        func distance(to address: UInt64) -> UInt64 { min(start &- address, address &- end) }
    }

    /// Takes note of a superpage; ranges that touch it, or else the nearest when all are in use, grow.
    mutating func note(superpage start: UInt64, size: UInt64) {
        var nearest = 0
        for i in 0..<superpageCount {
            if superpages[i].contains(start) { return }
            if superpages[i].distance(to: start) < superpages[nearest].distance(to: start) { nearest = i }
        }
        let touches = superpageCount > 0 && superpages[nearest].distance(to: start) <= size
        guard touches || superpageCount == 8 else {
            superpages[superpageCount] = SuperpageRange(start: start, end: start &+ size)
            superpageCount += 1
            return
        }
        if start < superpages[nearest].start { superpages[nearest].start = start }
        if start &+ size &- 1 > superpages[nearest].end &- 1 { superpages[nearest].end = start &+ size }
    }

    /// Which pages, hashed, the jump cache may hold targets in under this generation. An entry's
    /// eviction leaves the mapping in force, so the entries themselves cannot tell.
    var jumpPages = InlineArray<4, UInt64>(repeating: 0)

    @inline(__always)
    func index(of address: UInt64) -> Int { Int(truncatingIfNeeded: address >> 12) & (count - 1) }

    /// The tag that no address can match at `index`: its own index bit 0 is wrong.
    @inline(__always)
    static func emptyTag(_ index: Int) -> UInt64 { UInt64(index ^ 1) << 12 }

    @inline(__always)
    func clear(_ index: Int) {
        let tag = Self.emptyTag(index)
        entries[index] = TLBEntry(read: tag, write: tag, execute: tag, distance: 0)
    }

    /// Takes note that the jump cache is to hold `address`.
    mutating func noteJump(to address: UInt64) {
        let hash = Self.jumpHash(address)
        jumpPages[hash >> 6] |= 1 << UInt64(hash & 63)
    }

    func mayHoldJumps(to address: UInt64) -> Bool {
        let hash = Self.jumpHash(address)
        return jumpPages[hash >> 6] >> UInt64(hash & 63) & 1 != 0
    }

    private static func jumpHash(_ address: UInt64) -> Int {
        Int(truncatingIfNeeded: address >> 12 ^ address >> 20) & 255
    }

    mutating func clearAll() {
        for index in 0..<count { clear(index) }
        fills = 0
        hasPrivatePages = false
        superpageCount = 0
    }
}

/// The TLBs of one vCPU: a few sets, one for each recent address context, of which one is in force.
///
/// Used by the vCPU's own thread only.
final class SoftTLB {
    private let core: UnsafeMutablePointer<VCPUCore>
    private var sets: [TLBSet] = []
    private(set) var current = 0
    private var useCount: UInt64 = 0
    private var lastGeneration: UInt32 = 0
    /// What distinguishes translations beside the address context; see `select`.
    private var key: UInt32 = 0

    static let smallest = 256
    static let largest = 16384
    private static let setLimit = 12

    init(core: UnsafeMutablePointer<VCPUCore>) { self.core = core }

    deinit {
        for set in sets { set.entries.deallocate() }
    }

    /// Puts the set of `context` in force, made anew if need be. `key` tells apart translations of
    /// the same address (mode bits); a change of it alone invalidates the jump cache.
    func select(_ context: AddressContext, key: UInt32) {
        self.key = key
        useCount &+= 1
        if !sets.isEmpty, sets[current].context == context { return publish() }
        if let found = sets.firstIndex(where: { matches($0.context, context) }) {
            if sets[found].context.root != context.root { adopt(found, context) }
            current = found
        } else {
            current = makeSet(context)
        }
        publish()
    }

    private func matches(_ held: AddressContext, _ wanted: AddressContext) -> Bool {
        guard held.rights == wanted.rights, held.isShared == wanted.isShared else { return false }
        return held.root == wanted.root || held.isShared
    }

    /// A shared set goes on under new tables; pages that were not global do not.
    private func adopt(_ index: Int, _ context: AddressContext) {
        if sets[index].hasPrivatePages { empty(index) }
        sets[index].context = context
    }

    private func makeSet(_ context: AddressContext) -> Int {
        let index: Int
        if sets.count < Self.setLimit {
            index = sets.count
            let entries = UnsafeMutablePointer<TLBEntry>.allocate(capacity: Self.smallest)
            sets.append(TLBSet(context: context, entries: entries, count: Self.smallest, generation: 0))
        } else {
            index = sets.indices.min { sets[$0].lastUse < sets[$1].lastUse } ?? 0
            resize(index, to: Self.smallest)
            sets[index].context = context
        }
        empty(index)
        return index
    }

    private func publish() {
        sets[current].lastUse = useCount
        core.pointee.tlb = UInt(bitPattern: sets[current].entries)
        core.pointee.tlbMask = UInt64(sets[current].count - 1) * UInt64(TLBEntry.stride)
        core.pointee.generation = sets[current].generation << 12 | key & UnitKey.mode
    }

    private func empty(_ index: Int) {
        sets[index].clearAll()
        renew(index)
    }

    /// Gives a set a generation never used before; after 2^20 of them all sets are emptied, and the
    /// owner must clear the jump cache, which `wrapped` reports.
    private func renew(_ index: Int) {
        lastGeneration &+= 1
        if lastGeneration >= 1 << 20 {
            lastGeneration = 1
            wrapped()
        }
        sets[index].generation = lastGeneration
        sets[index].jumpPages = InlineArray(repeating: 0)
    }

    /// Called when generations start over.
    var wrapped: () -> Void = {}

    // MARK: Look-up and fill

    /// The host address of `address` for execution, when an entry of the set in force tells it.
    @inline(__always)
    func executable(_ address: UInt64) -> UInt64? {
        let entry = sets[current].entries[sets[current].index(of: address)]
        return entry.execute == address & ~0xfff ? address &+ entry.distance : nil
    }

    /// Remembers `page` for `address`. `writable` is separate from the page's own right: a page that
    /// holds translated code gets no write tag.
    func fill(_ address: UInt64, _ page: PageTranslation, host: UInt64, writable: Bool) {
        sets[current].fills &+= 1
        if sets[current].fills > sets[current].count * 2 { grow() }
        let virtual = address & ~0xfff
        let index = sets[current].index(of: address)
        let empty = TLBSet.emptyTag(index)
        sets[current].entries[index] = TLBEntry(
            read: page.readable ? virtual : empty, write: writable && page.writable ? virtual : empty,
            execute: page.executable ? virtual : empty, distance: host &- virtual)
        if !page.global { sets[current].hasPrivatePages = true }
        if page.size > 4096 {
            sets[current].note(superpage: virtual & ~(page.size &- 1), size: page.size)
        }
    }

    private func grow() {
        sets[current].fills = 0
        guard sets[current].count < Self.largest else { return }
        let old = sets[current]
        resize(current, to: old.count * 4, keeping: true)
        publish()
    }

    private func resize(_ index: Int, to count: Int, keeping: Bool = false) {
        let old = sets[index]
        guard old.count != count else { return }
        sets[index].entries = UnsafeMutablePointer<TLBEntry>.allocate(capacity: count)
        sets[index].count = count
        for slot in 0..<count { sets[index].clear(slot) }
        if keeping { reinsert(old, into: sets[index]) }
        old.entries.deallocate()
    }

    private func reinsert(_ old: TLBSet, into new: TLBSet) {
        for slot in 0..<old.count {
            let entry = old.entries[slot]
            let empty = TLBSet.emptyTag(slot)
            let page = entry.read != empty ? entry.read : entry.execute != empty ? entry.execute : entry.write
            guard page != empty else { continue }
            let target = new.index(of: page)
            let vacant = TLBSet.emptyTag(target)
            new.entries[target] = TLBEntry(
                read: entry.read == empty ? vacant : page, write: entry.write == empty ? vacant : page,
                execute: entry.execute == empty ? vacant : page, distance: entry.distance)
        }
    }

    /// To be called before the jump cache takes up `address`.
    func noteJump(to address: UInt64) { sets[current].noteJump(to: address) }

    // MARK: Flushes

    /// Empties every set that `applies` to.
    func flush(where applies: (AddressContext) -> Bool) {
        for index in sets.indices where applies(sets[index].context) { empty(index) }
        if !sets.isEmpty { publish() }
    }

    /// Forgets the page of `address` in every set that `applies` to.
    func flush(_ address: UInt64, where applies: (AddressContext) -> Bool) {
        for index in sets.indices where applies(sets[index].context) { forget(address, in: index) }
        if !sets.isEmpty { publish() }
    }

    private func forget(_ address: UInt64, in index: Int) {
        for i in 0..<sets[index].superpageCount where sets[index].superpages[i].contains(address) {
            return empty(index)
        }
        let slot = sets[index].index(of: address)
        let entry = sets[index].entries[slot]
        let page = address & ~0xfff
        if sets[index].mayHoldJumps(to: address) { renew(index) }
        if entry.read == page || entry.write == page || entry.execute == page { sets[index].clear(slot) }
    }

    /// Takes the write right from every entry of the page at host address `host`.
    func dropWrites(host: UInt64) {
        for set in sets {
            for slot in 0..<set.count where set.entries[slot].write &+ set.entries[slot].distance == host {
                set.entries[slot].write = TLBSet.emptyTag(slot)
            }
        }
    }
}
