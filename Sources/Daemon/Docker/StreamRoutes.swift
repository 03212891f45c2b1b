import Engine
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Model

/// Attachments, logs, terminal sizes.
extension DockerAPI {
    func addStreamRoutes(to router: Routes) {
        router.post("containers/{id}/attach", use: attach)
        router.get("containers/{id}/attach/ws", use: attachWebSocket)
        router.get("containers/{id}/logs", use: logs)
        router.post("containers/{id}/resize", use: resize)
    }

    private func attach(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let input = RequestBytes(request.body)
        _ = try await input.prefix(limit: BodyLimit.json)
        let (session, spec, takesInput) = try await open(request, context, attachesAll: false)
        return stream(
            session, input, request, context, isMultiplexed: !spec.hasTerminal,
            takesInput: takesInput, closesInput: spec.closesStdinAfterFirst)
    }

    /// The same in frames of a WebSocket, in which both outputs are one.
    private func attachWebSocket(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let input = RequestBytes(request.body)
        _ = try await input.prefix(limit: BodyLimit.json)
        let handshake = try await WebSocketHandshake.accept(request, over: context.connection)
        // Before 1.42 there was no choice of streams.
        let (session, spec, takesInput) = try await open(
            request, context, attachesAll: context.version.minor < 42)
        let pump = StreamPump(
            session: session, input: input, framing: DockerFraming(isMultiplexed: false),
            takesInput: takesInput, closesInput: spec.closesStdinAfterFirst, connection: context.connection)
        return pump.response(.switchingProtocols, handshake)
    }

    private func open(
        _ request: Request, _ context: DaemonContext, attachesAll: Bool
    ) async throws -> (StreamSession, ContainerSpec, takesInput: Bool) {
        let (instance, spec) = try await container(context)
        let query = request.query
        var options = AttachOptions()
        options.takesStdin = (attachesAll || query.bool("stdin")) && spec.keepsStdinOpen
        options.wantsStdout = attachesAll || query.bool("stdout")
        options.wantsStderr = attachesAll || query.bool("stderr")
        options.replaysLog = query.bool("logs")
        options.follows = query.bool("stream")
        options.detachKeys = query.string("detachKeys")
        guard instance.state != .paused else {
            throw APIError(
                .conflict, "container \(instance.id) is paused, unpause the container before attach")
        }
        return (try await engine.attach(instance.id.text, options), spec, options.takesStdin)
    }

    /// Hands the connection over to the session.
    func stream(
        _ session: StreamSession, _ input: RequestBytes, _ request: Request, _ context: DaemonContext,
        isMultiplexed: Bool, takesInput: Bool, closesInput: Bool,
        begin: @escaping @Sendable () async -> Void = {}
    ) -> Response {
        let framing = DockerFraming(isMultiplexed: isMultiplexed)
        let pump = StreamPump(
            session: session, input: input, framing: framing, takesInput: takesInput,
            closesInput: closesInput, connection: context.connection, begin: begin)
        let isUpgrade = request.headers[.upgrade] != nil
        let type = isUpgrade ? framing.mediaType(context.version) : "application/vnd.docker.raw-stream"
        return pump.response(type: type, upgrade: isUpgrade ? "tcp" : nil)
    }

    private func logs(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, spec) = try await container(context)
        let query = request.query
        var wanted = LogQuery()
        wanted.includesStdout = query.bool("stdout")
        wanted.includesStderr = query.bool("stderr")
        guard wanted.includesStdout || wanted.includesStderr else {
            throw APIError(
                .badRequest, "Bad parameters: you must choose at least one stream")
        }
        wanted.follows = query.bool("follow")
        wanted.since = try query.time("since")
        wanted.until = try query.time("until")
        if let tail = query.string("tail"), tail != "all" { wanted.tail = Int(tail).map { max($0, 0) } }
        let entries = try await engine.logs(instance.id.text, wanted)
        let framing = DockerFraming(isMultiplexed: !spec.hasTerminal)
        var prefix = LinePrefix(showsTimes: query.bool("timestamps"))
        // Details are labels and variables that a log driver was told to add: here, none.
        if query.bool("details") { prefix.details = " " }
        let lead = prefix
        let write: @Sendable (inout any ResponseBodyWriter) async throws -> Void = { writer in
            for try await entry in entries {
                try await writer.write(bytes: lead.line(entry, framing))
            }
        }
        let type = framing.mediaType(context.version)
        guard !wanted.follows else { return Reply.stream(type: type, write) }
        return Response(
            status: .ok, headers: [.contentType: type],
            body: ResponseBody { writer in
                try await write(&writer)
                try await writer.finish(nil)
            })
    }

    private func resize(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        try await engine.resize(instance.id.text, Self.size(request.query))
        return Response(status: .ok)
    }

    /// `h` and `w` of a resize.
    static func size(_ query: Query) throws(APIError) -> TerminalSize {
        guard let rows = try query.integer("h"), let columns = try query.integer("w"), rows >= 0,
            columns >= 0
        else { throw APIError(.badRequest, "h and w must be the terminal's height and width") }
        return TerminalSize(rows: UInt16(clamping: rows), columns: UInt16(clamping: columns))
    }
}

/// What stands before each line of a log.
private struct LinePrefix {
    var showsTimes = false
    var details = ""

    func line(_ entry: LogEntry, _ framing: DockerFraming) -> [UInt8] {
        let time = showsTimes ? "\(Timestamp.text(nanoseconds: entry.time)) " : ""
        return framing.encode(StreamChunk(entry.stream, Array((time + details).utf8) + entry.bytes))
    }
}
