import CLinux
import Glibc
import Host

/// What `create` and `run` are asked.
struct CreationRequest {
    var id: String
    var bundle: String
    /// The specification's file, relative to the bundle.
    var file = "config.json"
    /// A socket that gets the terminal's master; -1 for none.
    var console: Int32 = -1
    var processIDFile: String?
    var preservedCount: Int32 = 0
    var listenCount: Int32 = 0
    var keepsRoot = false
    var sharesKeyring = false
    /// Whether the program starts without waiting for `start`.
    var startsAtOnce = false
}

/// Makes one container. Whatever fails, nothing of it stays.
struct ContainerCreation: ~Copyable {
    let request: CreationRequest
    let bundle: Bundle
    let folder: StateFolder
    private(set) var state: ContainerState
    private var cgroup = ContainerCgroup(folders: [:])
    private(set) var warnings: [String] = []
    /// Controllers that limits were set in.
    private var limited: Set<String> = []

    /// Without privilege over the host its groups are used as far as they are given.
    private var needsGroups: Bool { HostProcess.isRoot && !HostProcess.isInUserNamespace }
    private var linux: RuntimeSpec.Linux { bundle.spec.linux ?? RuntimeSpec.Linux() }
    private var hasUserNamespace: Bool {
        bundle.namespaces.made.contains(.user) || bundle.namespaces.joins(.user)
    }

    /// - Parameter bundle: where it was read already.
    init(_ request: CreationRequest, bundle known: Bundle? = nil, layout: RuntimeLayout)
        throws(ContainerError)
    {
        let bundle = if let known { known } else { try Bundle(path: request.bundle, file: request.file) }
        let hasTerminal = bundle.process.terminal ?? false
        guard !hasTerminal || request.console >= 0 else {
            throw ContainerError(
                .invalid, "cannot allocate tty if runtime will detach without setting console socket")
        }
        guard hasTerminal || request.console < 0 else {
            throw ContainerError(
                .invalid, "cannot use console socket if runtime will not detach or allocate tty")
        }
        var state = ContainerState(
            id: request.id, bundle: bundle.path, rootFileSystem: bundle.root, created: Timestamp.now(),
            owner: HostProcess.isRoot ? "root" : String(geteuid()))
        state.annotations = bundle.spec.annotations ?? [:]
        state.hasNoNewKeyring = request.sharesKeyring
        state.hasStartHooks = bundle.spec.hooks?.poststart?.isEmpty == false
        self.init(request, bundle, state, folder: try StateFolder.create(id: request.id, layout: layout))
    }

    private init(
        _ request: CreationRequest, _ bundle: Bundle, _ state: ContainerState, folder: consuming StateFolder
    ) {
        self.request = request
        self.bundle = bundle
        self.state = state
        self.folder = folder
    }

    /// Makes the container; its first process is this process's child.
    mutating func run() throws(ContainerError) -> pid_t {
        do {
            try makeCgroup()
            return try launch()
        } catch {
            discard()
            throw error
        }
    }

    private func discard() {
        try? cgroup.remove()
        try? folder.remove()
    }

    // MARK: Control groups

    private mutating func makeCgroup() throws(ContainerError) {
        let hierarchies = CgroupHierarchies.ofHost()
        let path = linux.cgroupsPath.flatMap { $0.isEmpty ? nil : $0 } ?? "/\(request.id)"
        try ContainerCgroup.checkUnused(hierarchies.folders(of: path), path: path)
        // Known before they are made: what a killed runtime leaves behind can be found.
        state.cgroupPaths = hierarchies.folders(of: path)
        try folder.keep(bundle.text)
        try folder.write(state)
        let resources = linux.resources ?? RuntimeSpec.Resources()
        cgroup = try ContainerCgroup.create(
            path: path, hierarchies: hierarchies, isNeeded: needsGroups)
        state.cgroupPaths = cgroup.folders
        let settings = try CgroupLimits.settings(resources, isUnified: hierarchies.isUnified)
        limited = Set(settings.map(\.controller))
        try CgroupLimits.apply(settings, to: cgroup)
        try restrictDevices(resources.devices ?? [], isUnified: hierarchies.isUnified)
    }

    /// Device rules need privilege over the host; a user namespace has no devices of its own anyway.
    private func restrictDevices(_ rules: [RuntimeSpec.DeviceRule], isUnified: Bool) throws(ContainerError) {
        guard !HostProcess.isInUserNamespace, HostProcess.isRoot else { return }
        // Devices that every container has can be used in every container.
        let rules = rules + DefaultProfile.deviceRules.dropFirst()
        if isUnified, let unified = cgroup.folders[""] {
            do { try DeviceRules.attach(rules, to: unified) } catch {
                throw ContainerError(.refusedByHost, error.description)
            }
        } else {
            try CgroupLimits.apply(try DeviceRules.settings(rules), to: cgroup)
        }
    }

    // MARK: The process

    private mutating func launch() throws(ContainerError) -> pid_t {
        let listener: Int32 = request.startsAtOnce ? -1 : try folder.listen()
        defer { if listener >= 0 { close(listener) } }
        let hookState = needsHookState ? viv_memfd("state", 0) : -1
        defer { if hookState >= 0 { close(hookState) } }
        let script = CreationScript(
            bundle: bundle, request: request, cgroup: cgroup, listener: listener, hookState: hookState,
            defaults: Defaults(bundle.spec.annotations))
        let (list, stageCount, notes) = try script.write()
        warnings += notes
        try script.enterProcessNamespace()
        var launch = try makeProcess(list, stageCount)
        try launch.adopt()
        do { try supervise(launch, hookState: hookState) } catch {
            launch.abandon()
            cgroup.kill(SIGKILL)
            throw error
        }
        launch.closeChannel()
        return launch.process
    }

    private mutating func makeProcess(_ list: StepList, _ stageCount: Int) throws(ContainerError) -> Launch {
        let flags = bundle.namespaces.cloneFlags
        let unified = cgroup.openUnified()
        defer { close(unified) }
        do {
            return try Launch(list, stageCount: stageCount, namespaces: flags, cgroup: unified)
        } catch {
            guard unified >= 0, !needsGroups, !limited.contains("") else { throw error }
            warnings.append("the container is not in a group of its own: \(error)")
            cgroup.forget("")
            state.cgroupPaths = cgroup.folders
            return try Launch(list, stageCount: stageCount, namespaces: flags, cgroup: -1)
        }
    }

    private var needsHookState: Bool {
        bundle.spec.hooks?.createContainer?.isEmpty == false
            || bundle.spec.hooks?.startContainer?.isEmpty == false
    }

    /// The runtime's half of the conversation with the new process.
    private mutating func supervise(_ launch: Launch, hookState: Int32) throws(ContainerError) {
        if bundle.namespaces.made.contains(.user) {
            try IdentityMaps.write(linux.uidMappings ?? [], linux.gidMappings ?? [], of: launch.process)
            launch.send("m")
        }
        try enterGroups(launch.process)
        state.processID = launch.process
        state.startTime = ProcessStatus(launch.process)?.startTime ?? 0
        try folder.write(state)
        if hookState >= 0 {
            try? Descriptors.writeAll(hookState, Array(hookText(.creating).description.utf8))
        }
        launch.send("c")
        if request.startsAtOnce, bundle.spec.hooks == nil { launch.send("g") }
        try converse(launch)
        if let path = request.processIDFile { try ProcessIDFile.write(launch.process, to: path) }
    }

    /// A user may have been given a group without the right to move processes into it: then only what was asked for fails.
    private mutating func enterGroups(_ process: pid_t) throws(ContainerError) {
        for controller in cgroup.folders.keys where !controller.isEmpty {
            let group = ContainerCgroup(folders: [controller: cgroup.folders[controller] ?? ""])
            do { try group.add(process, includingUnified: false) } catch {
                if error.code == ESRCH { return }
                guard !needsGroups, !limited.contains(controller) else {
                    throw ContainerError(.refusedByHost, error.description)
                }
                warnings.append("the container is not in a group of \(controller): \(error)")
                cgroup.forget(controller)
                state.cgroupPaths = cgroup.folders
            }
        }
    }

    private func hookText(_ status: ContainerStatus) -> JSONValue { state.description(status: status) }

    private func converse(_ launch: Launch) throws(ContainerError) {
        while true {
            switch launch.next() {
            case .failed(let error): throw error
            case .told(UInt8(ascii: "H")):
                try HookRun.run(bundle.spec.hooks?.prestart, named: "prestart", state: hookText(.creating))
                try HookRun.run(
                    bundle.spec.hooks?.createRuntime, named: "createRuntime", state: hookText(.creating))
                launch.send("h")
                if request.startsAtOnce { launch.send("g") }
            case .told(UInt8(ascii: "R")): return
            case .told: break
            case .listener(let descriptor):
                try SeccompListener.pass(
                    descriptor, of: launch.pidfd, state: state, seccomp: linux.seccomp)
                launch.send("l")
            case .closed:
                guard !request.startsAtOnce else { return }
                throw ContainerError(
                    .system, "the container's first process was killed while it was being made")
            }
        }
    }
}

/// The file of `--pid-file`.
enum ProcessIDFile {
    static func write(_ process: pid_t, to path: String) throws(ContainerError) {
        do {
            let file = try FileDescriptor.open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
            try Descriptors.writeAll(file.raw, Array(String(process).utf8))
            try checked("write \(path)") { rename(path + ".new", path) }
        } catch {
            throw ContainerError(.system, "\(error)")
        }
    }
}
