import Glibc
import Host
import Model
import Synchronization

/// The user's terminal, or standard streams, and a process in a container.
///
/// Input, signals and changes of size are handled by the loop of the thread that calls `run`; output is written
/// by the connection's own thread.
final class AttachSession {
    /// How a session ends.
    enum End: Equatable, Sendable {
        case exited(Int32)
        /// The user left by the detach keys.
        case detached
        /// Nobody reads the output any more.
        case unread
        /// The connection broke before the end of the process was known.
        case lost
    }

    private let loop: Host.EventLoop
    private let usesTerminal: Bool
    private let signals: Signals
    private let ending = Ending()
    private var input: InputPump?

    /// Called on this thread for each signal that is meant for the process.
    var proxy: (Int32) -> Void = { _ in }

    /// - Parameter isTerminal: whether the process has a terminal, which ours becomes.
    /// - Parameter proxiesSignals: whether signals to us are the process's; otherwise they end us.
    init(isTerminal: Bool, proxiesSignals: Bool) throws {
        usesTerminal = isTerminal && Terminal.isTerminal(STDIN_FILENO)
        let proxied = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2]
        signals = try Signals((proxiesSignals ? proxied : []) + (isTerminal ? [SIGWINCH, SIGCONT] : []))
        loop = try Host.EventLoop()
    }

    /// The size of the user's terminal.
    static var terminalSize: TerminalSize? {
        Terminal.size(of: STDOUT_FILENO).map {
            TerminalSize(rows: UInt16(clamping: $0.rows), columns: UInt16(clamping: $0.columns))
        }
    }

    /// Connects; output that arrives from now on is written.
    func connect(_ request: Request, to client: DaemonClient) throws(Failure) -> StreamConnection {
        let ending = ending
        let loop = loop
        return try StreamConnection(request, to: client) { frame in
            guard let end = Self.write(frame) else { return }
            ending.set(end)
            loop.stop()
        }
    }

    /// Writes a frame; says how the session ends when this was its last one.
    private static func write(_ frame: Frame?) -> End? {
        switch frame?.kind {
        case nil: return .lost
        case .output, .error:
            let descriptor = frame?.kind == .output ? STDOUT_FILENO : STDERR_FILENO
            let isWritten = (try? Descriptors.writeAll(descriptor, frame?.bytes ?? [])) != nil
            return isWritten ? nil : .unread
        case .exit:
            let record = JSONValue(parsing: frame?.bytes ?? [])
            if let code = record?["exitCode"]?.integer { return .exited(Int32(truncatingIfNeeded: code)) }
            return record?["detached"] == true ? .detached : .lost
        default: return nil
        }
    }

    /// Serves the session to its end, with the terminal restored whatever happens.
    func run(_ connection: StreamConnection, stdin: Bool, detachKeys: DetachKeys) throws -> End {
        defer { Terminal.restore() }
        if usesTerminal, stdin { try enterRaw() }
        sendSize(connection)
        try loop.add(signals.raw, .read) { [unowned self] _ in
            while let signal = signals.next() { take(signal, connection) }
        }
        if stdin {
            let pump = InputPump(connection, loop: loop, keys: usesTerminal ? detachKeys : nil)
            let (ending, loop) = (ending, loop)
            pump.left = {
                ending.set(.detached)
                loop.stop()
            }
            pump.start()
            input = pump
        }
        loop.run()
        input?.stop()
        loop.remove(signals.raw)
        connection.close()
        return ending.value ?? .lost
    }

    private func enterRaw() throws(SystemError) {
        if tcgetpgrp(STDIN_FILENO) == getpgrp() { try Terminal.makeRaw(STDIN_FILENO) }
    }

    private func take(_ signal: Int32, _ connection: StreamConnection) {
        switch signal {
        case SIGWINCH: sendSize(connection)
        case SIGCONT:
            if usesTerminal { try? enterRaw() }
            sendSize(connection)
        default: proxy(signal)
        }
    }

    private func sendSize(_ connection: StreamConnection) {
        guard usesTerminal, let size = Self.terminalSize else { return }
        connection.send(.resize(rows: size.rows, columns: size.columns))
    }

    /// Set once, by whichever thread knows first.
    private final class Ending: Sendable {
        private let state = Mutex<End?>(nil)

        var value: End? { state.withLock { $0 } }

        func set(_ end: End) { state.withLock { $0 = $0 ?? end } }
    }
}
