/// The capabilities of capabilities(7), by the names that specifications use.
package enum Capability {
    /// Position is the kernel's number.
    package static let names = [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
        "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE",
        "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
        "CAP_SYS_MODULE",
        "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT",
        "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
        "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN",
        "CAP_SYSLOG",
        "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
        "CAP_CHECKPOINT_RESTORE",
    ]

    /// The kernel's number of a name; upper or lower case.
    package static func number(of name: String) -> Int? {
        names.firstIndex(of: name) ?? names.firstIndex(of: name.uppercased())
    }

    /// One bit for each known name, and the names that are not known.
    package static func mask(of list: [String]) -> (mask: UInt64, unknown: [String]) {
        var mask: UInt64 = 0
        var unknown: [String] = []
        for name in list {
            if let number = number(of: name) { mask |= 1 << UInt64(number) } else { unknown.append(name) }
        }
        return (mask, unknown)
    }

    /// The names of the bits of `mask`.
    package static func names(in mask: UInt64) -> [String] {
        names.indices.filter { mask & 1 << UInt64($0) != 0 }.map { names[$0] }
    }
}
