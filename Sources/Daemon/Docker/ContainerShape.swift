import Model

/// A container as `GET /containers/{id}/json` shows it.
struct ContainerShape {
    let instance: Instance
    let spec: ContainerSpec
    let configuration: DaemonConfiguration
    var execs: [String] = []
    var size: InstanceSize?

    var json: JSON {
        let arguments = instance.process.arguments
        let id = instance.id.text
        let folder = "\(configuration.data)/containers/\(id)"
        let head: JSON = [
            "Id": .string(id), "Created": .string(Timestamp.text(instance.created)),
            "Path": .string(arguments.first ?? ""), "Args": .strings(arguments.dropFirst()),
            "State": StateShape.json(instance), "Image": .string(instance.imageID),
            "ResolvConfPath": .string("\(folder)/resolv.conf"),
            "HostnamePath": .string("\(folder)/hostname"), "HostsPath": .string("\(folder)/hosts"),
            "LogPath": .string(spec.logging.driver == "none" ? "" : "\(folder)/log.json"),
            "Name": .string("/" + instance.name), "RestartCount": .int(instance.restartCount),
        ]
        return head.adding([
            "Driver": "overlay2", "Platform": "linux", "MountLabel": "", "ProcessLabel": "",
            "AppArmorProfile": "", "ExecIDs": .slice(execs), "HostConfig": HostShape.json(spec),
            "GraphDriver": [
                "Name": "overlay2",
                "Data": [
                    "UpperDir": .string("\(folder)/upper"), "WorkDir": .string("\(folder)/work"),
                    "MergedDir": "", "LowerDir": "",
                ],
            ],
        ]).adding(sizes).adding([
            "Mounts": MountBody.made(instance), "Config": configJSON,
            "NetworkSettings": NetworkShape.settings(instance),
        ])
    }

    private var sizes: JSON {
        guard let size else { return [:] }
        return ["SizeRw": .int(size.written), "SizeRootFs": .int(size.total)]
    }

    private var configJSON: JSON {
        let process = instance.process
        let exposed = spec.network.exposedPorts.sorted().map { JSON.Field(name: $0, value: [:]) }
        var fields: JSON = [
            "Hostname": .string(spec.hostname ?? instance.id.short),
            "Domainname": .string(spec.domainName ?? ""), "User": .string(process.user),
            "AttachStdin": .bool(spec.keepsStdinOpen), "AttachStdout": true, "AttachStderr": true,
        ]
        if !exposed.isEmpty { fields = fields.adding(["ExposedPorts": .object(exposed)]) }
        fields = fields.adding([
            "Tty": .bool(spec.hasTerminal), "OpenStdin": .bool(spec.keepsStdinOpen),
            "StdinOnce": .bool(spec.closesStdinAfterFirst),
            "Env": .strings(process.environment + spec.environment.filter { !$0.contains("=") }),
            "Cmd": .slice(process.command),
        ])
        if let health = spec.healthCheck { fields = fields.adding(["Healthcheck": Self.json(health)]) }
        fields = fields.adding([
            "Image": .string(spec.image), "Volumes": MountBody.volumes(spec),
            "WorkingDir": .string(process.workingDirectory), "Entrypoint": .slice(process.entrypoint),
            "OnBuild": .null, "Labels": .map(spec.labels),
        ])
        if let signal = spec.stopSignal { fields = fields.adding(["StopSignal": .string(signal)]) }
        if let timeout = spec.stopTimeout { fields = fields.adding(["StopTimeout": .int(timeout)]) }
        return fields
    }

    static func json(_ health: HealthCheck) -> JSON {
        [
            "Test": .strings(health.test), "Interval": .int(health.interval),
            "Timeout": .int(health.timeout), "StartPeriod": .int(health.startPeriod),
            "StartInterval": .int(health.startInterval), "Retries": .int(health.retries),
        ]
    }
}

/// `HostConfig`, told from the specification.
enum HostShape {
    static func json(_ spec: ContainerSpec) -> JSON {
        identity(spec).adding(MountBody.json(spec)).adding(rights(spec)).adding(namespaces(spec))
            .adding(ResourceBody.json(spec.resources)).adding(devices(spec))
    }

    private static func identity(_ spec: ContainerSpec) -> JSON {
        [
            "ContainerIDFile": "",
            "LogConfig": ["Type": .string(spec.logging.driver), "Config": .map(spec.logging.options)],
            "NetworkMode": .string(spec.network.mode),
            "PortBindings": bindings(spec.network.ports),
            "RestartPolicy": [
                "Name": .string(spec.restart.kind.rawValue),
                "MaximumRetryCount": .int(spec.restart.maximumRetries),
            ],
            "AutoRemove": .bool(spec.removesItself), "VolumeDriver": .string(spec.volumeDriver ?? ""),
            "VolumesFrom": .slice(spec.volumesFrom),
            "ConsoleSize": [
                .int(spec.terminalSize?.rows ?? 0), .int(spec.terminalSize?.columns ?? 0),
            ],
            "Annotations": .map(spec.annotations),
        ]
    }

    private static func bindings(_ ports: [PortMapping]) -> JSON {
        let groups = Dictionary(grouping: ports) { "\($0.containerPort)/\($0.transport.rawValue)" }
        return .object(
            groups.sorted { $0.key < $1.key }.map { key, ports in
                JSON.Field(
                    name: key,
                    value: .array(
                        ports.map { port in
                            [
                                "HostIp": .string(port.hostAddress),
                                "HostPort": .string(port.hostPort == 0 ? "" : String(port.hostPort)),
                            ]
                        }))
            })
    }

    private static func rights(_ spec: ContainerSpec) -> JSON {
        [
            "CapAdd": .slice(spec.addedCapabilities), "CapDrop": .slice(spec.droppedCapabilities),
            "Dns": .strings(spec.network.nameServers), "DnsOptions": .strings(spec.network.resolverOptions),
            "DnsSearch": .strings(spec.network.searchDomains),
            "ExtraHosts": .slice(spec.network.extraHosts), "GroupAdd": .slice(spec.additionalGroups),
            "Links": .slice(spec.network.links), "Privileged": .bool(spec.isPrivileged),
            "PublishAllPorts": .bool(spec.network.publishesAll),
            "ReadonlyRootfs": .bool(spec.hasReadOnlyRoot), "SecurityOpt": .slice(spec.securityOptions),
            "Sysctls": spec.sysctls.isEmpty ? .null : .map(spec.sysctls),
            "MaskedPaths": spec.maskedPaths.map(JSON.strings) ?? .strings(DefaultPaths.masked),
            "ReadonlyPaths": spec.readOnlyPaths.map(JSON.strings) ?? .strings(DefaultPaths.readOnly),
        ]
    }

    private static func namespaces(_ spec: ContainerSpec) -> JSON {
        [
            "CgroupnsMode": .string(spec.cgroupNamespaceMode ?? "private"),
            "IpcMode": .string(spec.ipcMode ?? "private"), "Cgroup": "",
            "PidMode": .string(spec.pidMode ?? ""), "UTSMode": .string(spec.utsMode ?? ""),
            "UsernsMode": .string(spec.userNamespaceMode ?? ""),
            "OomScoreAdj": .int(spec.outOfMemoryScore ?? 0), "ShmSize": .int(spec.sharedMemorySize),
            "Runtime": .string(spec.runtimeName ?? "viv-container"),
            "Isolation": .string(spec.isolation ?? ""), "Init": .bool(spec.usesInit),
            "CgroupParent": .string(spec.cgroupParent ?? ""),
        ]
    }

    private static func devices(_ spec: ContainerSpec) -> JSON {
        let devices = spec.devices.map { device -> JSON in
            [
                "PathOnHost": .string(device.hostPath), "PathInContainer": .string(device.containerPath),
                "CgroupPermissions": .string(device.permissions),
            ]
        }
        let limits = spec.limits.map { limit -> JSON in
            ["Name": .string(limit.name), "Soft": .int(limit.soft), "Hard": .int(limit.hard)]
        }
        return [
            "Devices": .array(devices), "DeviceCgroupRules": .slice(spec.deviceCgroupRules),
            "DeviceRequests": .null, "Ulimits": .array(limits),
        ]
    }
}

/// What containers see masked or read-only unless they say otherwise.
private enum DefaultPaths {
    static let masked = [
        "/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
        "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
        "/sys/devices/virtual/powercap",
    ]
    static let readOnly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
}
