import Containers
import Glibc
import Host
import Model

/// A running container, reached through its monitor, which was there before this daemon or not.
final class ContainerRunner: Runner {
    let processID: Int32
    let id: InstanceID
    private let folder: InstanceFolder
    private let runtime: RuntimeCommand
    private let connection: MonitorConnection

    /// Connects to the monitor of a container that was created. Blocks shortly.
    init(
        _ id: InstanceID, processID: Int32, folder: InstanceFolder, runtime: RuntimeCommand
    ) throws(ContainerError) {
        self.id = id
        self.processID = processID
        self.folder = folder
        self.runtime = runtime
        connection = try MonitorConnection(path: folder.monitorSocket, loop: runtime.watcher.loop)
    }

    /// Lets the container's process go.
    ///
    /// - Throws: why its program could not be executed.
    func begin() async throws(EngineError) {
        await connection.send(.start)
        while let event = await connection.next() {
            switch event {
            case .started: return
            case .startFailed(let reason): throw EngineError(.invalid, reason)
            case .notExecutable(let reason): throw EngineError(.notExecutable, reason)
            case .exited, .output, .errors: continue
            }
        }
        throw EngineError(.system, "the monitor ended while the container was started")
    }

    func end() async -> ExitRecord {
        while let event = await connection.next() {
            if case .exited(let record) = event { return record }
        }
        // The monitor itself is gone, and with it whoever could know: only its file can tell.
        return ExitFile.read(folder.exitFile) ?? ExitRecord(exitCode: 255, finished: Clock.seconds)
    }

    func stop(signal number: Int32) async throws(EngineError) { try await signal(number) }

    func kill() async throws(EngineError) { try await signal(SIGKILL) }

    func signal(_ number: Int32) async throws(EngineError) {
        await connection.send(.kill(signal: UInt8(truncatingIfNeeded: number)))
    }

    func pause() async throws(EngineError) { try await run(["pause", id.text]) }

    func resume() async throws(EngineError) { try await run(["resume", id.text]) }

    func update(resources path: String) async throws(EngineError) {
        try await run(["update", "--resources", path, id.text])
    }

    func resize(_ size: TerminalSize) async {
        await connection.send(.resize(rows: size.rows, columns: size.columns))
    }

    func open(_ options: AttachOptions) async throws(EngineError) -> any SessionPort {
        let (folder, loop) = (folder, runtime.watcher.loop)
        let connection = try await blocking { try MonitorConnection(path: folder.monitorSocket, loop: loop) }
        await connection.send(.attach(options.streams))
        return MonitorPort(connection, exitFile: folder.exitFile)
    }

    func letGo() { connection.end() }

    func clear() async {
        connection.end()
        do {
            try await run(["delete", "--force", id.text])
        } catch {
            // The next start of the same container deletes again, and adoption does.
            return
        }
    }

    private func run(_ arguments: [String]) async throws(EngineError) {
        let runtime = runtime
        try await blocking { try runtime.run(arguments) }
    }
}

extension AttachOptions {
    /// What the monitor is asked for. A log that is replayed brings the output by itself.
    var streams: MonitorStreams {
        var streams: MonitorStreams = []
        if wantsStdout, !replaysLog { streams.insert(.output) }
        if wantsStderr, !replaysLog { streams.insert(.errors) }
        if takesStdin { streams.insert(.input) }
        return streams
    }
}
