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
    private var filled = SlotLog(JumpTable.size * JumpTable.sets)
    /// Entries whose pages may not be global.
    private var locals = SlotLog(JumpTable.size * JumpTable.sets)

    /// - Parameter memory: `bytes` bytes that live as long, beside the core's state.
    init(at memory: UnsafeMutableRawPointer) {
        entries = memory.bindMemory(to: Entry.self, capacity: Self.size * Self.sets)
        entries.initialize(repeating: Entry(), count: Self.size * Self.sets)
    }

    func fill(_ address: UInt64, _ set: Int, code: UInt64, isGlobal: Bool) {
        let index = set * Self.size + Int(address & UInt64(Self.size - 1))
        filled.note(index)
        if !isGlobal { locals.note(index) }
        entries[index] = Entry(address: address, code: code)
    }

    /// What is filled in for an address.
    @inline(__always)
    func code(_ address: UInt64, _ set: Int) -> UInt64? {
        let entry = entries[set * Self.size + Int(address & UInt64(Self.size - 1))]
        return entry.address == address ? entry.code : nil
    }

    func flush() {
        locals.forEach { _ in }
        filled.forEach { entries[$0] = Entry() }
    }

    /// Forgets what lies in pages that are not global.
    func flushLocal() { locals.forEach { entries[$0] = Entry() } }
}
