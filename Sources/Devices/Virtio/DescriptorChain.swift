import Disks
import Glibc
import Machine

/// One request of the driver: memory that the device may read, followed by memory that it fills.
///
/// Every piece lies in guest RAM. The vectors point into storage of the queue and are valid until
/// the next `pop`.
package struct DescriptorChain {
    /// The first descriptor's index: how the driver knows the request.
    package let head: UInt16
    /// What the driver wrote for the device.
    package var readable: IOVectors
    /// What the device fills.
    package var writable: IOVectors
}

/// Walks descriptor tables into vectors; holds the storage that chains point into.
///
/// Refuses whatever a guest can get wrong: indices outside the table, loops (more entries than the
/// limit), buffers outside RAM, readable parts after writable ones, nested or misshapen tables.
struct ChainWalker: ~Copyable {
    /// The most descriptors in one chain, and so the most pieces in one system call.
    static let limit = IOVectors.maximumPerCall

    private let memory: GuestMemory
    private let pieces = UnsafeMutablePointer<iovec>.allocate(capacity: ChainWalker.limit)
    private var count = 0
    private var readableCount = 0
    private var visited = 0
    private var hasWritable = false

    init(memory: GuestMemory) { self.memory = memory }

    deinit { pieces.deallocate() }

    /// A descriptor table at a host address.
    struct Table {
        let entries: UnsafeRawPointer
        let count: UInt32
        /// Whether an entry may point to a further table.
        let allowsIndirect: Bool
    }

    /// The chain that starts at `head`, or `nil` when it breaks the rules.
    mutating func walk(_ table: Table, head: UInt16) -> DescriptorChain? {
        count = 0
        readableCount = 0
        visited = 0
        hasWritable = false
        guard follow(table, from: head) else { return nil }
        return DescriptorChain(
            head: head, readable: IOVectors(base: pieces, count: readableCount),
            writable: IOVectors(base: pieces + readableCount, count: count - readableCount))
    }

    private mutating func follow(_ table: Table, from first: UInt16) -> Bool {
        var index = first
        while true {
            visited += 1
            guard UInt32(index) < table.count, visited <= Self.limit else { return false }
            let descriptor = Descriptor(at: table.entries + Int(index) * Int(Descriptor.size))
            if descriptor.flags.contains(.indirect) {
                return table.allowsIndirect && followIndirect(descriptor)
            }
            guard append(descriptor) else { return false }
            guard descriptor.flags.contains(.next) else { return true }
            index = descriptor.next
        }
    }

    /// An indirect table ends the chain that it stands in (section 2.7.5.3.1).
    private mutating func followIndirect(_ descriptor: Descriptor) -> Bool {
        let length = UInt64(descriptor.length)
        guard !descriptor.flags.contains(.next), length > 0, length % Descriptor.size == 0,
            let entries = memory.pointer(to: descriptor.address, count: length)
        else { return false }
        let count = UInt32(truncatingIfNeeded: length / Descriptor.size)
        return follow(Table(entries: entries, count: count, allowsIndirect: false), from: 0)
    }

    private mutating func append(_ descriptor: Descriptor) -> Bool {
        let isWritable = descriptor.flags.contains(.write)
        guard isWritable || !hasWritable else { return false }
        hasWritable = isWritable
        guard descriptor.length > 0 else { return true }
        guard let host = memory.pointer(to: descriptor.address, count: UInt64(descriptor.length)) else {
            return false
        }
        pieces[count] = iovec(iov_base: host, iov_len: Int(descriptor.length))
        count += 1
        if !isWritable { readableCount = count }
        return true
    }
}
