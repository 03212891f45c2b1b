import Model
import Store

extension Engine {
    /// Output of one check that is kept, in bytes.
    private static let longestOutput = 4096

    /// Begins to check the health of an instance that was just started or adopted.
    func beginHealthChecks(_ entry: Entry) {
        entry.health?.cancel()
        guard let check = entry.container?.healthCheck, let kind = check.test.first, kind != "NONE",
            let command = Self.command(check.test)
        else {
            entry.instance.health = nil
            return
        }
        entry.instance.health = .starting
        entry.instance.healthFailures = 0
        entry.instance.healthLog = []
        let run = entry.run
        entry.health = Task {
            var state = HealthState(check)
            let start = Clock.seconds
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(state.pause(age: Clock.seconds - start)))
                guard !Task.isCancelled else { return }
                let isCurrent = await checkHealth(entry, run, command, start, &state)
                if !isCurrent { return }
            }
        }
    }

    private static func command(_ test: [String]) -> [String]? {
        let rest = Array(test.dropFirst())
        guard !rest.isEmpty else { return nil }
        return test.first == "CMD-SHELL" ? ["/bin/sh", "-c", rest.joined(separator: " ")] : rest
    }

    /// - Returns: whether the run that is checked still goes on.
    private func checkHealth(
        _ entry: Entry, _ run: Int, _ command: [String], _ start: Double, _ state: inout HealthState
    ) async -> Bool {
        guard entry.run == run, entry.isRunning else { return false }
        guard entry.instance.state == .running else { return true }
        let result = await runCheck(entry, command, timeout: state.timeout)
        guard entry.run == run, entry.isRunning, !Task.isCancelled else { return false }
        let before = state.health
        state.take(result, age: result.end - start)
        entry.instance.health = state.health
        entry.instance.healthFailures = state.failures
        entry.instance.healthLog = state.log
        store.note([.put(entry.instance)])
        if state.health != before { tell(event(entry, "health_status: \(state.health.rawValue)")) }
        return true
    }

    private func runCheck(_ entry: Entry, _ command: [String], timeout: Double) async -> HealthResult {
        let start = Clock.seconds
        let spec = ExecSpec(command: command)
        do {
            let id = InstanceID.random().text
            execs[id] = Exec(record: ExecRecord(id: id, instance: entry.id, spec: spec), hasBegun: true)
            defer { execs[id] = nil }
            let port = try await beginExec(entry, id, spec, AttachOptions(), nil)
            let session = StreamSession(hasTerminal: false, options: AttachOptions(), keys: nil)
            session.open(port)
            let timer = Task {
                try await Task.sleep(for: .seconds(timeout))
                await session.signal(9)
                session.finish(.failed("Health check exceeded timeout (\(Duration.seconds(timeout)))"))
            }
            defer { timer.cancel() }
            return await collect(session, start)
        } catch {
            return HealthResult(start: start, end: Clock.seconds, exitCode: -1, output: error.description)
        }
    }

    private func collect(_ session: StreamSession, _ start: Double) async -> HealthResult {
        var output: [UInt8] = []
        while let chunk = await session.next() {
            output += chunk.bytes.prefix(Self.longestOutput - output.count)
        }
        var text = String(decoding: output, as: UTF8.self)
        let code: Int32
        switch await session.end() {
        case .exited(let exitCode): code = exitCode
        case .detached: code = -1
        case .failed(let reason):
            code = -1
            text = reason
        }
        return HealthResult(start: start, end: Clock.seconds, exitCode: code, output: text)
    }
}
