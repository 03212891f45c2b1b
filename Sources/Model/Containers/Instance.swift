/// A container or machine as the daemon knows it.
package struct Instance: Codable, Equatable, Sendable {
    package enum State: String, Codable, Sendable {
        case created, running, paused, restarting, removing, exited, dead
    }

    package enum Health: String, Codable, Sendable {
        case starting, healthy, unhealthy
    }

    package var id: InstanceID
    /// Without a leading slash.
    package var name: String
    package var spec: InstanceSpec
    package var state = State.created
    /// The digest that names the image's configuration, `sha256:…`; empty for machines.
    package var imageID = ""
    /// The image's own settings and the user's, put together: what is run.
    package var process = ResolvedProcess()
    /// The container's first process, seen from the host; 0 when it does not run.
    package var processID: Int32 = 0
    package var exitCode: Int32 = 0
    package var wasKilledForMemory = false
    /// Why the last start failed; empty when it did not.
    package var error = ""
    /// Seconds since 1970.
    package var created: Double
    package var started: Double?
    package var finished: Double?
    package var restartCount = 0
    /// Whether a user stopped it, so that `unless-stopped` leaves it alone.
    package var wasStoppedByUser = false
    package var health: Health?
    package var healthFailures = 0
    package var healthLog: [HealthResult] = []
    /// By network name.
    package var endpoints: [String: Endpoint] = [:]
    /// Ports as they are published.
    package var ports: [PortMapping] = []
    /// Volumes and folders as they are mounted.
    package var mounts: [ResolvedMount] = []

    package init(id: InstanceID, name: String, spec: InstanceSpec, created: Double) {
        self.id = id
        self.name = name
        self.spec = spec
        self.created = created
    }
}

/// The process that a container runs, after image and user were put together.
package struct ResolvedProcess: Codable, Equatable, Sendable {
    package var arguments: [String] = []
    package var environment: [String] = []
    package var workingDirectory = "/"
    package var user = ""
    package var entrypoint: [String] = []
    package var command: [String] = []

    package init() {}
}

/// A mount as it was made.
package struct ResolvedMount: Codable, Equatable, Sendable {
    package var kind: MountSpec.Kind
    /// The volume's name; empty for others.
    package var name: String
    /// A path of the host.
    package var source: String
    package var target: String
    package var isReadOnly: Bool
    package var propagation: String

    package init(
        kind: MountSpec.Kind, name: String = "", source: String, target: String, isReadOnly: Bool = false,
        propagation: String = ""
    ) {
        self.kind = kind
        self.name = name
        self.source = source
        self.target = target
        self.isReadOnly = isReadOnly
        self.propagation = propagation
    }
}

/// One run of a health check. Times in seconds since 1970.
package struct HealthResult: Codable, Equatable, Sendable {
    package var start: Double
    package var end: Double
    package var exitCode: Int32
    /// At most 4096 bytes.
    package var output: String

    package init(start: Double, end: Double, exitCode: Int32, output: String) {
        self.start = start
        self.end = end
        self.exitCode = exitCode
        self.output = output
    }
}
