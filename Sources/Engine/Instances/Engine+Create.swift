import Images
import Model
import Store

extension Engine {
    /// Makes an instance; a missing image is `notFound`, as pulling is the caller's decision.
    package func create(_ spec: InstanceSpec, name: String?) async throws(EngineError) -> Created {
        if let name { try ObjectName.check(name, what: "container") }
        let id = InstanceID.random()
        let chosen = try reserve(name, for: id)
        do {
            switch spec {
            case .container(let spec): return try await createContainer(spec, id, chosen)
            case .machine(let spec): return try await createMachine(spec, id, chosen)
            }
        } catch {
            names[chosen] = nil
            throw error
        }
    }

    /// Takes a name before the first await, so that two requests cannot both get it.
    private func reserve(_ name: String?, for id: InstanceID) throws(EngineError) -> String {
        if let name, let owner = names[name] {
            throw EngineError(
                .conflict,
                "Conflict. The container name \"/\(name)\" is already in use by container \"\(owner)\". You have to "
                    + "remove (or rename) that container to be able to reuse that name.")
        }
        var generator = SystemRandomNumberGenerator()
        let chosen = name ?? NameGenerator.name(using: &generator) { names[$0] != nil }
        names[chosen] = id
        return chosen
    }

    private func createContainer(
        _ wanted: ContainerSpec, _ id: InstanceID, _ name: String
    ) async throws(EngineError) -> Created {
        var warnings = try Validation.check(wanted)
        let image = try await image(wanted.image)
        warnings += platformWarnings(image)
        var spec = ProcessMerge.merged(wanted, image.configuration.config)
        do throws(EngineError) {
            spec.mounts = try withVolumesFrom(spec) + imageVolumes(image, spec)
            try checkNetworks(spec.network)
        } catch  where error.kind == .notFound {
            // Docker's clients take what is not found for the image, and pull it.
            throw EngineError(.invalid, error.description)
        }
        var instance = Instance(id: id, name: name, spec: .container(spec), created: Clock.seconds)
        instance.imageID = image.id.description
        instance.endpoints = idleEndpoints(spec.network)
        instance.process = try ProcessMerge.process(spec, image.configuration.config)
        do {
            try await images.hold(image.id, by: id.text)
        } catch {
            throw EngineError(error)
        }
        var made: [String] = []
        do {
            instance.mounts = try await prepareMounts(spec, image, for: id, &made)
            try await enter(instance)
        } catch {
            await images.releaseAll(by: id.text)
            for volume in made { try? await removeVolume(volume, force: true) }
            throw error
        }
        return Created(id: id, warnings: warnings)
    }

    /// Makes the instance known to the store, then to everybody.
    func enter(_ instance: Instance) async throws(EngineError) {
        let entry = Entry(instance)
        let event = event(entry, "create")
        try await commit([.put(instance)], [event])
        instances[instance.id] = entry
    }

    func image(_ name: String) async throws(EngineError) -> Image {
        do {
            return try await images.resolve(name)
        } catch {
            if error.kind == .notFound { throw EngineError(.notFound, "No such image: \(name)") }
            throw EngineError(error)
        }
    }

    private func platformWarnings(_ image: Image) -> [String] {
        guard image.platform.architecture != Platform.host.architecture else { return [] }
        return [
            "the image is made for \(image.platform) and this host is \(Platform.host): its programs will not start"
        ]
    }

    /// Volumes that the image declares and the user has not mounted anything at.
    private func imageVolumes(_ image: Image, _ spec: ContainerSpec) -> [MountSpec] {
        let taken = Set(spec.mounts.map { PathText.clean($0.target) })
        return image.configuration.config.volumes.map(PathText.clean)
            .filter { !taken.contains($0) && $0 != "/" }.map { MountSpec(.volume, target: $0) }
    }

    /// The user's mounts, and those of the containers that `volumesFrom` names.
    private func withVolumesFrom(_ spec: ContainerSpec) throws(EngineError) -> [MountSpec] {
        var mounts = spec.mounts
        for reference in spec.volumesFrom {
            let parts = reference.split(separator: ":", maxSplits: 1).map(String.init)
            guard let name = parts.first else { continue }
            let taken = Set(mounts.map { PathText.clean($0.target) })
            for mount in try entry(name).instance.mounts where !taken.contains(mount.target) {
                guard mount.kind != .tmpfs else { continue }
                var copy = MountSpec(
                    mount.kind, source: mount.kind == .volume ? mount.name : mount.source,
                    target: mount.target)
                copy.isReadOnly = mount.isReadOnly || parts.dropFirst().first == "ro"
                copy.propagation = mount.propagation.isEmpty ? nil : mount.propagation
                mounts.append(copy)
            }
        }
        return mounts
    }
}
