import CLinux
import Disks
import Machine

/// The device's side of a split virtqueue (Virtio 1.2, section 2.7).
///
/// The rings lie in guest RAM, checked once when the queue is made (RAM never moves); every number
/// in them is the guest's and is read once and checked. A queue that meets a broken rule sets
/// `isBroken` and hands out nothing more: the transport then asks the driver for a reset.
///
/// Memory order: an index is read with acquire before the entries that it covers, and published
/// with release after them; between announcing a wish and looking again lies a full fence.
package struct Virtqueue: ~Copyable, @unchecked Sendable {
    // SAFETY: one owner at a time, the lane that serves it; its pointers lead into guest RAM, which is
    // shared with racing vCPUs by design, and to storage that only this value knows.

    /// Where the driver put the rings, and how large they are.
    package struct Layout: Equatable, Sendable {
        /// Entries; a power of two, at most 32768.
        package var size: UInt16 = 0
        /// Guest-physical addresses of the descriptor table, available ring and used ring.
        package var descriptors: UInt64 = 0
        package var available: UInt64 = 0
        package var used: UInt64 = 0

        package init() {}
    }

    private let memory: GuestMemory
    private let mask: UInt16
    private let table: ChainWalker.Table
    private let available: UnsafeMutableRawPointer
    private let used: UnsafeMutableRawPointer
    private let usedAddress: UInt64
    private let usesEventIndex: Bool
    private var walker: ChainWalker

    /// The next available entry to take.
    private var nextAvailable: UInt16 = 0
    /// The driver's available index when it was last looked at.
    private var seenAvailable: UInt16 = 0
    /// The next used entry to fill, and how far the driver can see.
    private var nextUsed: UInt16 = 0
    private var publishedUsed: UInt16 = 0
    /// The used index when the driver's wish for an interrupt was last looked at.
    private var signalledUsed: UInt16 = 0
    /// The driver has broken a rule; nothing more comes out.
    package private(set) var isBroken = false

    /// `nil` when the rings are misaligned, not wholly in RAM, or of a forbidden size.
    package init?(_ layout: Layout, in memory: GuestMemory, features: VirtioFeatures) {
        let size = UInt64(layout.size)
        guard size > 0, size <= 32768, size & (size - 1) == 0,
            layout.descriptors % 16 == 0, layout.available % 2 == 0, layout.used % 4 == 0,
            let entries = memory.pointer(to: layout.descriptors, count: size * Descriptor.size),
            let available = memory.pointer(to: layout.available, count: 6 + 2 * size),
            let used = memory.pointer(to: layout.used, count: 6 + 8 * size)
        else { return nil }
        self.memory = memory
        mask = layout.size - 1
        table = ChainWalker.Table(
            entries: entries, count: UInt32(size),
            allowsIndirect: features.contains(.indirectDescriptors))
        self.available = available
        self.used = used
        usedAddress = layout.used
        usesEventIndex = features.contains(.eventIndex)
        walker = ChainWalker(memory: memory)
    }

    /// How many entries the rings have.
    package var size: Int { Int(mask) + 1 }

    /// The next request, or `nil` when there is none or the queue is broken.
    package mutating func pop() -> DescriptorChain? {
        guard !isBroken, nextAvailable != seenAvailable || lookForMore() else { return nil }
        let slot = Int(nextAvailable & mask)
        let head = available.load(fromByteOffset: 4 + 2 * slot, as: UInt16.self)
        guard let chain = walker.walk(table, head: head) else {
            isBroken = true
            return nil
        }
        nextAvailable &+= 1
        return chain
    }

    /// Gives the last popped request back: the next `pop` meets it again.
    package mutating func unpop() { nextAvailable &-= 1 }

    /// The request was more wrong than its answer can say.
    package mutating func markBroken() { isBroken = true }

    /// Answers a request; `written` bytes of its writable part hold something. The driver sees the
    /// answer after the next `publish`.
    package mutating func complete(_ head: UInt16, written: Int) {
        let entry = used + 4 + 8 * Int(nextUsed & mask)
        entry.storeBytes(of: UInt32(head), as: UInt32.self)
        entry.storeBytes(of: UInt32(truncatingIfNeeded: written), toByteOffset: 4, as: UInt32.self)
        nextUsed &+= 1
    }

    /// Shows all answers to the driver.
    package mutating func publish() {
        guard nextUsed != publishedUsed else { return }
        viv_store16(used + 2, nextUsed)
        publishedUsed = nextUsed
        memory.didWrite(usedAddress, 4 + 8 * UInt64(size))
    }

    /// Publishes, and says whether the driver wants an interrupt for what it has not heard of yet.
    package mutating func shouldInterrupt() -> Bool {
        publish()
        guard publishedUsed != signalledUsed else { return false }
        let old = signalledUsed
        signalledUsed = publishedUsed
        viv_fence()
        guard usesEventIndex else { return viv_load16(available) & 1 == 0 }
        let wanted = viv_load16(available + 4 + 2 * size)
        return Self.passes(wanted, from: old, to: publishedUsed)
    }

    /// The first `count` bytes of `vectors`, which lie in a popped chain, have been written: the
    /// translator must know.
    package borrowing func didWrite(_ vectors: IOVectors, count: Int) {
        var rest = count
        for index in 0..<vectors.count where rest > 0 {
            let piece = vectors[index]
            let length = min(piece.iov_len, rest)
            if let start = piece.iov_base { didWrite(start, count: length) }
            rest -= length
        }
    }

    /// The same for bytes at a host address.
    package borrowing func didWrite(_ start: UnsafeRawPointer, count: Int) {
        let offset = UInt64(start - UnsafeRawPointer(memory.host))
        memory.didWrite(memory.base &+ offset, UInt64(count))
    }

    /// Asks for a doorbell with the next request that has not been seen; false when one is there
    /// already. Call it before waiting.
    package mutating func askForDoorbell() -> Bool {
        guard !isBroken else { return true }
        if usesEventIndex {
            viv_store16(used + 4 + 8 * size, seenAvailable)
        } else {
            viv_store16(used, 0)
        }
        viv_fence()
        return viv_load16(available + 2) == seenAvailable
    }

    /// Spares the driver doorbells while its requests are being worked on. (With the event index
    /// nothing needs doing: the entry that was named has passed.)
    package mutating func refuseDoorbells() {
        guard !usesEventIndex else { return }
        viv_store16(used, 1)
    }

    private mutating func lookForMore() -> Bool {
        seenAvailable = viv_load16(available + 2)
        guard seenAvailable &- nextAvailable <= mask &+ 1 else {
            isBroken = true
            return false
        }
        return seenAvailable != nextAvailable
    }

    /// Whether an index that moves from `old` to `new` goes past `wanted` (section 2.7.10.1).
    static func passes(_ wanted: UInt16, from old: UInt16, to new: UInt16) -> Bool {
        new &- wanted &- 1 < new &- old
    }
}
