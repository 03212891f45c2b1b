import Engine
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Model
import NIOCore

/// How the streams of a process are put into bytes, and taken out of them.
protocol StreamFraming: Sendable {
    /// Output as the client gets it.
    func encode(_ chunk: StreamChunk) -> [UInt8]
    /// What is said last.
    func encode(_ end: SessionEnd) -> [UInt8]
    /// What the client asks for with these bytes; `nil` when they make no sense.
    mutating func decode(_ bytes: [UInt8]) -> [StreamRequest]?
}

/// What a client wants of the process it is connected to.
enum StreamRequest: Equatable, Sendable {
    case input([UInt8])
    case closeInput
    case resize(TerminalSize)
    case signal(Int32)
}

/// Joins a connection that a route took over with a process's session, until one of them ends.
struct StreamPump<Framing: StreamFraming>: Sendable {
    let session: StreamSession
    let input: RequestBytes
    let framing: Framing
    /// Whether what the client sends reaches the process.
    let takesInput: Bool
    /// Whether the process sees the end of its input when the client says that it will send no more.
    let closesInput: Bool
    let connection: (any Channel)?
    /// What is to be done once the client has the head of the response.
    var begin: @Sendable () async -> Void = {}

    /// The response that takes the connection over.
    ///
    /// - Parameter upgrade: the protocol that the client asked to upgrade to; `nil` answers by a plain `200`.
    func response(type: String, upgrade: String?) -> Response {
        var headers: HTTPFields = [.contentType: type, HijackHandler.marker: "1"]
        if let upgrade {
            headers[.connection] = "Upgrade"
            headers[.upgrade] = upgrade
        }
        return response(upgrade == nil ? .ok : .switchingProtocols, headers)
    }

    /// The same, with a head that says how the stream goes on.
    func response(_ status: HTTPResponse.Status, _ headers: HTTPFields) -> Response {
        Response(
            status: status, headers: headers,
            body: ResponseBody { writer in
                try await run(&writer)
                try await writer.finish(nil)
            })
    }

    private func run(_ writer: inout any ResponseBodyWriter) async throws {
        let feeding = Task { await feed() }
        // A client that is gone is noticed although the process says nothing.
        connection?.closeFuture.whenComplete { [session] _ in Task { await session.close() } }
        defer { feeding.cancel() }
        await begin()
        do {
            while let chunk = await session.next() { try await writer.write(bytes: framing.encode(chunk)) }
            let last = framing.encode(await session.end())
            if !last.isEmpty { try await writer.write(bytes: last) }
        } catch {
            await session.close()
            throw error
        }
        await session.close()
    }

    private func feed() async {
        var framing = framing
        while let bytes = try? await input.next() {
            guard let requests = framing.decode(bytes) else { break }
            for request in requests where takesInput || !request.isInput { await perform(request) }
        }
        if takesInput, closesInput, !Task.isCancelled { await session.closeStdin() }
    }

    private func perform(_ request: StreamRequest) async {
        switch request {
        case .input(let bytes): await session.send(bytes)
        case .closeInput: await session.closeStdin()
        case .resize(let size): await session.resize(size)
        case .signal(let number): await session.signal(number)
        }
    }
}

extension StreamRequest {
    fileprivate var isInput: Bool {
        switch self {
        case .input, .closeInput: true
        case .resize, .signal: false
        }
    }
}
