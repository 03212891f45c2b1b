/// Limits by control groups; `nil` means none. They can be changed while the container runs.
package struct ContainerResources: Codable, Equatable, Sendable {
    /// Bytes.
    package var memory: Int64?
    /// Memory and swap together in bytes; -1 means unlimited swap.
    package var memorySwap: Int64?
    /// Soft limit in bytes.
    package var memoryReservation: Int64?
    package var memorySwappiness: Int64?
    package var disablesOutOfMemoryKiller = false
    /// Processors in units of 10⁻⁹.
    package var nanoCPUs: Int64?
    package var cpuShares: Int64?
    /// Microseconds.
    package var cpuPeriod: Int64?
    /// Microseconds.
    package var cpuQuota: Int64?
    package var cpuRealtimePeriod: Int64?
    package var cpuRealtimeRuntime: Int64?
    /// Lists such as `0-2,4`.
    package var cpusetCPUs: String?
    package var cpusetMemoryNodes: String?
    package var processes: Int64?
    /// 10 to 1000.
    package var blockWeight: UInt16?
    package var blockWeightDevices: [DeviceRate] = []
    package var readBytesPerSecond: [DeviceRate] = []
    package var writeBytesPerSecond: [DeviceRate] = []
    package var readOperationsPerSecond: [DeviceRate] = []
    package var writeOperationsPerSecond: [DeviceRate] = []

    package init() {}
}

/// A rate or weight for one block device.
package struct DeviceRate: Codable, Equatable, Sendable {
    package var path: String
    package var rate: UInt64

    package init(path: String, rate: UInt64) {
        self.path = path
        self.rate = rate
    }
}

/// A limit of setrlimit(2): `nofile`, `nproc`…
package struct ResourceLimit: Codable, Equatable, Sendable {
    /// In lower case, without `RLIMIT_`.
    package var name: String
    package var soft: Int64
    package var hard: Int64

    package init(name: String, soft: Int64, hard: Int64) {
        self.name = name
        self.soft = soft
        self.hard = hard
    }
}

/// A device of the host, made visible.
package struct DeviceMapping: Codable, Equatable, Sendable {
    package var hostPath: String
    package var containerPath: String
    /// Of `r`, `w` and `m`.
    package var permissions: String

    package init(hostPath: String, containerPath: String, permissions: String = "rwm") {
        self.hostPath = hostPath
        self.containerPath = containerPath
        self.permissions = permissions
    }
}

/// A file tree or file system that a container sees.
package struct MountSpec: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
        case bind, volume, tmpfs, image
    }

    package var kind: Kind
    /// A path of the host, a volume's name (empty: a new anonymous volume), or an image.
    package var source: String
    /// An absolute path in the container.
    package var target: String
    package var isReadOnly = false
    /// `private`, `rslave`…; bind mounts only.
    package var propagation: String?
    /// Whether submounts of a bind mount stay behind.
    package var isNonRecursive = false
    /// Whether a missing source of a bind mount is made as a folder.
    package var createsSource = false
    /// A folder inside the volume.
    package var subpath: String?
    /// Whether a new volume stays empty in place of getting the image's files.
    package var copiesNothing = false
    package var volumeLabels: [String: String] = [:]
    package var volumeDriver: String?
    package var volumeOptions: [String: String] = [:]
    /// Of a tmpfs, in bytes.
    package var tmpfsSize: UInt64?
    package var tmpfsMode: UInt32?
    /// Whether a tmpfs was asked for by `--tmpfs`: inspection tells these apart. `nil` in older records.
    package var isTmpfsOption: Bool?
    /// Further options as mount(8) writes them.
    package var options: [String] = []

    package init(_ kind: Kind, source: String = "", target: String) {
        self.kind = kind
        self.source = source
        self.target = target
    }
}
