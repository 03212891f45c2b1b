import Glibc
import Host
import Images

/// RUN: a command on an overlay of the layers so far; what it changes is the step's layer.
extension StageRun {
    private static let searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    mutating func perform(_ run: RunInstruction, _ step: BuildStep) async throws(BuildError) {
        let plan = try plan(run)
        let key = try await key(of: plan)
        let stage = self
        try await settle(key, step) { () async throws(BuildError) in try await stage.execute(plan, step) }
    }

    private func execute(_ plan: RunPlan, _ step: BuildStep) async throws(BuildError) -> CacheRecord {
        let lowers = try await session.folders(of: state)
        let folder = try session.newFolder()
        var mounts = RunMounts(self, folder: folder)
        let result: Result<Layer, BuildError>
        do throws(BuildError) {
            if let program = plan.program { try mounts.addProgram(program) }
            for mount in plan.mounts { try await mounts.add(mount) }
            result = .success(try await execute(plan, step, lowers, mounts, folder))
        } catch {
            result = .failure(error)
        }
        await mounts.release()
        Folder.remove(folder)
        return CacheRecord(layer: try result.get(), time: session.epoch ?? BuildTime.now, text: plan.text)
    }

    private func execute(
        _ plan: RunPlan, _ step: BuildStep, _ lowers: [String], _ mounts: RunMounts, _ folder: String
    ) async throws(BuildError) -> Layer {
        let (upper, work) = ("\(folder)/upper", "\(folder)/work")
        try system { () throws(SystemError) in
            try Folder.create(upper)
            try Folder.create(work, mode: 0o700)
        }
        let attributes = FileAttributes(owner: .root, time: state.time, latestTime: session.epoch)
        let writer = TreeWriter(upper: upper, lowers: lowers, attributes: attributes)
        _ = try writer.resolveFolder(MergedView.components(state.workingDirectory))
        let targets = session.executor.mountTargets + mounts.mounts.map(\.target)
        let stubs = try MountStubs(targets, upper: upper, view: writer.view)
        let run = try self.step(plan, lowers, mounts, upper: upper, work: work)
        let progress = session.progress
        let code = try await session.executor.run(run) { progress(.output(step, $0)) }
        if Task.isCancelled { throw BuildError(.cancelled, "the build was cancelled") }
        guard code == 0 else {
            let shown = plan.arguments.joined(separator: " ")
            throw BuildError(.stepFailed, "The command '\(shown)' returned a non-zero code: \(code)")
        }
        stubs.remove()
        return try await makeLayer(upper)
    }

    private func step(
        _ plan: RunPlan, _ lowers: [String], _ mounts: RunMounts, upper: String, work: String
    ) throws(BuildError) -> RunStep {
        let request = session.request
        let (user, home) = try user(lowers)
        var environment = plan.environment
        if !environment.contains(where: { $0.hasPrefix("PATH=") }) {
            environment.insert(Self.searchPath, at: 0)
        }
        if !environment.contains(where: { $0.hasPrefix("HOME=") }) { environment.append("HOME=\(home)") }
        return RunStep(
            id: "build-\(UniqueName.make())", lowers: lowers, upper: upper, work: work, mounts: mounts.mounts,
            arguments: plan.arguments, environment: environment + plan.proxies + mounts.variables, user: user,
            workingDirectory: state.workingDirectory,
            network: network(of: plan.instruction),
            extraHosts: request.extraHosts,
            sharedMemorySize: request.sharedMemorySize, limits: request.limits, resources: request.resources,
            cgroupParent: request.cgroupParent)
    }

    /// `default` is what the whole build was told.
    func network(of run: RunInstruction) -> String {
        guard let network = run.network, network != .default else { return session.request.networkMode }
        return network.rawValue
    }

    private func user(_ lowers: [String]) throws(BuildError) -> (user: StepUser, home: String) {
        let name = state.configuration.config.user ?? ""
        return try Accounts(MergedView(lowers)).user(name.isEmpty ? "0" : name)
    }
}

/// Files and folders that are made only so that something can be mounted on them.
struct MountStubs {
    private let upper: String
    /// What was missing, innermost first.
    private let missing: [String]

    /// Notes what is missing before the mounts are made.
    init(_ targets: [String], upper: String, view: MergedView) throws(BuildError) {
        self.upper = upper
        var missing: Set<String> = []
        for target in targets {
            let components = try view.resolve(target).components
            for count in 1...max(components.count, 1) where count <= components.count {
                let path = components.prefix(count).joined(separator: "/")
                if try view.node(at: "/\(path)") == nil { missing.insert(path) }
            }
        }
        self.missing = missing.sorted { $0.utf8.count > $1.utf8.count }
    }

    /// Removes those that are still empty; what the command put something into stays.
    func remove() {
        for path in missing {
            let whole = "\(upper)/\(path)"
            guard let info = MergedView.status(whole) else { continue }
            if info.st_mode & S_IFMT == S_IFDIR {
                rmdir(whole)
            } else if info.st_mode & S_IFMT == S_IFREG, info.st_size == 0 {
                unlink(whole)
            }
        }
    }
}
