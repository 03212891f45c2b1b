import Containers
import Glibc
import Host
import Synchronization

/// One connection to a monitor, read and written by tasks without a thread of its own.
///
/// What the monitor says is taken from the socket only as fast as `next` asks for it, so that a slow client slows the
/// monitor and fills no memory here.
final class MonitorConnection: Sendable {
    /// Packets that wait here at most: half a megabyte of output.
    private static let window = 16

    private struct Outgoing: Sendable {
        let bytes: [UInt8]
        let done: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var inbox: [MonitorEvent] = []
        var reader: CheckedContinuation<MonitorEvent?, Never>?
        var outbox: [Outgoing] = []
        var isWatched = false
        /// The monitor's side is gone, or ours was closed.
        var isEnded = false
    }

    private let raw: Int32
    private let loop: EventLoop
    private let state = Mutex(State())

    /// Connects to the monitor that listens at `path`. Blocks shortly.
    init(path: String, loop: EventLoop) throws(ContainerError) {
        raw = try MonitorClient(path: path).release()
        self.loop = loop
        watch()
    }

    deinit { close(raw) }

    /// The next packet; `nil` when there will be no more. One reader at a time.
    func next() async -> MonitorEvent? {
        await withCheckedContinuation { continuation in
            let (event, isEnded, mustWatch) = state.withLock { state -> (MonitorEvent?, Bool, Bool) in
                if !state.inbox.isEmpty {
                    let event = state.inbox.removeFirst()
                    return (event, false, !state.isWatched && !state.isEnded)
                }
                if state.isEnded { return (nil, true, false) }
                state.reader = continuation
                return (nil, false, !state.isWatched)
            }
            if mustWatch { watch() }
            if event != nil || isEnded { continuation.resume(returning: event) }
        }
    }

    /// Sends a packet; waits while the monitor is slow.
    ///
    /// - Returns: whether the monitor has got it.
    @discardableResult
    func send(_ request: MonitorRequest) async -> Bool {
        await withCheckedContinuation { continuation in
            let outgoing = Outgoing(bytes: request.bytes, done: continuation)
            let (result, mustWatch) = state.withLock { state -> (Bool?, Bool) in
                if state.isEnded { return (false, false) }
                if state.outbox.isEmpty, let sent = transmit(outgoing.bytes) { return (sent, false) }
                state.outbox.append(outgoing)
                return (nil, true)
            }
            if mustWatch { watch() }
            if let result { continuation.resume(returning: result) }
        }
    }

    /// Ends the connection; whoever waits is told.
    func end() {
        shutdown(raw, Int32(SHUT_RDWR))
        loop.post { [self] in finish() }
    }

    /// `nil` when the socket is full.
    private func transmit(_ bytes: [UInt8]) -> Bool? {
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        while true {
            if Glibc.send(raw, bytes, bytes.count, flags) >= 0 { return true }
            if errno == EAGAIN { return nil }
            if errno != EINTR { return false }
        }
    }
}

// MARK: - On the loop's thread

extension MonitorConnection {
    private func watch() {
        loop.post { [self] in
            let interest = state.withLock { state -> EventLoop.Interest? in
                guard !state.isEnded else { return nil }
                let wanted = state.outbox.isEmpty ? EventLoop.Interest.read : [.read, .write]
                if state.isWatched {
                    loop.modify(raw, wanted)
                    return nil
                }
                state.isWatched = true
                return wanted
            }
            guard let interest else { return }
            do {
                try loop.add(raw, interest) { [self] readiness in serve(readiness) }
            } catch {
                finish()
            }
        }
    }

    private func serve(_ readiness: EventLoop.Readiness) {
        if readiness.canWrite { flush() }
        if readiness.canRead || readiness.hungUp { receive() }
    }

    private func flush() {
        let finished = state.withLock { state -> [(Outgoing, Bool)] in
            var finished: [(Outgoing, Bool)] = []
            while let first = state.outbox.first, let sent = transmit(first.bytes) {
                finished.append((state.outbox.removeFirst(), sent))
            }
            if state.outbox.isEmpty { loop.modify(raw, .read) }
            return finished
        }
        for (outgoing, sent) in finished { outgoing.done.resume(returning: sent) }
    }

    private func receive() {
        var packet = [UInt8](repeating: 0, count: MonitorEvent.largestOutput + 1)
        while true {
            let count = recv(raw, &packet, packet.count, Int32(MSG_DONTWAIT))
            // A monitor that ends without having read all requests resets the connection: that is told once, before what
            // it said last.
            if count < 0 && (errno == EINTR || errno == ECONNRESET) { continue }
            if count < 0 && errno == EAGAIN { return }
            guard count > 0, let event = MonitorEvent(packet[..<count]) else { return finish() }
            guard deliver(event) else { return }
        }
    }

    /// - Returns: whether more may come now.
    private func deliver(_ event: MonitorEvent) -> Bool {
        let (reader, mayGoOn) = state.withLock {
            state -> (CheckedContinuation<MonitorEvent?, Never>?, Bool) in
            if let reader = state.reader {
                state.reader = nil
                return (reader, true)
            }
            state.inbox.append(event)
            let mayGoOn = state.inbox.count < Self.window
            if !mayGoOn { state.isWatched = false }
            return (nil, mayGoOn)
        }
        // A socket that is not read must not be watched either: its hang-up would be reported for ever.
        if !mayGoOn { loop.remove(raw) }
        reader?.resume(returning: event)
        return mayGoOn
    }

    private func finish() {
        loop.remove(raw)
        let (reader, outbox) = state.withLock { state in
            defer {
                state.reader = nil
                state.outbox = []
                state.isEnded = true
                state.isWatched = false
            }
            return (state.reader, state.outbox)
        }
        reader?.resume(returning: nil)
        for outgoing in outbox { outgoing.done.resume(returning: false) }
    }
}
