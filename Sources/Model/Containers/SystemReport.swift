/// What the daemon is and has.
package struct SystemInfo: Codable, Equatable, Sendable {
    package var id = ""
    package var name = ""
    package var version = ""
    package var isRootless = false
    package var kernel = ""
    package var operatingSystem = ""
    package var architecture = ""
    package var cpus = 0
    /// Bytes.
    package var memory: UInt64 = 0
    package var dataFolder = ""
    /// 1 or 2; a hybrid host counts as 1, as its limits are set there.
    package var cgroupVersion = 2
    package var securityOptions: [String] = []
    package var instances = 0
    package var running = 0
    package var paused = 0
    package var stopped = 0
    package var images = 0
    /// What the host withholds, in words.
    package var warnings: [String] = []

    package init() {}
}

/// What occupies the disk.
package struct DiskUsage: Codable, Equatable, Sendable {
    package struct Item: Codable, Equatable, Sendable {
        package var id: String
        package var name: String
        /// Bytes.
        package var size: UInt64
        package var isInUse: Bool
        /// Seconds since 1970.
        package var created: Double

        package init(id: String, name: String, size: UInt64, isInUse: Bool, created: Double) {
            self.id = id
            self.name = name
            self.size = size
            self.isInUse = isInUse
            self.created = created
        }
    }

    /// Layers shared by several images count once.
    package var layers: UInt64 = 0
    package var images: [Item] = []
    package var instances: [Item] = []
    package var volumes: [Item] = []
    package var buildCache: [Item] = []

    package init() {}
}

/// A network with what is connected to it.
package struct NetworkDetails: Codable, Equatable, Sendable {
    package var record: NetworkRecord
    /// Endpoints of running instances, by instance id.
    package var endpoints: [String: Endpoint]
    /// The instances' names, by instance id.
    package var names: [String: String]

    package init(record: NetworkRecord, endpoints: [String: Endpoint] = [:], names: [String: String] = [:]) {
        self.record = record
        self.endpoints = endpoints
        self.names = names
    }
}

/// What a new volume is to be.
package struct VolumeSpec: Codable, Equatable, Sendable {
    /// Empty: a name is made, and the volume counts as anonymous.
    package var name: String
    package var driver = "local"
    package var labels: [String: String] = [:]
    /// Of the `local` driver: `type`, `device` and `o`, as mount(8) takes them.
    package var options: [String: String] = [:]

    package init(name: String = "") { self.name = name }
}

/// The files of a volume as they once were.
package struct VolumeSnapshot: Codable, Equatable, Sendable {
    package var volume: String
    package var name: String
    /// Seconds since 1970.
    package var created: Double
    /// Where the copy lies.
    package var path: String

    package init(volume: String, name: String, created: Double, path: String) {
        self.volume = volume
        self.name = name
        self.created = created
        self.path = path
    }
}

/// What `commit` makes of a container.
package struct CommitSpec: Codable, Equatable, Sendable {
    /// The image's name; empty for none.
    package var reference = ""
    package var author = ""
    package var comment = ""
    /// Whether the container stands still meanwhile.
    package var pauses = true
    /// Lines of a Dockerfile: `CMD`, `ENV`, `EXPOSE`…
    package var changes: [String] = []

    package init() {}
}
