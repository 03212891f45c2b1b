import Engine
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Model

/// Attachments, logs and execs, in our own frames.
extension OwnAPI {
    /// The protocol that `Upgrade` names.
    static let streamProtocol = "viv-stream"
    static let frames = "application/vnd.vivarium.frames"

    func addStreamRoutes(to routes: Routes) {
        routes.post("instances/{id}/attach", use: attach)
        routes.get("instances/{id}/logs", use: logs)
        routes.post("instances/{id}/resize", use: resize)
        routes.post("instances/{id}/exec", use: createExec)
        routes.post("exec/{id}/start", use: startExec)
        routes.post("exec/{id}/resize") { request, context in
            try await engine.resizeExec(context.parameter("id"), DockerAPI.size(request.query))
            return Reply.done
        }
        routes.get("exec/{id}") { _, context in
            try Reply.model(try await engine.inspectExec(context.parameter("id")))
        }
    }

    private func attach(_ request: Request, _ context: DaemonContext) async throws -> Response {
        try requireUpgrade(request)
        let input = RequestBytes(request.body)
        _ = try await input.prefix(limit: BodyLimit.json)
        let query = request.query
        var options = AttachOptions()
        options.takesStdin = query.bool("stdin")
        options.wantsStdout = query.bool("stdout", default: true)
        options.wantsStderr = query.bool("stderr", default: true)
        options.replaysLog = query.bool("logs")
        options.follows = query.bool("follow", default: true)
        options.detachKeys = query.string("detachKeys")
        let session = try await engine.attach(context.parameter("id"), options)
        return stream(session, input, context, takesInput: options.takesStdin)
    }

    private func stream(
        _ session: StreamSession, _ input: RequestBytes, _ context: DaemonContext, takesInput: Bool
    ) -> Response {
        StreamPump(
            session: session, input: input, framing: VivFraming(), takesInput: takesInput,
            closesInput: false, connection: context.connection
        ).response(type: Self.frames, upgrade: Self.streamProtocol)
    }

    private func requireUpgrade(_ request: Request) throws(APIError) {
        guard request.headers[.upgrade]?.lowercased() == Self.streamProtocol else {
            throw APIError(.upgradeRequired, "ask for 'Upgrade: \(Self.streamProtocol)'", kind: "invalid")
        }
    }

    private func logs(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let query = request.query
        var wanted = LogQuery()
        wanted.includesStdout = query.bool("stdout", default: true)
        wanted.includesStderr = query.bool("stderr", default: true)
        wanted.follows = query.bool("follow")
        wanted.since = try query.time("since")
        wanted.until = try query.time("until")
        if let tail = query.string("tail"), tail != "all" { wanted.tail = Int(tail).map { max($0, 0) } }
        let entries = try await engine.logs(context.parameter("id"), wanted)
        let showsTimes = query.bool("timestamps")
        return Reply.stream(type: Self.frames) { writer in
            let framing = VivFraming()
            for try await entry in entries {
                let time = showsTimes ? Array("\(Timestamp.text(nanoseconds: entry.time)) ".utf8) : []
                try await writer.write(
                    bytes: framing.encode(StreamChunk(entry.stream, time + entry.bytes)))
            }
        }
    }

    private func resize(_ request: Request, _ context: DaemonContext) async throws -> Response {
        try await engine.resize(context.parameter("id"), DockerAPI.size(request.query))
        return Reply.done
    }

    private func createExec(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let spec = try await request.value(ExecSpec.self)
        let id = try await engine.createExec(context.parameter("id"), spec)
        return Reply.json(["id": .string(id)], status: .created)
    }

    private func startExec(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let input = RequestBytes(request.body)
        _ = try await input.prefix(limit: BodyLimit.json)
        let id = try context.parameter("id")
        if request.query.bool("detach") {
            _ = try await engine.startExec(id, detached: true)
            return Reply.done
        }
        try requireUpgrade(request)
        let record = try await engine.inspectExec(id)
        guard let session = try await engine.startExec(id) else { return Reply.done }
        return stream(session, input, context, takesInput: record.spec.attachesStdin)
    }
}
