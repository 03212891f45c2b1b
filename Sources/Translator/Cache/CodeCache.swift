import CLinux
import Glibc
import Machine
import Synchronization

/// The translations that all vCPUs of a machine share.
///
/// One lock guards everything here; vCPU threads take it only outside emitted code, and nobody
/// waits for a vCPU while holding it. Emitted code itself reads no structure of the cache: it is
/// changed under its feet only by single aligned stores (links, stale entries).
package final class CodeCache: @unchecked Sendable {
    // SAFETY: mutable state is guarded by `lock`; `members` is complete before the first vCPU runs.

    let memory: GuestMemory
    let buffer: CodeBuffer
    let blocks: BlockMap
    let exits: UnsafeMutablePointer<Exit>
    var exitCount = 1
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var members: [Member] = []
    private var thunks: Thunks?
    /// Set while somebody waits for all vCPUs to be outside emitted code, to empty the cache.
    let isEmptying = Atomic<Bool>(false)

    /// Counts how often the cache was emptied: nothing looked up earlier is valid any more.
    let epoch = Atomic<UInt64>(1)

    static let exitCapacity = 1 << 21
    private static let codeSize = 32 << 20

    /// A vCPU outlives its use here; its owner is the guest's side.
    private struct Member {
        unowned let vcpu: TranslatedVCPU
    }

    /// Whether the host's processor has the instructions that emitted code uses.
    package static var isSupported: Bool { viv_cpu_is_v3() != 0 }

    /// `nil` when the host refuses memory, or executable memory.
    package init?(memory: GuestMemory) {
        guard let buffer = CodeBuffer(size: Self.codeSize),
            let blocks = BlockMap(base: memory.base, size: memory.size)
        else { return nil }
        let bytes = Self.exitCapacity * MemoryLayout<Exit>.stride
        let table = mmap(
            nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard table != MAP_FAILED, let table else { return nil }
        self.memory = memory
        self.buffer = buffer
        self.blocks = blocks
        exits = table.assumingMemoryBound(to: Exit.self)
        pthread_mutex_init(lock, nil)
        memory.codeWritten = { [unowned self] address, count in invalidate(address, count) }
    }

    deinit {
        munmap(exits, Self.exitCapacity * MemoryLayout<Exit>.stride)
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    /// Adds a vCPU. All of them must be added before the first one runs.
    func add(_ vcpu: TranslatedVCPU) { members.append(Member(vcpu: vcpu)) }

    /// The code that all units share, made at the first call.
    func thunks(for layout: StateLayout) -> Thunks {
        if let thunks { return thunks }
        let made = Thunks(at: buffer.writable, layout: layout, targets: SlowPaths.targets)
        buffer.commit(to: made.end)
        thunks = made
        return made
    }

    /// Whether there is only one vCPU, which then need not tell others what it does.
    @inline(__always)
    var isSolitary: Bool { members.count == 1 }

    /// Calls `body` for every vCPU but one.
    func forEach(but one: TranslatedVCPU, _ body: (TranslatedVCPU) -> Void) {
        for member in members where member.vcpu !== one { body(member.vcpu) }
    }

    @inline(__always)
    func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }

    // MARK: Code that changes

    /// A store to [address, address + count), already made, may have hit translated instructions.
    func invalidate(_ address: UInt64, _ count: UInt64) {
        withLock {
            var from = address
            let end = address &+ count
            while from < end {
                let to = min(end, (from | 0xfff) &+ 1)
                invalidatePage(from, to)
                from = to
            }
        }
    }

    private func invalidatePage(_ from: UInt64, _ to: UInt64) {
        guard blocks.holdsCode(from, to) else { return }
        blocks.remove(overlapping: from, to) { makeStale($0) }
        tried[from & ~0xfff] = nil
        // A page without code left may be written at full speed again.
        if !blocks.pageHoldsCode(from) { _ = viv_fetch_and8(flags(from), ~Self.code) }
    }

    private static let code = GuestMemory.PageFlags.code.rawValue

    private func flags(_ physical: UInt64) -> UnsafeMutablePointer<UInt8> {
        memory.pageFlags + Int((physical &- memory.base) / GuestMemory.pageSize)
    }

    /// Whether stores to the page are seen; without that no unit may be made from it.
    func isWatched(_ physical: UInt64) -> Bool { flags(physical).pointee & Self.code != 0 }

    /// Makes the entry of a unit lead back to the runtime. Its eight bytes are one instruction, and
    /// the page offset of the guest instruction stands in the eight bytes before it.
    private func makeStale(_ code: UInt32) {
        guard let thunks else { return }
        let entry = buffer.writable + Int(code)
        let offset = UnsafeMutableRawPointer(entry - 8).load(as: UInt64.self)
        let distance = Int64(thunks.stale - UnsafePointer(entry + 5))
        let call = UInt64(0xe8) | UInt64(UInt32(truncatingIfNeeded: distance)) << 8 | (offset & 0xffff) << 40
        viv_store64(entry, call)
    }

    // MARK: Regions

    /// Loop heads by page, that were tried as regions.
    private var tried: [UInt64: Set<UInt64>] = [:]

    /// Takes note that the head at `physical` is being tried.
    func noteTried(_ physical: UInt64, _ key: UInt32) {
        tried[physical & ~0xfff, default: []].insert(physical << 16 | UInt64(key & UnitKey.mode))
    }

    func wasTried(_ physical: UInt64, _ key: UInt32) -> Bool {
        tried[physical & ~0xfff]?.contains(physical << 16 | UInt64(key & UnitKey.mode)) == true
    }

    /// Page offsets of the heads in the page of `physical` that were tried.
    func triedHeads(_ physical: UInt64) -> Set<Int> {
        Set((tried[physical & ~0xfff] ?? []).map { Int($0 >> 16 & 0xfff) })
    }

    /// For each region, the straight unit that it took the place of.
    private var replaced: [UInt32: UInt32] = [:]

    /// Regions that took the place of a straight unit and have kept it.
    var regionCount: Int { replaced.count }

    /// Lets the entry of a straight unit lead to a region.
    func enterRegion(_ region: UInt32, insteadOf unit: UInt32) {
        replaced[region] = unit
        redirect(unit, to: region)
    }

    /// Lets the region at `physical`, if there is one that is entered too often, lead to the straight unit again.
    func giveUpRegion(_ physical: UInt64, _ key: UInt32) {
        let number = blocks.find(physical, key)
        guard number != 0, let unit = replaced.removeValue(forKey: blocks[number].code) else { return }
        // The unit's own entry, of eight bytes, leads to the region, as all that know it may.
        redirect(blocks[number].code, to: unit + 8)
    }

    /// Lets the entry of a unit lead to other code for the same instructions.
    private func redirect(_ old: UInt32, to new: UInt32) {
        let distance = Int64(new) - Int64(old) - 5
        viv_store64(buffer.writable + Int(old), 0xe9 | UInt64(UInt32(truncatingIfNeeded: distance)) << 8)
    }

    // MARK: Links

    /// Lets an exit jump straight to the unit at `code`. `hostPage` is where a target in another
    /// page must be mapped for the link to be followed.
    func link(_ number: Int, to code: UInt32, hostPage: UInt64) {
        let exit = exits[number]
        if exit.expected != 0 { viv_store64(buffer.writable + Int(exit.expected), 0) }
        let distance = Int64(code) - Int64(exit.field) - 4
        viv_store32(buffer.writable + Int(exit.field), UInt32(truncatingIfNeeded: distance))
        if exit.expected != 0 { viv_store64(buffer.writable + Int(exit.expected), hostPage) }
    }

    // MARK: Running full

    /// Whether the next translation may not find room.
    var isFull: Bool {
        buffer.next() == nil || blocks.isFull || exitCount > Self.exitCapacity - 2 * UnitBuilder.capacity
    }

    /// Forgets all translations. Every vCPU is outside emitted code.
    func removeAll() {
        epoch.wrappingAdd(1, ordering: .releasing)
        blocks.removeAll()
        for page in 0..<Int(memory.size / GuestMemory.pageSize) where memory.pageFlags[page] & Self.code != 0
        {
            _ = viv_fetch_and8(memory.pageFlags + page, ~Self.code)
        }
        tried.removeAll()
        replaced.removeAll()
        exitCount = 1
        if let thunks { buffer.truncate(to: (thunks.end - buffer.writable + 15) & ~15) }
        for member in members { member.vcpu.forgetCode() }
    }
}
