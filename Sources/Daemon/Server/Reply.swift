import Engine
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// The responses that routes give.
enum Reply {
    static func json(_ value: JSON, status: HTTPResponse.Status = .ok) -> Response {
        let body = ByteBuffer(bytes: value.text + [0x0a])
        return Response(
            status: status, headers: [.contentType: "application/json"], body: .init(byteBuffer: body))
    }

    /// A value of Model as our own API writes it.
    static func model(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = ByteBuffer(bytes: try encoder.encode(value))
        return Response(
            status: status, headers: [.contentType: "application/json"], body: .init(byteBuffer: body))
    }

    static func text(_ text: String, type: String = "text/plain; charset=utf-8") -> Response {
        Response(
            status: .ok, headers: [.contentType: type], body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    static let done = Response(status: .noContent)

    /// A body that comes bit by bit. The head is sent before `write` has anything to say; `write` is cancelled when
    /// the client goes away.
    static func stream(
        type: String,
        _ write: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        Response(
            status: .ok, headers: [.contentType: type], body: body(write))
    }

    /// A body of bytes that are made as fast as the client takes them.
    static func bytes(_ stream: ByteStream, type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type],
            body: ResponseBody { writer in
                for try await bytes in stream { try await writer.write(bytes: bytes) }
                try await writer.finish(nil)
            })
    }

    /// See `stream`.
    static func body(
        _ write: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) -> ResponseBody {
        return ResponseBody { writer in
            let slot = WriterSlot(writer)
            do {
                try await Departure.cancelling { try await slot.use(write) }
            } catch is CancellationError {
                // The client has gone: there is nobody to tell.
            }
            try await writer.finish(nil)
        }
    }
}

/// Hands a response's writer to the one task that writes.
private final class WriterSlot: @unchecked Sendable {
    // SAFETY: made and used by the response's body alone, which waits while its child task writes.
    private var writer: any ResponseBodyWriter

    init(_ writer: any ResponseBodyWriter) { self.writer = writer }

    func use(_ write: @Sendable (inout any ResponseBodyWriter) async throws -> Void) async throws {
        try await write(&writer)
    }
}

extension ResponseBodyWriter {
    mutating func write(line value: JSON) async throws {
        try await write(ByteBuffer(bytes: value.text + [0x0d, 0x0a]))
    }

    mutating func write(bytes: [UInt8]) async throws { try await write(ByteBuffer(bytes: bytes)) }
}
