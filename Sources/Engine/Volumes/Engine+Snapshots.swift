import CLinux
import Glibc
import Host
import Model
import Store

// Copies of volumes. Each is made under another name, written out and renamed, so that a crash leaves either nothing
// or all of it; users of the volume stand still meanwhile.
extension Engine {
    package func snapshotVolume(
        _ name: String, as snapshot: String?
    ) async throws(EngineError) -> VolumeSnapshot {
        _ = try requireVolume(name)
        if let snapshot { try ObjectName.check(snapshot, what: "snapshot") }
        return try await exclusively("volume/\(name)") { () async throws(EngineError) in
            let record = try requireVolume(name)
            let chosen = snapshot ?? freeSnapshotName(name)
            guard !(snapshots[name] ?? []).contains(where: { $0.name == chosen }) else {
                throw EngineError(
                    .conflict, "volume \(name) has a snapshot \(chosen) already: choose another name")
            }
            let path = layout.snapshot(name, chosen)
            try await frozen(usersOf: name) { () async throws(EngineError) in
                try await onOwnThread("copy") { try Self.duplicate(record.mountPoint, path) }
            }
            let made = VolumeSnapshot(volume: name, name: chosen, created: Clock.seconds, path: path)
            try await commit([.putSnapshot(made)], [volumeEvent("snapshot", name, ["snapshot": chosen])])
            snapshots[name, default: []].append(made)
            return made
        }
    }

    private func freeSnapshotName(_ volume: String) -> String {
        let taken = Set((snapshots[volume] ?? []).map(\.name))
        return (1...).lazy.map { "snapshot-\($0)" }.first { !taken.contains($0) } ?? "snapshot"
    }

    package func volumeSnapshots(of name: String) async throws(EngineError) -> [VolumeSnapshot] {
        _ = try requireVolume(name)
        return (snapshots[name] ?? []).sorted { $0.created < $1.created }
    }

    func requireSnapshot(_ snapshot: String, of name: String) throws(EngineError) -> VolumeSnapshot {
        guard let found = (snapshots[name] ?? []).first(where: { $0.name == snapshot }) else {
            throw EngineError(.notFound, "volume \(name) has no snapshot \(snapshot)")
        }
        return found
    }

    package func removeVolumeSnapshot(_ snapshot: String, of name: String) async throws(EngineError) {
        try await exclusively("volume/\(name)") { () async throws(EngineError) in
            let found = try requireSnapshot(snapshot, of: name)
            try await commit([.removeSnapshot(volume: name, name: snapshot)])
            snapshots[name]?.removeAll { $0.name == snapshot }
            try await blocking { FileTree.remove(found.path) }
        }
    }

    /// - Parameter snapshot: `nil` means the volume as it is now.
    package func cloneVolume(
        _ name: String, to newName: String, snapshot: String? = nil
    ) async throws(EngineError) -> VolumeRecord {
        try ObjectName.check(newName, what: "volume")
        let origin = try requireVolume(name)
        guard volumes[newName] == nil else {
            throw EngineError(.conflict, "a volume named \(newName) already exists: choose another name")
        }
        let source =
            try snapshot.map { snapshot throws(EngineError) in try requireSnapshot(snapshot, of: name).path }
            ?? origin.mountPoint
        return try await exclusively("volume/\(newName)") { () async throws(EngineError) in
            let path = layout.volume(newName)
            var record = VolumeRecord(name: newName, created: Clock.seconds, mountPoint: "\(path)/_data")
            record.labels = origin.labels
            record.origin = snapshot.map { "\(name)@\($0)" } ?? name
            try await exclusively("volume/\(name)") { () async throws(EngineError) in
                try await frozen(usersOf: snapshot == nil ? name : nil) { () async throws(EngineError) in
                    try await onOwnThread("copy") { try Self.duplicate(source, "\(path)/_data") }
                }
            }
            try await commit([.putVolume(record)], [volumeEvent("create", newName, ["origin": name])])
            volumes[newName] = record
            return record
        }
    }

    /// Puts a volume's files back to what they were; refused while a running instance uses it.
    package func restoreVolume(_ name: String, from snapshot: String) async throws(EngineError) {
        try await exclusively("volume/\(name)") { () async throws(EngineError) in
            let record = try requireVolume(name)
            let source = try requireSnapshot(snapshot, of: name).path
            let running = users(ofVolume: name).filter(\.isRunning).map(\.instance.name).sorted()
            guard running.isEmpty else {
                throw EngineError(
                    .conflict,
                    "volume \(name) is in use by \(running.joined(separator: ", ")): stop them, then restore it"
                )
            }
            try await blocking {
                let (fresh, old) = ("\(record.mountPoint).restored", "\(record.mountPoint).old")
                FileTree.remove(fresh)
                try Self.duplicate(source, fresh)
                try checked("exchange \(record.mountPoint)") { viv_swap_paths(fresh, record.mountPoint) }
                try checked("exchange \(record.mountPoint)") { Glibc.rename(fresh, old) }
                FileTree.remove(old)
            }
            tell(volumeEvent("restore", name, ["snapshot": snapshot]))
        }
    }

    /// Copies a tree and writes it out before it gets its name. Blocks.
    private static func duplicate(_ source: String, _ target: String) throws(SystemError) {
        let temporary = "\(target).copy"
        FileTree.remove(temporary)
        try Folder.create(PathText.parent(target))
        do {
            try FileTree.copy(source, to: temporary)
            let folder = try FileDescriptor.open(temporary, O_RDONLY | O_DIRECTORY)
            _ = viv_sync_file_system(folder.raw)
            try checked("name the copy \(target)") { Glibc.rename(temporary, target) }
        } catch {
            FileTree.remove(temporary)
            throw error
        }
    }

    /// Runs `body` while the running containers that use a volume stand still.
    private func frozen(
        usersOf volume: String?, _ body: () async throws(EngineError) -> Void
    ) async throws(EngineError) {
        var running: [Entry] = []
        if let volume { running = users(ofVolume: volume).filter { $0.instance.state == .running } }
        var held: [any Runner] = []
        do throws(EngineError) {
            for runner in running.compactMap(\.runner) {
                try await runner.pause()
                held.append(runner)
            }
            try await body()
        } catch {
            for runner in held { try? await runner.resume() }
            throw error
        }
        for runner in held { try await runner.resume() }
    }
}
