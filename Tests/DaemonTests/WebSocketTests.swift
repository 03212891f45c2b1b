import Hummingbird
import HummingbirdCore
import Testing

@testable import Daemon

/// Streams in frames of a WebSocket, over a real socket.
struct WebSocketTests {
    /// Answers with everything that the client sends, then with a farewell.
    private static func echo(_ router: Router<DaemonContext>) {
        router.get("containers/{id}/attach/ws") { request, context in
            let input = RequestBytes(request.body)
            _ = try await input.prefix(limit: 100)
            let headers = try await WebSocketHandshake.accept(request, over: context.connection)
            return Response(
                status: .switchingProtocols, headers: headers,
                body: ResponseBody { writer in
                    while let bytes = try await input.next(), bytes != Array("end".utf8) {
                        try await writer.write(bytes: bytes)
                    }
                    try await writer.finish(nil)
                })
        }
    }

    private static func with(_ body: @escaping @Sendable (RawClient) throws -> Void) async throws {
        let door = try await DoorUnderTest(.peer, echo)
        let result = await blocking { try body(RawClient(door.socket)) }
        await door.end()
        try result.get()
    }

    /// The example of RFC 6455, section 1.3.
    private static let fields = [
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]

    private static func request(_ fields: [String], behind bytes: [UInt8] = []) -> [UInt8] {
        let head = (["GET /v1.47/containers/1/attach/ws?stream=1 HTTP/1.1", "Host: d"] + fields)
            .joined(separator: "\r\n")
        return Array("\(head)\r\n\r\n".utf8) + bytes
    }

    /// A frame of a client: shorter than 126 bytes, masked.
    private static func frame(_ opcode: UInt8, _ data: [UInt8], isLast: Bool = true) -> [UInt8] {
        let mask: [UInt8] = [1, 2, 3, 4]
        return [(isLast ? 0x80 : 0) | opcode, 0x80 | UInt8(data.count)] + mask
            + data.enumerated().map { $1 ^ mask[$0 % 4] }
    }

    private static let closing: [UInt8] = [0x88, 2, 0x03, 0xe8]

    @Test func theHandshakeIsThatOfTheStandard() async throws {
        try await Self.with { client in
            try client.send(Self.request(Self.fields))
            let (status, headers) = try client.head()
            #expect(status == 101)
            #expect(headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            #expect(headers["upgrade"] == "websocket" && headers["connection"]?.lowercased() == "upgrade")
            #expect(headers["x-viv-hijack"] == nil)
        }
    }

    @Test func bytesGoInFramesBothWays() async throws {
        try await Self.with { client in
            // What comes at once with the request is not lost.
            try client.send(Self.request(Self.fields, behind: Self.frame(1, Array("one".utf8))))
            _ = try client.head()
            #expect(try client.take(5) == [0x82, 3] + Array("one".utf8))
            try client.send(Self.frame(2, [0, 255], isLast: false) + Self.frame(0, [7]))
            #expect(try client.take(7) == [0x82, 2, 0, 255, 0x82, 1, 7])
            try client.send(Self.frame(9, Array("ping".utf8)))
            #expect(try client.take(6) == [0x8a, 4] + Array("ping".utf8))
        }
    }

    @Test func bothSidesMayClose() async throws {
        try await Self.with { client in
            try client.send(Self.request(Self.fields, behind: Self.frame(2, Array("end".utf8))))
            _ = try client.head()
            #expect(try client.take(4) == Self.closing)
            try client.send(Self.frame(8, [0x03, 0xe8]))
            #expect(try client.rest().isEmpty)
        }
        try await Self.with { client in
            try client.send(Self.request(Self.fields, behind: Self.frame(8, [0x03, 0xe8])))
            _ = try client.head()
            #expect(try client.rest() == Self.closing)
        }
    }

    @Test(
        arguments: [
            // Not masked; a reserved opcode; a control frame of many bytes; a frame that is far too long.
            [0x82, 1, 7], [0x83, 0x80, 1, 2, 3, 4], [0x89, 0xfe, 1, 0, 1, 2, 3, 4],
            [0x82, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4],
        ] as [[UInt8]])
    func framesThatMakeNoSenseEndTheConnection(frame: [UInt8]) async throws {
        try await Self.with { client in
            try client.send(Self.request(Self.fields, behind: frame))
            _ = try client.head()
            let rest = try client.rest()
            // 1002, or 1009 for what is too long.
            #expect(rest == [0x88, 2, 0x03, 0xea] || rest == [0x88, 2, 0x03, 0xf1], "\(rest)")
        }
    }

    @Test func whatAsksForNoWebSocketIsRefused() async throws {
        for missing in Self.fields.indices where missing != 1 {
            try await Self.with { client in
                var fields = Self.fields
                fields.remove(at: missing)
                try client.send(Self.request(fields))
                #expect(try client.answer().status == 400)
            }
        }
    }
}
