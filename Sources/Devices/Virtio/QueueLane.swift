import Glibc
import Host
import Machine
import Synchronization

/// One queue of a device and the worker that serves it.
///
/// The worker touches guest RAM only with the lane's lock held, for one bounded `serve` at a time:
/// whoever takes the lock to pause or detach the queue returns with the worker out of RAM.
/// Interrupts are raised after the lock is released.
final class QueueLane: Sendable {
    private struct State: ~Copyable {
        var queue: Virtqueue?
        var session: UInt32 = 0
        var isLive = false
        var isPaused = false
        var isStopped = false
    }

    private struct Outcome {
        var wait = QueueWait.doorbell
        var reasons: VirtioInterrupt.Reasons = []
        var session: UInt32 = 0
        var isStopped = false
    }

    private let index: Int
    private let device: any VirtioDevice
    private let memory: GuestMemory
    private let interrupt: VirtioInterrupt
    private let bell: Doorbell
    private let state = Mutex(State())

    init(
        _ index: Int, of device: any VirtioDevice, memory: GuestMemory, interrupt: VirtioInterrupt
    ) throws(SystemError) {
        self.index = index
        self.device = device
        self.memory = memory
        self.interrupt = interrupt
        bell = try Doorbell()
    }

    /// The driver says that there is work. From any thread; never waits.
    func ring() { bell.ring() }

    /// Gives the lane its queue; false when the driver's layout is unusable.
    func attach(_ layout: Virtqueue.Layout, features: VirtioFeatures) -> Bool {
        let session = interrupt.session
        return state.withLock { state in
            state.queue = Virtqueue(layout, in: memory, features: features)
            state.session = session
            return state.queue != nil
        }
    }

    /// Takes the queue away; on return the worker does not touch guest RAM.
    func detach() {
        state.withLock { $0.queue = nil }
    }

    /// Lets the worker serve the queue, or stops it.
    func setLive(_ isLive: Bool) {
        state.withLock { $0.isLive = isLive }
        if isLive { bell.ring() }
    }

    /// Holds the worker still: on return it does not touch guest RAM. Work is kept for later.
    func pause() {
        state.withLock { $0.isPaused = true }
    }

    func resume() {
        state.withLock { $0.isPaused = false }
        bell.ring()
    }

    /// Ends the worker's `run`.
    func stop() {
        state.withLock { $0.isStopped = true }
        bell.ring()
    }

    /// The worker's life. Signals are for other threads (SIGXFSZ would end the process where a write
    /// past a limit should be an error of the disk).
    func run() {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        while true {
            let outcome = state.withLock { serveOnce(&$0) }
            if !outcome.reasons.isEmpty {
                interrupt.raise(outcome.reasons, of: index, session: outcome.session)
            }
            if outcome.isStopped { return }
            if outcome.wait != .again { bell.sleep(for: outcome.wait) }
        }
    }

    private func serveOnce(_ state: inout State) -> Outcome {
        var outcome = Outcome(session: state.session, isStopped: state.isStopped)
        guard state.isLive, !state.isPaused, !state.isStopped, var queue = state.queue.take() else {
            return outcome
        }
        if !queue.isBroken {
            queue.refuseDoorbells()
            outcome.wait = device.serve(index, &queue)
            if outcome.wait == .doorbell, !queue.askForDoorbell() { outcome.wait = .again }
            if queue.shouldInterrupt() { outcome.reasons.insert(.used) }
        }
        if queue.isBroken {
            outcome.wait = .doorbell
            outcome.reasons.formUnion([.failed, .configuration])
        }
        state.queue = consume queue
        return outcome
    }
}
