/// `features`: what this runtime can do (runtime-spec, features.md).
enum FeaturesCommand {
    static func run() -> Int32 { RuntimeCommand.say(features.pretty(indentation: "    ")) }

    static var features: JSONValue {
        JSONValue([
            ("ociVersionMin", "1.0.0"), ("ociVersionMax", .string(RuntimeSpec.version)),
            (
                "hooks",
                JSONValue([
                    "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
                ])
            ),
            ("mountOptions", JSONValue(mountOptions)), ("linux", linux),
            ("annotations", JSONValue(["org.opencontainers.runc.checkpoint.enabled": "false"])),
            ("potentiallyUnsafeConfigAnnotations", JSONValue([String]())),
        ])
    }

    private static let mountOptions = [
        "async", "atime", "bind", "defaults", "dev", "diratime", "dirsync", "exec", "idmap", "iversion",
        "lazytime", "loud",
        "mand", "noatime", "nodev", "nodiratime", "noexec", "noiversion", "nolazytime", "nomand",
        "norelatime",
        "nostrictatime", "nosuid", "nosymfollow", "private", "ratime", "rbind", "rdev", "rdiratime",
        "relatime", "remount",
        "rexec", "ridmap", "rnoatime", "rnodev", "rnodiratime", "rnoexec", "rnorelatime", "rnostrictatime",
        "rnosuid",
        "rnosymfollow", "ro", "rprivate", "rrelatime", "rro", "rrw", "rshared", "rslave", "rstrictatime",
        "rsuid",
        "rsymfollow", "runbindable", "rw", "shared", "silent", "slave", "strictatime", "suid", "symfollow",
        "sync",
        "tmpcopyup", "unbindable",
    ]

    private static var linux: JSONValue {
        func enabled(_ value: Bool) -> JSONValue { JSONValue([("enabled", .bool(value))]) }
        let cgroup = JSONValue([
            ("v1", true), ("v2", true), ("systemd", false), ("systemdUser", false), ("rdma", false),
        ])
        return JSONValue([
            ("namespaces", JSONValue(NamespacePlan.Kind.allCases.map(\.rawValue).sorted())),
            ("capabilities", JSONValue(Capability.names)), ("cgroup", cgroup), ("seccomp", seccomp),
            ("apparmor", enabled(true)), ("selinux", enabled(true)), ("intelRdt", enabled(false)),
            ("mountExtensions", JSONValue([("idmap", enabled(true))])),
        ])
    }

    private static var seccomp: JSONValue {
        JSONValue([
            ("enabled", true),
            (
                "actions",
                JSONValue([
                    "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS",
                    "SCMP_ACT_KILL_THREAD",
                    "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP",
                ])
            ),
            (
                "operators",
                JSONValue([
                    "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT",
                    "SCMP_CMP_MASKED_EQ",
                    "SCMP_CMP_NE",
                ])
            ),
            ("archs", JSONValue(["SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"])),
            (
                "knownFlags",
                JSONValue([
                    "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC",
                    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
                ])
            ),
        ])
    }
}
