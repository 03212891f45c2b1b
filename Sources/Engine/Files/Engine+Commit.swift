import Images
import Model

extension Engine {
    /// Paths that the engine itself puts into a container's files.
    static let ownPaths: Set = [
        "etc/hosts", "etc/hostname", "etc/resolv.conf", "dev", "proc", "sys", ".dockerenv",
    ]

    package func changes(_ name: String) async throws(EngineError) -> [FileChange] {
        let entry = try entry(name)
        guard entry.container != nil else { return [] }
        let lowers = try await lowers(entry)
        let folder = layout.folder(entry.id)
        let own = ownTargets(entry)
        return try await blocking {
            try folder.make()
            let changes = try LayerDiff.changes(upper: folder.upper, lowers: lowers)
            return Self.visible(changes.map(FileChange.init), own: own)
        }
    }

    /// Changes without what the engine put there, and without folders that changed for that alone.
    static func visible(_ changes: [FileChange], own: Set<String>) -> [FileChange] {
        let others = changes.filter { !own.contains(String($0.path.dropFirst())) }
        let parents = Set(own.map { PathText.parent("/" + $0) })
        return others.filter { change in
            guard change.kind == .modified, parents.contains(change.path) else { return true }
            return others.contains { $0.path.hasPrefix(change.path + "/") }
        }
    }

    private func ownTargets(_ entry: Entry) -> Set<String> {
        Self.ownPaths.union(entry.instance.mounts.map { String($0.target.dropFirst()) })
    }

    /// - Returns: the id of the new image.
    package func commit(_ name: String, _ spec: CommitSpec) async throws(EngineError) -> String {
        let entry = try entry(name)
        guard entry.container != nil else {
            throw EngineError(.unsupported, "a machine cannot be made into an image")
        }
        return try await exclusively(entry.key) { () async throws(EngineError) in
            let mustPause = spec.pauses && entry.instance.state == .running
            let runner = mustPause ? try await pauseForCommit(entry) : nil
            let result: Result<Image, EngineError>
            do throws(EngineError) {
                result = .success(try await makeImage(entry, spec))
            } catch {
                result = .failure(error)
            }
            do throws(EngineError) {
                try await runner?.resume()
            } catch  where !entry.ended.isFulfilled {
                throw error
            } catch {
                // It was killed meanwhile.
            }
            let image = try result.get()
            let attributes = [
                "comment": spec.comment, "imageID": image.id.description, "imageRef": spec.reference,
            ]
            tell(event(entry, "commit", attributes))
            return image.id.description
        }
    }

    /// What is to be resumed; `nil` when the container has ended meanwhile.
    private func pauseForCommit(_ entry: Entry) async throws(EngineError) -> (any Runner)? {
        guard let runner = entry.runner else { return nil }
        do throws(EngineError) {
            try await runner.pause()
            return runner
        } catch {
            guard await hasEnded(entry, within: 1) else { throw error }
            return nil
        }
    }

    private func makeImage(_ entry: Entry, _ spec: CommitSpec) async throws(EngineError) -> Image {
        let reference: Reference?
        let parent: Image
        do {
            reference = spec.reference.isEmpty ? nil : try Reference(spec.reference)
            parent = try await images.resolve(entry.instance.imageID)
        } catch {
            throw EngineError(error)
        }
        var configuration = parent.configuration
        configuration.created = Timestamp.text(nanoseconds: Clock.nanoseconds)
        configuration.author = spec.author.isEmpty ? parent.configuration.author : spec.author
        configuration.comment = spec.comment.isEmpty ? nil : spec.comment
        configuration.container = entry.id.text
        configuration.containerSettings = .init(image: entry.container?.image)
        configuration.config = Self.defaults(entry, parent.configuration.config)
        for line in spec.changes { try CommitChange.apply(line, to: &configuration.config) }
        let step = HistoryEntry(
            created: configuration.created,
            createdBy: entry.instance.process.arguments.joined(separator: " "),
            comment: spec.comment.isEmpty ? nil : spec.comment)
        var options = LayerDiffOptions()
        options.excluded = ownTargets(entry)
        do {
            return try await images.commit(
                upper: layout.folder(entry.id).upper, parent: parent, configuration: configuration,
                step: step,
                names: reference.map { [$0] } ?? [], options: options)
        } catch {
            throw EngineError(error)
        }
    }

    /// The container's own settings become the image's.
    private static func defaults(_ entry: Entry, _ parent: ProcessDefaults) -> ProcessDefaults {
        var defaults = parent
        let process = entry.instance.process
        defaults.entrypoint = process.entrypoint.isEmpty ? nil : process.entrypoint
        defaults.command = process.command.isEmpty ? nil : process.command
        defaults.environment = process.environment
        defaults.workingDirectory =
            process.workingDirectory == "/" ? parent.workingDirectory : process.workingDirectory
        defaults.user = process.user.isEmpty ? nil : process.user
        guard let spec = entry.container else { return defaults }
        defaults.labels = spec.labels
        defaults.exposedPorts = spec.network.exposedPorts.sorted()
        defaults.stopSignal = spec.stopSignal
        return defaults
    }
}

extension FileChange {
    init(_ change: TreeChange) {
        let kind: Kind =
            switch change.kind {
            case .modified: .modified
            case .added: .added
            case .deleted: .deleted
            }
        self.init(kind, change.path)
    }
}
