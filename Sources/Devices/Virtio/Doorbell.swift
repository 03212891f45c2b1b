import CLinux
import Glibc
import Host
import Synchronization

/// How a vCPU wakes the worker of a queue: one atomic exchange while the worker is awake, one
/// write to an eventfd when it sleeps.
final class Doorbell: Sendable {
    private enum Phase: UInt8, AtomicRepresentable {
        /// The worker is awake and has not been called since it last looked.
        case awake
        /// The worker must look again before it sleeps. Entered from `asleep`, a write follows.
        case rung
        /// The worker sleeps or is about to.
        case asleep
    }

    private let event: FileDescriptor
    private let phase = Atomic(Phase.awake)

    init() throws(SystemError) {
        event = FileDescriptor(owning: try checked("make an eventfd") { viv_eventfd() })
        // The one reader reads only what it knows is written or wants to wait for.
        let raw = event.raw
        let flags = try checked("read flags of a descriptor") { viv_status_flags(raw) }
        try checked("set flags of a descriptor") { viv_set_status_flags(raw, flags & ~O_NONBLOCK) }
    }

    /// Calls the worker; from any thread.
    func ring() {
        guard phase.exchange(.rung, ordering: .sequentiallyConsistent) == .asleep else { return }
        var one: UInt64 = 1
        while write(event.raw, &one, 8) < 0, errno == EINTR {}
    }

    /// Sleeps until somebody rings (or has rung since the last call) or the descriptor that `wait`
    /// names is ready. For the worker only.
    func sleep(for wait: QueueWait) {
        let (falls, _) = phase.compareExchange(
            expected: .awake, desired: .asleep, ordering: .sequentiallyConsistent)
        guard falls else {
            phase.store(.awake, ordering: .sequentiallyConsistent)
            return
        }
        switch wait {
        case .again: break
        case .doorbell: return finishRing()
        case .readable(let descriptor): pollBeside(descriptor, POLLIN)
        case .writable(let descriptor): pollBeside(descriptor, POLLOUT)
        }
        if phase.exchange(.awake, ordering: .sequentiallyConsistent) == .rung { drain() }
    }

    private func finishRing() {
        drain()
        phase.store(.awake, ordering: .sequentiallyConsistent)
    }

    /// Takes the write that follows every step from `asleep` to `rung`.
    private func drain() {
        var count: UInt64 = 0
        while read(event.raw, &count, 8) < 0, errno == EINTR {}
    }

    private func pollBeside(_ descriptor: Int32, _ events: Int32) {
        var slots = (
            pollfd(fd: event.raw, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: Int16(events), revents: 0)
        )
        withUnsafeMutablePointer(to: &slots) {
            _ = $0.withMemoryRebound(to: pollfd.self, capacity: 2) { poll($0, 2, -1) }
        }
    }
}
