import Images
import Model
import Store

extension Engine {
    /// - Parameter removesVolumes: whether its anonymous volumes go as well.
    package func remove(
        _ name: String, force: Bool = false, removesVolumes: Bool = false
    ) async throws(EngineError) {
        let entry = try entry(name)
        try await exclusively(entry.key) { () async throws(EngineError) in
            guard instances[entry.id] != nil else {
                throw EngineError(.notFound, "No such container: \(name)")
            }
            try await end(entry, force)
            entry.restart?.cancel()
            entry.instance.state = .removing
            try await forget(entry)
            await removeFiles(entry)
            if removesVolumes { await removeAnonymousVolumes(of: entry) }
            entry.wake([.notRunning, .nextExit, .removed], WaitResult(exitCode: entry.instance.exitCode))
        }
    }

    private func end(_ entry: Entry, _ force: Bool) async throws(EngineError) {
        guard entry.isRunning, let runner = entry.runner else {
            if entry.instance.state == .restarting, !force { throw Self.mustStop(entry) }
            // The end of the last run may still be being cleared up.
            if entry.runner != nil { _ = await entry.ended.value() }
            return
        }
        guard force else { throw Self.mustStop(entry) }
        entry.instance.wasStoppedByUser = true
        if entry.instance.state == .paused { try await runner.resume() }
        tell(event(entry, "kill", ["signal": "9"]))
        try await runner.kill()
        _ = await entry.ended.value()
    }

    private static func mustStop(_ entry: Entry) -> EngineError {
        EngineError(
            .conflict,
            "cannot remove container \"/\(entry.instance.name)\": container is \(entry.instance.state.rawValue): "
                + "stop the container before removing or force remove")
    }

    /// Out of the store first: what a crash leaves behind it has no record and is swept at the next start.
    private func forget(_ entry: Entry) async throws(EngineError) {
        let event = event(entry, "destroy")
        do {
            try await commit([.removeInstance(entry.id)], [event])
        } catch {
            entry.instance.state = .exited
            throw error
        }
        instances[entry.id] = nil
        if names[entry.instance.name] == entry.id { names[entry.instance.name] = nil }
        for (id, exec) in execs where exec.record.instance == entry.id { execs[id] = nil }
        for session in entry.early { session.finish(.detached) }
    }

    private func removeFiles(_ entry: Entry) async {
        let folder = layout.folder(entry.id)
        // Cannot throw: removing tells of no failure, and the sweep of the next start tries again.
        try? await blocking { folder.remove() }
        await images.releaseAll(by: entry.id.text)
    }

    private func removeAnonymousVolumes(of entry: Entry) async {
        for mount in entry.instance.mounts where volumes[mount.name]?.isAnonymous == true {
            // In use by another container: it stays.
            try? await removeVolume(mount.name)
        }
    }

    package func pruneInstances(_ filters: Filters = Filters()) async throws(EngineError) -> PruneReport {
        let limits = try PruneLimits(filters)
        var report = PruneReport()
        let stopped = instances.values.filter { [.created, .exited, .dead].contains($0.instance.state) }
        for entry in stopped where limits.allow(entry.instance.created, entry.instance.spec.labels) {
            let size = try? await size(entry.id.text)
            do {
                try await remove(entry.id.text)
                report.removed.append(entry.id.text)
                report.reclaimed += UInt64(max(size?.written ?? 0, 0))
            } catch {
                // Started or removed by somebody else meanwhile.
                continue
            }
        }
        tell(journal.make(.container, "prune", actor: "", ["reclaimed": "\(report.reclaimed)"]))
        return report
    }
}
