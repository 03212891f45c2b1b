import Containers
import Glibc
import Host
import Model

/// A running machine: `viv boot` in a process group of its own, so that it does not end with this daemon.
final class MachineRunner: Runner {
    let processID: Int32
    private let folder: InstanceFolder
    private let process: ProcessWatch
    private let control: MachineControl
    private let console: SerialConsole

    /// Takes over a machine that runs. Blocks shortly.
    init(processID: Int32, folder: InstanceFolder, loop: EventLoop) throws(SystemError) {
        self.processID = processID
        self.folder = folder
        process = try ProcessWatch(processID, loop: loop)
        control = MachineControl(folder: folder.machines)
        console = try SerialConsole(path: folder.serialSocket, log: folder.log, loop: loop)
    }

    func end() async -> ExitRecord {
        await process.end()
        console.end()
        return MachineEvents.end(folder.machineEvents)
            ?? ExitRecord(exitCode: 255, finished: Clock.seconds)
    }

    /// Asks the guest to power down, whatever the signal.
    func stop(signal: Int32) async throws(EngineError) { try await ask(.stop) }

    func kill() async throws(EngineError) {
        do {
            try await ask(.kill)
        } catch {
            process.signal(SIGKILL)
        }
    }

    func signal(_ number: Int32) async throws(EngineError) {
        switch number {
        case SIGKILL: try await kill()
        case SIGTERM, SIGINT, SIGQUIT, SIGHUP: try await ask(.stop)
        default:
            throw EngineError(.unsupported, "a machine can be asked to stop or killed; it knows no signals")
        }
    }

    func pause() async throws(EngineError) { try await ask(.pause) }
    func resume() async throws(EngineError) { try await ask(.resume) }
    func resize(_ size: TerminalSize) async {}
    func open(_ options: AttachOptions) async throws(EngineError) -> any SessionPort { console.open() }

    func letGo() { process.abandon() }

    func clear() async {
        let folder = folder
        try? await blocking { Folder.remove(folder.run) }
    }

    private func ask(_ command: ControlCommand) async throws(EngineError) {
        let control = control
        try await blocking { try control.ask(command) }
    }
}

/// The file that `viv boot --json` writes its events to.
enum MachineEvents {
    static func all(_ path: String) -> [MachineEvent] {
        (SmallFile.read(path) ?? []).split(separator: 0x0a).compactMap {
            JSONLine.decode(MachineEvent.self, from: $0)
        }
    }

    /// How the machine has ended; `nil` when nothing says that it has.
    static func end(_ path: String) -> ExitRecord? {
        guard let last = all(path).last(where: { $0.exitCode != nil }), let code = last.exitCode else {
            return nil
        }
        return ExitRecord(exitCode: code.rawValue, finished: Clock.seconds)
    }
}
