import Engine
import HTTPTypes
import Hummingbird
import Model

/// Starting, stopping and changing containers.
extension DockerAPI {
    func addLifeCycleRoutes(to router: Routes) {
        router.post("containers/{id}/start", use: start)
        router.post("containers/{id}/stop", use: stop)
        router.post("containers/{id}/restart", use: restart)
        router.post("containers/{id}/kill", use: kill)
        router.post("containers/{id}/pause", use: pause)
        router.post("containers/{id}/unpause", use: unpause)
        router.post("containers/{id}/rename", use: rename)
        router.post("containers/{id}/update", use: update)
        router.post("containers/{id}/wait", use: wait)
        router.delete("containers/{id}", use: remove)
        router.delete("containers/{id}/{alias}", use: removeLink)
    }

    private func start(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        guard instance.state != .running else { return Response(status: .notModified) }
        do {
            try await engine.start(instance.id.text)
        } catch  where error.kind == .notExecutable {
            throw APIError(.badRequest, Self.words(error))
        }
        return Reply.done
    }

    /// Programs look for these words.
    private static func words(_ error: EngineError) -> String {
        "failed to create task for container: failed to create shim task: OCI runtime create failed: "
            + "\(error.description): unknown"
    }

    private func stop(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        let isDown = [.created, .exited, .dead].contains(instance.state)
        guard !isDown else { return Response(status: .notModified) }
        try await engine.stop(
            instance.id.text, timeout: request.query.integer("t"), signal: request.query.string("signal"))
        return Reply.done
    }

    private func restart(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        try await engine.restart(
            instance.id.text, timeout: request.query.integer("t"), signal: request.query.string("signal"))
        return Reply.done
    }

    private func kill(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        try await engine.kill(instance.id.text, signal: request.query.string("signal"))
        return Reply.done
    }

    private func pause(_ request: Request, _ context: DaemonContext) async throws -> Response {
        try await engine.pause(container(context).0.id.text)
        return Reply.done
    }

    private func unpause(_ request: Request, _ context: DaemonContext) async throws -> Response {
        try await engine.resume(container(context).0.id.text)
        return Reply.done
    }

    private func rename(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        guard let name = request.query.string("name") else {
            throw APIError(.badRequest, "Neither old nor new names may be empty")
        }
        try await engine.rename(instance.id.text, to: name)
        return Reply.done
    }

    private func update(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        let body = try await request.json()
        let policy = try body.object("RestartPolicy")
        let hasPolicy = try policy.string("Name") != nil
        let resources = try ResourceBody.resources(body)
        let warnings = try await engine.update(
            instance.id.text, resources: resources == ContainerResources() ? nil : resources,
            restart: hasPolicy ? try ContainerBody.restart(policy) : nil)
        return Reply.json(["Warnings": .slice(warnings)])
    }

    /// The head is sent as soon as the engine waits: the CLI starts the container then.
    private func wait(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        let text = request.query.string("condition") ?? WaitCondition.notRunning.rawValue
        guard let condition = WaitCondition(rawValue: text) else {
            throw APIError(.badRequest, "invalid condition: \"\(text)\"")
        }
        let waiting = try await engine.beginWait(instance.id.text, condition)
        return Reply.stream(type: "application/json") { writer in
            try await withTaskCancellationHandler {
                try await writer.write(line: Self.answer(await waiting.result))
            } onCancel: {
                waiting.cancel()
            }
        }
    }

    private static func answer(_ result: Result<WaitResult, any Error>) -> JSON {
        switch result {
        case .success(let result):
            let error: JSON = result.error.isEmpty ? .null : ["Message": .string(result.error)]
            return ["Error": error, "StatusCode": .int(result.exitCode)]
        case .failure(let error):
            return ["Error": ["Message": .string(APIError(error).message)], "StatusCode": 0]
        }
    }

    private func remove(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        let query = request.query
        guard !query.bool("link") else {
            throw APIError(.badRequest, "Conflict, cannot remove the default link name of the container")
        }
        try await engine.remove(
            instance.id.text, force: query.bool("force"), removesVolumes: query.bool("v"))
        return Reply.done
    }

    /// `DELETE /containers/CONTAINER/ALIAS?link=1`.
    private func removeLink(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        guard request.query.bool("link") else { throw APIError(.notFound, "page not found") }
        try await engine.removeLink(instance.id.text, alias: context.parameter("alias"))
        return Reply.done
    }
}
