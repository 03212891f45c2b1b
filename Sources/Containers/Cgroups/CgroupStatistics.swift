/// What a container has used so far, from its control groups: v1 and v2 read alike.
package struct CgroupStatistics: Equatable, Sendable {
    package struct CPU: Equatable, Sendable {
        /// Nanoseconds.
        package var total: UInt64 = 0
        package var user: UInt64 = 0
        package var system: UInt64 = 0
        /// Nanoseconds by processor; empty on v2.
        package var perProcessor: [UInt64] = []
        package var periods: UInt64 = 0
        package var throttledPeriods: UInt64 = 0
        /// Nanoseconds.
        package var throttledTime: UInt64 = 0

        package init() {}
    }

    package struct Memory: Equatable, Sendable {
        /// Bytes.
        package var usage: UInt64 = 0
        package var maximumUsage: UInt64 = 0
        /// `UInt64.max` means none.
        package var limit = UInt64.max
        package var swapUsage: UInt64 = 0
        package var swapLimit = UInt64.max
        package var failures: UInt64 = 0
        package var outOfMemoryKills: UInt64 = 0
        /// The lines of `memory.stat`.
        package var details: [String: UInt64] = [:]

        package init() {}
    }

    /// Bytes and operations on one block device.
    package struct Device: Equatable, Sendable {
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

    package var cpu = CPU()
    package var memory = Memory()
    package var devices: [Device] = []
    package var processes: UInt64 = 0
    /// 0 means none.
    package var processLimit: UInt64 = 0

    package init() {}
}
