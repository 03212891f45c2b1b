import Machine

/// A straight run of decoded instructions within one page.
struct InstructionBlock {
    /// Physical address of the first byte, and the code's mode in bits 62 and 63; `UInt64.max` for none.
    var tag: UInt64
    var first: UnsafeMutablePointer<Instruction>
    var count: Int
}

/// Decoded code of one core by physical address. A page that was decoded from is flagged with `CodeWatch`, loses its
/// write tags, and is forgotten as a whole when something decoded is written to. What lies beside it in the page may be
/// written at the cost of the slow path: old programs keep code and data together.
final class BlockCache {
    private static let slots = 1 << 16
    private static let capacity = 1 << 18
    /// No block is longer.
    static let longest = 64

    let table: UnsafeMutablePointer<InstructionBlock>
    private let instructions: UnsafeMutablePointer<Instruction>
    private var used = 0
    private let watch: CodeWatch
    /// This core's among those of the machine.
    private let inbox: CodeInbox
    private let memory: GuestMemory
    /// Pages flagged since the cache was last emptied.
    private var pages: [UInt64] = []
    /// Called when what was made of a page (of all pages: `nil`) counts no longer.
    var forgotten: (UInt64?) -> Void = { _ in }

    init(memory: GuestMemory, _ watch: CodeWatch, _ inbox: CodeInbox) {
        self.memory = memory
        self.watch = watch
        self.inbox = inbox
        table = .allocate(capacity: Self.slots)
        instructions = .allocate(capacity: Self.capacity)
        table.initialize(
            repeating: InstructionBlock(tag: .max, first: instructions, count: 0), count: Self.slots)
    }

    deinit {
        table.deallocate()
        instructions.deallocate()
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

    /// Forgets all when there is no room for another block.
    func makeRoom() {
        if used + Self.longest > Self.capacity { clear() }
    }

    /// Room for one block.
    var room: UnsafeMutablePointer<Instruction> { instructions + used }

    /// Enters the block of `count` instructions, decoded from so many bytes of one page, that were written to `room`.
    func enter(
        _ physical: UInt64, _ mode: UInt8, count: Int, bytes: Int
    ) -> UnsafeMutablePointer<InstructionBlock> {
        watch.note(physical, bytes: UInt64(bytes))
        let block = slot(physical)
        block.pointee = InstructionBlock(
            tag: Self.tag(physical, mode), first: instructions + used, count: count)
        used += count
        return block
    }

    /// Flags the page as holding code. True when it was not flagged before.
    func flag(_ physical: UInt64) -> Bool {
        guard watch.flag(physical, by: inbox) else { return false }
        pages.append(physical & ~0xFFF)
        return true
    }

    /// Forgets everything decoded from the page of `physical`.
    func forget(page physical: UInt64) {
        let page = physical & ~0xFFF
        guard memory.contains(page, 4096) else { return }
        watch.release(page, inbox)
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
        for page in pages { watch.release(page, inbox) }
        pages.removeAll(keepingCapacity: true)
        forgotten(nil)
        for slot in 0..<Self.slots { table[slot].tag = .max }
        used = 0
    }
}
