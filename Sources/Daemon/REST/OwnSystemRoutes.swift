import Engine
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Images
import Model

/// The daemon itself.
extension OwnAPI {
    func addSystemRoutes(to routes: Routes) {
        routes.get("events", use: events)
        routes.get("system/ping") { _, _ in Reply.text("OK") }
        routes.get("system/info") { _, _ in try Reply.model(try await engine.systemInfo()) }
        routes.get("system/usage") { _, _ in try Reply.model(try await engine.diskUsage()) }
        routes.get("system/version") { _, _ in
            Reply.json([
                "version": .string(Build.version), "api": "1",
                "docker": .string(DockerVersion.newest.description),
                "dockerOldest": .string(DockerVersion.oldest.description),
            ])
        }
        routes.post("system/prune", use: prune)
        routes.get("openapi.json") { _, _ in Reply.json(OpenAPI.document) }
    }

    private func events(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let query = request.query
        let events = try await engine.events(
            since: query.time("since"), until: query.time("until"), filters: query.ownFilters())
        return Reply.stream(type: Self.jsonLines) { writer in
            for await event in events { try await writer.write(bytes: JSONLine.encode(event)) }
        }
    }

    /// What `what` may name, in the order in which one frees the other.
    private static let prunable = ["instances", "networks", "volumes", "images"]

    private func prune(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let query = request.query
        let named = query.all("what").flatMap { $0.split(separator: ",").map(String.init) }
        if let unknown = named.first(where: { !Self.prunable.contains($0) }) {
            throw APIError(
                .badRequest,
                "'\(unknown)' cannot be pruned: name \(Self.prunable.joined(separator: ", "))")
        }
        // Volumes hold what cannot be made again: they go only when they are named.
        let wanted = named.isEmpty ? ["instances", "networks", "images"] : named
        let filters = try query.ownFilters()
        var fields: [JSON.Field] = []
        for what in Self.prunable where wanted.contains(what) {
            let report = try await prune(what, all: query.bool("all"), filters)
            fields.append(
                .init(
                    name: what,
                    value: ["removed": .strings(report.removed), "reclaimed": .int(report.reclaimed)]))
        }
        return Reply.json(.object(fields))
    }

    private func prune(_ what: String, all: Bool, _ filters: Filters) async throws -> PruneReport {
        switch what {
        case "instances": return try await engine.pruneInstances(filters)
        case "networks": return try await engine.pruneNetworks(filters)
        case "volumes": return try await engine.pruneVolumes(filters)
        default:
            let selection = try ImageSelection(filters, of: await engine.images.list())
            let (removed, freed) = try await engine.images.prune(all: all, where: selection.contains)
            let names = removed.map { item in
                switch item {
                case .untagged(let name): name
                case .deleted(let digest): digest.description
                }
            }
            return PruneReport(removed: names, reclaimed: UInt64(max(freed, 0)))
        }
    }
}
