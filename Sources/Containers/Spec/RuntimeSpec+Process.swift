extension RuntimeSpec {
    /// The program of a container, or one that joins it (§ Process).
    package struct Process: Codable, Equatable, Sendable {
        package var terminal: Bool?
        package var consoleSize: ConsoleSize?
        package var user: User?
        package var args: [String]?
        package var env: [String]?
        /// Absolute, in the container.
        package var cwd: String
        package var capabilities: Capabilities?
        package var rlimits: [ResourceLimit]?
        package var noNewPrivileges: Bool?
        package var apparmorProfile: String?
        package var selinuxLabel: String?
        package var oomScoreAdj: Int?
        package var scheduler: Scheduler?
        package var ioPriority: IOPriority?
        package var execCPUAffinity: ExecCPUAffinity?

        package init(args: [String], cwd: String = "/") {
            self.args = args
            self.cwd = cwd
        }
    }

    package struct ConsoleSize: Codable, Equatable, Sendable {
        package var height: UInt16
        package var width: UInt16

        package init(height: UInt16, width: UInt16) {
            self.height = height
            self.width = width
        }
    }

    package struct User: Codable, Equatable, Sendable {
        package var uid: UInt32
        package var gid: UInt32
        package var umask: UInt32?
        package var additionalGids: [UInt32]?

        package init(uid: UInt32 = 0, gid: UInt32 = 0) {
            self.uid = uid
            self.gid = gid
        }
    }

    /// Names such as `CAP_CHOWN`, for each of the five sets of capabilities(7).
    package struct Capabilities: Codable, Equatable, Sendable {
        package var bounding: [String]?
        package var effective: [String]?
        package var inheritable: [String]?
        package var permitted: [String]?
        package var ambient: [String]?

        package init() {}

        /// The sets that a container usually gets: no inheritable and no ambient ones.
        package init(_ names: [String]) {
            bounding = names
            effective = names
            permitted = names
        }
    }

    /// A limit of setrlimit(2).
    package struct ResourceLimit: Codable, Equatable, Sendable {
        /// `RLIMIT_NOFILE`…
        package var type: String
        /// `UInt64.max` means none.
        package var soft: UInt64
        package var hard: UInt64

        package init(type: String, soft: UInt64, hard: UInt64) {
            self.type = type
            self.soft = soft
            self.hard = hard
        }
    }

    /// The arguments of sched_setattr(2).
    package struct Scheduler: Codable, Equatable, Sendable {
        /// `SCHED_OTHER`…
        package var policy: String
        package var nice: Int32?
        package var priority: Int32?
        package var flags: [String]?
        package var runtime: UInt64?
        package var deadline: UInt64?
        package var period: UInt64?

        package init(policy: String) { self.policy = policy }
    }

    /// The arguments of ioprio_set(2).
    package struct IOPriority: Codable, Equatable, Sendable {
        /// `IOPRIO_CLASS_RT`, `IOPRIO_CLASS_BE` or `IOPRIO_CLASS_IDLE`.
        package var `class`: String
        package var priority: Int?
    }

    /// Processors that a joining process runs on, before and after it entered the control group.
    package struct ExecCPUAffinity: Codable, Equatable, Sendable {
        package var initial: String?
        package var final: String?
    }
}
