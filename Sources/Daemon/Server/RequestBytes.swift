import Engine
import HummingbirdCore
import NIOCore

/// The bytes of a request's body, read bit by bit by one reader.
final class RequestBytes: @unchecked Sendable {
    // SAFETY: the route that made it reads the body first, the stream's input task afterwards: never two at a time.
    private var iterator: RequestBody.AsyncIterator

    init(_ body: RequestBody) { iterator = body.makeAsyncIterator() }

    /// The next bytes; `nil` at the end. An empty array marks where the body of a request that may be hijacked ended.
    func next() async throws -> [UInt8]? {
        guard let buffer = try await iterator.next() else { return nil }
        return [UInt8](buffer.readableBytesView)
    }

    /// The body up to its end, refused when it is longer than `limit` bytes.
    func prefix(limit: Int) async throws -> [UInt8] {
        var result: [UInt8] = []
        while let bytes = try await next(), !bytes.isEmpty {
            guard result.count + bytes.count <= limit else {
                throw APIError(.contentTooLarge, "the request's body is longer than \(limit) bytes")
            }
            result += bytes
        }
        return result
    }

    /// The body up to its end as JSON; an empty body is an empty object.
    ///
    /// Not inlined: the optimiser of Swift 6.3 crashes on a caller that has this in it.
    @inline(never)
    func json() async throws -> JSON {
        let bytes = try await prefix(limit: BodyLimit.json)
        return bytes.isEmpty ? .object([]) : try JSON(parsing: bytes)
    }

    /// The rest of the body as a stream that is read no faster than it is asked for.
    var stream: ByteStream { ByteStream { try await self.next() } }
}
