import CLinux
import Glibc
import Host

/// Runs another program in a container: it enters the namespaces and groups of the container's first process.
struct ContainerExec {
    let state: ContainerState
    let spec: RuntimeSpec
    let process: RuntimeSpec.Process
    /// A socket that gets the terminal's master; -1 for none.
    var console: Int32 = -1
    var preservedCount: Int32 = 0
    var ignoresPause = false
    /// Groups below the container's own: `path`, or `controller,controller:path` of v1.
    var subgroups: [String] = []
    private(set) var warnings: [String] = []

    init(state: ContainerState, spec: RuntimeSpec, process: RuntimeSpec.Process) {
        self.state = state
        self.spec = spec
        self.process = process
    }

    /// Starts the program; its process is this process's child.
    ///
    /// - Throws: `.conflict` when the container does not run; the reason when the program cannot run.
    mutating func run(layout: RuntimeLayout) throws(ContainerError) -> pid_t {
        let status = state.status(layout: layout)
        guard status != .stopped else {
            throw ContainerError(.conflict, "cannot exec in a stopped container")
        }
        guard status != .paused || ignoresPause else {
            throw ContainerError(
                .conflict, "cannot exec in a paused container (use --ignore-paused to override)")
        }
        guard let pidfd = state.openProcess() else {
            throw ContainerError(.conflict, "cannot exec in a stopped container")
        }
        defer { close(pidfd) }
        let namespaces = try NamespacePlan(spec.linux?.namespaces ?? [])
        let kinds = Set(namespaces.made).union(namespaces.joined.map(\.kind))
        let entersUser = kinds.contains(.user) && !sharesUserNamespace
        let (list, stageCount) = try script(kinds, entersUser: entersUser, pidfd: pidfd)
        if kinds.contains(.pid), !entersUser {
            guard viv_setns(pidfd, Int32(NamespacePlan.Kind.pid.flag)) == 0 else {
                throw ContainerError(
                    .refusedByHost, SystemError("join the container's process namespace").description)
            }
        }
        return try launch(list, stageCount: stageCount)
    }

    private var sharesUserNamespace: Bool {
        var own = stat()
        var other = stat()
        return stat("/proc/self/ns/user", &own) == 0 && stat("/proc/\(state.processID)/ns/user", &other) == 0
            && own.st_ino == other.st_ino
    }

    private mutating func script(
        _ kinds: Set<NamespacePlan.Kind>, entersUser: Bool, pidfd: Int32
    ) throws(ContainerError) -> (StepList, Int) {
        var list = StepList()
        let defaults = Defaults(spec.annotations)
        var plan = ProcessPlan(
            process: process, seccomp: spec.linux?.seccomp, defaults: defaults, hasUserNamespace: entersUser)
        plan.preservedCount = preservedCount
        list.add(VIV_STEP_OPEN_PROC, "use /proc")
        list.add(VIV_STEP_WAIT, "wait for the runtime") { $0.number = Int32(UInt8(ascii: "c")) }
        try plan.addEarly(to: &list)
        if entersUser { addJoin([.user], pidfd, to: &list) }
        addJoin(kinds.subtracting(entersUser ? [.user] : [.user, .pid]), pidfd, to: &list)
        let stageCount = entersUser ? list.count : 0
        if entersUser { list.add(VIV_STEP_BECOME_ROOT, "become root of the user namespace") }
        list.add(VIV_STEP_SESSION, "make a session")
        if !state.hasNoNewKeyring {
            list.add(VIV_STEP_KEYRING, "join the session keyring") {
                $0.path = StepList.text("_ses.\(state.id)")
            }
        }
        try plan.addSettings(to: &list)
        try ProcessPlan.addPersonality(spec.linux?.personality, to: &list)
        if process.terminal ?? false { addConsole(to: &list) }
        try plan.addIdentity(to: &list)
        plan.addClosing(to: &list)
        try plan.addRights(to: &list, tellsListener: spec.linux?.seccomp?.listenerPath?.isEmpty == false)
        plan.addEnd(to: &list)
        warnings = plan.warnings
        return (list, stageCount)
    }

    private func addJoin(_ kinds: Set<NamespacePlan.Kind>, _ pidfd: Int32, to list: inout StepList) {
        guard !kinds.isEmpty else { return }
        list.add(VIV_STEP_JOIN, "join the container's namespaces") { step in
            step.fd = pidfd
            step.number = Int32(truncatingIfNeeded: kinds.reduce(UInt64(0)) { $0 | $1.flag })
        }
    }

    private func addConsole(to list: inout StepList) {
        let size = process.consoleSize
        list.add(VIV_STEP_CONSOLE, "make a terminal") { step in
            step.fd = console
            step.mode = UInt32(size?.height ?? 0) << 16 | UInt32(size?.width ?? 0)
            step.flags = UInt64(process.user?.uid ?? 0)
        }
    }

    private func launch(_ list: StepList, stageCount: Int) throws(ContainerError) -> pid_t {
        let cgroup = try ContainerCgroup(folders: state.cgroupPaths).below(subgroups)
        let unified = cgroup.openUnified()
        defer { if unified >= 0 { close(unified) } }
        var launch = try Launch(list, stageCount: stageCount, namespaces: 0, cgroup: unified)
        do { try supervise(&launch, cgroup) } catch {
            launch.abandon()
            throw error
        }
        launch.closeChannel()
        return launch.process
    }

    private func supervise(_ launch: inout Launch, _ cgroup: ContainerCgroup) throws(ContainerError) {
        do { try cgroup.add(launch.process, includingUnified: false) } catch {
            guard error.code == ESRCH || (!HostProcess.isRoot && error.code == EACCES) else {
                throw ContainerError(.refusedByHost, error.description)
            }
        }
        launch.send("c")
        try launch.adopt()
        while true {
            switch launch.next() {
            case .failed(let error): throw error
            case .listener(let descriptor):
                try SeccompListener.pass(
                    descriptor, of: launch.pidfd, state: state, seccomp: spec.linux?.seccomp)
                launch.send("l")
            case .told: break
            case .closed: return
            }
        }
    }
}
