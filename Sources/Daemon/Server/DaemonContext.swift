import Hummingbird
import Logging
import NIOCore

/// What travels along with a request.
package struct DaemonContext: RequestContext {
    package struct Source: RequestContextSource {
        package let logger: Logger
        package let version: DockerVersion
        let connection: (any Channel)?
    }

    package var coreContext: CoreRequestContextStorage
    /// The version of Docker's API that the client speaks.
    package let version: DockerVersion
    /// The connection, for those who must know when it is gone; `nil` in tests without one.
    let connection: (any Channel)?

    package init(source: Source) {
        coreContext = .init(source: source)
        connection = source.connection
        version = source.version
    }

    /// A part of the path: `{id}` in `/containers/{id}/json`.
    func parameter(_ name: String) throws(APIError) -> String {
        guard let text = parameters[name[...]] else { throw APIError(.badRequest, "\(name) is missing") }
        return Query.decode(text, plusIsSpace: false)
    }
}

extension Request {
    var query: Query { Query(uri.query ?? "") }

    /// The whole body as JSON; an empty body is an empty object.
    func json() async throws -> JSON {
        let bytes = try await bytes(limit: BodyLimit.json)
        return bytes.isEmpty ? .object([]) : try JSON(parsing: bytes)
    }

    /// The whole body, refused when it is longer than `limit` bytes.
    func bytes(limit: Int) async throws -> [UInt8] { try await RequestBytes(body).prefix(limit: limit) }
}

enum BodyLimit {
    /// Bytes of a body of JSON.
    static let json = 2 << 20
}
