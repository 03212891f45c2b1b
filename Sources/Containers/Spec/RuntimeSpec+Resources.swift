extension RuntimeSpec {
    /// Limits by control groups (§ Control groups). Values are those of cgroup v1 and are converted for v2.
    package struct Resources: Codable, Equatable, Sendable {
        package var devices: [DeviceRule]?
        package var memory: Memory?
        package var cpu: CPU?
        package var pids: PIDs?
        package var blockIO: BlockIO?
        package var hugepageLimits: [HugepageLimit]?
        package var network: Network?
        /// Files of cgroup v2 and what is written into them.
        package var unified: [String: String]?

        package init() {}
    }

    /// Whether a device may be used; later rules override earlier ones.
    package struct DeviceRule: Codable, Equatable, Sendable {
        package var allow: Bool
        /// `a`, `b` or `c`; absent means all.
        package var type: String?
        /// Absent or -1 means all.
        package var major: Int64?
        package var minor: Int64?
        /// Of `r`, `w` and `m`.
        package var access: String?

        package init(
            allow: Bool, type: String? = nil, major: Int64? = nil, minor: Int64? = nil, access: String? = nil
        ) {
            self.allow = allow
            self.type = type
            self.major = major
            self.minor = minor
            self.access = access
        }
    }

    /// Bytes; -1 means no limit.
    package struct Memory: Codable, Equatable, Sendable {
        package var limit: Int64?
        package var reservation: Int64?
        /// Memory and swap together.
        package var swap: Int64?
        package var kernel: Int64?
        package var kernelTCP: Int64?
        /// 0 to 100.
        package var swappiness: UInt64?
        package var disableOOMKiller: Bool?
        package var useHierarchy: Bool?
        package var checkBeforeUpdate: Bool?

        package init() {}
    }

    package struct CPU: Codable, Equatable, Sendable {
        /// 2 to 262144.
        package var shares: UInt64?
        /// Microseconds of a `period`; 0 or less means no limit.
        package var quota: Int64?
        package var burst: UInt64?
        /// Microseconds.
        package var period: UInt64?
        package var realtimeRuntime: Int64?
        package var realtimePeriod: UInt64?
        /// A list such as `0-2,4`.
        package var cpus: String?
        package var mems: String?
        package var idle: Int64?

        package init() {}
    }

    package struct PIDs: Codable, Equatable, Sendable {
        /// 0 or less means no limit.
        package var limit: Int64

        package init(limit: Int64) { self.limit = limit }
    }

    package struct BlockIO: Codable, Equatable, Sendable {
        /// 10 to 1000.
        package var weight: UInt16?
        package var leafWeight: UInt16?
        package var weightDevice: [WeightDevice]?
        package var throttleReadBpsDevice: [ThrottleDevice]?
        package var throttleWriteBpsDevice: [ThrottleDevice]?
        package var throttleReadIOPSDevice: [ThrottleDevice]?
        package var throttleWriteIOPSDevice: [ThrottleDevice]?

        package init() {}
    }

    package struct WeightDevice: Codable, Equatable, Sendable {
        package var major: Int64
        package var minor: Int64
        package var weight: UInt16?
        package var leafWeight: UInt16?

        package init(major: Int64, minor: Int64, weight: UInt16?) {
            self.major = major
            self.minor = minor
            self.weight = weight
        }
    }

    /// Bytes or operations per second for a block device.
    package struct ThrottleDevice: Codable, Equatable, Sendable {
        package var major: Int64
        package var minor: Int64
        package var rate: UInt64

        package init(major: Int64, minor: Int64, rate: UInt64) {
            self.major = major
            self.minor = minor
            self.rate = rate
        }
    }

    package struct HugepageLimit: Codable, Equatable, Sendable {
        /// `2MB`, `1GB`…
        package var pageSize: String
        /// Bytes.
        package var limit: UInt64
    }

    package struct Network: Codable, Equatable, Sendable {
        package var classID: UInt32?
        package var priorities: [Priority]?

        package struct Priority: Codable, Equatable, Sendable {
            package var name: String
            package var priority: UInt32
        }
    }
}
