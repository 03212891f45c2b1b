import Containers
import Model
import Store

extension Engine {
    /// The process of an instance has ended: clears up behind it and decides what comes next.
    ///
    /// Runs without the instance's key, for a stop holds it while it waits for this to be over; whatever starts the
    /// instance again waits for `watch` first.
    func finish(_ entry: Entry, _ runner: any Runner, _ record: ExitRecord) async {
        guard entry.runner != nil, !isShuttingDown else { return }
        settle(entry, record)
        let ran = max(record.finished - (entry.instance.started ?? record.finished), 0)
        var events: [Event] = []
        if record.oomKilled { events.append(event(entry, "oom")) }
        events.append(event(entry, "die", ["exitCode": "\(record.exitCode)", "execDuration": "\(Int(ran))"]))
        await clear(entry, runner)
        let pause = entry.backOff.next(
            after: record.exitCode, ran: ran, policy: entry.restartPolicy,
            restarts: entry.instance.restartCount, wasStoppedByUser: entry.instance.wasStoppedByUser)
        entry.instance.state = pause == nil || isShuttingDown ? .exited : .restarting
        if entry.removesItself, pause == nil {
            // Its removal makes it durable that it has ended, at the price of one flush in place of two.
            store.note(events.map { .event($0) })
            journal.publish(events)
        } else {
            await commitAnyway([.put(entry.instance)], events)
        }
        entry.runner = nil
        entry.watch = nil
        entry.ended.fulfil(true)
        let result = WaitResult(exitCode: record.exitCode)
        entry.wake([.notRunning, .nextExit], result)
        if let pause {
            restartLater(entry, after: pause)
        } else if entry.removesItself {
            removeLater(entry)
        }
    }

    /// Writes into the instance what is known of its end.
    func settle(_ entry: Entry, _ record: ExitRecord) {
        entry.health?.cancel()
        entry.health = nil
        entry.instance.processID = 0
        entry.instance.exitCode = record.exitCode
        entry.instance.wasKilledForMemory = record.oomKilled
        entry.instance.finished = record.finished
        if entry.instance.health != nil { entry.instance.health = .unhealthy }
        for (id, exec) in execs where exec.record.instance == entry.id && exec.record.isRunning {
            execs[id]?.record.isRunning = false
            execs[id]?.record.exitCode = exec.record.exitCode ?? 137
        }
        let followers = entry.followers
        entry.followers = []
        for follower in followers { follower.cursor?.close() }
    }

    /// Takes away what the run had of the host: the runtime's state, interfaces, ports, addresses.
    private func clear(_ entry: Entry, _ runner: any Runner) async {
        async let runtime: Void = runner.clear()
        await leaveNetworks(entry)
        await runtime
    }

    private func restartLater(_ entry: Entry, after pause: Double) {
        guard !isShuttingDown else { return }
        entry.restart = Task {
            do {
                try await Task.sleep(for: .seconds(pause))
                try await exclusively(entry.key) { () async throws(EngineError) in
                    guard entry.instance.state == .restarting, !Task.isCancelled else { return }
                    entry.instance.restartCount += 1
                    try await begin(entry)
                }
            } catch let error as EngineError {
                log.warning("\(entry.instance.name) could not be started again: \(error)")
                retry(entry)
            } catch {
                // Cancelled: a user has stopped, started or removed it meanwhile.
                return
            }
        }
    }

    /// A restart that failed counts as a run of no length.
    private func retry(_ entry: Entry) {
        let pause = entry.backOff.next(
            after: entry.instance.exitCode, ran: 0, policy: entry.restartPolicy,
            restarts: entry.instance.restartCount, wasStoppedByUser: entry.instance.wasStoppedByUser)
        guard let pause, instances[entry.id] != nil else { return }
        entry.instance.state = .restarting
        restartLater(entry, after: pause)
    }

    func removeLater(_ entry: Entry) {
        Task {
            do throws(EngineError) {
                try await remove(entry.id.text, force: true, removesVolumes: true)
            } catch {
                if error.kind != .notFound { log.warning("cannot remove \(entry.instance.name): \(error)") }
            }
        }
    }
}
