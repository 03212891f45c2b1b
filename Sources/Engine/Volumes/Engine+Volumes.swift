import Containers
import Glibc
import Host
import Model
import Store

extension Engine {
    package func createVolume(_ spec: VolumeSpec) async throws(EngineError) -> VolumeRecord {
        guard spec.driver == "local" || spec.driver.isEmpty else {
            throw EngineError(
                .notFound,
                "error looking up volume plugin \(spec.driver): plugin \"\(spec.driver)\" not found")
        }
        let options = try VolumeOptions(spec.options)
        if !spec.name.isEmpty { try ObjectName.check(spec.name, what: "volume") }
        let name = spec.name.isEmpty ? InstanceID.random().text : spec.name
        return try await exclusively("volume/\(name)") { () async throws(EngineError) in
            if let existing = volumes[name] {
                guard spec.options.isEmpty || existing.options == spec.options else {
                    throw EngineError(
                        .conflict,
                        "a volume named \(name) already exists with other options: choose another name")
                }
                return existing
            }
            return try await addVolume(spec, name, options)
        }
    }

    private func addVolume(
        _ spec: VolumeSpec, _ name: String, _ options: VolumeOptions
    ) async throws(EngineError) -> VolumeRecord {
        let path = layout.volume(name)
        var record = VolumeRecord(name: name, created: Clock.seconds, mountPoint: "\(path)/_data")
        record.labels = spec.labels
        record.options = spec.options
        record.isAnonymous = spec.name.isEmpty
        try await blocking { try Folder.create("\(path)/_data") }
        try await commit([.putVolume(record)], [volumeEvent("create", name)])
        volumes[name] = record
        return record
    }

    func volumeEvent(_ action: String, _ name: String, _ more: [String: String] = [:]) -> Event {
        journal.make(.volume, action, actor: name, ["driver": "local"].merging(more) { $1 })
    }

    package func volumes(_ filters: Filters = Filters()) async throws(EngineError) -> [VolumeRecord] {
        let known: Set = ["name", "label", "label!", "driver", "dangling"]
        if let unknown = filters.values.keys.sorted().first(where: { !known.contains($0) }) {
            throw EngineError(.invalid, "invalid filter '\(unknown)'")
        }
        let used = usedVolumes
        return volumes.values.filter { volume in
            filters.matches("driver", anyOf: [volume.driver]) && filters.matchLabels(volume.labels)
                && (filters["name"].isEmpty
                    || filters["name"].contains { NamePattern($0).matches(volume.name) })
                && filters.matches(
                    "dangling", anyOf: used.contains(volume.name) ? ["false", "0"] : ["true", "1"])
        }.sorted { $0.name < $1.name }
    }

    /// Names of volumes that some instance has, whether it runs or not.
    var usedVolumes: Set<String> {
        Set(instances.values.flatMap { $0.instance.mounts.filter { $0.kind == .volume }.map(\.name) })
    }

    func users(ofVolume name: String) -> [Entry] {
        instances.values.filter { $0.instance.mounts.contains { $0.kind == .volume && $0.name == name } }
    }

    package func volume(_ name: String) async throws(EngineError) -> VolumeRecord { try requireVolume(name) }

    func requireVolume(_ name: String) throws(EngineError) -> VolumeRecord {
        guard let record = volumes[name] else {
            throw EngineError(.notFound, "get \(name): no such volume")
        }
        return record
    }

    package func removeVolume(_ name: String, force: Bool = false) async throws(EngineError) {
        if force, volumes[name] == nil { return }
        _ = try requireVolume(name)
        try await exclusively("volume/\(name)") { () async throws(EngineError) in
            _ = try requireVolume(name)
            let users = users(ofVolume: name)
            guard users.isEmpty else {
                let ids = users.map(\.id.text).sorted().joined(separator: ", ")
                throw EngineError(.conflict, "remove \(name): volume is in use - [\(ids)]")
            }
            let copies = snapshots[name] ?? []
            let changes = copies.map { Change.removeSnapshot(volume: name, name: $0.name) }
            try await commit([.removeVolume(name)] + changes, [volumeEvent("destroy", name)])
            volumes[name] = nil
            snapshots[name] = nil
            let (path, kept) = (layout.volume(name), "\(layout.data)/snapshots/\(name)")
            try await blocking {
                FileTree.remove(path)
                FileTree.remove(kept)
            }
        }
    }

    /// - Parameter filters: without `all=true` only anonymous volumes go.
    package func pruneVolumes(_ filters: Filters = Filters()) async throws(EngineError) -> PruneReport {
        let all = ["1", "true"].contains(filters["all"].first ?? "")
        var report = PruneReport()
        let used = usedVolumes
        for record in volumes.values.sorted(by: { $0.name < $1.name }) {
            guard !used.contains(record.name), all || record.isAnonymous, filters.matchLabels(record.labels)
            else { continue }
            let path = layout.volume(record.name)
            let size = (try? await blocking { Folder.allocated(below: path) }) ?? 0
            do {
                try await removeVolume(record.name)
                report.removed.append(record.name)
                report.reclaimed += size
            } catch {
                // Taken into use meanwhile.
                continue
            }
        }
        tell(journal.make(.volume, "prune", actor: "", ["reclaimed": "\(report.reclaimed)"]))
        return report
    }
}
