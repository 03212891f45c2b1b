import Images
import Model

/// Puts an image's settings and a user's together.
enum ProcessMerge {
    /// The process to be run, by the rules of Docker's clients: an entrypoint of the user's drops the image's
    /// command, and an empty one drops both.
    static func process(
        _ spec: ContainerSpec, _ image: ProcessDefaults
    ) throws(EngineError) -> ResolvedProcess {
        var process = ResolvedProcess()
        let command = spec.command.flatMap { $0.isEmpty ? nil : $0 }
        if let entrypoint = spec.entrypoint {
            process.entrypoint = entrypoint == [""] ? [] : entrypoint
            process.command = command ?? []
        } else {
            process.entrypoint = image.entrypoint ?? []
            process.command = command ?? image.command ?? []
        }
        process.arguments = process.entrypoint + process.command
        guard let program = process.arguments.first, !program.isEmpty else {
            throw EngineError(.invalid, "no command specified: the image names none, so write one behind it")
        }
        process.environment = Environment.merge(image.environment, spec.environment)
        let directory = [spec.workingDirectory, image.workingDirectory].compactMap { $0 }.first {
            !$0.isEmpty
        }
        process.workingDirectory = PathText.clean(directory ?? "/")
        process.user = [spec.user, image.user].compactMap { $0 }.first { !$0.isEmpty } ?? ""
        return process
    }

    /// The specification with what the image adds to it.
    static func merged(_ spec: ContainerSpec, _ image: ProcessDefaults) -> ContainerSpec {
        var spec = spec
        spec.labels = image.labels.merging(spec.labels) { _, own in own }
        spec.stopSignal = spec.stopSignal.flatMap { $0.isEmpty ? nil : $0 } ?? image.stopSignal
        spec.stopTimeout = spec.stopTimeout ?? image.stopTimeout
        spec.healthCheck = health(spec.healthCheck, image.healthCheck)
        let exposed = Set(spec.network.exposedPorts + image.exposedPorts.map(withTransport))
        let published = spec.network.ports.map { "\($0.containerPort)/\($0.transport.rawValue)" }
        spec.network.exposedPorts = exposed.union(published).sorted()
        return spec
    }

    /// `80` means `80/tcp`.
    private static func withTransport(_ port: String) -> String { port.contains("/") ? port : "\(port)/tcp" }

    private static func health(_ own: HealthCheck?, _ image: HealthDefaults?) -> HealthCheck? {
        guard let image, let test = image.test, !test.isEmpty else { return own }
        var check = own ?? HealthCheck(test: test)
        if check.test.isEmpty { check.test = test }
        if check.interval == 0 { check.interval = image.interval ?? 0 }
        if check.timeout == 0 { check.timeout = image.timeout ?? 0 }
        if check.startPeriod == 0 { check.startPeriod = image.startPeriod ?? 0 }
        if check.startInterval == 0 { check.startInterval = image.startInterval ?? 0 }
        if check.retries == 0 { check.retries = image.retries ?? 0 }
        return check
    }
}
