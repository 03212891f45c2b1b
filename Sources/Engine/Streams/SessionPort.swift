import Containers
import Model

/// The process's side of a session.
protocol SessionPort: Sendable {
    /// The next thing that happens. One reader at a time.
    func next() async -> PortEvent
    func send(_ bytes: [UInt8]) async
    func closeStdin() async
    func resize(_ size: TerminalSize) async
    func signal(_ number: Int32) async
    /// Ends the connection; the process goes on.
    func close()
}

/// What a session hears from its process.
enum PortEvent: Equatable, Sendable {
    case chunk(StreamChunk)
    case end(SessionEnd)
}

/// A process under a monitor.
final class MonitorPort: SessionPort {
    private let connection: MonitorConnection
    private let exitFile: String
    private let settled: OneShot<Void>?

    /// - Parameter settled: what the end waits for, so that whoever has seen it finds it in the records as well.
    init(_ connection: MonitorConnection, exitFile: String, settled: OneShot<Void>? = nil) {
        self.connection = connection
        self.exitFile = exitFile
        self.settled = settled
    }

    func next() async -> PortEvent {
        while let event = await connection.next() {
            switch event {
            case .output(let bytes): return .chunk(StreamChunk(.stdout, bytes))
            case .errors(let bytes): return .chunk(StreamChunk(.stderr, bytes))
            case .startFailed(let reason), .notExecutable(let reason): return .end(.failed(reason))
            case .exited(let record): return await end(record)
            case .started: continue
            }
        }
        // The packet was missed; the file has the same record. It is small and was just written.
        guard let record = ExitFile.read(exitFile) else { return .end(.detached) }
        return await end(record)
    }

    private func end(_ record: ExitRecord) async -> PortEvent {
        await settled?.value()
        return .end(.exited(record.exitCode))
    }

    func send(_ bytes: [UInt8]) async {
        for start in stride(from: 0, to: bytes.count, by: Self.largestInput) {
            await connection.send(.input(Array(bytes[start..<min(start + Self.largestInput, bytes.count)])))
        }
    }

    private static let largestInput = 16 << 10

    func closeStdin() async { await connection.send(.closeInput) }

    func resize(_ size: TerminalSize) async {
        await connection.send(.resize(rows: size.rows, columns: size.columns))
    }

    func signal(_ number: Int32) async {
        await connection.send(.kill(signal: UInt8(truncatingIfNeeded: number)))
    }

    func close() { connection.end() }
}
