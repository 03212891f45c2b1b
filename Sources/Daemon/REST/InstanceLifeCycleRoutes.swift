import Engine
import HTTPTypes
import Hummingbird
import Model

/// Starting, stopping, changing and removing instances.
extension OwnAPI {
    func addLifeCycleRoutes(to routes: Routes) {
        routes.post("instances/{id}/start") { _, context in
            try await engine.start(context.parameter("id"))
            return Reply.done
        }
        routes.post("instances/{id}/stop") { request, context in
            let query = request.query
            try await engine.stop(
                context.parameter("id"), timeout: query.integer("timeout"), signal: query.string("signal"))
            return Reply.done
        }
        routes.post("instances/{id}/restart") { request, context in
            let query = request.query
            try await engine.restart(
                context.parameter("id"), timeout: query.integer("timeout"), signal: query.string("signal"))
            return Reply.done
        }
        routes.post("instances/{id}/kill") { request, context in
            try await engine.kill(context.parameter("id"), signal: request.query.string("signal"))
            return Reply.done
        }
        routes.post("instances/{id}/pause") { _, context in
            try await engine.pause(context.parameter("id"))
            return Reply.done
        }
        routes.post("instances/{id}/resume") { _, context in
            try await engine.resume(context.parameter("id"))
            return Reply.done
        }
        routes.post("instances/{id}/rename") { request, context in
            try await engine.rename(context.parameter("id"), to: request.query.required("name"))
            return Reply.done
        }
        routes.post("instances/{id}/update", use: update)
        routes.post("instances/{id}/commit", use: commit)
        routes.post("instances/{id}/wait", use: wait)
        routes.delete("instances/{id}") { request, context in
            let query = request.query
            try await engine.remove(
                context.parameter("id"), force: query.bool("force"), removesVolumes: query.bool("volumes"))
            return Reply.done
        }
    }

    /// The body of an update: what is left out stays as it is.
    private struct Update: Decodable {
        var resources: ContainerResources?
        var restart: RestartPolicy?
    }

    private func update(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let update = try await request.value(Update.self)
        let warnings = try await engine.update(
            context.parameter("id"), resources: update.resources, restart: update.restart)
        return Reply.json(["warnings": .strings(warnings)])
    }

    private func commit(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let query = request.query
        var spec = CommitSpec()
        spec.reference = query.string("reference") ?? ""
        spec.author = query.string("author") ?? ""
        spec.comment = query.string("comment") ?? ""
        spec.pauses = query.bool("pause", default: true)
        spec.changes = query.all("change")
        let id = try await engine.commit(context.parameter("id"), spec)
        return Reply.json(["id": .string(id)], status: .created)
    }

    /// The head is sent as soon as the engine waits.
    private func wait(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let text = request.query.string("condition") ?? WaitCondition.notRunning.rawValue
        guard let condition = WaitCondition(rawValue: text) else {
            throw APIError(.badRequest, "there is no condition '\(text.prefix(40))'")
        }
        let waiting = try await engine.beginWait(context.parameter("id"), condition)
        return Reply.stream(type: "application/json") { writer in
            try await withTaskCancellationHandler {
                let result = await waiting.result
                let answer = (try? result.get()) ?? WaitResult(exitCode: -1, error: Self.words(result))
                try await writer.write(bytes: JSONLine.encode(answer))
            } onCancel: {
                waiting.cancel()
            }
        }
    }

    private static func words(_ result: Result<WaitResult, any Error>) -> String {
        guard case .failure(let error) = result else { return "" }
        return APIError(error).message
    }
}
