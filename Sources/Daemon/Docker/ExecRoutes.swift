import Engine
import HTTPTypes
import Hummingbird
import Model

/// Further processes in running containers.
extension DockerAPI {
    func addExecRoutes(to router: Routes) {
        router.post("containers/{id}/exec", use: createExec)
        router.post("exec/{id}/start", use: startExec)
        router.post("exec/{id}/resize", use: resizeExec)
        router.get("exec/{id}/json", use: inspectExec)
    }

    private func createExec(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        let body = try await request.json()
        let command = try body.strings("Cmd")
        guard !command.isEmpty else { throw APIError(.badRequest, "No exec command specified") }
        var spec = ExecSpec(command: command)
        spec.environment = try body.strings("Env")
        spec.workingDirectory = try body.string("WorkingDir")
        spec.user = try body.string("User")
        spec.hasTerminal = try body.bool("Tty")
        spec.attachesStdin = try body.bool("AttachStdin")
        spec.attachesStdout = try body.bool("AttachStdout")
        spec.attachesStderr = try body.bool("AttachStderr")
        spec.isPrivileged = try body.bool("Privileged")
        spec.detachKeys = try body.string("DetachKeys")
        spec.terminalSize = try Self.consoleSize(body)
        let id = try await engine.createExec(instance.id.text, spec)
        return Reply.json(["Id": .string(id)], status: .created)
    }

    private static func consoleSize(_ body: JSON) throws(APIError) -> TerminalSize? {
        let size = try body.elements("ConsoleSize")
        guard size.count == 2, case .integer(let rows) = size[0], case .integer(let columns) = size[1],
            rows > 0, columns > 0
        else { return nil }
        return TerminalSize(rows: UInt16(clamping: rows), columns: UInt16(clamping: columns))
    }

    private func startExec(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let input = RequestBytes(request.body)
        let body = try await input.json()
        let id = try context.parameter("id")
        let record = try await engine.inspectExec(id)
        let isDetached = try body.bool("Detach")
        let size = try Self.consoleSize(body)
        guard !isDetached else {
            _ = try await engine.startExec(id, detached: true, terminalSize: size)
            return Response(status: .ok)
        }
        // The program starts behind the head of the response: clients that read the head through a buffer lose what
        // comes with it.
        let (session, begin) = try await engine.announceExec(id, terminalSize: size)
        return stream(
            session, input, request, context, isMultiplexed: try !body.bool("Tty"),
            takesInput: record.spec.attachesStdin, closesInput: true, begin: begin)
    }

    private func resizeExec(_ request: Request, _ context: DaemonContext) async throws -> Response {
        try await engine.resizeExec(context.parameter("id"), Self.size(request.query))
        return Response(status: .ok)
    }

    private func inspectExec(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let record = try await engine.inspectExec(context.parameter("id"))
        let spec = record.spec
        return Reply.json([
            "ID": .string(record.id), "Running": .bool(record.isRunning),
            "ExitCode": .optionalInt(record.exitCode), "OpenStdin": .bool(spec.attachesStdin),
            "OpenStdout": .bool(spec.attachesStdout), "OpenStderr": .bool(spec.attachesStderr),
            "CanRemove": .bool(record.exitCode != nil), "Pid": .int(record.processID),
            "ContainerID": .string(record.instance.text), "DetachKeys": "",
            "ProcessConfig": [
                "tty": .bool(spec.hasTerminal), "entrypoint": .string(spec.command.first ?? ""),
                "arguments": .strings(spec.command.dropFirst()), "privileged": .bool(spec.isPrivileged),
                "user": .string(spec.user ?? ""),
            ],
        ])
    }
}
