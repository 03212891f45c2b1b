import Glibc
import Host

/// Bytes on their way to a descriptor that may be slow: kept here until it takes them, so that the
/// loop never blocks. Works with terminals and pipes that others share, which must stay blocking.
final class Outlet {
    /// Above this many waiting bytes the source should pause.
    private static let fullMark = 1 << 16
    /// A pipe or terminal that is ready takes this much without blocking.
    private static let piece = 1024

    private let loop: EventLoop
    private let descriptor: Int32
    private var waiting: [UInt8] = []
    /// Whether the loop can tell when the descriptor is ready; regular files always are.
    private let isPollable: Bool
    private var isBroken = false
    private var wentFull = false
    private let isShared: Bool

    /// Called when waiting bytes have gone after `isFull` was true.
    var drained: () -> Void = {}

    /// How many bytes wait.
    var count: Int { waiting.count }

    var isFull: Bool { waiting.count >= Self.fullMark }

    /// Writes to `descriptor`, which the caller keeps open for as long as the outlet lives. `shared`
    /// says that it is no socket of ours alone and therefore in blocking mode.
    init(_ descriptor: Int32, loop: EventLoop, shared: Bool) {
        self.loop = loop
        self.descriptor = descriptor
        isShared = shared
        isPollable = (try? FileStatus(of: descriptor))?.kind != .regular
    }

    /// Queues `bytes` and writes what can be written now. After the reader has gone they are dropped.
    func send(_ bytes: [UInt8]) {
        guard !isBroken else { return }
        guard isPollable else {
            isBroken = (try? Descriptors.writeAll(descriptor, bytes)) == nil
            return
        }
        let wasIdle = waiting.isEmpty
        waiting += bytes
        if wasIdle { write() }
        wentFull = wentFull || isFull
    }

    /// Writes everything that waits, however long it takes; gives up when nothing moves for a second.
    func flush() {
        while !waiting.isEmpty, !isBroken, isReady(milliseconds: 1000) { step() }
    }

    private func isReady(milliseconds: Int32) -> Bool {
        var slot = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&slot, 1, milliseconds) == 1
    }

    private func write() {
        while !waiting.isEmpty, !isBroken, isReady(milliseconds: 0) { step() }
        if !waiting.isEmpty, !isBroken { retryLater() }
    }

    private func step() {
        let piece = waiting.prefix(isShared ? Self.piece : waiting.count)
        do {
            waiting.removeFirst(try Descriptors.write(descriptor, piece))
        } catch {
            isBroken = true
            waiting = []
        }
    }

    // A timer and not the loop's own watch: the same descriptor may be watched for reading already,
    // and a stalled terminal is rare.
    private func retryLater() {
        loop.schedule(after: 5_000_000) { [weak self] in
            guard let self else { return }
            self.write()
            guard self.wentFull, !self.isFull else { return }
            self.wentFull = false
            self.drained()
        }
    }
}
