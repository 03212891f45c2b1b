extension DefaultProfile {
    /// System calls that no container needs, or that reach past it: not let through with any capability.
    private static let refused: Set = [
        "_sysctl", "add_key", "afs_syscall", "bdflush", "break", "create_module", "ftime", "get_kernel_syms",
        "getpmsg", "gtty", "idle", "io_uring_enter", "io_uring_register", "io_uring_setup", "kexec_file_load",
        "kexec_load", "keyctl", "lock", "migrate_pages", "move_pages", "mpx", "nfsservctl", "oldfstat",
        "oldlstat",
        "oldolduname", "oldstat", "pciconfig_iobase", "prof", "profil", "putpmsg", "query_module",
        "request_key",
        "security", "sgetmask", "ssetmask", "stty", "swapoff", "swapon", "sysfs", "tuxcall", "ulimit",
        "uselib",
        "userfaultfd", "ustat", "vm86", "vm86old", "vserver",
    ]

    /// System calls that a capability opens.
    private static let guarded: KeyValuePairs<String, [String]> = [
        "CAP_SYS_ADMIN": [
            "bpf", "clone3", "fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick", "lookup_dcookie",
            "mount",
            "mount_setattr", "move_mount", "open_tree", "perf_event_open", "quotactl", "quotactl_fd",
            "setdomainname", "sethostname", "setns", "syslog", "umount", "umount2", "unshare", "pivot_root",
        ],
        "CAP_DAC_READ_SEARCH": ["open_by_handle_at"],
        "CAP_SYS_BOOT": ["reboot"],
        "CAP_SYS_CHROOT": ["chroot"],
        "CAP_SYS_MODULE": ["delete_module", "init_module", "finit_module"],
        "CAP_SYS_PACCT": ["acct"],
        "CAP_SYS_PTRACE": [
            "kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv", "process_vm_writev",
        ],
        "CAP_SYS_RAWIO": ["iopl", "ioperm"],
        "CAP_SYS_TIME": ["settimeofday", "stime", "clock_settime", "clock_settime64"],
        "CAP_SYS_TTY_CONFIG": ["vhangup"],
        "CAP_SYS_NICE": ["get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"],
        "CAP_SYSLOG": ["syslog"],
        "CAP_BPF": ["bpf"],
        "CAP_PERFMON": ["perf_event_open"],
    ]

    /// Let through only with certain arguments.
    private static let conditional: Set = ["clone", "personality", "socket"]

    /// The profile for a container that holds `capabilities`: whatever is not let through fails with EPERM.
    package static func seccomp(capabilities: [String]) -> RuntimeSpec.Seccomp {
        typealias Rule = RuntimeSpec.SystemCallRule
        let held = Set(capabilities)
        let opened = Set(guarded.filter { held.contains($0.key) }.flatMap(\.value))
        let closed = Set(guarded.flatMap(\.value)).subtracting(opened).union(refused).union(conditional)
        var seccomp = RuntimeSpec.Seccomp(defaultAction: "SCMP_ACT_ERRNO")
        seccomp.defaultErrnoRet = 1
        seccomp.architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
        let names = SystemCalls.names.filter { !closed.contains($0) }
        seccomp.syscalls = [Rule(names: names, action: "SCMP_ACT_ALLOW")] + personalities + [sockets]
        seccomp.syscalls? += clones(mayMakeNamespaces: held.contains("CAP_SYS_ADMIN"))
        return seccomp
    }

    /// LINUX, LINUX32, their variants without randomised addresses' check, and the question.
    private static var personalities: [RuntimeSpec.SystemCallRule] {
        [0x0, 0x8, 0x20000, 0x20008, 0xFFFF_FFFF].map { value in
            RuntimeSpec.SystemCallRule(
                names: ["personality"], action: "SCMP_ACT_ALLOW",
                args: [.init(index: 0, value: value, op: "SCMP_CMP_EQ")])
        }
    }

    /// Every family but vsock, whose addresses know no namespaces.
    private static var sockets: RuntimeSpec.SystemCallRule {
        RuntimeSpec.SystemCallRule(
            names: ["socket"], action: "SCMP_ACT_ALLOW", args: [.init(index: 0, value: 40, op: "SCMP_CMP_NE")]
        )
    }

    /// New processes, but no new namespaces. The flags of clone3 lie in memory that a filter cannot see: ENOSYS
    /// makes C libraries use clone.
    private static func clones(mayMakeNamespaces: Bool) -> [RuntimeSpec.SystemCallRule] {
        typealias Rule = RuntimeSpec.SystemCallRule
        if mayMakeNamespaces { return [Rule(names: ["clone"], action: "SCMP_ACT_ALLOW")] }
        let namespaces: UInt64 = 0x7E02_0000
        return [
            Rule(
                names: ["clone"], action: "SCMP_ACT_ALLOW",
                args: [.init(index: 0, value: namespaces, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ")]),
            Rule(names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38),
        ]
    }
}
