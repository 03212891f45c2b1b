import Model
import Store

extension Engine {
    package func start(_ name: String) async throws(EngineError) {
        let entry = try entry(name)
        try await exclusively(entry.key) { () async throws(EngineError) in
            switch entry.instance.state {
            case .running: throw EngineError(.notModified, "\(entry.instance.name) runs already")
            case .paused:
                throw EngineError(.conflict, "cannot start a paused container, try unpause instead")
            case .removing, .dead:
                throw EngineError(.conflict, "\(entry.instance.name) is being removed")
            case .created, .exited, .restarting: break
            }
            entry.restart?.cancel()
            entry.instance.wasStoppedByUser = false
            entry.instance.restartCount = 0
            entry.backOff = RestartBackOff()
            try await begin(entry)
        }
    }

    /// Starts the instance. Its key must be held.
    func begin(_ entry: Entry) async throws(EngineError) {
        guard instances[entry.id] != nil else {
            throw EngineError(.notFound, "No such container: \(entry.id)")
        }
        entry.ended = OneShot()
        do {
            switch entry.instance.spec {
            case .container(let spec): try await launch(entry, spec)
            case .machine(let spec): try await launchMachine(entry, spec)
            }
        } catch {
            await failed(entry, error)
            throw error
        }
        entry.instance.state = .running
        entry.instance.started = Clock.seconds
        entry.instance.finished = nil
        entry.instance.exitCode = 0
        entry.instance.wasKilledForMemory = false
        entry.instance.error = ""
        entry.run += 1
        let start = event(entry, "start")
        // It runs: whether the store could note it changes nothing about that, and adoption finds it anyhow.
        await commitAnyway([.put(entry.instance)], [start])
        follow(entry)
        beginHealthChecks(entry)
    }

    /// Watches over the running process.
    func follow(_ entry: Entry) {
        guard let runner = entry.runner else { return }
        entry.watch = Task {
            let record = await runner.end()
            await finish(entry, runner, record)
        }
    }

    /// A start that came to nothing: everybody who waits for it is told.
    private func failed(_ entry: Entry, _ error: EngineError) async {
        entry.instance.processID = 0
        entry.instance.error = error.description
        entry.instance.exitCode = Self.exitCode(of: error)
        entry.instance.finished = Clock.seconds
        if entry.instance.state != .created { entry.instance.state = .exited }
        let sessions = entry.early
        entry.early = []
        for session in sessions { session.finish(.failed(error.description)) }
        await commitAnyway([.put(entry.instance)])
        entry.ended.fulfil(true)
        entry.wake(
            [.notRunning, .nextExit], WaitResult(exitCode: entry.instance.exitCode, error: error.description))
        if entry.removesItself { removeLater(entry) }
    }

    /// As shells and Docker's clients have it: 127 for a program that is not there, 126 for one that cannot be run.
    private static func exitCode(of error: EngineError) -> Int32 {
        let text = error.description.lowercased()
        if text.contains("no such file") || text.contains("not found") || text.contains("not a directory") {
            return 127
        }
        return text.contains("permission denied") || text.contains("exec format") ? 126 : 128
    }
}
