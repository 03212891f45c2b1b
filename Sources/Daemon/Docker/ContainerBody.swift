import Model

/// The body of `POST /containers/create`, read into a specification. Fields that mean nothing here are ignored.
enum ContainerBody {
    static func spec(_ body: JSON) throws(APIError) -> ContainerSpec {
        guard let image = try body.string("Image") else {
            throw APIError(.badRequest, "no image was given: Image is empty")
        }
        var spec = ContainerSpec(image: image)
        let host = try body.object("HostConfig")
        try readProcess(body, into: &spec)
        try readIdentity(body, host, into: &spec)
        spec.mounts = try MountBody.mounts(host, volumes: try body.object("Volumes"))
        try readFiles(host, into: &spec)
        try readRights(host, into: &spec)
        try readNamespaces(host, into: &spec)
        try readEnd(body, host, into: &spec)
        try readEchoes(body, host, into: &spec)
        spec.resources = try ResourceBody.resources(host)
        spec.network = try NetworkingBody.networking(body, host)
        return spec
    }

    private static func readProcess(_ body: JSON, into spec: inout ContainerSpec) throws(APIError) {
        let entrypoint = try body.stringsIfSet("Entrypoint")
        spec.entrypoint = entrypoint == [] ? nil : entrypoint
        let command = try body.stringsIfSet("Cmd")
        spec.command = command == [] ? nil : command
        spec.environment = try body.strings("Env")
        spec.workingDirectory = try body.string("WorkingDir")
        spec.user = try body.string("User")
        spec.hasTerminal = try body.bool("Tty")
        spec.keepsStdinOpen = try body.bool("OpenStdin")
        spec.closesStdinAfterFirst = try body.bool("StdinOnce")
        spec.stopSignal = try body.string("StopSignal")
        spec.stopTimeout = try body.integer("StopTimeout").map { Int(clamping: $0) }
        spec.healthCheck = try health(body.object("Healthcheck"))
    }

    private static func health(_ body: JSON) throws(APIError) -> HealthCheck? {
        guard !body.fields.isEmpty else { return nil }
        var check = HealthCheck(test: try body.strings("Test"))
        check.interval = try body.integer("Interval") ?? 0
        check.timeout = try body.integer("Timeout") ?? 0
        check.startPeriod = try body.integer("StartPeriod") ?? 0
        check.startInterval = try body.integer("StartInterval") ?? 0
        check.retries = Int(clamping: try body.integer("Retries") ?? 0)
        guard min(check.interval, check.timeout, check.startPeriod, check.startInterval) >= 0 else {
            throw APIError(.badRequest, "times of Healthcheck cannot be negative")
        }
        guard check.retries >= 0 else {
            throw APIError(.badRequest, "Retries in Healthcheck cannot be negative")
        }
        return check
    }

    private static func readIdentity(
        _ body: JSON, _ host: JSON, into spec: inout ContainerSpec
    ) throws(APIError) {
        spec.hostname = try body.string("Hostname")
        spec.domainName = try body.string("Domainname")
        spec.labels = try body.dictionary("Labels")
        spec.annotations = try host.dictionary("Annotations")
        let size = try host.elements("ConsoleSize")
        if size.count == 2, case .integer(let rows) = size[0], case .integer(let columns) = size[1],
            rows > 0, columns > 0
        {
            spec.terminalSize = TerminalSize(
                rows: UInt16(clamping: rows), columns: UInt16(clamping: columns))
        }
    }

    private static func readFiles(_ host: JSON, into spec: inout ContainerSpec) throws(APIError) {
        spec.volumesFrom = try host.strings("VolumesFrom")
        spec.hasReadOnlyRoot = try host.bool("ReadonlyRootfs")
        if let size = try host.nonZero("ShmSize") {
            guard size > 0 else { throw APIError(.badRequest, "SHM size can not be less than 0") }
            spec.sharedMemorySize = UInt64(size)
        }
        for device in try host.elements("Devices") {
            guard let path = try device.string("PathOnHost") else {
                throw APIError(.badRequest, "a device has no PathOnHost")
            }
            spec.devices.append(
                DeviceMapping(
                    hostPath: path, containerPath: try device.string("PathInContainer") ?? path,
                    permissions: try device.string("CgroupPermissions") ?? "rwm"))
        }
        spec.maskedPaths = try host.stringsIfSet("MaskedPaths")
        spec.readOnlyPaths = try host.stringsIfSet("ReadonlyPaths")
    }

    private static func readRights(_ host: JSON, into spec: inout ContainerSpec) throws(APIError) {
        spec.isPrivileged = try host.bool("Privileged")
        spec.addedCapabilities = try host.strings("CapAdd")
        spec.droppedCapabilities = try host.strings("CapDrop")
        spec.securityOptions = try host.strings("SecurityOpt")
        spec.sysctls = try host.dictionary("Sysctls")
        spec.additionalGroups = try host.strings("GroupAdd")
        spec.deviceCgroupRules = try host.strings("DeviceCgroupRules")
        for limit in try host.elements("Ulimits") {
            guard let name = try limit.string("Name") else {
                throw APIError(.badRequest, "an entry of Ulimits has no Name")
            }
            let soft = try limit.integer("Soft") ?? 0
            spec.limits.append(
                ResourceLimit(
                    name: name.lowercased(), soft: soft, hard: try limit.integer("Hard") ?? soft))
        }
    }

    private static func readNamespaces(_ host: JSON, into spec: inout ContainerSpec) throws(APIError) {
        spec.usesInit = try host.bool("Init")
        spec.cgroupParent = try host.string("CgroupParent")
        spec.outOfMemoryScore = try host.nonZero("OomScoreAdj").map { Int(clamping: $0) }
        spec.pidMode = try host.string("PidMode")
        spec.ipcMode = try host.string("IpcMode")
        spec.utsMode = try host.string("UTSMode")
        spec.userNamespaceMode = try host.string("UsernsMode")
        spec.cgroupNamespaceMode = try host.string("CgroupnsMode")
    }

    private static func readEnd(
        _ body: JSON, _ host: JSON, into spec: inout ContainerSpec
    ) throws(APIError) {
        spec.restart = try restart(host.object("RestartPolicy"))
        spec.removesItself = try host.bool("AutoRemove")
        guard !spec.removesItself || spec.restart.kind == .no else {
            throw APIError(.badRequest, "can't create 'AutoRemove' container with restart policy")
        }
        let logging = try host.object("LogConfig")
        spec.logging = LoggingSpec(
            driver: try logging.string("Type") ?? "json-file", options: try logging.dictionary("Config"))
    }

    /// What is only told back. There is one runtime; Docker's own goes by other names.
    private static func readEchoes(
        _ body: JSON, _ host: JSON, into spec: inout ContainerSpec
    ) throws(APIError) {
        let name = try body.string("Runtime")
        spec.runtimeName = try host.string("Runtime") ?? name
        if let name = spec.runtimeName, !["viv-container", "runc", "io.containerd.runc.v2"].contains(name) {
            throw APIError(.badRequest, "unknown or invalid runtime name: \(name)")
        }
        spec.isolation = try host.string("Isolation")
        guard ["default", nil].contains(spec.isolation) else {
            throw APIError(.badRequest, "invalid isolation '\(spec.isolation ?? "")': Linux has 'default'")
        }
        spec.volumeDriver = try host.string("VolumeDriver")
    }

    /// `RestartPolicy` of a container or an update.
    static func restart(_ body: JSON) throws(APIError) -> RestartPolicy {
        guard let name = try body.string("Name") else { return RestartPolicy() }
        guard let kind = RestartPolicy.Kind(rawValue: name) else {
            throw APIError(.badRequest, "invalid restart policy: unknown policy '\(name)'")
        }
        let retries = Int(clamping: try body.integer("MaximumRetryCount") ?? 0)
        guard retries >= 0 else {
            throw APIError(
                .badRequest, "invalid restart policy: maximum retry count cannot be negative")
        }
        guard retries == 0 || kind == .onFailure else {
            throw APIError(
                .badRequest,
                "invalid restart policy: maximum retry count can only be used with 'on-failure'")
        }
        return RestartPolicy(kind, maximumRetries: retries)
    }
}
