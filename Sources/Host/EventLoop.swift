import CLinux
import Glibc
import Synchronization

/// One thread's loop over descriptors, timers and work posted by other threads (epoll).
///
/// Everything but `post` and `stop` belongs to the thread that calls `run`, or to the one that sets
/// the loop up before. Handlers run on that thread and may add and remove anything, themselves
/// included; a handler that was removed is not called again, not even for an event already fetched.
package final class EventLoop: @unchecked Sendable {
    // SAFETY: `watches`, `timers` and `running` are touched by the loop's thread alone (checked in debug
    // builds by `assertOnLoop`); what other threads reach is behind `inbox`, a mutex.

    /// What to wait for on a descriptor.
    package struct Interest: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static let read = Interest(rawValue: EPOLLIN.rawValue | EPOLLRDHUP.rawValue)
        package static let write = Interest(rawValue: EPOLLOUT.rawValue)
    }

    /// What has happened on a descriptor.
    package struct Readiness: Sendable {
        fileprivate let events: UInt32
        /// Bytes, a connection or the end of the stream can be read.
        package var canRead: Bool { has(EPOLLIN) || has(EPOLLRDHUP) || hungUp }
        /// Bytes can be written, or the pending connection has been decided.
        package var canWrite: Bool { has(EPOLLOUT) || hungUp }
        /// The other end is gone or the descriptor is in error; reported without being asked for.
        package var hungUp: Bool { has(EPOLLHUP) || has(EPOLLERR) }

        private func has(_ bit: EPOLL_EVENTS) -> Bool { events & bit.rawValue != 0 }
    }

    /// Names a timer until it has fired.
    package struct Timer: Hashable, Sendable { fileprivate let number: UInt64 }

    private struct Watch {
        let generation: UInt32
        let handler: (Readiness) -> Void
    }

    private struct Inbox {
        var work: [@Sendable () -> Void] = []
        var stopped = false
    }

    private let epoll: FileDescriptor
    private let wakeUp: FileDescriptor
    private var watches: [Int32: Watch] = [:]
    private var generation: UInt32 = 0
    private var timers = TimerQueue()
    private let inbox = Mutex(Inbox())
    private let ready = UnsafeMutablePointer<viv_ready>.allocate(capacity: Int(VIV_READY_MAX))
    private var owner: pthread_t?

    /// An idle loop.
    package init() throws(SystemError) {
        epoll = FileDescriptor(owning: try checked("make an event loop") { viv_epoll_create() })
        wakeUp = FileDescriptor(owning: try checked("make an event loop") { viv_eventfd() })
        let (epoll, wakeUp) = (epoll.raw, wakeUp.raw)
        try checked("make an event loop") {
            viv_epoll_control(epoll, EPOLL_CTL_ADD, wakeUp, EPOLLIN.rawValue, Self.wakeToken)
        }
    }

    deinit { ready.deallocate() }

    private static let wakeToken = UInt64.max

    /// Nanoseconds of the monotonic clock: the time base of `schedule`.
    package static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Traps in debug builds when called from another thread while the loop runs.
    package func assertOnLoop() {
        assert(owner.map { pthread_equal($0, pthread_self()) != 0 } ?? true, "not on the loop's thread")
    }
}

// MARK: - Descriptors

extension EventLoop {
    /// Calls `handler` whenever `fd` is ready (level-triggered). The loop does not own `fd`: remove it
    /// before it is closed.
    package func add(
        _ fd: Int32, _ interest: Interest, _ handler: @escaping (Readiness) -> Void
    ) throws(SystemError) {
        assertOnLoop()
        generation &+= 1
        let token = UInt64(generation) << 32 | UInt64(UInt32(bitPattern: fd))
        let epoll = epoll.raw
        try checked("watch a descriptor") {
            viv_epoll_control(epoll, EPOLL_CTL_ADD, fd, interest.rawValue, token)
        }
        watches[fd] = Watch(generation: generation, handler: handler)
    }

    /// Waits for something else on `fd` from now on. An empty interest still reports `hungUp`.
    package func modify(_ fd: Int32, _ interest: Interest) {
        assertOnLoop()
        guard let watch = watches[fd] else { return }
        let token = UInt64(watch.generation) << 32 | UInt64(UInt32(bitPattern: fd))
        _ = viv_epoll_control(epoll.raw, EPOLL_CTL_MOD, fd, interest.rawValue, token)
    }

    /// Forgets `fd`; harmless when it is not watched.
    package func remove(_ fd: Int32) {
        assertOnLoop()
        guard watches.removeValue(forKey: fd) != nil else { return }
        _ = viv_epoll_control(epoll.raw, EPOLL_CTL_DEL, fd, 0, 0)
    }
}

// MARK: - Timers and other threads

extension EventLoop {
    /// Calls `handler` once, `nanoseconds` from now (not before; to a millisecond).
    @discardableResult
    package func schedule(after nanoseconds: UInt64, _ handler: @escaping () -> Void) -> Timer {
        schedule(at: Self.now() &+ nanoseconds, handler)
    }

    /// Calls `handler` once, when `now()` has reached `deadline`.
    @discardableResult
    package func schedule(at deadline: UInt64, _ handler: @escaping () -> Void) -> Timer {
        assertOnLoop()
        return Timer(number: timers.insert(deadline, handler))
    }

    /// Drops a timer; harmless when it has fired.
    package func cancel(_ timer: Timer) {
        assertOnLoop()
        timers.cancel(timer.number)
    }

    /// Runs `work` on the loop's thread, in the order of posting. From any thread.
    package func post(_ work: @escaping @Sendable () -> Void) {
        inbox.withLock { $0.work.append(work) }
        wake()
    }

    /// Lets `run` return after the handlers under way. From any thread.
    package func stop() {
        inbox.withLock { $0.stopped = true }
        wake()
    }

    private func wake() {
        var one: UInt64 = 1
        _ = write(wakeUp.raw, &one, 8)
    }
}

// MARK: - Running

extension EventLoop {
    /// Serves until `stop`. A loop that was stopped can be run again.
    package func run() {
        owner = pthread_self()
        defer { owner = nil }
        while !inbox.withLock({ $0.stopped }) { turn() }
        inbox.withLock { $0.stopped = false }
    }

    private func turn() {
        let count = viv_epoll_wait(epoll.raw, ready, timers.timeout(at: Self.now()))
        for index in 0..<max(Int(count), 0) { deliver(ready[index]) }
        while let handler = timers.next(at: Self.now()) { handler() }
    }

    private func deliver(_ event: viv_ready) {
        guard event.token != Self.wakeToken else { return drainInbox() }
        let fd = Int32(bitPattern: UInt32(truncatingIfNeeded: event.token))
        guard let watch = watches[fd], watch.generation == UInt32(event.token >> 32) else { return }
        watch.handler(Readiness(events: event.events))
    }

    private func drainInbox() {
        var count: UInt64 = 0
        _ = read(wakeUp.raw, &count, 8)
        let work = inbox.withLock { inbox in
            defer { inbox.work = [] }
            return inbox.work
        }
        for item in work { item() }
    }
}
