/// What a container gets where nobody asked for anything else: Docker's habits.
package enum DefaultProfile {
    /// The annotation by which an engine says which fields of a specification are its own defaults, so that a host that
    /// withholds them makes a warning in place of an error: a list of `process.rlimits`,
    /// `process.rlimits.RLIMIT_NOFILE`, `process.capabilities`, `process.oomScoreAdj`, separated by commas.
    package static let annotation = "org.vivarium.defaults"

    package static let capabilities = [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",
        "CAP_AUDIT_WRITE",
    ]

    /// Of files in /proc and /sys that tell about the host or change it.
    package static let maskedPaths = [
        "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
        "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
        "/sys/devices/virtual/powercap",
    ]

    package static let readOnlyPaths = [
        "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
    ]

    /// /proc, /dev and what lies in it, /sys and the control groups.
    ///
    /// - Parameter sharedMemorySize: bytes of /dev/shm.
    package static func mounts(sharedMemorySize: UInt64 = 64 << 20) -> [RuntimeSpec.Mount] {
        typealias Mount = RuntimeSpec.Mount
        let closed = ["nosuid", "noexec", "nodev"]
        return [
            Mount(destination: "/proc", type: "proc", source: "proc", options: closed),
            Mount(
                destination: "/dev", type: "tmpfs", source: "tmpfs",
                options: ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            Mount(
                destination: "/dev/pts", type: "devpts", source: "devpts",
                options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
            Mount(destination: "/sys", type: "sysfs", source: "sysfs", options: closed + ["ro"]),
            Mount(destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: closed + ["ro"]),
            Mount(destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: closed),
            Mount(
                destination: "/dev/shm", type: "tmpfs", source: "shm",
                options: closed + ["mode=1777", "size=\(sharedMemorySize)"]),
        ]
    }

    /// No device but those that every container has: null, zero, full, random, urandom, tty, pts and ptmx.
    package static let deviceRules: [RuntimeSpec.DeviceRule] = {
        typealias Rule = RuntimeSpec.DeviceRule
        let known: [(Int64, Int64?)] = [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 2), (136, nil)]
        return [Rule(allow: false, access: "rwm"), Rule(allow: true, type: "c", access: "m")]
            + [Rule(allow: true, type: "b", access: "m")]
            + known.map { Rule(allow: true, type: "c", major: $0.0, minor: $0.1, access: "rwm") }
    }()

    /// All of them but the user namespace and the time namespace.
    package static let namespaces = ["pid", "network", "ipc", "uts", "mount", "cgroup"]
        .map { RuntimeSpec.Namespace(type: $0) }

    /// A whole specification with these defaults.
    package static func spec(arguments: [String], rootPath: String = "rootfs") -> RuntimeSpec {
        var spec = RuntimeSpec()
        var process = RuntimeSpec.Process(args: arguments)
        process.user = RuntimeSpec.User()
        process.env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        process.capabilities = RuntimeSpec.Capabilities(capabilities)
        var linux = RuntimeSpec.Linux()
        linux.namespaces = namespaces
        linux.maskedPaths = maskedPaths
        linux.readonlyPaths = readOnlyPaths
        linux.resources = RuntimeSpec.Resources()
        linux.resources?.devices = deviceRules
        linux.seccomp = seccomp(capabilities: capabilities)
        spec.root = RuntimeSpec.Root(path: rootPath)
        spec.process = process
        spec.mounts = mounts()
        spec.linux = linux
        return spec
    }
}
