import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Testing

@testable import Daemon

/// Routes that take their connection over, over a real socket.
struct HijackTests {
    /// Answers with the body in capitals, then with everything the client sends, until the client is done.
    private static func echo(_ router: Router<DaemonContext>) {
        router.post("exec/{id}/start") { request, context in
            let input = RequestBytes(request.body)
            let body = try await input.json()
            if try body.bool("Detach") { return Reply.json(["detached": true]) }
            if try body.bool("Refuse") { throw APIError(.notFound, "No such exec instance") }
            var headers: HTTPFields = [HijackHandler.marker: "1", .contentType: "application/x"]
            let isUpgrade = request.headers[.upgrade] != nil
            if isUpgrade {
                headers[.connection] = "Upgrade"
                headers[.upgrade] = "tcp"
            }
            return Response(
                status: isUpgrade ? .switchingProtocols : .ok, headers: headers,
                body: ResponseBody { writer in
                    while let bytes = try await input.next() { try await writer.write(bytes: bytes) }
                    try await writer.write(bytes: Array("bye".utf8))
                    try await writer.finish(nil)
                })
        }
        router.get("plain") { _, _ in Reply.text("plain") }
    }

    private static func with(
        _ body: @escaping @Sendable (RawClient, String) throws -> Void
    ) async throws {
        let door = try await DoorUnderTest(.peer, echo)
        let result = await blocking { try body(RawClient(door.socket), door.socket) }
        await door.end()
        try result.get()
    }

    private static func request(upgrade: Bool, _ body: String) -> String {
        let fields = upgrade ? "Connection: Upgrade\r\nUpgrade: tcp\r\n" : ""
        return
            "POST /exec/1/start HTTP/1.1\r\nHost: d\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test func anUpgradeIsAnsweredBy101AndTurnsIntoAStream() async throws {
        try await Self.with { client, _ in
            try client.send(Self.request(upgrade: true, #"{"Tty":false}"#))
            let (status, headers) = try client.head()
            #expect(status == 101)
            #expect(headers["upgrade"] == "tcp" && headers["connection"] == "Upgrade")
            #expect(headers["x-viv-hijack"] == nil && headers["transfer-encoding"] == nil)
            try client.send("one")
            #expect(try client.take(3) == Array("one".utf8))
            try client.send([0, 255, 13, 10])
            #expect(try client.take(4) == [0, 255, 13, 10])
        }
    }

    @Test func bytesBehindTheRequestReachTheStream() async throws {
        try await Self.with { client, _ in
            try client.send(Self.request(upgrade: true, "{}") + "early")
            #expect(try client.head().status == 101)
            #expect(try client.take(5) == Array("early".utf8))
        }
    }

    @Test func theEndOfInputIsNotTheEndOfOutput() async throws {
        try await Self.with { client, _ in
            try client.send(Self.request(upgrade: true, "{}"))
            _ = try client.head()
            try client.send("last")
            client.endOutput()
            #expect(try client.rest() == Array("lastbye".utf8))
        }
    }

    @Test func theOldFormIsAnsweredBy200WithoutFraming() async throws {
        try await Self.with { client, _ in
            try client.send(Self.request(upgrade: false, "{}"))
            let (status, headers) = try client.head()
            #expect(status == 200 && headers["transfer-encoding"] == nil && headers["content-length"] == nil)
            try client.send("raw")
            #expect(try client.take(3) == Array("raw".utf8))
            client.endOutput()
            #expect(try client.rest() == Array("bye".utf8))
        }
    }

    @Test func aRouteMayAnswerPlainlyAndTheConnectionGoesOn() async throws {
        try await Self.with { client, _ in
            try client.send(Self.request(upgrade: false, #"{"Detach":true}"#))
            #expect(try client.answer().text == "{\"detached\":true}\n")
            #expect(try client.ask("GET", "/plain").text == "plain")
        }
    }

    @Test func aRefusedUpgradeIsAnErrorAndTheLastOfItsConnection() async throws {
        try await Self.with { client, _ in
            try client.send(Self.request(upgrade: true, #"{"Refuse":true}"#))
            let answer = try client.answer()
            #expect(answer.status == 404 && answer.headers["connection"] == "close")
            #expect(answer.text == "{\"message\":\"No such exec instance\"}\n")
            #expect(try client.rest().isEmpty)
        }
    }

    @Test func anUpgradeThatNobodyOffersIsAnsweredAndClosed() async throws {
        try await Self.with { client, _ in
            try client.send(
                "POST /session HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
            #expect(try client.answer().status == 404)
            #expect(try client.rest().isEmpty)
        }
    }

    @Test func aLongBodyBeforeTheStreamComesWhole() async throws {
        try await Self.with { client, _ in
            let body = "{\"a\":\"\(String(repeating: "x", count: 500_000))\"}"
            try client.send(Self.request(upgrade: true, body))
            #expect(try client.head().status == 101)
        }
    }

    @Test func aClientThatExpectsToContinueIsToldTo() async throws {
        try await Self.with { client, _ in
            try client.send(
                "POST /exec/1/start HTTP/1.1\r\nHost: d\r\nExpect: 100-continue\r\nContent-Length: 15\r\n\r\n"
            )
            #expect(try client.head().status == 100)
            try client.send(#"{"Detach":true}"#)
            #expect(try client.answer().status == 200)
        }
    }
}
