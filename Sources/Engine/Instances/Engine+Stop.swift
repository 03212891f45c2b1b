import Glibc
import Model
import Store

extension Engine {
    /// Asks the instance to end, and ends it when it does not.
    ///
    /// - Parameters:
    ///   - timeout: seconds until SIGKILL; `nil` is the instance's own, negative waits without end.
    ///   - signal: in place of the instance's own stop signal.
    package func stop(_ name: String, timeout: Int? = nil, signal: String? = nil) async throws(EngineError) {
        let entry = try entry(name)
        let number = try stopSignal(entry, signal)
        try await exclusively(entry.key) { () async throws(EngineError) in
            try await stopHeld(entry, timeout, number)
        }
    }

    package func restart(_ name: String, timeout: Int? = nil, signal: String? = nil) async throws(EngineError)
    {
        let entry = try entry(name)
        let number = try stopSignal(entry, signal)
        try await exclusively(entry.key) { () async throws(EngineError) in
            if entry.isRunning { try await stopHeld(entry, timeout, number) }
            entry.restart?.cancel()
            entry.instance.wasStoppedByUser = false
            entry.instance.restartCount = 0
            try await begin(entry)
            tell(event(entry, "restart"))
        }
    }

    private func stopSignal(_ entry: Entry, _ asked: String?) throws(EngineError) -> Int32 {
        try SignalName.number(asked ?? entry.container?.stopSignal ?? "SIGTERM")
    }

    private func stopHeld(_ entry: Entry, _ timeout: Int?, _ signal: Int32) async throws(EngineError) {
        if entry.instance.state == .restarting { return try await giveUpRestart(entry) }
        guard entry.isRunning, let runner = entry.runner else {
            throw EngineError(.notModified, "\(entry.instance.name) does not run")
        }
        entry.instance.wasStoppedByUser = true
        tell(event(entry, "kill", ["signal": "\(signal)"]))
        if entry.instance.state == .paused { try await runner.resume() }
        try await runner.stop(signal: signal)
        let grace = timeout ?? entry.container?.stopTimeout ?? configuration.stopTimeout
        if !(await hasEnded(entry, within: grace)) {
            tell(event(entry, "kill", ["signal": "9"]))
            try await runner.kill()
        }
        _ = await entry.ended.value()
        tell(event(entry, "stop"))
    }

    /// The pause before the next start is as good as running to those who stop.
    private func giveUpRestart(_ entry: Entry) async throws(EngineError) {
        entry.restart?.cancel()
        entry.instance.state = .exited
        entry.instance.wasStoppedByUser = true
        try await commit([.put(entry.instance)], [event(entry, "stop")])
        entry.wake([.notRunning], WaitResult(exitCode: entry.instance.exitCode))
    }

    /// Waits for the end, at most `seconds`; negative waits without end.
    func hasEnded(_ entry: Entry, within seconds: Int) async -> Bool {
        let ended = entry.ended
        guard seconds >= 0 else { return await ended.value() }
        let answer = OneShot<Bool>()
        let timer = Task {
            try? await Task.sleep(for: .seconds(seconds))
            answer.fulfil(false)
        }
        let watch = Task { answer.fulfil(await ended.value()) }
        defer {
            timer.cancel()
            watch.cancel()
        }
        return await answer.value()
    }

    /// Sends a signal; SIGKILL is waited for.
    package func kill(_ name: String, signal: String? = nil) async throws(EngineError) {
        let entry = try entry(name)
        let number = try SignalName.number(signal ?? "SIGKILL")
        guard entry.isRunning, let runner = entry.runner else {
            throw EngineError(.conflict, "Container \(entry.id) is not running")
        }
        let own = try stopSignal(entry, nil)
        let isStop = number == SIGKILL || number == own
        if isStop { entry.instance.wasStoppedByUser = true }
        if entry.instance.state == .paused, number == SIGKILL { try await runner.resume() }
        tell(event(entry, "kill", ["signal": "\(number)"]))
        guard number == SIGKILL else { return try await runner.signal(number) }
        try await runner.kill()
        _ = await entry.ended.value()
    }

    package func pause(_ name: String) async throws(EngineError) {
        let entry = try entry(name)
        try await exclusively(entry.key) { () async throws(EngineError) in
            guard entry.instance.state == .running, let runner = entry.runner else {
                let isPaused = entry.instance.state == .paused
                throw EngineError(
                    .conflict, "Container \(entry.id) is \(isPaused ? "already paused" : "not running")")
            }
            try await runner.pause()
            entry.instance.state = .paused
            try await commit([.put(entry.instance)], [event(entry, "pause")])
        }
    }

    package func resume(_ name: String) async throws(EngineError) {
        let entry = try entry(name)
        try await exclusively(entry.key) { () async throws(EngineError) in
            guard entry.instance.state == .paused, let runner = entry.runner else {
                throw EngineError(.conflict, "Container \(entry.id) is not paused")
            }
            try await runner.resume()
            // It may have ended at once.
            if entry.instance.state == .paused { entry.instance.state = .running }
            try await commit([.put(entry.instance)], [event(entry, "unpause")])
        }
    }
}
