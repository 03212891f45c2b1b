import Glibc
import Model

/// What can be said against a container's specification before anything is made.
enum Validation {
    private static let limits: Set = [
        "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss",
        "rtprio", "rttime", "sigpending", "stack", "as",
    ]

    /// - Returns: warnings.
    static func check(_ spec: ContainerSpec) throws(EngineError) -> [String] {
        try checkResources(spec.resources)
        try checkMounts(spec)
        try checkModes(spec)
        for limit in spec.limits {
            guard limits.contains(limit.name.lowercased()) else {
                throw EngineError(.invalid, "invalid ulimit type: \(limit.name)")
            }
            guard limit.hard < 0 || (limit.soft >= 0 && limit.soft <= limit.hard) else {
                throw EngineError(
                    .invalid, "ulimit soft limit must be less than or equal to hard limit: \(limit.name)")
            }
        }
        if let signal = spec.stopSignal { _ = try SignalName.number(signal) }
        if let directory = spec.workingDirectory, !directory.isEmpty, !directory.hasPrefix("/") {
            throw EngineError(
                .invalid, "the working directory '\(directory)' is invalid, it needs to be an absolute path")
        }
        for variable in spec.environment where variable.isEmpty || variable.hasPrefix("=") {
            throw EngineError(.invalid, "invalid environment variable: \(variable)")
        }
        try checkRestart(spec)
        try checkHealth(spec.healthCheck)
        return try logWarnings(spec.logging)
            + (spec.resources.disablesOutOfMemoryKiller && spec.resources.memory == nil
                ? ["OOM killer is disabled for the container, but no memory limit is set"] : [])
    }

    /// Drivers that Docker has beside those of ours; they send logs elsewhere.
    private static let otherDrivers: Set = [
        "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "gcplogs", "etwlogs", "logentries",
    ]

    private static func logWarnings(_ logging: LoggingSpec) throws(EngineError) -> [String] {
        if ["json-file", "local", "none"].contains(logging.driver) { return [] }
        guard otherDrivers.contains(logging.driver) else {
            throw EngineError(
                .invalid, "logger: no log driver named '\(logging.driver)' is registered")
        }
        return [
            "the log driver \(logging.driver) is not offered: the log is kept here, as json-file keeps it"
        ]
    }

    private static func checkResources(_ resources: ContainerResources) throws(EngineError) {
        let smallest: Int64 = 6 << 20
        if let memory = resources.memory, memory != 0, memory < smallest {
            throw EngineError(.invalid, "Minimum memory limit allowed is 6MB")
        }
        if let swap = resources.memorySwap, swap > 0 {
            guard let memory = resources.memory, memory > 0 else {
                throw EngineError(
                    .invalid, "You should always set the Memory limit when using Memoryswap limit")
            }
            guard swap >= memory else {
                throw EngineError(.invalid, "Minimum memoryswap limit should be larger than memory limit")
            }
        }
        if let swappiness = resources.memorySwappiness, !(-1...100).contains(swappiness) {
            throw EngineError(
                .invalid, "Invalid value: \(swappiness), valid memory swappiness range is 0-100")
        }
        if let nano = resources.nanoCPUs, nano != 0 {
            if resources.cpuQuota ?? 0 != 0 || resources.cpuPeriod ?? 0 != 0 {
                throw EngineError(
                    .invalid, "Conflicting options: Nano CPUs and CPU Period or Quota cannot both be set")
            }
            let cpus = Int64(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1))
            guard nano > 0, nano <= cpus * 1_000_000_000 else {
                throw EngineError(
                    .invalid,
                    "Range of CPUs is from 0.01 to \(cpus).00, as there are only \(cpus) CPUs available")
            }
        }
        if let weight = resources.blockWeight, weight != 0, !(10...1000).contains(weight) {
            throw EngineError(.invalid, "Range of blkio weight is from 10 to 1000")
        }
        let rates =
            resources.readBytesPerSecond + resources.writeBytesPerSecond + resources.readOperationsPerSecond
            + resources.writeOperationsPerSecond + resources.blockWeightDevices
        for rate in rates where HostDevice.number(of: rate.path) == nil {
            throw EngineError(.invalid, "\(rate.path) is no block device")
        }
    }

    private static func checkMounts(_ spec: ContainerSpec) throws(EngineError) {
        var targets: Set<String> = []
        for mount in spec.mounts {
            guard mount.target.hasPrefix("/"), mount.target.utf8.count < 4096 else {
                throw EngineError(
                    .invalid, "invalid mount target '\(mount.target)': mount path must be absolute")
            }
            guard PathText.clean(mount.target) != "/" else {
                throw EngineError(.invalid, "invalid specification: destination can't be '/'")
            }
            guard targets.insert(PathText.clean(mount.target)).inserted else {
                throw EngineError(.invalid, "Duplicate mount point: \(mount.target)")
            }
            if mount.kind == .bind, !mount.source.hasPrefix("/") {
                throw EngineError(
                    .invalid, "invalid mount source '\(mount.source)': a bind mount needs a path")
            }
            if let subpath = mount.subpath,
                subpath.hasPrefix("/") || subpath.split(separator: "/").contains("..")
            {
                throw EngineError(.invalid, "subpath must be a relative path within the volume")
            }
        }
    }

    private static func checkModes(_ spec: ContainerSpec) throws(EngineError) {
        let modes: [(String, String?, Set<String>)] = [
            ("PID", spec.pidMode, ["", "host", "private"]),
            ("IPC", spec.ipcMode, ["", "host", "none", "private", "shareable"]),
            ("UTS", spec.utsMode, ["", "host", "private"]),
            ("cgroup", spec.cgroupNamespaceMode, ["", "host", "private"]),
            ("user namespace", spec.userNamespaceMode, ["", "host"]),
        ]
        for (name, mode, allowed) in modes {
            guard let mode, !allowed.contains(mode) else { continue }
            guard mode.hasPrefix("container:"), mode.utf8.count > 10, name == "PID" || name == "IPC" else {
                throw EngineError(.invalid, "invalid \(name) mode: \(mode)")
            }
        }
        let network = spec.network
        if network.mode == "host" || network.mode == "none" || network.mode.hasPrefix("container:") {
            if network.mode.hasPrefix("container:") {
                guard spec.hostname == nil || spec.hostname == "" else {
                    throw EngineError(.invalid, "conflicting options: hostname and the network mode")
                }
                guard network.ports.isEmpty else {
                    throw EngineError(
                        .invalid, "conflicting options: port publishing and the container type network mode")
                }
            }
        }
        if let hostname = spec.hostname, hostname.utf8.count > 64 {
            throw EngineError(.invalid, "invalid hostname: \"\(hostname)\" is longer than 64 bytes")
        }
    }

    private static func checkRestart(_ spec: ContainerSpec) throws(EngineError) {
        guard spec.restart.maximumRetries >= 0 else {
            throw EngineError(.invalid, "invalid restart policy: maximum retry count cannot be negative")
        }
        if spec.removesItself, spec.restart.kind != .no {
            throw EngineError(.invalid, "can't create 'AutoRemove' container with restart policy")
        }
    }

    private static func checkHealth(_ check: HealthCheck?) throws(EngineError) {
        guard let check else { return }
        for duration in [check.interval, check.timeout, check.startPeriod, check.startInterval]
        where duration != 0 && duration < 1_000_000 {
            throw EngineError(.invalid, "times of a health check cannot be less than 1ms")
        }
        guard check.retries >= 0 else {
            throw EngineError(.invalid, "Retries in Healthcheck cannot be negative")
        }
        if let kind = check.test.first, !["NONE", "CMD", "CMD-SHELL"].contains(kind) {
            throw EngineError(.invalid, "Unknown healthcheck type '\(kind)': use NONE, CMD or CMD-SHELL")
        }
    }
}

/// Paths as text, without looking at any file.
package enum PathText {
    /// The path without `.`, `..` and doubled slashes, as if from the root.
    package static func clean(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// What lies behind the last slash.
    static func lastName(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? "/"
    }

    /// What lies before the last slash.
    static func parent(_ path: String) -> String {
        "/" + path.split(separator: "/").dropLast().joined(separator: "/")
    }
}
