import ArgumentParser
import Model

/// What a container may do and which of the host's namespaces it shares.
struct SecurityOptions: ParsableArguments {
    @Flag(help: "All capabilities, all devices, no seccomp filter.")
    var privileged = false

    @Option(help: ArgumentHelp("Add a capability, such as NET_ADMIN, or ALL.", valueName: "capability"))
    var capAdd: [String] = []

    @Option(help: ArgumentHelp("Drop a capability, or ALL.", valueName: "capability"))
    var capDrop: [String] = []

    @Option(
        help: ArgumentHelp(
            "no-new-privileges, seccomp=FILE|unconfined, apparmor=…, label=….", valueName: "option"))
    var securityOpt: [String] = []

    @Option(help: ArgumentHelp("Kernel parameter of the container's namespaces.", valueName: "name=value"))
    var sysctl: [String] = []

    @Option(
        help: ArgumentHelp("Limit of setrlimit(2), such as nofile=1024:4096.", valueName: "name=soft[:hard]"))
    var ulimit: [String] = []

    @Option(help: ArgumentHelp("Process ids: host or container:ID.", valueName: "mode"))
    var pid: String?

    @Option(
        help: ArgumentHelp(
            "Shared memory: private, shareable, host, none or container:ID.", valueName: "mode"))
    var ipc: String?

    @Option(help: ArgumentHelp("Host name: host.", valueName: "mode"))
    var uts: String?

    @Option(help: ArgumentHelp("User ids: host.", valueName: "mode"))
    var userns: String?

    @Option(help: ArgumentHelp("Control groups: private or host.", valueName: "mode"))
    var cgroupns: String?

    @Option(help: ArgumentHelp("Control group to live below.", valueName: "path"))
    var cgroupParent: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Readiness to be killed when memory is short, -1000 to 1000.", valueName: "number")
    )
    var oomScoreAdj: Int?

    func apply(to spec: inout ContainerSpec) throws(Failure) {
        spec.isPrivileged = privileged
        spec.addedCapabilities = capAdd.flatMap(Self.words)
        spec.droppedCapabilities = capDrop.flatMap(Self.words)
        for option in securityOpt { spec.securityOptions.append(try Self.resolved(option)) }
        spec.sysctls = try KeyValue.dictionary(sysctl, option: "--sysctl")
        for text in ulimit { spec.limits.append(try LimitOption.ulimit(text)) }
        spec.pidMode = pid
        spec.ipcMode = ipc
        spec.utsMode = uts
        spec.userNamespaceMode = userns
        spec.cgroupNamespaceMode = cgroupns
        spec.cgroupParent = cgroupParent
        if let oomScoreAdj {
            guard (-1000...1000).contains(oomScoreAdj) else {
                throw .badCommandLine("--oom-score-adj takes -1000 to 1000, not \(oomScoreAdj)")
            }
            spec.outOfMemoryScore = oomScoreAdj
        }
    }

    private static func words(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }

    /// A seccomp profile is sent as it stands, as the daemon may not see the user's files.
    private static func resolved(_ option: String) throws(Failure) -> String {
        let text = option.replacingFirstColon
        guard text.hasPrefix("seccomp="), let path = CommaList.value(of: text),
            !["unconfined", "builtin", "default"].contains(path)
        else { return text }
        let profile = try TextFile.bytes(path)
        guard let value = JSONValue(parsing: profile) else {
            throw .unusableFile("the seccomp profile \(path) is not JSON")
        }
        return "seccomp=" + value.compact
    }
}

extension String {
    /// The older `apparmor:NAME` means `apparmor=NAME`.
    fileprivate var replacingFirstColon: String {
        guard !contains("="), let colon = firstIndex(of: ":") else { return self }
        return self[..<colon] + "=" + self[index(after: colon)...]
    }
}
