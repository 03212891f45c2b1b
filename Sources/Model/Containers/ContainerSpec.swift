/// What a user wants of one container. What is `nil` or empty falls back to the image's configuration, then to defaults.
package struct ContainerSpec: Codable, Equatable, Sendable {
    /// The image as the user wrote it: a reference, a digest or the start of an image id.
    package var image: String
    /// `os/arch[/variant]` where the user asked for one.
    package var platform: String?

    // The process.
    package var entrypoint: [String]?
    package var command: [String]?
    /// `NAME=value`; a bare `NAME` removes the image's variable.
    package var environment: [String] = []
    package var workingDirectory: String?
    /// `user[:group]`, by name or number.
    package var user: String?
    package var additionalGroups: [String] = []
    package var hasTerminal = false
    /// Rows and columns of the terminal at the start.
    package var terminalSize: TerminalSize?
    package var keepsStdinOpen = false
    /// Whether stdin closes when the first client that was attached to it leaves.
    package var closesStdinAfterFirst = false
    /// A name such as `SIGQUIT`, or a number.
    package var stopSignal: String?
    /// Seconds between the stop signal and SIGKILL; `nil` means 10, negative waits without end.
    package var stopTimeout: Int?
    /// Whether a small init reaps orphans and forwards signals.
    package var usesInit = false
    package var healthCheck: HealthCheck?

    // Who and where it is.
    package var hostname: String?
    package var domainName: String?
    package var labels: [String: String] = [:]
    package var annotations: [String: String] = [:]

    // What it sees.
    package var mounts: [MountSpec] = []
    /// Volumes of other containers: `container[:ro]`.
    package var volumesFrom: [String] = []
    package var hasReadOnlyRoot = false
    /// Bytes of `/dev/shm`.
    package var sharedMemorySize: UInt64 = 64 << 20
    package var devices: [DeviceMapping] = []
    package var network = ContainerNetworking()

    // What it may do.
    package var isPrivileged = false
    package var addedCapabilities: [String] = []
    package var droppedCapabilities: [String] = []
    /// `seccomp=…`, `no-new-privileges`, `apparmor=…`, `label=…`, `systempaths=unconfined`.
    package var securityOptions: [String] = []
    package var sysctls: [String: String] = [:]
    package var limits: [ResourceLimit] = []
    package var resources = ContainerResources()
    package var deviceCgroupRules: [String] = []
    package var cgroupParent: String?
    package var outOfMemoryScore: Int?
    package var pidMode: String?
    package var ipcMode: String?
    package var utsMode: String?
    package var userNamespaceMode: String?
    package var cgroupNamespaceMode: String?
    package var maskedPaths: [String]?
    package var readOnlyPaths: [String]?

    // What becomes of it.
    package var restart = RestartPolicy()
    package var removesItself = false
    package var logging = LoggingSpec()

    // What Docker's clients say and are told back; it changes nothing.
    package var runtimeName: String?
    package var isolation: String?
    package var volumeDriver: String?

    package init(image: String) { self.image = image }
}

package struct TerminalSize: Codable, Equatable, Sendable {
    package var rows: UInt16
    package var columns: UInt16

    package init(rows: UInt16, columns: UInt16) {
        self.rows = rows
        self.columns = columns
    }
}

/// How to find out whether a container's service works. Times in nanoseconds; 0 means the default.
package struct HealthCheck: Codable, Equatable, Sendable {
    /// `["NONE"]`, `["CMD", argument…]` or `["CMD-SHELL", script]`; empty means the image's.
    package var test: [String]
    package var interval: Int64 = 0
    package var timeout: Int64 = 0
    package var startPeriod: Int64 = 0
    package var startInterval: Int64 = 0
    package var retries = 0

    package init(test: [String]) { self.test = test }
}

/// When a container that ended is started again.
package struct RestartPolicy: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
        case no, always
        case unlessStopped = "unless-stopped"
        case onFailure = "on-failure"
    }

    package var kind = Kind.no
    /// With `onFailure`; 0 means no bound.
    package var maximumRetries = 0

    package init(_ kind: Kind = .no, maximumRetries: Int = 0) {
        self.kind = kind
        self.maximumRetries = maximumRetries
    }
}

/// Where output is kept.
package struct LoggingSpec: Codable, Equatable, Sendable {
    /// `json-file`, `local` (the same file) or `none`.
    package var driver = "json-file"
    /// `max-size`, `max-file`.
    package var options: [String: String] = [:]

    package init(driver: String = "json-file", options: [String: String] = [:]) {
        self.driver = driver
        self.options = options
    }
}
