import CLinux
import Glibc
import Host

/// Limits of setrlimit(2) by the names that specifications use.
enum ResourceLimits {
    private static let kinds = [
        "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS",
        "RLIMIT_NPROC",
        "RLIMIT_NOFILE", "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING",
        "RLIMIT_MSGQUEUE",
        "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME",
    ]

    /// The kernel's number and the values that this host gives.
    ///
    /// - Throws: `.refusedByHost` for a hard limit above this process's own that was asked for on purpose.
    static func settle(
        _ limit: RuntimeSpec.ResourceLimit, isDefault: Bool
    ) throws(ContainerError) -> (kind: Int32, values: (soft: UInt64, hard: UInt64), warning: String?) {
        guard let position = kinds.firstIndex(of: limit.type) else {
            throw ContainerError(.invalid, "process.rlimits: unknown limit \(limit.type)")
        }
        guard limit.soft <= limit.hard else {
            throw ContainerError(.invalid, "process.rlimits: the soft \(limit.type) is above the hard one")
        }
        let kind = Int32(position)
        var own = rlimit()
        viv_process_limit(0, kind, nil, &own)
        let ceiling = UInt64(own.rlim_max)
        if limit.hard <= ceiling || HostProcess.holdsOverHost("CAP_SYS_RESOURCE") {
            return (kind, (limit.soft, limit.hard), nil)
        }
        guard isDefault else {
            throw ContainerError(
                .refusedByHost,
                "cannot set \(limit.type) to \(limit.hard): the host allows \(ceiling) at most without CAP_SYS_RESOURCE"
            )
        }
        let warning =
            "\(limit.type) \(limit.hard) is lowered to the host's \(ceiling): CAP_SYS_RESOURCE is missing"
        return (kind, (min(limit.soft, ceiling), ceiling), warning)
    }
}
