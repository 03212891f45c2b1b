import Containers
import Glibc
import Host
import Images
import Model

extension Engine {
    nonisolated var runtime: RuntimeCommand {
        RuntimeCommand(program: layout.program("viv-container"), root: layout.runtimeRoot, watcher: watcher)
    }

    /// Starts a container. Its key must be held.
    func launch(_ entry: Entry, _ spec: ContainerSpec) async throws(EngineError) {
        let joined = try joinedProcesses(spec)
        let lowers = try await lowers(entry)
        try await takeAddresses(entry, spec)
        do throws(EngineError) {
            let plan = try await plan(entry, spec, lowers, joined)
            let arguments = monitorArguments(entry, spec, plan.folder)
            let (id, runtime) = (entry.id, runtime)
            let answer = try await blocking {
                try Self.write(plan, hosts: plan.etcTexts)
                return try runtime.monitor(arguments)
            }
            for warning in answer.warnings { log.warning("\(entry.instance.name): \(warning)") }
            let pid = answer.processID
            do throws(EngineError) {
                try await bringUp(entry, spec, pid: pid, joined: joined)
            } catch {
                try? await blocking { try runtime.run(["delete", "--force", id.text]) }
                throw error
            }
        } catch {
            await leaveNetworks(entry)
            throw error
        }
    }

    /// Connects the created container and lets it go.
    private func bringUp(
        _ entry: Entry, _ spec: ContainerSpec, pid: Int32, joined: [String: Int32]
    ) async throws(EngineError) {
        let (id, folder, runtime) = (entry.id, layout.folder(entry.id), runtime)
        try await enterNetworks(entry, spec, pid: pid)
        let runner = try await blocking {
            try ContainerRunner(id, processID: pid, folder: folder, runtime: runtime)
        }
        try await admitEarly(entry, runner)
        try await runner.begin()
        entry.runner = runner
        entry.instance.processID = pid
        try await admitEarly(entry, runner)
    }

    /// Connects those who attached before the start; more may come while they are.
    private func admitEarly(_ entry: Entry, _ runner: ContainerRunner) async throws(EngineError) {
        while let session = entry.early.popLast() { session.open(try await runner.open(session.options)) }
    }

    /// Layer folders of the container's image, top first.
    func lowers(_ entry: Entry) async throws(EngineError) -> [String] {
        do {
            let image = try await images.resolve(entry.instance.imageID)
            return try await images.layers(of: image).folders
        } catch {
            throw EngineError(error)
        }
    }

    /// First processes of the containers whose namespaces this one joins, by kind.
    private func joinedProcesses(_ spec: ContainerSpec) throws(EngineError) -> [String: Int32] {
        var result: [String: Int32] = [:]
        let modes = [
            ("network", spec.network.mode), ("pid", spec.pidMode ?? ""), ("ipc", spec.ipcMode ?? ""),
        ]
        for (kind, mode) in modes where mode.hasPrefix("container:") {
            let other = try entry(String(mode.dropFirst(10)))
            guard other.isRunning, other.instance.processID > 0 else {
                throw EngineError(
                    .conflict, "cannot join the \(kind) of a non running container: \(other.instance.name)")
            }
            result[kind] = other.instance.processID
        }
        return result
    }

    private func monitorArguments(_ entry: Entry, _ spec: ContainerSpec, _ folder: InstanceFolder) -> [String]
    {
        var arguments = [
            "--bundle", folder.bundle, "--socket", folder.monitorSocket, "--exit-file", folder.exitFile,
        ]
        if spec.logging.driver != "none" {
            arguments += ["--log", folder.log]
            if let size = spec.logging.options["max-size"].flatMap(ByteCount.parse) {
                arguments += ["--log-max-size", "\(size)"]
            }
            if let count = spec.logging.options["max-file"] { arguments += ["--log-max-file", count] }
        }
        if spec.hasTerminal { arguments.append("--tty") }
        if spec.keepsStdinOpen { arguments.append("--stdin") }
        return arguments + [entry.id.text]
    }

    private func plan(
        _ entry: Entry, _ spec: ContainerSpec, _ lowers: [String], _ joined: [String: Int32]
    ) async throws(EngineError) -> BundlePlan {
        let folder = layout.folder(entry.id)
        var plan = BundlePlan(
            instance: entry.instance, spec: spec, folder: folder, layers: lowers, host: host,
            isRootless: configuration.isRootless, hostname: hostname(entry, spec),
            initProgram: layout.program("viv-container"))
        plan.joined = joined
        let links = try linkVariables(entry, spec)
        plan.instance.process.environment = Environment.merge(links, plan.instance.process.environment)
        plan.specialMounts = volumeMounts(entry).merging(try await imageMounts(entry, spec)) { $1 }
        if let other = spec.network.container, let owner = try? self.entry(other) {
            let theirs = layout.folder(owner.id)
            plan.etc = Self.etc(theirs)
        } else {
            plan.etc = Self.etc(folder)
            plan.etcTexts = etcTexts(entry, spec, plan.hostname)
        }
        let (image, given) = (plan, entry.instance.process.user)
        let groups = spec.additionalGroups
        let security = SecurityOptions(spec.securityOptions)
        let kernel = host.kernel
        plan = try await blocking {
            var plan = image
            plan.user = try ImageFiles(folders: [folder.upper] + lowers).users.resolve(
                given, additional: groups)
            plan.devices = spec.isPrivileged ? HostDevice.all() : []
            for mapping in spec.devices { plan.devices += try HostDevice.devices(for: mapping) }
            if case .profile(let text) = security.seccomp {
                plan.seccomp = try SeccompProfile.parse(
                    text, capabilities: try plan.capabilities(), kernel: kernel)
            }
            return plan
        }
        return plan
    }

    private static func etc(_ folder: InstanceFolder) -> [String: String] {
        ["/etc/hosts": folder.hosts, "/etc/hostname": folder.hostname, "/etc/resolv.conf": folder.resolver]
    }

    func hostname(_ entry: Entry, _ spec: ContainerSpec) -> String {
        if let name = spec.hostname, !name.isEmpty { return name }
        if spec.network.mode == "host" || spec.utsMode == "host" { return host.hostname }
        if let other = spec.network.container, let owner = try? self.entry(other),
            let theirs = owner.container
        {
            return hostname(owner, theirs)
        }
        return entry.id.short
    }

    /// Writes what the runtime reads. Blocks.
    private static func write(_ plan: BundlePlan, hosts texts: [String: String]) throws {
        let folder = plan.folder
        try folder.make()
        unlink(folder.exitFile)
        unlink(folder.monitorSocket)
        for (path, text) in texts { try SmallFile.write(path, text.utf8) }
        let spec = try plan.runtimeSpec()
        try SmallFile.write(folder.config, try RuntimeJSON.encode(spec), mode: 0o600)
    }
}

extension ContainerNetworking {
    /// The container whose network is shared, if any.
    var container: String? { mode.hasPrefix("container:") ? String(mode.dropFirst(10)) : nil }
}
