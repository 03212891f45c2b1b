import Firmware
import Glibc
import Host
import RISCV
import Synchronization

/// A hart with its engine, the thread that it runs on, and what other threads ask of the engine.
final class HartThread: @unchecked Sendable {
    // SAFETY: the engine is used by its own thread alone; `requests` is a mutex, `served` atomic; the hart
    // says for itself what others may call.

    private struct Requests {
        var fences: [RemoteFence] = []
        var wasReset = false
        /// Counts the requests made so far.
        var made: UInt64 = 0
    }

    let hart: Hart
    private let engine: Engine
    private let requests = Mutex(Requests())
    private let served = Atomic<UInt64>(0)
    private let identity = Atomic<pthread_t>(0)

    /// Starts the thread; the hart is parked.
    init(_ hart: Hart, _ engine: Engine) throws(SystemError) {
        self.hart = hart
        self.engine = engine
        hart.serveEngine = { [unowned self] in serve() }
        hart.park()
        _ = try Thread(name: "hart-\(hart.id)") { [self] in
            identity.store(pthread_self(), ordering: .relaxed)
            self.engine.run()
        }
    }

    /// Whether the caller is on this thread.
    var isCurrent: Bool { identity.load(ordering: .relaxed) == pthread_self() }

    /// Tells the engine that its hart was reset, while that is parked; it hears of it before it runs again.
    func noteReset() {
        requests.withLock { $0.wasReset = true }
        hart.kick()
    }

    /// Asks for a fence; returns the ticket to wait for. From any thread.
    func ask(_ fence: RemoteFence) -> UInt64 {
        let ticket = requests.withLock { requests in
            requests.fences.append(fence)
            requests.made += 1
            return requests.made
        }
        hart.kick()
        return ticket
    }

    /// Waits until the fence with this ticket is done. `own` is the thread that waits: it goes on serving
    /// what others ask of it, so that two that fence each other do not wait for ever.
    func wait(for ticket: UInt64, as own: HartThread) {
        while served.load(ordering: .acquiring) < ticket {
            own.serve()
            sched_yield()
        }
    }

    /// Does what was asked for. On the hart's own thread.
    func serve() {
        let (fences, wasReset, made) = requests.withLock { requests in
            defer {
                requests.fences = []
                requests.wasReset = false
            }
            return (requests.fences, requests.wasReset, requests.made)
        }
        if wasReset { engine.reset() }
        for fence in fences { engine.fence(fence) }
        served.store(made, ordering: .releasing)
    }
}
