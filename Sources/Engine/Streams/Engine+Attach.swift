import Model
import Synchronization

extension Engine {
    /// A session with an instance. One that was created but not started yet is waited for.
    package func attach(_ name: String, _ options: AttachOptions) async throws(EngineError) -> StreamSession {
        let entry = try entry(name)
        switch entry.instance.state {
        case .removing, .dead: throw EngineError(.conflict, "\(entry.instance.name) is being removed")
        case .paused: throw EngineError(.conflict, "container \(entry.id) is paused: unpause it first")
        case .created, .exited, .running, .restarting: break
        }
        let spec = entry.container
        let keys = try Self.keys(options, hasTerminal: spec?.hasTerminal ?? true)
        var allowed = options
        allowed.takesStdin = options.takesStdin && (spec?.keepsStdinOpen ?? true)
        let session = StreamSession(
            hasTerminal: spec?.hasTerminal ?? true, options: allowed, keys: keys,
            replay: try replay(entry, allowed))
        tell(event(entry, "attach"))
        guard options.follows else {
            // The log alone: its end is the session's.
            session.open(EndedPort(exitCode: entry.instance.exitCode))
            return session
        }
        guard let runner = entry.runner, entry.isRunning else {
            entry.early.append(session)
            return session
        }
        session.open(try await runner.open(allowed))
        return session
    }

    /// Keys mean something only where a terminal turns them into bytes.
    static func keys(_ options: AttachOptions, hasTerminal: Bool) throws(EngineError) -> DetachKeys? {
        guard hasTerminal, options.takesStdin else { return nil }
        return try DetachKeys(parsing: options.detachKeys ?? "")
    }

    private func replay(_ entry: Entry, _ options: AttachOptions) throws(EngineError) -> LogCursor? {
        guard options.replaysLog else { return nil }
        var query = LogQuery()
        query.includesStdout = options.wantsStdout
        query.includesStderr = options.wantsStderr
        query.follows = options.follows
        return try cursor(entry, query)
    }

    package func resize(_ name: String, _ size: TerminalSize) async throws(EngineError) {
        let entry = try entry(name)
        guard let runner = entry.runner, entry.isRunning else {
            guard entry.instance.state == .created, entry.container != nil else {
                throw EngineError(.conflict, "container \(entry.id) is not running")
            }
            // Clients size the terminal as soon as they are attached, which may be before the start.
            entry.container?.terminalSize = size
            return
        }
        await runner.resize(size)
    }
}

/// A process that has ended already, or never began: then `words` say why.
final class EndedPort: SessionPort {
    private let exitCode: Int32
    private let words: Mutex<String>

    init(exitCode: Int32, words: String = "") {
        self.exitCode = exitCode
        self.words = Mutex(words)
    }

    func next() async -> PortEvent {
        let said = words.withLock { words in
            defer { words = "" }
            return words
        }
        guard said.isEmpty else { return .chunk(StreamChunk(.stdout, Array(said.utf8))) }
        return .end(.exited(exitCode))
    }
    func send(_ bytes: [UInt8]) async {}
    func closeStdin() async {}
    func resize(_ size: TerminalSize) async {}
    func signal(_ number: Int32) async {}
    func close() {}
}
