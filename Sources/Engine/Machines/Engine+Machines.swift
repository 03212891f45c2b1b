import Containers
import Glibc
import Host
import Model

extension Engine {
    func createMachine(
        _ spec: ManagedMachineSpec, _ id: InstanceID, _ name: String
    ) async throws(EngineError) -> Created {
        guard !spec.guest.isEmpty, !spec.guest.hasPrefix("-"), ObjectName.isValid(spec.guest) else {
            throw EngineError(.invalid, "\"\(spec.guest)\" is no guest of the catalogue: see 'viv guests'")
        }
        guard (1...8).contains(spec.cpus) else {
            throw EngineError(.invalid, "a machine has 1 to 8 processors, not \(spec.cpus)")
        }
        guard spec.memory >= 32 << 20 else { throw EngineError(.invalid, "a machine needs 32 MiB of memory") }
        if spec.removesItself, spec.restart.kind != .no {
            throw EngineError(.invalid, "a machine that removes itself cannot be restarted as well")
        }
        var instance = Instance(id: id, name: name, spec: .machine(spec), created: Clock.seconds)
        instance.process.arguments = ["boot", spec.guest]
        try await enter(instance)
        return Created(id: id)
    }

    /// Starts a machine, which may first have to make its guest from packages. Its key must be held.
    func launchMachine(_ entry: Entry, _ spec: ManagedMachineSpec) async throws(EngineError) {
        let folder = layout.folder(entry.id)
        let arguments = Self.arguments(spec, name: entry.instance.name, folder)
        let (program, watcher) = (layout.program("viv"), watcher)
        let (pid, process) = try await blocking {
            let pid = try Self.boot(program, arguments, folder, watcher)
            return (pid, try ProcessWatch(pid, loop: watcher.loop))
        }
        try await awaitStart(folder, process)
        let runner = try await blocking {
            try MachineRunner(processID: pid, folder: folder, loop: watcher.loop)
        }
        entry.runner = runner
        entry.instance.processID = pid
        let early = entry.early
        entry.early = []
        for session in early { session.open(try await runner.open(session.options)) }
    }

    private static func arguments(
        _ spec: ManagedMachineSpec, name: String, _ folder: InstanceFolder
    ) -> [String] {
        var arguments = ["boot", spec.guest, "--arch", spec.arch.rawValue, "--cpus", "\(spec.cpus)"]
        arguments += ["--memory", "\(spec.memory >> 20)M", "--name", name]
        if spec.isEphemeral { arguments.append("--ephemeral") }
        return arguments + ["--json", "--serial", "unix:\(folder.serialSocket)"]
    }

    /// Blocks for the time of a spawn. What the machine says goes to files: no pipe of ours ends with us.
    private static func boot(
        _ program: String, _ arguments: [String], _ folder: InstanceFolder, _ watcher: LoopThread
    ) throws -> Int32 {
        try folder.make()
        for path in [folder.machineEvents, folder.machineComplaints, folder.serialSocket] { unlink(path) }
        Folder.remove(folder.machines)
        let null = try FileDescriptor.open("/dev/null")
        let flags = O_WRONLY | O_CREAT | O_APPEND
        let events = try FileDescriptor.open(folder.machineEvents, flags)
        let complaints = try FileDescriptor.open(folder.machineComplaints, flags)
        let environment = ChildProcess.ownEnvironment.filter { !$0.hasPrefix("XDG_RUNTIME_DIR=") }
        let child = try ChildProcess(
            program, arguments,
            inherit: [
                ChildProcess.Inheritance(null.raw, as: 0), ChildProcess.Inheritance(events.raw, as: 1),
                ChildProcess.Inheritance(complaints.raw, as: 2),
            ], environment: environment + ["XDG_RUNTIME_DIR=\(folder.run)"])
        watcher.reapLater(child)
        return child.pid
    }

    /// - Throws: the machine's own reason when it ends in place of starting.
    private func awaitStart(_ folder: InstanceFolder, _ process: ProcessWatch) async throws(EngineError) {
        let changes: FileWatch
        do {
            changes = try FileWatch(folder: folder.path, loop: watcher.loop)
        } catch {
            throw EngineError(error)
        }
        let ending = Task {
            await process.end()
            changes.close()
        }
        defer { ending.cancel() }
        var isOver = false
        while true {
            let events = try await blocking { MachineEvents.all(folder.machineEvents) }
            if events.contains(where: { $0.kind == .started }) { return }
            if isOver || events.contains(where: { $0.exitCode != nil }) {
                throw EngineError(.system, try await complaint(folder, events))
            }
            isOver = !(await changes.change())
        }
    }

    private func complaint(_ folder: InstanceFolder, _ events: [MachineEvent]) async throws(EngineError)
        -> String
    {
        if let detail = events.last?.detail { return detail }
        let text = try await blocking { SmallFile.text(folder.machineComplaints) ?? "" }
        return text.split(separator: "\n").last.map(String.init) ?? "the machine ended before it started"
    }

    /// Takes over a machine that an earlier daemon has started.
    func adoptMachine(_ entry: Entry) async {
        guard entry.isRunning else { return }
        let (folder, pid, loop) = (layout.folder(entry.id), entry.instance.processID, watcher.loop)
        let runner = try? await blocking {
            // Who answers there is the machine; a number alone may be a stranger's by now.
            try MachineControl(folder: folder.machines).ask(.status)
            return try MachineRunner(processID: pid, folder: folder, loop: loop)
        }
        if let runner {
            entry.runner = runner
            entry.run += 1
        } else {
            let record =
                MachineEvents.end(folder.machineEvents)
                ?? ExitRecord(exitCode: 255, finished: entry.instance.started ?? Clock.seconds)
            await settleMeanwhile(entry, record)
        }
    }
}
