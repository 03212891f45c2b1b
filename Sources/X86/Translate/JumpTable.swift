/// Where indirect jumps and jumps to other pages lead: units by linear address, a table for each set of the TLB.
///
/// Emitted code reads it. Whatever changes mappings or units empties it.
final class JumpTable {
    struct Entry {
        /// No unit is looked up under this address, as it is not canonical.
        var address: UInt64 = 1 << 63
        var code: UInt64 = 0
    }

    static let size = 1 << 14
    static let stride = 16
    private static let sets = 3
    /// What all tables occupy.
    static let bytes = size * sets * stride
    /// Bits of twice an address that select an entry, in units of eight bytes.
    static let mask = Int32(size - 1) * 2

    private let entries: UnsafeMutablePointer<Entry>
    private let filled: UnsafeMutablePointer<UInt16>
    private var count = 0

    /// - Parameter memory: `bytes` bytes that live as long, beside the core's state.
    init(at memory: UnsafeMutableRawPointer) {
        entries = memory.bindMemory(to: Entry.self, capacity: Self.size * Self.sets)
        entries.initialize(repeating: Entry(), count: Self.size * Self.sets)
        filled = .allocate(capacity: Self.size * Self.sets)
    }

    deinit { filled.deallocate() }

    func fill(_ address: UInt64, _ set: Int, code: UInt64) {
        let index = set * Self.size + Int(address & UInt64(Self.size - 1))
        if entries[index].code == 0 {
            filled[count] = UInt16(truncatingIfNeeded: index)
            count += 1
        }
        entries[index] = Entry(address: address, code: code)
    }

    func flush() {
        for position in 0..<count { entries[Int(filled[position])] = Entry() }
        count = 0
    }
}
