import Builder
import FoundationEssentials
import Glibc
import Host

/// Runs RUN steps by `viv-container run`, each in a bundle of its own that is gone afterwards.
package struct ContainerStepExecutor: StepExecutor {
    /// Everything that the runtime makes in an image to mount something on it.
    package let mountTargets = ["/proc", "/dev", "/sys"] + StepBundle.etcPaths

    private let program: String
    private let runtimeRoot: String
    private let folder: String
    private let isRootless: Bool
    /// Gives steps a network; without it they share the host's.
    var networks: Engine?

    /// - Parameters:
    ///   - program: `viv-container`.
    ///   - runtimeRoot: where the runtime keeps its state.
    ///   - folder: for bundles; made when it is missing.
    package init(program: String, runtimeRoot: String, folder: String, isRootless: Bool) {
        self.program = program
        self.runtimeRoot = runtimeRoot
        self.folder = folder
        self.isRootless = isRootless
    }

    package func run(
        _ step: RunStep, output: @escaping @Sendable (StepOutput) -> Void
    ) async throws(BuildError) -> Int32 {
        let network = try await network(of: step)
        do {
            let code = try await run(step, in: network, output)
            if let network { await networks?.leave(network.endpoint) }
            return code
        } catch {
            if let network { await networks?.leave(network.endpoint) }
            throw error
        }
    }

    private func network(of step: RunStep) async throws(BuildError) -> StepNetwork? {
        guard let networks, !["none", "host"].contains(step.network) else { return nil }
        do {
            return try await networks.enterStepNetwork(step.network)
        } catch {
            throw BuildError(.system, "the step could not be connected: \(error)")
        }
    }

    private func run(
        _ step: RunStep, in network: StepNetwork?, _ output: @escaping @Sendable (StepOutput) -> Void
    ) async throws(BuildError) -> Int32 {
        let bundle = "\(folder)/\(step.id)"
        defer { Folder.remove(bundle) }
        try prepare(step, bundle, network)
        let process: StepProcess
        do throws(SystemError) {
            process = try StepProcess(
                program, root: runtimeRoot, bundle: bundle, log: "\(bundle)/log.json", id: step.id)
        } catch {
            throw BuildError(.system, error.description)
        }
        let exit = await withTaskCancellationHandler {
            await process.exit(output: output)
        } onCancel: {
            process.cancel()
        }
        switch exit {
        case .exited(let code):
            if code != 0, let complaint = complaint(in: "\(bundle)/log.json") {
                throw BuildError(.system, "the step could not be run: \(complaint)")
            }
            return code
        case .signalled(let signal): return 128 + signal
        }
    }

    private func prepare(_ step: RunStep, _ bundle: String, _ network: StepNetwork?) throws(BuildError) {
        do {
            for name in ["rootfs", "empty"] { try Folder.create("\(bundle)/\(name)") }
            let resolver =
                network.map { Data($0.resolver.utf8) }
                ?? (try? Data(contentsOf: URL(filePath: "/etc/resolv.conf")))
            try Data(StepBundle.hosts(step.extraHosts).utf8).write(to: URL(filePath: "\(bundle)/hosts"))
            try Data("\(StepBundle.hostname)\n".utf8).write(to: URL(filePath: "\(bundle)/hostname"))
            try (resolver ?? Data()).write(to: URL(filePath: "\(bundle)/resolv.conf"))
            for path in StepBundle.etcPaths {
                chmod("\(bundle)/\(path.split(separator: "/").last ?? "")", 0o644)
            }
            let plan = StepBundle(
                step: step, folder: bundle, isRootless: isRootless, namespace: network?.namespace.path)
            try JSONEncoder().encode(plan.spec).write(to: URL(filePath: "\(bundle)/config.json"))
        } catch {
            throw BuildError(.system, "cannot prepare a step: \(error)")
        }
    }

    /// The last error in the runtime's log: then the command itself never ran.
    private func complaint(in log: String) -> String? {
        struct Line: Decodable {
            let level: String
            let msg: String
        }
        guard let text = try? String(contentsOf: URL(filePath: log), encoding: .utf8) else { return nil }
        return text.split(separator: "\n").reversed().lazy
            .compactMap { try? JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
            .first { $0.level == "error" }?.msg
    }
}
