import Glibc

/// Where each cluster of an overlay lives: in the base, nowhere (zeroes), or in a slot of the
/// scratch file.
///
/// One word a cluster in lazily touched memory: an overlay over a large disk costs what was written
/// to it, not what it could hold.
struct ClusterMap: ~Copyable {
    /// 64 KiB: large enough to keep the map small, small enough to copy at once.
    static let clusterSize: UInt64 = 64 << 10

    /// Where a run of bytes lives. `scratch` holds the first byte's offset in the scratch file.
    enum Place: Equatable {
        case base
        case zeroes
        case scratch(UInt64)
    }

    /// A run of `count` bytes that live together.
    struct Extent {
        let place: Place
        let count: UInt64
    }

    // Map words: 0 base, 1 zeroes, n slot n - 2.
    private static let inBase: UInt32 = 0
    private static let cleared: UInt32 = 1
    private static let firstSlot: UInt32 = 2

    private let words: UnsafeMutablePointer<UInt32>
    private let mappedBytes: Int
    private var nextSlot = ClusterMap.firstSlot

    private init(words: UnsafeMutablePointer<UInt32>, mappedBytes: Int) {
        self.words = words
        self.mappedBytes = mappedBytes
    }

    /// A map in which everything lives in the base.
    static func empty(capacity: UInt64) throws(DiskError) -> ClusterMap {
        let clusters = (capacity - 1) / clusterSize + 1
        guard clusters < UInt64(UInt32.max / 2) else { throw .outOfRange }
        let bytes = Int(clusters) * MemoryLayout<UInt32>.stride
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        guard let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0), memory != MAP_FAILED
        else { throw .io(errno) }
        return ClusterMap(
            words: memory.bindMemory(to: UInt32.self, capacity: Int(clusters)), mappedBytes: bytes)
    }

    deinit { munmap(words, mappedBytes) }

    /// The longest run from `offset`, at most `limit` bytes, that lives together. `limit` is not 0
    /// and the range lies on the disk.
    func extent(at offset: UInt64, limit: UInt64) -> Extent {
        let first = offset / Self.clusterSize
        let word = words[Int(first)]
        let within = offset % Self.clusterSize
        var count = min(limit, Self.clusterSize - within)
        var next = first + 1
        while count < limit, words[Int(next)] == Self.successor(of: word, distance: next - first) {
            count = min(limit, count + Self.clusterSize)
            next += 1
        }
        return Extent(place: Self.place(word, within), count: count)
    }

    /// Takes slots for `count` bytes; returns the first one's offset in the scratch file, or `nil`
    /// when slots have run out (those of failed writes are not used again).
    mutating func reserve(count: UInt64) -> UInt64? {
        let slots = (count - 1) / Self.clusterSize + 1
        guard slots <= UInt64(UInt32.max - nextSlot) else { return nil }
        defer { nextSlot += UInt32(slots) }
        return UInt64(nextSlot - Self.firstSlot) * Self.clusterSize
    }

    /// The whole clusters from `offset` live in the scratch file from byte `scratch` on.
    mutating func publish(at offset: UInt64, count: UInt64, scratch: UInt64) {
        let first = Int(offset / Self.clusterSize)
        let slot = UInt32(scratch / Self.clusterSize) + Self.firstSlot
        for index in 0...Int((count - 1) / Self.clusterSize) { words[first + index] = slot + UInt32(index) }
    }

    /// The whole clusters from `offset` read as zeroes.
    mutating func clear(at offset: UInt64, count: UInt64) {
        let first = Int(offset / Self.clusterSize)
        for index in 0...Int((count - 1) / Self.clusterSize) { words[first + index] = Self.cleared }
    }

    /// The bytes of the cluster that holds `offset`; the disk's last one may be short.
    static func cluster(around offset: UInt64, _ capacity: UInt64) -> Range<UInt64> {
        let start = offset / clusterSize * clusterSize
        return start..<min(start + clusterSize, capacity)
    }

    /// The clusters that a range covers whole, as bytes; empty where there are none.
    static func wholeClusters(_ offset: UInt64, _ count: UInt64, _ capacity: UInt64) -> Range<UInt64> {
        let start = (offset + clusterSize - 1) / clusterSize * clusterSize
        let isLast = offset + count == capacity
        let end = isLast ? capacity : (offset + count) / clusterSize * clusterSize
        return start..<max(start, end)
    }

    private static func successor(of word: UInt32, distance: UInt64) -> UInt32 {
        word < firstSlot ? word : word &+ UInt32(truncatingIfNeeded: distance)
    }

    private static func place(_ word: UInt32, _ within: UInt64) -> Place {
        switch word {
        case inBase: .base
        case cleared: .zeroes
        default: .scratch(UInt64(word - firstSlot) * clusterSize + within)
        }
    }
}
