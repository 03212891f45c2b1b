import Glibc
import Machine

/// A straight run of decoded instructions within one page.
struct InstructionBlock {
    /// Physical address of the first byte, and the code's mode in bits 62 and 63; `UInt64.max` for none.
    var tag: UInt64
    var first: UnsafeMutablePointer<Instruction>
    var count: Int
}

/// Decoded code by physical address. A page that was decoded from is flagged in `GuestMemory`, loses its write
/// tags, and is forgotten as a whole when something decoded is written to. What lies beside it in the page may be
/// written at the cost of the slow path: old programs keep code and data together.
final class BlockCache {
    private static let slots = 1 << 16
    private static let capacity = 1 << 18
    /// No block is longer.
    static let longest = 64

    let table: UnsafeMutablePointer<InstructionBlock>
    private let instructions: UnsafeMutablePointer<Instruction>
    private var used = 0
    /// For each page of RAM a bit for every 64 bytes that something was decoded from.
    private let granules: UnsafeMutablePointer<UInt64>
    private let memory: GuestMemory
    /// Pages flagged since the cache was last emptied.
    private var pages: [UInt64] = []
    /// Called when what was made of a page (of all pages: `nil`) counts no longer.
    var forgotten: (UInt64?) -> Void = { _ in }

    init(memory: GuestMemory) {
        self.memory = memory
        table = .allocate(capacity: Self.slots)
        instructions = .allocate(capacity: Self.capacity)
        // Zero, and taking no memory until it is used.
        granules = calloc(Int(memory.size >> 12), 8).assumingMemoryBound(to: UInt64.self)
        table.initialize(
            repeating: InstructionBlock(tag: .max, first: instructions, count: 0), count: Self.slots)
    }

    deinit {
        table.deallocate()
        instructions.deallocate()
        free(granules)
    }

    @inline(__always)
    static func tag(_ physical: UInt64, _ mode: UInt8) -> UInt64 { physical | UInt64(mode) << 62 }

    @inline(__always)
    static func index(_ physical: UInt64) -> Int {
        Int(truncatingIfNeeded: (physical ^ physical >> 14) & UInt64(slots - 1))
    }

    private func slot(_ physical: UInt64) -> UnsafeMutablePointer<InstructionBlock> {
        table + Self.index(physical)
    }

    /// Room for one block.
    func room() -> UnsafeMutablePointer<Instruction> {
        if used + Self.longest > Self.capacity { clear() }
        return instructions + used
    }

    /// Enters the block of `count` instructions, decoded from so many bytes of one page, that were written to `room()`.
    func enter(
        _ physical: UInt64, _ mode: UInt8, count: Int, bytes: Int
    ) -> UnsafeMutablePointer<InstructionBlock> {
        granules[page(physical)] |= Self.granules(physical, UInt64(bytes))
        let block = slot(physical)
        block.pointee = InstructionBlock(
            tag: Self.tag(physical, mode), first: instructions + used, count: count)
        used += count
        return block
    }

    /// Takes note that something was made of these bytes of one page.
    func note(_ physical: UInt64, bytes: UInt64) {
        granules[page(physical)] |= Self.granules(physical, bytes)
    }

    private func page(_ physical: UInt64) -> Int { Int((physical &- memory.base) >> 12) }

    /// The bits of bytes within one page.
    private static func granules(_ physical: UInt64, _ bytes: UInt64) -> UInt64 {
        let (first, last) = (physical >> 6 & 63, (physical &+ bytes &- 1) >> 6 & 63)
        return (UInt64.max >> (63 - last)) & (UInt64.max << first)
    }

    /// Whether something may have been decoded from these bytes of one page of RAM.
    func holdsCode(_ physical: UInt64, _ bytes: UInt64) -> Bool {
        granules[page(physical)] & Self.granules(physical, bytes) != 0
    }

    /// Flags the page as holding code. True when it was not flagged before.
    func flag(_ physical: UInt64) -> Bool {
        let flags = memory.pageFlags + Int((physical &- memory.base) >> 12)
        guard flags.pointee & GuestMemory.PageFlags.code.rawValue == 0 else { return false }
        flags.pointee |= GuestMemory.PageFlags.code.rawValue
        pages.append(physical & ~0xFFF)
        return true
    }

    func isCode(_ physical: UInt64) -> Bool {
        memory.pageFlags[Int((physical &- memory.base) >> 12)] & GuestMemory.PageFlags.code.rawValue != 0
    }

    /// Forgets everything decoded from the page of `physical`.
    func forget(page physical: UInt64) {
        let page = physical & ~0xFFF
        guard memory.contains(page, 4096) else { return }
        memory.pageFlags[Int((page &- memory.base) >> 12)] &= ~GuestMemory.PageFlags.code.rawValue
        granules[self.page(page)] = 0
        forgotten(page)
        for offset in 0..<UInt64(4096) {
            let block = slot(page + offset)
            if block.pointee.tag != .max, block.pointee.tag & ~(3 << 62) == page + offset {
                block.pointee.tag = .max
            }
        }
    }

    /// Forgets all.
    func clear() {
        for page in pages {
            memory.pageFlags[Int((page &- memory.base) >> 12)] &= ~GuestMemory.PageFlags.code.rawValue
            granules[self.page(page)] = 0
        }
        pages.removeAll(keepingCapacity: true)
        forgotten(nil)
        for slot in 0..<Self.slots { table[slot].tag = .max }
        used = 0
    }
}
