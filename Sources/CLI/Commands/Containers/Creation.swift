import Glibc
import Host
import Model

/// Makes containers: fetches the image if need be, passes warnings on, writes the file with the id.
struct Creation {
    private let client: DaemonClient
    private let options: LifeOptions

    init(_ client: DaemonClient, _ options: LifeOptions) {
        self.client = client
        self.options = options
    }

    /// The id of a new container.
    func create(_ spec: ContainerSpec) throws -> String {
        if let file = options.cidfile, access(file, F_OK) == 0 {
            throw Failure.refused("\(file) exists: another container's id may be in it; remove it first")
        }
        if options.pull == .always { try pull(spec) }
        let created = try post(spec)
        for warning in created.warnings { Report.note("warning: \(warning)") }
        if let file = options.cidfile { try TextFile.write(file, created.id.text) }
        return created.id.text
    }

    private func post(_ spec: ContainerSpec) throws -> Created {
        let request = Request.own(.post, "instances", query: [("name", options.name)])
            .carrying(InstanceSpec.container(spec))
        do {
            return try client.fetch(request)
        } catch let failure as Failure {
            guard Self.isForWantOfImage(failure), options.pull == .missing else { throw failure }
            if !options.quiet { Report.note("image '\(spec.image)' is not here: pulling it") }
        }
        try pull(spec)
        return try client.fetch(request)
    }

    private func pull(_ spec: ContainerSpec) throws {
        try ImagePull(client, isQuiet: options.quiet).pull(spec.image, platform: spec.platform)
    }

    private static func isForWantOfImage(_ failure: Failure) -> Bool {
        failure.status == 404 && failure.description.lowercased().contains("image")
    }
}

/// Passes signals on.
enum InstanceSignal {
    /// A container that has ended meanwhile needs none.
    static func send(_ signal: Int32, to id: String, _ client: DaemonClient) {
        _ = try? client.send(
            .own(.post, "instances", id, "kill", query: [("signal", SignalNames.name(signal))]))
    }
}

/// What a container's end means for the shell.
enum InstanceEnd {
    /// - Parameter spec: of a container; `nil` for a machine.
    static func code(
        _ end: AttachSession.End, _ id: String, _ spec: ContainerSpec?, _ client: DaemonClient
    ) throws -> Int32 {
        switch end {
        case .exited(let code):
            if let spec { settle(spec, id, client) }
            return code
        case .detached, .unread: return 0
        case .lost:
            let result: WaitResult = try client.fetch(.own(.post, "instances", id, "wait"))
            return result.exitCode
        }
    }

    /// The output ends a moment before the records say so; the next command finds it ended, or gone. What is started
    /// again by its policy may run already, and is not waited for.
    private static func settle(_ spec: ContainerSpec, _ id: String, _ client: DaemonClient) {
        guard spec.restart.kind == .no else { return }
        let condition = spec.removesItself ? "removed" : "not-running"
        _ = try? client.send(.own(.post, "instances", id, "wait", query: [("condition", condition)]))
    }
}

/// The way out of a command whose exit code is a container's.
enum ContainerExit: Error {
    case ended(Int32)
    /// It did not come to that.
    case failed(Failure, code: Int32)
}
