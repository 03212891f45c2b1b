import CLinux
import Glibc
import Host

/// The steps by which a process becomes the container's program: identity, rights, limits, filter.
struct ProcessPlan {
    let process: RuntimeSpec.Process
    let seccomp: RuntimeSpec.Seccomp?
    /// Fields that an engine filled in by itself, so that the host may withhold them.
    let defaults: Defaults
    let hasUserNamespace: Bool
    /// Descriptors above the standard ones that the program keeps.
    var preservedCount: Int32 = 0
    /// Number of sockets passed by LISTEN_FDS.
    var listenCount: Int32 = 0
    /// Whether the program gets the groups that the runtime's caller has.
    var keepsGroups = false
    private(set) var warnings: [String] = []
    /// `HOME=` and the folder, where the environment has none.
    private var home: UnsafePointer<CChar>?

    init(
        process: RuntimeSpec.Process, seccomp: RuntimeSpec.Seccomp?, defaults: Defaults,
        hasUserNamespace: Bool
    ) {
        self.process = process
        self.seccomp = seccomp
        self.defaults = defaults
        self.hasUserNamespace = hasUserNamespace
    }

    private var user: RuntimeSpec.User { process.user ?? RuntimeSpec.User() }

    /// What is written to files of the host's /proc: done before the root changes.
    mutating func addEarly(to list: inout StepList) throws(ContainerError) {
        if let score = process.oomScoreAdj { try addScore(score, to: &list) }
        if let label = process.selinuxLabel, !label.isEmpty {
            guard HostSecurity.hasSELinux else {
                throw ContainerError(
                    .refusedByHost,
                    "selinux label is specified in config, but SELinux is disabled or not supported")
            }
            addFile("attr/exec", label, "set the SELinux label", to: &list)
        }
        if let profile = process.apparmorProfile, !profile.isEmpty {
            guard HostSecurity.hasAppArmor else {
                throw ContainerError(
                    .refusedByHost,
                    "apparmor profile \(profile) was asked for, but the host has no AppArmor: leave process.apparmorProfile empty"
                )
            }
            addFile("attr/apparmor/exec", "exec \(profile)", "set the AppArmor profile", to: &list)
        }
    }

    private func addFile(_ path: String, _ text: String, _ name: String, to list: inout StepList) {
        list.add(VIV_STEP_SELF_FILE, name) { step in
            step.path = StepList.text(path)
            step.text = StepList.text(text)
        }
    }

    private mutating func addScore(_ score: Int, to list: inout StepList) throws(ContainerError) {
        guard -1000...1000 ~= score else {
            throw ContainerError(.invalid, "process.oomScoreAdj must be from -1000 to 1000")
        }
        let own = CgroupFile.text("/proc/self", "oom_score_adj").flatMap { Int($0) } ?? 0
        var wanted = score
        if score < own, defaults.contains("process.oomScoreAdj"),
            !HostProcess.holdsOverHost("CAP_SYS_RESOURCE")
        {
            warnings.append("process.oomScoreAdj \(score) is raised to \(own): CAP_SYS_RESOURCE is missing")
            wanted = own
        }
        guard wanted != own else { return }
        addFile("oom_score_adj", String(wanted), "set oom_score_adj to \(wanted)", to: &list)
    }

    /// Limits and the like, while the process is still root.
    mutating func addSettings(to list: inout StepList) throws(ContainerError) {
        try addScheduling(to: &list)
        for limit in process.rlimits ?? [] { try addLimit(limit, to: &list) }
        list.add(VIV_STEP_UMASK, "set the umask") { $0.mode = user.umask ?? 0o022 }
        list.add(VIV_STEP_STANDARD_FILES, "give the standard files to the user") { step in
            step.number = Int32(bitPattern: user.uid)
        }
    }

    private mutating func addLimit(
        _ limit: RuntimeSpec.ResourceLimit, to list: inout StepList
    ) throws(ContainerError) {
        let (kind, values, warning) = try ResourceLimits.settle(
            limit,
            isDefault: defaults.contains("process.rlimits")
                || defaults.contains("process.rlimits.\(limit.type)"))
        if let warning { warnings.append(warning) }
        list.add(VIV_STEP_LIMIT, "set \(limit.type) to \(values.soft):\(values.hard)") { step in
            step.number = kind
            step.value = values.soft
            step.other = values.hard
        }
    }

    /// Another user, and the directory as that user may enter it.
    mutating func addIdentity(to list: inout StepList) throws(ContainerError) {
        addHome(to: &list)
        let bounding = try capabilities(process.capabilities?.bounding)
        list.add(VIV_STEP_BOUNDING, "drop capabilities from the bounding set") { $0.flags = bounding }
        let user = user
        list.add(VIV_STEP_IDENTITY, "become user \(user.uid) and group \(user.gid)") { step in
            let groups = user.additionalGids ?? []
            step.mode = user.uid
            step.flags = keepsGroups ? 1 : 0
            step.number = Int32(bitPattern: user.gid)
            step.bytes = StepList.bytes(groups)
            step.count = groups.count
        }
        let directory = process.cwd.isEmpty ? "/" : process.cwd
        guard directory.hasPrefix("/") else {
            throw ContainerError(.invalid, "Cwd must be an absolute path")
        }
        list.add(VIV_STEP_DIRECTORY_HERE, "enter the working directory \(directory)") { step in
            step.path = StepList.text(directory)
        }
        try addSearch(to: &list)
    }

    /// As runc has it: what the environment does not say the user's entry in /etc/passwd says.
    private mutating func addHome(to list: inout StepList) {
        guard !(process.env ?? []).contains(where: { $0.hasPrefix("HOME=") && $0.utf8.count > 5 }) else {
            return
        }
        let room = 4096
        home = StepList.text("HOME=/", room: room)
        let buffer = home
        list.add(VIV_STEP_HOME, "find the user's home") { step in
            step.bytes = UnsafeRawPointer(buffer)
            step.count = room
            step.value = UInt64(user.uid)
        }
    }

    private func addSearch(to list: inout StepList) throws(ContainerError) {
        guard let name = process.args?.first, !name.isEmpty else {
            throw ContainerError(.invalid, "process.args must not be empty")
        }
        let path = (process.env ?? []).last { $0.hasPrefix("PATH=") }?.dropFirst(5)
        let folders =
            (path.map(String.init) ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .split(separator: ":")
        let candidates = name.contains("/") ? [name] : folders.map { "\($0)/\(name)" }
        list.add(VIV_STEP_FIND, name) { $0.list = StepList.list(candidates) }
    }

    /// Rights and filter.
    mutating func addRights(to list: inout StepList, tellsListener: Bool) throws(ContainerError) {
        let hasNoNewPrivileges = process.noNewPrivileges ?? false
        // Without no_new_privs a filter needs CAP_SYS_ADMIN (seccomp(2)), with it the filter can come last.
        if let seccomp, !hasNoNewPrivileges {
            list.add(VIV_STEP_ALL_POWERS, "use all capabilities")
            try addFilter(seccomp, tellsListener, to: &list)
        }
        try addCapabilities(to: &list)
        if hasNoNewPrivileges {
            list.add(VIV_STEP_NO_NEW_PRIVILEGES, "give up new privileges")
            if let seccomp { try addFilter(seccomp, tellsListener, to: &list) }
        }
    }

    /// The last of it.
    func addEnd(to list: inout StepList) {
        list.add(VIV_STEP_EXECUTE, process.args?.first ?? "") { step in
            step.list = StepList.list(process.args ?? [])
            step.other_list = StepList.list(environment, and: home)
        }
    }

    /// Of variables that are given twice the last counts.
    private var environment: [String] {
        var known: Set<Substring> = home == nil ? [] : ["HOME"]
        var given: [String] = []
        for entry in (process.env ?? []).reversed()
        where known.insert(entry.prefix { $0 != "=" }).inserted { given.append(entry) }
        given.reverse()
        guard listenCount > 0 else { return given }
        return given + ["LISTEN_FDS=\(listenCount)", "LISTEN_PID=1"]
    }

    private func addFilter(
        _ seccomp: RuntimeSpec.Seccomp, _ tells: Bool, to list: inout StepList
    ) throws(ContainerError) {
        let filter = try SeccompCompiler(seccomp).compile()
        list.add(VIV_STEP_SECCOMP, "load the seccomp filter") { step in
            step.bytes = StepList.bytes(filter.program)
            step.count = filter.program.count
            step.flags = filter.flags
            step.number = filter.usesListener && tells ? 1 : 0
        }
    }

    /// Closes what the program must not have; before waiting for its start, as it may wait for long.
    /// - Parameters:
    ///   - listener: the socket of the start, which is still needed.
    ///   - hookState: what hooks read.
    func addClosing(listener: Int32 = -1, hookState: Int32 = -1, to list: inout StepList) {
        list.add(VIV_STEP_CLOSE, "close descriptors") { step in
            step.number = 3 + preservedCount + listenCount
            step.fd = listener
            step.value = UInt64(UInt32(bitPattern: hookState))
        }
    }

    private mutating func addCapabilities(to list: inout StepList) throws(ContainerError) {
        let permitted = try capabilities(process.capabilities?.permitted)
        let effective = try capabilities(process.capabilities?.effective) & permitted
        let inheritable = try capabilities(process.capabilities?.inheritable)
        let ambient = try capabilities(process.capabilities?.ambient) & permitted & inheritable
        list.add(VIV_STEP_CAPABILITIES, "set capabilities") { step in
            step.flags = effective
            step.value = permitted
            step.other = inheritable
            step.mode = UInt32(truncatingIfNeeded: ambient)
            step.number = Int32(truncatingIfNeeded: ambient >> 32)
        }
    }

    /// The bits that can be given: a new user namespace gives all, else what this process may hand on.
    private mutating func capabilities(_ names: [String]?) throws(ContainerError) -> UInt64 {
        let (mask, unknown) = Capability.mask(of: names ?? [])
        let held = hasUserNamespace ? HostProcess.knownCapabilities : HostProcess.boundingCapabilities
        let missing = Capability.names(in: mask & ~held) + unknown
        guard !missing.isEmpty else { return mask }
        if defaults.isKnown && !defaults.contains("process.capabilities") {
            throw ContainerError(
                .refusedByHost,
                "the host withholds \(missing.joined(separator: ", ")): leave it out of process.capabilities")
        }
        let warning = "ignoring unknown or unavailable capabilities: [\(missing.joined(separator: " "))]"
        if !warnings.contains(warning) { warnings.append(warning) }
        return mask & held
    }
}

/// The fields that an engine says are its own defaults.
struct Defaults {
    private let fields: Set<Substring>
    /// Whether the engine says so at all.
    let isKnown: Bool

    init(_ annotations: [String: String]?) {
        let list = annotations?[DefaultProfile.annotation]
        isKnown = list != nil
        fields = Set(list?.split(separator: ",").map { $0.drop { $0 == " " } } ?? [])
    }

    func contains(_ field: String) -> Bool { fields.contains(Substring(field)) }
}
