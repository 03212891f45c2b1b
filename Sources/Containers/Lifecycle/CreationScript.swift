import CLinux
import Glibc
import Host

/// Writes the steps of a container's first process, in the order in which the specification and the kernel want them.
struct CreationScript {
    let bundle: Bundle
    let request: CreationRequest
    let cgroup: ContainerCgroup
    /// The socket at which the process waits for its start, or -1.
    let listener: Int32
    /// What hooks inside the container read, or -1.
    let hookState: Int32
    let defaults: Defaults

    private var linux: RuntimeSpec.Linux { bundle.spec.linux ?? RuntimeSpec.Linux() }
    private var namespaces: NamespacePlan { bundle.namespaces }
    private var hooks: RuntimeSpec.Hooks { bundle.spec.hooks ?? RuntimeSpec.Hooks() }
    private var hasUserNamespace: Bool { namespaces.made.contains(.user) || namespaces.joins(.user) }
    private var isInUserNamespace: Bool { hasUserNamespace || HostProcess.isInUserNamespace }

    /// crun's annotation for programs that need groups which no user namespace can map.
    private var keepsGroups: Bool { bundle.spec.annotations?["run.oci.keep_original_groups"] == "1" }

    /// Enters a process namespace that is joined: only children of this process are in it then.
    func enterProcessNamespace() throws(ContainerError) {
        guard !namespaces.needsStage, let path = namespaces.joined.first(where: { $0.kind == .pid })?.path
        else { return }
        let descriptor = try Self.open(path)
        defer { close(descriptor) }
        guard viv_setns(descriptor, Int32(NamespacePlan.Kind.pid.flag)) == 0 else {
            throw ContainerError(.refusedByHost, SystemError("join the namespace \(path)").description)
        }
    }

    private static func open(_ path: String) throws(ContainerError) -> Int32 {
        let descriptor = viv_open(path, O_RDONLY | O_CLOEXEC, 0)
        guard descriptor >= 0 else {
            throw ContainerError(.notFound, SystemError("open the namespace \(path)").description)
        }
        return descriptor
    }

    /// The steps, how many of them are done by a process in between, and warnings.
    func write() throws(ContainerError) -> (list: StepList, stageCount: Int, warnings: [String]) {
        var list = StepList()
        var process = ProcessPlan(
            process: bundle.process, seccomp: linux.seccomp, defaults: defaults,
            hasUserNamespace: hasUserNamespace)
        process.preservedCount = request.preservedCount
        process.listenCount = request.listenCount
        process.keepsGroups = keepsGroups
        if namespaces.needsStage { try addJoins(to: &list) }
        let stageCount = list.count
        list.add(VIV_STEP_OPEN_PROC, "use /proc")
        if !namespaces.needsStage { try addJoins(to: &list) }
        try addNamespaces(to: &list)
        try process.addEarly(to: &list)
        try addRoot(to: &list)
        if bundle.spec.hooks == nil { addGroups(to: &list) }
        try process.addSettings(to: &list)
        try ProcessPlan.addPersonality(linux.personality, to: &list)
        try process.addIdentity(to: &list)
        process.addClosing(listener: listener, hookState: hookState, to: &list)
        addGate(to: &list)
        try process.addRights(to: &list, tellsListener: linux.seccomp?.listenerPath?.isEmpty == false)
        // With the rights of the program and under its filter, as a hook inside the container may be anybody's.
        addHooks(hooks.startContainer, "startContainer", to: &list)
        process.addEnd(to: &list)
        return (list, stageCount, process.warnings)
    }

    private func addJoins(to list: inout StepList) throws(ContainerError) {
        for (kind, path) in namespaces.joined where namespaces.needsStage || kind != .pid {
            let descriptor = try Self.open(path)
            list.add(VIV_STEP_JOIN, "join the \(kind.rawValue) namespace \(path)") { step in
                step.fd = descriptor
                step.number = Int32(truncatingIfNeeded: kind.flag)
            }
        }
    }

    private func addNamespaces(to list: inout StepList) throws(ContainerError) {
        if namespaces.made.contains(.user) { addWait("m", to: &list) }
        if hasUserNamespace {
            list.add(VIV_STEP_BECOME_ROOT, "become root of the user namespace") {
                $0.flags = keepsGroups ? 1 : 0
            }
        }
        list.add(VIV_STEP_SESSION, "make a session")
        if !request.sharesKeyring {
            list.add(VIV_STEP_KEYRING, "make a session keyring") {
                $0.path = StepList.text("_ses.\(request.id)")
            }
        }
        if namespaces.made.contains(.time) { addClocks(to: &list) }
        if let name = bundle.spec.hostname, !name.isEmpty {
            list.add(VIV_STEP_HOST_NAME, "set the host name") { $0.text = StepList.text(name) }
        }
        if let name = bundle.spec.domainname, !name.isEmpty {
            list.add(VIV_STEP_DOMAIN_NAME, "set the domain name") { $0.text = StepList.text(name) }
        }
        for (name, value) in (linux.sysctl ?? [:]).sorted(by: { $0.key < $1.key }) {
            list.add(VIV_STEP_HOST_FILE, "set \(name) to \(value)") { step in
                step.path = StepList.text(Sysctls.path(name))
                step.text = StepList.text(value)
            }
        }
    }

    /// execve takes the process into its new time namespace; until then the clocks can be set.
    private func addClocks(to list: inout StepList) {
        list.add(VIV_STEP_UNSHARE, "make a time namespace") { $0.flags = NamespacePlan.Kind.time.flag }
        let lines = (linux.timeOffsets ?? [:]).sorted { $0.key < $1.key }
            .map { "\($0.key) \($0.value.secs ?? 0) \($0.value.nanosecs ?? 0)\n" }
        guard !lines.isEmpty else { return }
        list.add(VIV_STEP_SELF_FILE, "set the clocks' offsets") { step in
            step.path = StepList.text("timens_offsets")
            step.text = StepList.text(lines.joined())
        }
    }

    private func addWait(_ letter: Unicode.Scalar, to list: inout StepList) {
        list.add(VIV_STEP_WAIT, "wait for the runtime") { $0.number = Int32(letter.value) }
    }

    // MARK: The file tree

    private func addRoot(to list: inout StepList) throws(ContainerError) {
        let plan = try rootPlan()
        try plan.addRoot(to: &list)
        try plan.addMounts(to: &list)
        try plan.addDevices(to: &list)
        addDirectory(to: &list)
        if bundle.process.terminal ?? false { addConsole(isNew: true, to: &list) }
        if bundle.spec.hooks != nil {
            list.add(VIV_STEP_TELL, "tell the runtime") { $0.number = Int32(UInt8(ascii: "H")) }
            addGroups(to: &list)
            addWait("h", to: &list)
        }
        addHooks(hooks.createContainer, "createContainer", to: &list)
        plan.addProtection(to: &list)
        let propagation = try RootPlan.propagation(linux.rootfsPropagation) ?? 0
        if request.keepsRoot { addUnmounts(to: &list) }
        let kind = request.keepsRoot ? VIV_STEP_MOVE_ROOT : VIV_STEP_PIVOT
        list.add(kind, "enter the root file system") { $0.flags = UInt64(propagation) }
    }

    /// Without pivot_root the host's mounts stay below the new root.
    private func addUnmounts(to list: inout StepList) {
        for mount in MountTable.read() where ["proc", "sysfs"].contains(mount.type) {
            guard mount.path != bundle.root, !mount.path.hasPrefix(bundle.root + "/") else { continue }
            list.add(VIV_STEP_UNMOUNT, "hide the host's \(mount.path)") {
                $0.path = StepList.text(mount.path)
            }
        }
    }

    /// The runtime's moving of the process into groups of v1 may take as long as all mounts: unless hooks want to see it
    /// done, it is waited for when nothing else is left to do.
    private func addGroups(to list: inout StepList) {
        addWait("c", to: &list)
        guard namespaces.made.contains(.cgroup) else { return }
        list.add(VIV_STEP_UNSHARE, "make a control group namespace") {
            $0.flags = NamespacePlan.Kind.cgroup.flag
        }
    }

    private func rootPlan() throws(ContainerError) -> RootPlan {
        var plan = RootPlan(
            spec: bundle.spec, root: bundle.root, bundle: bundle.path, hasUserNamespace: isInUserNamespace,
            cgroupPaths: cgroup.folders, isUnified: cgroup.isUnified)
        try plan.prepareTrees(isPrivileged: HostProcess.isRoot && hasUserNamespace)
        return plan
    }

    /// A working directory that the image lacks is made.
    private func addDirectory(to list: inout StepList) {
        let directory = bundle.process.cwd
        guard directory.count > 1 else { return }
        list.add(VIV_STEP_DIRECTORY, "make the working directory \(directory)") { step in
            step.path = StepList.text(directory)
        }
    }

    private func addConsole(isNew: Bool, to list: inout StepList) {
        let size = bundle.process.consoleSize
        list.add(VIV_STEP_CONSOLE, "make a terminal") { step in
            step.fd = request.console
            step.mode = UInt32(size?.height ?? 0) << 16 | UInt32(size?.width ?? 0)
            step.number = isNew ? 1 : 0
            step.flags = UInt64(bundle.process.user?.uid ?? 0)
        }
    }

    // MARK: The start

    private func addGate(to list: inout StepList) {
        if request.startsAtOnce { return addWait("g", to: &list) }
        list.add(VIV_STEP_START, "wait for the start") { $0.fd = listener }
    }

    private func addHooks(_ hooks: [RuntimeSpec.Hook]?, _ name: String, to list: inout StepList) {
        for hook in hooks ?? [] {
            list.add(VIV_STEP_HOOK, "run the \(name) hook \(hook.path)") { step in
                step.path = StepList.text(hook.path)
                step.list = StepList.list(hook.args ?? [hook.path])
                step.other_list = StepList.list(hook.env ?? HostProcess.environment)
                step.number = Int32(clamping: hook.timeout ?? 0)
                step.fd = hookState
            }
        }
    }
}
