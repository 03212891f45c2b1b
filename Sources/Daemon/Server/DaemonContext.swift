import Hummingbird
import Logging

/// What travels along with a request.
package struct DaemonContext: RequestContext {
    package struct Source: RequestContextSource {
        package let logger: Logger
        package let version: DockerVersion
    }

    package var coreContext: CoreRequestContextStorage
    /// The version of Docker's API that the client speaks.
    package let version: DockerVersion

    package init(source: Source) {
        coreContext = .init(source: source)
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
    func bytes(limit: Int) async throws -> [UInt8] {
        var result: [UInt8] = []
        for try await buffer in body {
            // A body that may turn into a stream ends by an empty buffer.
            guard buffer.readableBytes > 0 else { break }
            guard result.count + buffer.readableBytes <= limit else {
                throw APIError(.contentTooLarge, "the request's body is longer than \(limit) bytes")
            }
            result.append(contentsOf: buffer.readableBytesView)
        }
        return result
    }
}

enum BodyLimit {
    /// Bytes of a body of JSON.
    static let json = 2 << 20
}
