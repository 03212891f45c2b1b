import Containers
import Glibc
import Host
import Model

/// A process that was, or is to be, started in a running container.
struct Exec {
    var record: ExecRecord
    var connection: MonitorConnection?
    var size: TerminalSize?
    var hasBegun = false
}

extension Engine {
    /// - Returns: the exec's id.
    package func createExec(_ name: String, _ spec: ExecSpec) async throws(EngineError) -> String {
        let entry = try entry(name)
        guard entry.container != nil else {
            throw EngineError(
                .unsupported, "programs cannot be run in machines from outside: use its console")
        }
        guard !spec.command.isEmpty else { throw EngineError(.invalid, "No exec command specified") }
        _ = try DetachKeys(parsing: spec.detachKeys ?? "")
        try Self.requireRunning(entry)
        let id = InstanceID.random().text
        execs[id] = Exec(record: ExecRecord(id: id, instance: entry.id, spec: spec))
        tell(event(entry, "exec_create: \(spec.command.joined(separator: " "))", ["execID": id]))
        return id
    }

    private static func requireRunning(_ entry: Entry) throws(EngineError) {
        if entry.instance.state == .paused {
            throw EngineError(.conflict, "container \(entry.id) is paused, unpause the container before exec")
        }
        guard entry.instance.state == .running else {
            throw EngineError(.conflict, "container \(entry.id) is not running")
        }
    }

    func requireExec(_ id: String) throws(EngineError) -> Exec {
        if let exec = execs[id] { return exec }
        let matches = id.count >= 4 ? execs.filter { $0.key.hasPrefix(id) } : [:]
        guard matches.count == 1, let exec = matches.first?.value else {
            throw EngineError(.notFound, "No such exec instance: \(id)")
        }
        return exec
    }

    /// Starts the process; its session, or `nil` when `detached`.
    package func startExec(
        _ id: String, detached: Bool = false, terminalSize: TerminalSize? = nil
    ) async throws(EngineError) -> StreamSession? {
        let (entry, exec) = try claimExec(id)
        let (id, spec) = (exec.record.id, exec.record.spec)
        let options = detached ? AttachOptions() : Self.options(spec)
        let port = try await beginExec(
            entry, id, spec, options, terminalSize ?? exec.size ?? spec.terminalSize)
        guard !detached else {
            port.close()
            return nil
        }
        let session = StreamSession(
            hasTerminal: spec.hasTerminal, options: options,
            keys: try Self.keys(options, hasTerminal: spec.hasTerminal))
        session.open(port)
        return session
    }

    /// The session of a process that `begin` starts. What keeps it from starting is told in the session, as the first
    /// words of its output: a client has been promised the stream by then.
    package func announceExec(
        _ id: String, terminalSize: TerminalSize? = nil
    ) throws(EngineError) -> (session: StreamSession, begin: @Sendable () async -> Void) {
        let (entry, exec) = try claimExec(id)
        let (id, spec) = (exec.record.id, exec.record.spec)
        let options = Self.options(spec)
        let session = StreamSession(
            hasTerminal: spec.hasTerminal, options: options,
            keys: try Self.keys(options, hasTerminal: spec.hasTerminal))
        let size = terminalSize ?? exec.size ?? spec.terminalSize
        let owner = entry.id.text
        return (session, { await self.begin(session, owner, id, spec, options, size) })
    }

    private func begin(
        _ session: StreamSession, _ owner: String, _ id: String, _ spec: ExecSpec, _ options: AttachOptions,
        _ size: TerminalSize?
    ) async {
        do {
            let entry = try entry(owner)
            session.open(try await beginExec(entry, id, spec, options, size))
        } catch {
            // Docker makes no difference between what is not there and what may not be executed.
            execs[id]?.record.exitCode = 126
            session.open(EndedPort(exitCode: 126, words: Self.words(error)))
        }
    }

    /// Why a program was not executed, in the words that Docker's clients are used to.
    private static func words(_ error: EngineError) -> String {
        "OCI runtime exec failed: exec failed: \(error.description): unknown\r\n"
    }

    /// Nobody else may start it from here on.
    private func claimExec(_ id: String) throws(EngineError) -> (Entry, Exec) {
        let exec = try requireExec(id)
        let entry = try entry(exec.record.instance.text)
        try Self.requireRunning(entry)
        guard !exec.hasBegun else {
            throw EngineError(
                .conflict, "exec \(exec.record.id) was started already: create another one")
        }
        execs[exec.record.id]?.hasBegun = true
        return (entry, exec)
    }

    private static func options(_ spec: ExecSpec) -> AttachOptions {
        var options = AttachOptions()
        options.takesStdin = spec.attachesStdin
        options.wantsStdout = spec.attachesStdout
        options.wantsStderr = spec.attachesStderr
        options.detachKeys = spec.detachKeys
        return options
    }

    /// Starts the monitor of an exec. What the process writes is kept for `options` from its first byte on.
    func beginExec(
        _ entry: Entry, _ id: String, _ spec: ExecSpec, _ options: AttachOptions, _ size: TerminalSize?
    ) async throws(EngineError) -> MonitorPort {
        let folder = layout.folder(entry.id)
        let process = try await execProcess(entry, spec, size)
        let runtime = runtime
        let file = folder.execProcess(id)
        var arguments = [
            "--exec", file, "--socket", folder.execSocket(id), "--exit-file", folder.execExit(id),
        ]
        if spec.hasTerminal { arguments.append("--tty") }
        if options.takesStdin { arguments.append("--stdin") }
        arguments.append(entry.id.text)
        let command = arguments
        do {
            // Both connections before the first word: from then on the monitor may end at any moment.
            let (pid, connection, control) = try await blocking {
                try SmallFile.write(file, try RuntimeJSON.encode(process), mode: 0o600)
                defer { unlink(file) }
                let pid = try runtime.monitor(command).processID
                let path = folder.execSocket(id)
                let first = try MonitorConnection(path: path, loop: runtime.watcher.loop)
                return (pid, first, try MonitorConnection(path: path, loop: runtime.watcher.loop))
            }
            await connection.send(.attach(options.streams))
            let settled = OneShot<Void>()
            began(entry, id, spec, pid, control, settled)
            return MonitorPort(connection, exitFile: folder.execExit(id), settled: settled)
        } catch {
            execs[id]?.record.exitCode = error.description.contains("ermission") ? 126 : 127
            throw error
        }
    }

    private func began(
        _ entry: Entry, _ id: String, _ spec: ExecSpec, _ pid: Int32, _ control: MonitorConnection,
        _ settled: OneShot<Void>
    ) {
        execs[id]?.record.isRunning = true
        execs[id]?.record.processID = pid
        execs[id]?.connection = control
        tell(event(entry, "exec_start: \(spec.command.joined(separator: " "))", ["execID": id]))
        let folder = layout.folder(entry.id)
        Task {
            let port = MonitorPort(control, exitFile: folder.execExit(id))
            var code: Int32 = 137
            if case .end(.exited(let exitCode)) = await port.next() { code = exitCode }
            execEnded(entry, id, code)
            settled.fulfil(())
            try? await blocking {
                unlink(folder.execExit(id))
                unlink(folder.execSocket(id))
            }
        }
    }

    private func execEnded(_ entry: Entry, _ id: String, _ code: Int32) {
        guard execs[id] != nil else { return }
        execs[id]?.record.isRunning = false
        execs[id]?.record.exitCode = code
        execs[id]?.record.processID = 0
        execs[id]?.connection = nil
        tell(event(entry, "exec_die", ["execID": id, "exitCode": "\(code)"]))
        forgetOldExecs(of: entry)
    }

    /// Clients ask for the exit code after the end; a container that runs health checks for a year must not keep all.
    private func forgetOldExecs(of entry: Entry) {
        let ended = execs.values.filter {
            $0.record.instance == entry.id && $0.hasBegun && !$0.record.isRunning
        }
        guard ended.count > 256 else { return }
        for exec in ended.prefix(128) { execs[exec.record.id] = nil }
    }

    private func execProcess(
        _ entry: Entry, _ spec: ExecSpec, _ size: TerminalSize?
    ) async throws(EngineError) -> RuntimeSpec.Process {
        guard let container = entry.container else { throw EngineError(.system, "not a container") }
        let folder = layout.folder(entry.id)
        let root = "/proc/\(entry.instance.processID)/root"
        let userText = spec.user.flatMap { $0.isEmpty ? nil : $0 } ?? entry.instance.process.user
        let groups = container.additionalGroups
        let user = try await blocking {
            try ImageFiles(folders: [root]).users.resolve(userText, additional: groups)
        }
        var plan = BundlePlan(
            instance: entry.instance, spec: container, folder: folder, layers: [], user: user, host: host,
            hostname: hostname(entry, container), initProgram: "")
        plan.spec.usesInit = false
        plan.spec.hasTerminal = spec.hasTerminal
        plan.spec.terminalSize = size
        if spec.isPrivileged { plan.spec.isPrivileged = true }
        plan.instance.process.arguments = spec.command
        let directory = spec.workingDirectory.flatMap { $0.isEmpty ? nil : $0 }
        plan.instance.process.workingDirectory = directory ?? entry.instance.process.workingDirectory
        plan.instance.process.environment = Environment.merge(
            entry.instance.process.environment, spec.environment)
        return try plan.process()
    }

    package func inspectExec(_ id: String) async throws(EngineError) -> ExecRecord {
        try requireExec(id).record
    }

    /// Ids of the execs that an instance has.
    package func execs(of name: String) async throws(EngineError) -> [String] {
        let entry = try entry(name)
        return execs.values.filter { $0.record.instance == entry.id && $0.record.exitCode == nil }
            .map(\.record.id).sorted()
    }

    package func resizeExec(_ id: String, _ size: TerminalSize) async throws(EngineError) {
        let exec = try requireExec(id)
        guard let connection = exec.connection else {
            execs[exec.record.id]?.size = size
            return
        }
        await connection.send(.resize(rows: size.rows, columns: size.columns))
    }
}
