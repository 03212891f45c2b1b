import Containers
import Model
import Synchronization

/// Bytes that come when they are asked for: the producer waits for a slow consumer.
package typealias ByteStream = AsyncThrowingStream<[UInt8], any Error>

/// Bytes that a process has written.
package struct StreamChunk: Equatable, Sendable {
    package var stream: OutputStream
    package var bytes: [UInt8]

    package init(_ stream: OutputStream, _ bytes: [UInt8]) {
        self.stream = stream
        self.bytes = bytes
    }
}

/// How a session ended.
package enum SessionEnd: Equatable, Sendable {
    case exited(Int32)
    /// The detach keys were typed, or this side closed the session; the process goes on.
    case detached
    /// The process could not be started, and why.
    case failed(String)
}

/// One client's connection to a process: its output as it comes, and its input.
package final class StreamSession: Sendable {
    private struct State {
        var port: (any SessionPort)?
        /// Those that wait for a port: the process was not started yet.
        var waiting: [CheckedContinuation<Void, Never>] = []
        var keys: DetachKeys?
        var end: SessionEnd?
        var enders: [CheckedContinuation<SessionEnd, Never>] = []
    }

    /// Whether output is that of a terminal: one stream without a difference between stdout and stderr.
    package let hasTerminal: Bool
    let options: AttachOptions
    private let replay: LogCursor?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - keys: `nil` lets every byte through.
    ///   - replay: where output is read from in place of the process itself, to its end: the log, which has what
    ///     was written before as well and misses nothing in between.
    init(hasTerminal: Bool, options: AttachOptions, keys: DetachKeys?, replay: LogCursor? = nil) {
        self.hasTerminal = hasTerminal
        self.options = options
        self.replay = replay
        state = Mutex(State(keys: keys))
    }

    /// The next output; `nil` at the end, after which `end` says why. One reader at a time.
    package func next() async -> StreamChunk? {
        if let entry = await replay?.nextEntry() { return StreamChunk(entry.stream, entry.bytes) }
        while let port = await port() {
            switch await port.next() {
            case .chunk(let chunk): return chunk
            case .end(let end): finish(end)
            }
        }
        return nil
    }

    /// Waits until the process's side has taken the bytes; they are dropped when it has ended.
    package func send(_ bytes: [UInt8]) async {
        let (passed, isComplete) = state.withLock { state in
            state.keys?.take(bytes) ?? (bytes, false)
        }
        if !passed.isEmpty, options.takesStdin, let port = await port() { await port.send(passed) }
        if isComplete { close() }
    }

    /// The process sees the end of its input.
    package func closeStdin() async {
        guard options.takesStdin, let port = await port() else { return }
        await port.closeStdin()
    }

    package func resize(_ size: TerminalSize) async {
        // The terminal of a process that was not started yet gets its size at the start.
        await state.withLock({ $0.port })?.resize(size)
    }

    package func signal(_ number: Int32) async { await port()?.signal(number) }

    /// Leaves the process to itself.
    package func close() { finish(.detached) }

    /// How the session ended; waits until it has.
    package func end() async -> SessionEnd {
        await withCheckedContinuation { continuation in
            let end = state.withLock { state in
                if state.end == nil { state.enders.append(continuation) }
                return state.end
            }
            if let end { continuation.resume(returning: end) }
        }
    }

    /// The process's side, once there is one; `nil` when the session has ended.
    private func port() async -> (any SessionPort)? {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isReady = state.withLock { state in
                let isReady = state.port != nil || state.end != nil
                if !isReady { state.waiting.append(continuation) }
                return isReady
            }
            if isReady { continuation.resume() }
        }
        return state.withLock { $0.end == nil ? $0.port : nil }
    }

    /// Connects the session to its process.
    func open(_ port: any SessionPort) {
        let (waiting, isOver) = state.withLock { state in
            defer { state.waiting = [] }
            if state.end == nil { state.port = port }
            return (state.waiting, state.end != nil)
        }
        for continuation in waiting { continuation.resume() }
        if isOver { port.close() }
    }

    /// Ends the session; the first reason counts.
    func finish(_ end: SessionEnd) {
        let (port, waiting, enders) = state.withLock { state in
            guard state.end == nil else {
                return (
                    nil as (any SessionPort)?, [CheckedContinuation<Void, Never>](),
                    [CheckedContinuation<SessionEnd, Never>]()
                )
            }
            defer {
                state.end = end
                state.port = nil
                state.waiting = []
                state.enders = []
            }
            return (state.port, state.waiting, state.enders)
        }
        port?.close()
        for continuation in waiting { continuation.resume() }
        for continuation in enders { continuation.resume(returning: end) }
    }
}
