import Model

extension Engine {
    package func wait(_ name: String, _ condition: WaitCondition) async throws(EngineError) -> WaitResult {
        let task = try await beginWait(name, condition)
        return await withTaskCancellationHandler {
            // It answers also when it is cancelled.
            (try? await task.value) ?? WaitResult(exitCode: -1, error: "no longer waiting")
        } onCancel: {
            task.cancel()
        }
    }

    /// Returns when `wait` would be counting already, with what it will answer: a client may be told that it waits.
    package func beginWait(
        _ name: String, _ condition: WaitCondition
    ) async throws(EngineError) -> Task<WaitResult, any Error> {
        let entry = try entry(name)
        let result = OneShot<WaitResult>()
        if condition == .notRunning, !entry.isRunning, entry.runner == nil,
            entry.instance.state != .restarting
        {
            result.fulfil(WaitResult(exitCode: entry.instance.exitCode))
        } else {
            // Those whose clients have gone are taken out by those who come.
            entry.waiters.removeAll { $0.result.isFulfilled }
            entry.waiters.append(Entry.Waiter(condition: condition, result: result))
        }
        return Task {
            await withTaskCancellationHandler {
                await result.value()
            } onCancel: {
                result.fulfil(WaitResult(exitCode: -1, error: "no longer waiting"))
            }
        }
    }
}
