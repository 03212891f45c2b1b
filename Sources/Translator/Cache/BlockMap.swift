import Glibc

/// One piece of emitted code that starts at one guest instruction.
struct Block {
    /// Guest-physical address of its first instruction.
    var physical: UInt64
    /// Guest-physical end of the bytes it was made from, exclusive; within the page.
    var end: UInt64
    /// Mode bits and variant (`UnitKey`) under which it is valid.
    var key: UInt32
    /// Offset of its entry in the code buffer.
    var code: UInt32
    /// For the entry that a block of two pages has in its second page: guest-physical address of
    /// the block itself; otherwise 0.
    var primary: UInt64 = 0
    /// Next block with the same hash, next of the same page; 0 ends a chain.
    var nextInBucket: UInt32
    var nextInPage: UInt32
}

/// Finds blocks by guest-physical address and mode, and by page. Guarded by the cache's lock.
final class BlockMap {
    private static let bucketBits: UInt64 = 16
    /// Block numbers start at 1; the storage is mapped lazily and touched as it fills.
    static let capacity = 1 << 20

    private let blocks: UnsafeMutablePointer<Block>
    private let buckets: UnsafeMutablePointer<UInt32>
    /// Per page of RAM: its first block, and which of its 64-byte granules hold translated code.
    private let pageHeads: UnsafeMutablePointer<UInt32>
    private let granules: UnsafeMutablePointer<UInt64>
    private let base: UInt64
    private let pages: Int
    private(set) var count: UInt32 = 0

    init?(base: UInt64, size: UInt64) {
        self.base = base
        pages = Int(size >> 12)
        guard let blocks = Self.map(Block.self, Self.capacity + 1),
            let buckets = Self.map(UInt32.self, 1 << Int(Self.bucketBits)),
            let heads = Self.map(UInt32.self, pages), let granules = Self.map(UInt64.self, pages)
        else { return nil }
        self.blocks = blocks
        self.buckets = buckets
        pageHeads = heads
        self.granules = granules
    }

    deinit {
        Self.unmap(blocks, Self.capacity + 1)
        Self.unmap(buckets, 1 << Int(Self.bucketBits))
        Self.unmap(pageHeads, pages)
        Self.unmap(granules, pages)
    }

    private static func map<T>(_: T.Type, _ count: Int) -> UnsafeMutablePointer<T>? {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let area = mmap(nil, count * MemoryLayout<T>.stride, PROT_READ | PROT_WRITE, flags, -1, 0)
        return area == MAP_FAILED ? nil : area?.assumingMemoryBound(to: T.self)
    }

    private static func unmap<T>(_ area: UnsafeMutablePointer<T>, _ count: Int) {
        munmap(area, count * MemoryLayout<T>.stride)
    }

    var isFull: Bool { count >= UInt32(Self.capacity) }

    subscript(number: UInt32) -> Block { blocks[Int(number)] }

    private func bucket(_ physical: UInt64, _ key: UInt32) -> Int {
        let hash = (physical >> 1 ^ UInt64(key) << 40) &* 0x9e37_79b9_7f4a_7c15
        return Int(truncatingIfNeeded: hash >> (64 - Self.bucketBits))
    }

    private func page(_ physical: UInt64) -> Int { Int(truncatingIfNeeded: (physical &- base) >> 12) }

    /// The number of the block at `physical` under `key`, or 0.
    func find(_ physical: UInt64, _ key: UInt32) -> UInt32 {
        var number = buckets[bucket(physical, key)]
        while number != 0 {
            let block = blocks[Int(number)]
            if block.physical == physical, block.key == key { return number }
            number = block.nextInBucket
        }
        return 0
    }

    /// Adds a block made from the bytes [physical, end) of one page of RAM.
    func insert(physical: UInt64, end: UInt64, key: UInt32, code: UInt32, primary: UInt64 = 0) {
        count += 1
        let slot = bucket(physical, key)
        let page = page(physical)
        blocks[Int(count)] = Block(
            physical: physical, end: end, key: key, code: code, primary: primary,
            nextInBucket: buckets[slot], nextInPage: pageHeads[page])
        buckets[slot] = count
        pageHeads[page] = count
        granules[page] |= Self.mask(physical, end)
    }

    /// Also enters the block at `primary` in its second page, of which it uses [physical, end).
    func insertSpan(physical: UInt64, end: UInt64, key: UInt32, code: UInt32, primary: UInt64) {
        insert(physical: physical, end: end, key: key | Self.spanKey, code: code, primary: primary)
    }

    /// Marks the keys of second-page entries, which no look-up finds.
    private static let spanKey: UInt32 = 1 << 31

    /// The granules that the bytes [from, to) of one page touch.
    private static func mask(_ from: UInt64, _ to: UInt64) -> UInt64 {
        let first = from >> 6 & 63
        let last = (to &- 1) >> 6 & 63
        return (UInt64.max >> (63 - (last &- first))) << first
    }

    /// Whether a store to [from, to), within one page of RAM, touches a granule with code.
    func holdsCode(_ from: UInt64, _ to: UInt64) -> Bool {
        granules[page(from)] & Self.mask(from, to) != 0
    }

    /// Whether any block of the page of `physical` is left.
    func pageHoldsCode(_ physical: UInt64) -> Bool { pageHeads[page(physical)] != 0 }

    /// Takes out every block of the page whose bytes overlap [from, to) and hands over its code offset.
    func remove(overlapping from: UInt64, _ to: UInt64, _ removed: (UInt32) -> Void) {
        let page = page(from)
        var kept: UInt32 = 0
        var mask: UInt64 = 0
        var number = pageHeads[page]
        while number != 0 {
            let block = blocks[Int(number)]
            if block.physical < to, block.end > from {
                unlink(number)
                if block.primary != 0 { remove(primary: block) }
                removed(block.code)
            } else {
                blocks[Int(number)].nextInPage = kept
                kept = number
                mask |= Self.mask(block.physical, block.end)
            }
            number = block.nextInPage
        }
        pageHeads[page] = kept
        granules[page] = mask
    }

    /// Takes the block of a second-page entry out of its own page as well.
    private func remove(primary span: Block) {
        let number = find(span.primary, span.key & ~Self.spanKey)
        guard number != 0, blocks[Int(number)].code == span.code else { return }
        unlink(number)
        removeFromPage(number)
    }

    private func removeFromPage(_ number: UInt32) {
        let page = page(blocks[Int(number)].physical)
        let next = blocks[Int(number)].nextInPage
        if pageHeads[page] == number {
            pageHeads[page] = next
            return
        }
        var previous = pageHeads[page]
        while previous != 0, blocks[Int(previous)].nextInPage != number {
            previous = blocks[Int(previous)].nextInPage
        }
        if previous != 0 { blocks[Int(previous)].nextInPage = next }
    }

    /// Replaces the code of the block at `physical`; returns the old code, or `nil` when there is none.
    func replace(_ physical: UInt64, _ key: UInt32, code: UInt32) -> UInt32? {
        let number = find(physical, key)
        guard number != 0 else { return nil }
        defer { blocks[Int(number)].code = code }
        return blocks[Int(number)].code
    }

    private func unlink(_ number: UInt32) {
        let block = blocks[Int(number)]
        let slot = bucket(block.physical, block.key)
        if buckets[slot] == number {
            buckets[slot] = block.nextInBucket
            return
        }
        var previous = buckets[slot]
        while previous != 0, blocks[Int(previous)].nextInBucket != number {
            previous = blocks[Int(previous)].nextInBucket
        }
        if previous != 0 { blocks[Int(previous)].nextInBucket = block.nextInBucket }
    }

    /// Forgets everything.
    func removeAll() {
        count = 0
        madvise(pageHeads, pages * 4, MADV_DONTNEED)
        madvise(granules, pages * 8, MADV_DONTNEED)
        madvise(buckets, 4 << Int(Self.bucketBits), MADV_DONTNEED)
    }
}
