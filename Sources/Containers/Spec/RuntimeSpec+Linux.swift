extension RuntimeSpec {
    /// What only Linux has (§ Linux Container Configuration).
    package struct Linux: Codable, Equatable, Sendable {
        package var namespaces: [Namespace]?
        package var uidMappings: [IDMapping]?
        package var gidMappings: [IDMapping]?
        package var timeOffsets: [String: TimeOffset]?
        package var devices: [Device]?
        /// Absolute: below the mount of each hierarchy. Relative: below the runtime's own group.
        package var cgroupsPath: String?
        package var resources: Resources?
        package var rootfsPropagation: String?
        package var seccomp: Seccomp?
        package var sysctl: [String: String]?
        package var maskedPaths: [String]?
        package var readonlyPaths: [String]?
        package var mountLabel: String?
        package var personality: Personality?

        package init() {}
    }

    /// A namespace: a new one, or the one that `path` leads to.
    package struct Namespace: Codable, Equatable, Sendable {
        /// `pid`, `network`, `mount`, `ipc`, `uts`, `user`, `cgroup` or `time`.
        package var type: String
        package var path: String?

        package init(type: String, path: String? = nil) {
            self.type = type
            self.path = path
        }
    }

    /// An offset of a clock in a new time namespace.
    package struct TimeOffset: Codable, Equatable, Sendable {
        package var secs: Int64?
        package var nanosecs: UInt32?
    }

    /// A device file that is made in the container.
    package struct Device: Codable, Equatable, Sendable {
        /// `c`, `b`, `u` or `p`.
        package var type: String
        package var path: String
        package var major: Int64?
        package var minor: Int64?
        /// Rights, in decimal as JSON has them.
        package var fileMode: UInt32?
        package var uid: UInt32?
        package var gid: UInt32?

        package init(type: String, path: String, major: Int64? = nil, minor: Int64? = nil) {
            self.type = type
            self.path = path
            self.major = major
            self.minor = minor
        }
    }

    /// An execution domain of personality(2).
    package struct Personality: Codable, Equatable, Sendable {
        /// `LINUX` or `LINUX32`.
        package var domain: String
        package var flags: [String]?
    }
}
