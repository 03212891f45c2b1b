import Engine
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Model

/// Our own API below `/v1`: bodies are values of Model as JSON. `docs/api/openapi.yaml` describes it.
struct OwnAPI: Sendable {
    let engine: Engine
    let docker: DockerAPI

    typealias Routes = RouterGroup<DaemonContext>

    func addRoutes(to router: Router<DaemonContext>) {
        let routes = router.group("v1")
        addInstanceRoutes(to: routes)
        addLifeCycleRoutes(to: routes)
        addStreamRoutes(to: routes)
        addFileRoutes(to: routes)
        addImageRoutes(to: routes)
        addImageTransferRoutes(to: routes)
        addNetworkRoutes(to: routes)
        addVolumeRoutes(to: routes)
        addSystemRoutes(to: routes)
    }
}

extension Request {
    /// The body as a value of Model.
    func value<Value: Decodable>(_ type: Value.Type) async throws -> Value {
        let bytes = try await bytes(limit: BodyLimit.json)
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw APIError(.badRequest, "the body is no \(type): \(Self.reason(error))")
        }
    }

    private static func reason(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context): "\(path(context, key)) is missing"
        case .typeMismatch(_, let context): "\(path(context)) is of another kind"
        case .valueNotFound(_, let context): "\(path(context)) is null"
        case .dataCorrupted(let context): "\(path(context)): \(context.debugDescription)"
        @unknown default: "it cannot be read"
        }
    }

    private static func path(_ context: DecodingError.Context, _ last: (any CodingKey)? = nil) -> String {
        let keys = context.codingPath.map(\.stringValue) + (last.map { [$0.stringValue] } ?? [])
        return keys.isEmpty ? "the whole" : keys.joined(separator: ".")
    }
}

extension Query {
    /// `filter=key=value`, as often as wanted; also `filters` as Docker's clients write them.
    func ownFilters() throws(APIError) -> Filters {
        var filters = try filters()
        for text in all("filter") {
            guard let split = text.firstIndex(of: "=") else {
                throw APIError(.badRequest, "filter '\(text.prefix(60))' is not KEY=VALUE")
            }
            filters.add(String(text[..<split]), String(text[text.index(after: split)...]))
        }
        return filters
    }

    func required(_ name: String) throws(APIError) -> String {
        guard let value = string(name) else {
            throw APIError(.badRequest, "the parameter \(name) is missing")
        }
        return value
    }
}
