/// What an instance uses, at one moment. Counters rise from its start.
package struct InstanceStatistics: Codable, Equatable, Sendable {
    package var id: InstanceID
    package var name: String
    /// Seconds since 1970.
    package var time: Double
    /// All zero when it does not run.
    package var cpu = ProcessorUse()
    package var memory = MemoryUse()
    package var processes: Int64 = 0
    /// 0 means no limit.
    package var processLimit: Int64 = 0
    package var networks: [InterfaceUse] = []
    package var blocks: [BlockUse] = []

    package init(id: InstanceID, name: String, time: Double) {
        self.id = id
        self.name = name
        self.time = time
    }
}

/// Processor time in nanoseconds.
package struct ProcessorUse: Codable, Equatable, Sendable {
    package var total: UInt64 = 0
    package var user: UInt64 = 0
    package var system: UInt64 = 0
    /// Of the whole host since it was booted, all processors together.
    package var host: UInt64 = 0
    package var onlineCPUs = 0
    package var periods: UInt64 = 0
    package var throttledPeriods: UInt64 = 0
    package var throttledTime: UInt64 = 0

    package init() {}
}

/// Memory in bytes.
package struct MemoryUse: Codable, Equatable, Sendable {
    package var usage: UInt64 = 0
    /// The bound in force: the host's memory when there is no other.
    package var limit: UInt64 = 0
    package var maximum: UInt64 = 0
    package var failures: UInt64 = 0
    /// The kernel's own words: `anon`, `file`, `inactive_file`…
    package var details: [String: UInt64] = [:]

    package init() {}
}

/// What went through one interface of a container's, seen from the container.
package struct InterfaceUse: Codable, Equatable, Sendable {
    package var name: String
    package var receivedBytes: UInt64 = 0
    package var receivedPackets: UInt64 = 0
    package var receivedErrors: UInt64 = 0
    package var receivedDrops: UInt64 = 0
    package var sentBytes: UInt64 = 0
    package var sentPackets: UInt64 = 0
    package var sentErrors: UInt64 = 0
    package var sentDrops: UInt64 = 0

    package init(name: String) { self.name = name }
}

/// What went to and from one block device.
package struct BlockUse: Codable, Equatable, Sendable {
    package var major: UInt64
    package var minor: UInt64
    package var readBytes: UInt64 = 0
    package var writtenBytes: UInt64 = 0
    package var reads: UInt64 = 0
    package var writes: UInt64 = 0

    package init(major: UInt64, minor: UInt64) {
        self.major = major
        self.minor = minor
    }
}
