import FoundationEssentials
import Glibc
import Host
import Model
import Synchronization

/// The serial port of a machine: kept in the log, shown to every client that is attached, typed into by any of them.
final class SerialConsole: Sendable {
    /// A line of the log is written out when it has become this long.
    private static let longestLine = 16 << 10

    private struct State {
        var clients: [Int: MachinePort] = [:]
        var nextClient = 0
        var line: [UInt8] = []
        var isEnded = false
    }

    private let raw: Int32
    private let loop: EventLoop
    private let log: String
    private let state = Mutex(State())

    /// Connects to the serial port that `viv boot` offers at `path`. Blocks shortly.
    init(path: String, log: String, loop: EventLoop) throws(SystemError) {
        let socket = try UnixSocket.connect(path)
        try socket.setNonBlocking()
        raw = socket.release()
        self.loop = loop
        self.log = log
        loop.post { [self] in
            do {
                try loop.add(raw, .read) { [self] _ in receive() }
            } catch {
                end()
            }
        }
    }

    deinit { close(raw) }

    func open() -> MachinePort {
        state.withLock { state in
            state.nextClient += 1
            let port = MachinePort(self, number: state.nextClient)
            state.clients[state.nextClient] = port
            return port
        }
    }

    func leave(_ number: Int) { state.withLock { _ = $0.clients.removeValue(forKey: number) } }

    /// Types into the guest. Blocks while it does not read.
    func type(_ bytes: [UInt8]) {
        // A guest that has ended reads nothing; the client is told of its end elsewhere.
        try? Descriptors.writeAll(raw, bytes)
    }

    private func receive() {
        guard let bytes = try? Descriptors.read(raw) else { return }
        guard !bytes.isEmpty else { return end() }
        let (clients, lines) = state.withLock { state in
            (Array(state.clients.values), Self.lines(&state.line, bytes))
        }
        keep(lines)
        for client in clients { client.show(bytes) }
    }

    private static func lines(_ rest: inout [UInt8], _ bytes: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            rest.append(byte)
            if byte == 0x0a || rest.count >= longestLine {
                lines.append(rest)
                rest = []
            }
        }
        return lines
    }

    /// The log is the same as a container's, so that the same reader serves both.
    private func keep(_ lines: [[UInt8]]) {
        guard !lines.isEmpty,
            let file = try? FileDescriptor.open(log, O_WRONLY | O_CREAT | O_APPEND, mode: 0o640)
        else { return }
        let time = Timestamp.text(nanoseconds: Clock.nanoseconds)
        var bytes: [UInt8] = []
        for line in lines {
            let text = LogLine(log: String(decoding: line, as: UTF8.self), stream: .stdout, time: time)
            bytes += JSONLine.encode(text)
        }
        // A full disk costs lines of the log, not the machine.
        try? Descriptors.writeAll(file.raw, bytes)
    }

    /// The machine's side is gone.
    func end() {
        loop.post { [self] in
            loop.remove(raw)
            let (clients, rest) = state.withLock { state in
                defer {
                    state.isEnded = true
                    state.line = []
                }
                return (Array(state.clients.values), state.line)
            }
            if !rest.isEmpty { keep([rest]) }
            for client in clients { client.drain() }
        }
    }
}

/// One client of a machine's serial port.
final class MachinePort: SessionPort {
    /// Pieces of output that wait for a slow client; then it loses the oldest.
    private static let window = 256

    private struct State {
        var pieces: [[UInt8]] = []
        var reader: CheckedContinuation<PortEvent, Never>?
        var end: SessionEnd?
    }

    private let console: SerialConsole
    private let number: Int
    private let state = Mutex(State())

    init(_ console: SerialConsole, number: Int) {
        self.console = console
        self.number = number
    }

    func next() async -> PortEvent {
        await withCheckedContinuation { continuation in
            let event = state.withLock { state -> PortEvent? in
                if !state.pieces.isEmpty { return .chunk(StreamChunk(.stdout, state.pieces.removeFirst())) }
                if let end = state.end { return .end(end) }
                state.reader = continuation
                return nil
            }
            if let event { continuation.resume(returning: event) }
        }
    }

    func show(_ bytes: [UInt8]) {
        let reader = state.withLock { state in
            defer { state.reader = nil }
            guard state.reader == nil else { return state.reader }
            state.pieces.append(bytes)
            if state.pieces.count > Self.window { state.pieces.removeFirst() }
            return nil
        }
        reader?.resume(returning: .chunk(StreamChunk(.stdout, bytes)))
    }

    func drain() { finish(.exited(0)) }

    private func finish(_ end: SessionEnd) {
        let reader = state.withLock { state in
            defer { state.reader = nil }
            if state.end == nil { state.end = end }
            return state.reader
        }
        reader?.resume(returning: .end(end))
    }

    func send(_ bytes: [UInt8]) async {
        let console = console
        try? await blocking { console.type(bytes) }
    }

    /// A serial port knows no end of input, no size and no signals.
    func closeStdin() async {}
    func resize(_ size: TerminalSize) async {}
    func signal(_ number: Int32) async {}

    func close() {
        console.leave(number)
        finish(.detached)
    }
}
