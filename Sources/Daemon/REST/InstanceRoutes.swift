import Engine
import HTTPTypes
import Hummingbird
import Model

/// Making instances and looking at them.
extension OwnAPI {
    func addInstanceRoutes(to routes: Routes) {
        routes.post("instances", use: create)
        routes.get("instances", use: list)
        routes.get("instances/{id}", use: inspect)
        routes.get("instances/{id}/size") { _, context in
            try Reply.model(try await engine.size(context.parameter("id")))
        }
        routes.get("instances/{id}/top", use: top)
        routes.get("instances/{id}/stats", use: statistics)
        routes.get("instances/{id}/changes") { _, context in
            try Reply.model(try await engine.changes(context.parameter("id")))
        }
    }

    private func create(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let spec = try await request.value(InstanceSpec.self)
        return try Reply.model(
            try await engine.create(spec, name: request.query.string("name")), status: .created)
    }

    private func list(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let query = request.query
        return try Reply.model(
            try await engine.list(
                all: query.bool("all"), limit: query.integer("limit"), filters: query.ownFilters()))
    }

    private func inspect(_ request: Request, _ context: DaemonContext) async throws -> Response {
        try Reply.model(try await engine.inspect(context.parameter("id")))
    }

    private func top(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let arguments = (request.query.string("ps_args") ?? "").split(separator: " ").map(String.init)
        return try Reply.model(try await engine.top(context.parameter("id"), arguments: arguments))
    }

    private func statistics(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let id = try context.parameter("id")
        guard request.query.bool("stream") else { return try Reply.model(try await engine.statistics(id)) }
        let stream = try await engine.statisticsStream(id)
        return Reply.stream(type: Self.jsonLines) { writer in
            for try await now in stream { try await writer.write(bytes: JSONLine.encode(now)) }
        }
    }

    static let jsonLines = "application/jsonl"
}
