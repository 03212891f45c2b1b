import Containers
import Glibc
import Host
import Images
import Model

// What containers mount.
extension Engine {
    /// Makes the volumes that a new container needs, and finds out where everything lies.
    ///
    /// - Parameter made: the volumes that were made here; whoever gives up removes them.
    func prepareMounts(
        _ spec: ContainerSpec, _ image: Image, for id: InstanceID, _ made: inout [String]
    ) async throws(EngineError) -> [ResolvedMount] {
        var mounts: [ResolvedMount] = []
        for mount in spec.mounts {
            let target = PathText.clean(mount.target)
            switch mount.kind {
            case .bind: mounts.append(try await bind(mount, target))
            case .volume: mounts.append(try await volume(mount, target, image, &made))
            case .tmpfs:
                mounts.append(
                    ResolvedMount(kind: .tmpfs, source: "tmpfs", target: target, isReadOnly: mount.isReadOnly)
                )
            case .image: mounts.append(try await imageMount(mount, target, for: id))
            }
        }
        return mounts
    }

    private func bind(_ mount: MountSpec, _ target: String) async throws(EngineError) -> ResolvedMount {
        let source = mount.subpath.map { "\(mount.source)/\($0)" } ?? mount.source
        let creates = mount.createsSource
        try await blocking {
            if access(source, F_OK) == 0 { return }
            guard creates else {
                throw EngineError(
                    .invalid,
                    "invalid mount config for type \"bind\": bind source path does not exist: \(source)")
            }
            try Folder.create(source)
        }
        return ResolvedMount(
            kind: .bind, source: source, target: target, isReadOnly: mount.isReadOnly,
            propagation: mount.propagation.flatMap { $0.isEmpty ? nil : $0 } ?? "rprivate")
    }

    private func volume(
        _ mount: MountSpec, _ target: String, _ image: Image, _ made: inout [String]
    ) async throws(EngineError) -> ResolvedMount {
        var wanted = VolumeSpec(name: mount.source)
        wanted.driver = mount.volumeDriver ?? "local"
        wanted.options = mount.volumeOptions
        wanted.labels = mount.volumeLabels
        let isNew = volumes[mount.source] == nil
        let record = try await createVolume(wanted)
        if isNew { made.append(record.name) }
        let isSpecial = (try? VolumeOptions(record.options))?.isSpecial == true
        if !mount.copiesNothing, !isSpecial, mount.subpath == nil {
            try await copyUp(record, from: target, image)
        }
        var source = record.mountPoint
        if let subpath = mount.subpath, !subpath.isEmpty {
            let root = record.mountPoint
            source = try await blocking { try Subpath.resolve(subpath, in: root) }
        }
        return ResolvedMount(
            kind: .volume, name: record.name, source: source, target: target, isReadOnly: mount.isReadOnly)
    }

    /// Fills an empty volume with what the image has at the place that it covers.
    private func copyUp(_ record: VolumeRecord, from target: String, _ image: Image) async throws(EngineError)
    {
        let point = record.mountPoint
        let isEmpty = try await blocking { Folder.names(in: point).isEmpty }
        guard isEmpty else { return }
        let folders: [String]
        do {
            folders = try await images.layers(of: image).folders
        } catch {
            throw EngineError(error)
        }
        let temporary = "\(layout.volume(record.name))/_copy"
        try await exclusively("volume/\(record.name)") { () async throws(EngineError) in
            try await blocking {
                FileTree.remove(temporary)
                guard try LayerCopy(folders: folders).copy(target, to: temporary) else { return }
                // The empty folder gives way to the filled one: nobody sees it half full.
                guard rmdir(point) == 0 else { return FileTree.remove(temporary) }
                try checked("fill volume \(record.name)") { Glibc.rename(temporary, point) }
            }
        }
    }

    /// Volumes that the kernel must mount itself, by target.
    func volumeMounts(_ entry: Entry) -> [String: RuntimeSpec.Mount] {
        var result: [String: RuntimeSpec.Mount] = [:]
        for mount in entry.instance.mounts where mount.kind == .volume {
            guard let record = volumes[mount.name] else { continue }
            result[mount.target] = (try? VolumeOptions(record.options))?.mount(at: mount.target)
        }
        return result
    }
}
