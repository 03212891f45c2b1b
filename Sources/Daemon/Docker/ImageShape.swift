import Images
import Model

/// Images as lists, inspection and history show them.
enum ImageShape {
    static func json(_ image: ImageSummary, _ version: DockerVersion) -> JSON {
        let fields: JSON = [
            "Id": .string(image.id.description), "ParentId": .string(image.parent?.description ?? ""),
            "RepoTags": .strings(image.tags), "RepoDigests": .strings(image.repositoryDigests),
            "Created": .int(Int64(image.created)), "Size": .int(image.size),
            "SharedSize": .int(image.sharedSize), "Labels": .map(image.labels),
            "Containers": .int(image.holders),
        ]
        // The field went away with 1.44.
        return version.minor < 44 ? fields.adding(["VirtualSize": .int(image.size)]) : fields
    }

    static func json(_ image: Image, _ version: DockerVersion) -> JSON {
        let configuration = image.configuration
        let fields: JSON = [
            "Id": .string(image.id.description), "RepoTags": .strings(image.tags),
            "RepoDigests": .strings(image.repositoryDigests),
            "Parent": .string(image.parent?.description ?? ""),
            "Comment": .string(configuration.comment ?? ""),
            "Created": .string(configuration.created ?? Timestamp.never), "DockerVersion": "",
            "Author": .string(configuration.author ?? ""), "Config": json(configuration.config),
            "Architecture": .string(configuration.architecture),
        ]
        let variant: JSON = configuration.variant.map { ["Variant": .string($0)] } ?? [:]
        return fields.adding(container(configuration, version)).adding(variant).adding([
            "Os": .string(configuration.os), "Size": .int(image.size),
        ]).adding(version.minor < 44 ? ["VirtualSize": .int(image.size)] : [:]).adding([
            "GraphDriver": ["Name": "overlay2", "Data": .null],
            "RootFS": [
                "Type": "layers", "Layers": .strings(configuration.rootfs.diffIDs.map(\.description)),
            ],
            "Metadata": ["LastTagTime": .string(Timestamp.text(image.tagged))],
        ])
    }

    /// Fields that went away with 1.45.
    private static func container(_ configuration: ImageConfiguration, _ version: DockerVersion) -> JSON {
        guard version.minor < 45 else { return [:] }
        var config = json(configuration.config)
        if let image = configuration.containerSettings?.image {
            config = .object(config.fields.filter { $0.name != "Image" }).adding(["Image": .string(image)])
        }
        return ["Container": .string(configuration.container ?? ""), "ContainerConfig": config]
    }

    static func json(_ config: ProcessDefaults) -> JSON {
        let fields: JSON = [
            "Hostname": "", "Domainname": "", "User": .string(config.user ?? ""), "AttachStdin": false,
            "AttachStdout": false, "AttachStderr": false, "ExposedPorts": set(config.exposedPorts),
            "Tty": false, "OpenStdin": false, "StdinOnce": false, "Env": .slice(config.environment),
            "Cmd": config.command.map(JSON.strings) ?? .null,
        ]
        let health: JSON = config.healthCheck.map { ["Healthcheck": json($0)] } ?? [:]
        let more: JSON = [
            "Image": "", "Volumes": set(config.volumes),
            "WorkingDir": .string(config.workingDirectory ?? ""),
            "Entrypoint": config.entrypoint.map(JSON.strings) ?? .null, "OnBuild": .slice(config.onBuild),
            "Labels": config.labels.isEmpty ? .null : .map(config.labels),
        ]
        let signal: JSON = config.stopSignal.map { ["StopSignal": .string($0)] } ?? [:]
        let shell: JSON = config.shell.map { ["Shell": .strings($0)] } ?? [:]
        return fields.adding(health).adding(more).adding(signal).adding(shell)
    }

    private static func json(_ health: HealthDefaults) -> JSON {
        [
            "Test": .strings(health.test ?? []), "Interval": .int(health.interval ?? 0),
            "Timeout": .int(health.timeout ?? 0), "StartPeriod": .int(health.startPeriod ?? 0),
            "StartInterval": .int(health.startInterval ?? 0), "Retries": .int(health.retries ?? 0),
        ]
    }

    private static func set(_ names: [String]) -> JSON {
        names.isEmpty ? .null : .object(names.map { JSON.Field(name: $0, value: [:]) })
    }

    static func json(_ line: HistoryLine) -> JSON {
        [
            "Id": .string(line.id?.description ?? "<missing>"),
            "Created": .int(Int64(Timestamp.seconds(line.entry.created) ?? 0)),
            "CreatedBy": .string(line.entry.createdBy ?? ""), "Tags": .slice(line.tags),
            "Size": .int(line.size), "Comment": .string(line.entry.comment ?? ""),
        ]
    }

    static func json(_ item: RemovedItem) -> JSON {
        switch item {
        case .untagged(let name): ["Untagged": .string(name)]
        case .deleted(let digest): ["Deleted": .string(digest.description)]
        }
    }
}
