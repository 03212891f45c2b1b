import CLinux
import Glibc
import Machine
import Synchronization

/// What the cores of a machine know together of the code that they made something of, so that whoever writes to it
/// can tell them all.
///
/// For each page of RAM there are the cores that decoded or translated from it (*holders*, with a bit for every
/// 64 bytes) and those whose TLBs may let it be written to unseen (*writers*). A holder flags the page first, has all
/// writers give up their tags, waits until they have, and reads the bytes then; a writer takes note of itself before
/// it looks at the flag. Stores to a flagged page come first and look for holders second, with the lock that decoding
/// holds: one of the two always sees the other. Holders forget when they attend to it, which is before anything that
/// serialises them (SDM vol. 3, section 9.1.3, on cross-modifying code).
package final class CodeWatch: @unchecked Sendable {
    // SAFETY: pages' bytes are changed by atomic operations or under the lock; members are kept by a mutex.

    private let memory: GuestMemory
    private let holders: UnsafeMutablePointer<UInt8>
    private let writers: UnsafeMutablePointer<UInt8>
    private let granules: UnsafeMutablePointer<UInt64>
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let inboxes = Mutex<[CodeInbox]>([])
    private let count = Atomic<Int>(0)
    private let remote = Backlink<CodeWatch>()

    /// The most cores that a machine can have.
    package static let largestCount = 8

    package init(memory: GuestMemory) {
        self.memory = memory
        let pages = Int(memory.size >> 12)
        // Zero, and taking no memory until it is used.
        holders = calloc(pages, 1).assumingMemoryBound(to: UInt8.self)
        writers = calloc(pages, 1).assumingMemoryBound(to: UInt8.self)
        granules = calloc(pages, 8).assumingMemoryBound(to: UInt64.self)
        pthread_mutex_init(lock, nil)
        memory.codeWritten = { [remote] address, count in remote.call { $0.deviceWrote(address, count) } }
        remote.set(self)
    }

    deinit {
        remote.set(nil)
        free(holders)
        free(writers)
        free(granules)
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    /// Adds a core, which `kick` makes look at its inbox.
    func join(_ kick: @escaping @Sendable () -> Void) -> CodeInbox {
        inboxes.withLock { members in
            precondition(members.count < Self.largestCount, "more cores than bits")
            let inbox = CodeInbox(bit: 1 << UInt8(members.count), kick)
            members.append(inbox)
            count.store(members.count, ordering: .sequentiallyConsistent)
            return inbox
        }
    }

    /// Whether somebody else may write to what a core executes.
    var isShared: Bool { count.load(ordering: .relaxed) > 1 }

    private func page(_ physical: UInt64) -> Int { Int((physical &- memory.base) >> 12) }

    /// The bits of bytes within one page.
    private static func granules(_ physical: UInt64, _ bytes: UInt64) -> UInt64 {
        let (first, last) = (physical >> 6 & 63, (physical &+ bytes &- 1) >> 6 & 63)
        return (UInt64.max >> (63 - last)) & (UInt64.max << first)
    }

    // MARK: Holders

    /// Makes a core a holder of the page of `physical`: from when this returns every store to it is seen.
    ///
    /// - Returns: false when it was one already.
    func flag(_ physical: UInt64, by own: CodeInbox) -> Bool {
        let page = page(physical)
        guard holders[page] & own.bit == 0 else { return false }
        withLock {
            _ = viv_fetch_or8(holders + page, own.bit)
            _ = viv_fetch_or8(memory.pageFlags + page, GuestMemory.PageFlags.code.rawValue)
        }
        return true
    }

    /// Takes the right to write to a page unseen from all other cores, and waits until they have given it up. Goes on
    /// serving what others ask of `own`, so that two that wait for each other do not do so for ever.
    func protect(_ physical: UInt64, by own: CodeInbox, serve: () -> Void) {
        let page = page(physical)
        _ = viv_fetch_and8(writers + page, ~own.bit)
        guard isShared else { return }
        let others = viv_load8(writers + page)
        guard others != 0 else { return }
        let asked = members(others).map { ($0, $0.post { $0.protected.append(physical & ~0xFFF) }) }
        for (inbox, ticket) in asked {
            while !inbox.hasServed(ticket) {
                serve()
                sched_yield()
            }
        }
    }

    /// A core lets go of all write tags of a page.
    func gaveUp(_ physical: UInt64, _ own: CodeInbox) {
        _ = viv_fetch_and8(writers + page(physical), ~own.bit)
    }

    /// Reads code and takes note of it: stores elsewhere are seen either before or behind that.
    @inline(__always)
    func reading<Result>(_ body: () -> Result) -> Result {
        guard isShared else { return body() }
        return withLock(body)
    }

    private func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }

    /// Something was made of these bytes of one page. Within `reading`.
    func note(_ physical: UInt64, bytes: UInt64) {
        granules[page(physical)] |= Self.granules(physical, bytes)
    }

    /// A core has nothing left that was made of a page.
    func release(_ physical: UInt64, _ own: CodeInbox) {
        let page = page(physical)
        withLock { drop(page, own.bit) }
    }

    private func drop(_ page: Int, _ bits: UInt8) {
        if viv_fetch_and8(holders + page, ~bits) & ~bits != 0 { return }
        granules[page] = 0
        _ = viv_fetch_and8(memory.pageFlags + page, ~GuestMemory.PageFlags.code.rawValue)
    }

    // MARK: Writers

    /// Whether something was made of the page of `physical`.
    @inline(__always)
    func isCode(_ physical: UInt64) -> Bool {
        viv_load8(memory.pageFlags + page(physical)) & GuestMemory.PageFlags.code.rawValue != 0
    }

    /// Whether a core may get a write tag for the page of `physical`, of which note is taken.
    func mayWriteUnseen(_ physical: UInt64, _ own: CodeInbox) -> Bool {
        guard isShared else { return !isCode(physical) }
        let page = page(physical)
        if writers[page] & own.bit == 0 { _ = viv_fetch_or8(writers + page, own.bit) }
        return !isCode(physical)
    }

    /// Whether something may have been made of these bytes of one page of RAM.
    func holdsCode(_ physical: UInt64, _ bytes: UInt64) -> Bool {
        granules[page(physical)] & Self.granules(physical, bytes) != 0
    }

    /// A core has stored to a page of code. Other holders are told.
    ///
    /// - Returns: whether the core itself has something to forget.
    func wrote(_ physical: UInt64, _ bytes: UInt64, by own: CodeInbox) -> Bool {
        let page = page(physical)
        let told = withLock { () -> UInt8 in
            guard holdsCode(physical, bytes) else { return 0 }
            let all = holders[page]
            drop(page, all)
            return all
        }
        tell(told & ~own.bit, physical)
        return told & own.bit != 0
    }

    private func tell(_ bits: UInt8, _ physical: UInt64) {
        guard bits != 0 else { return }
        for inbox in members(bits) { inbox.post { $0.written.append(physical & ~0xFFF) } }
    }

    /// Beyond so many pages it is cheaper to forget all.
    private static let mostPages = 64

    /// A device has written to RAM. *Any thread.*
    private func deviceWrote(_ address: UInt64, _ bytes: UInt64) {
        let pages = page(address)...page(address &+ bytes &- 1)
        guard pages.count <= Self.mostPages else {
            for inbox in members(.max) { inbox.post { $0.isAll = true } }
            return
        }
        for page in pages where holders[page] != 0 {
            tell(holders[page], memory.base &+ UInt64(page) << 12)
        }
    }

    private func members(_ bits: UInt8) -> [CodeInbox] {
        inboxes.withLock { $0.filter { $0.bit & bits != 0 } }
    }
}

/// What others ask of one core about code.
final class CodeInbox: @unchecked Sendable {
    // SAFETY: requests are kept by a mutex, the rest is atomic or never changes.

    struct Requests {
        /// Pages that were written to: what was made of them is to be forgotten.
        var written: [UInt64] = []
        /// Pages that are about to hold code: write tags are to be given up.
        var protected: [UInt64] = []
        /// All code is to be forgotten.
        var isAll = false
        /// Mappings are to be forgotten: what lies where has changed.
        var isFlush = false
        /// Counts the requests made so far.
        fileprivate var made: UInt64 = 0
    }

    /// The core's bit among the cores of its machine.
    let bit: UInt8
    private let kick: @Sendable () -> Void
    private let requests = Mutex(Requests())
    private let hasRequests = Atomic<Bool>(false)
    private let served = Atomic<UInt64>(0)
    /// Whether somebody is there to serve: the core's thread is in its engine.
    let isAttended = Atomic<Bool>(false)

    init(bit: UInt8, _ kick: @escaping @Sendable () -> Void) {
        self.bit = bit
        self.kick = kick
    }

    /// Adds a request; returns the ticket to wait for. *Any thread.*
    @discardableResult
    func post(_ request: (inout Requests) -> Void) -> UInt64 {
        let ticket = requests.withLock { requests in
            request(&requests)
            requests.made += 1
            return requests.made
        }
        hasRequests.store(true, ordering: .sequentiallyConsistent)
        kick()
        return ticket
    }

    /// Whether a request has been served, or nothing is executed that could contradict it. *Any thread.*
    func hasServed(_ ticket: UInt64) -> Bool {
        served.load(ordering: .acquiring) >= ticket || !isAttended.load(ordering: .sequentiallyConsistent)
    }

    /// Gives what was asked for to `body`. On the core's own thread.
    func serve(_ body: (Requests) -> Void) {
        guard hasRequests.exchange(false, ordering: .sequentiallyConsistent) else { return }
        let taken = requests.withLock { requests in
            let taken = requests
            requests = Requests()
            requests.made = taken.made
            return taken
        }
        body(taken)
        served.store(taken.made, ordering: .releasing)
    }
}
