import Glibc
import Hummingbird
import HummingbirdCore
import Synchronization
import Testing

@testable import Daemon

/// Answers that come bit by bit, and clients that leave in the middle.
struct DepartureTests {
    /// What became of a route's work.
    private final class Outcome: Sendable {
        let wasCancelled = Atomic(false)
    }

    private static func with(
        _ outcome: Outcome = Outcome(), _ body: @escaping @Sendable (String) throws -> Void
    ) async throws {
        let door = try await DoorUnderTest { router in
            router.post("unread") { _, _ in
                Reply.stream(type: "text/plain") { writer in try await writer.write(bytes: [0x61]) }
            }
            router.get("endless") { _, _ in
                Reply.stream(type: "text/plain") { writer in
                    try await writer.write(bytes: [0x61])
                    do {
                        try await Task.sleep(for: .seconds(60))
                    } catch {
                        outcome.wasCancelled.store(true, ordering: .releasing)
                        throw error
                    }
                }
            }
        }
        let result = await blocking { try body(door.socket) }
        await door.end()
        try result.get()
    }

    private static func beginAndLeave(_ socket: String) throws {
        let client = try RawClient(socket)
        try client.send("GET /endless HTTP/1.1\r\nHost: d\r\n\r\n")
        #expect(try client.head().status == 200)
        #expect(try client.chunk() == [0x61])
    }

    private static let halfARequest =
        "POST /unread HTTP/1.1\r\nHost: d\r\nContent-Length: 100\r\n\r\nhalf"

    @Test func anAnswerMayComeBeforeTheRequestHasEnded() async throws {
        try await Self.with { socket in
            for _ in 0..<20 {
                let client = try RawClient(socket)
                try client.send(Self.halfARequest)
                #expect(try client.head().status == 200)
                #expect(try client.chunk() == [0x61])
            }
            #expect(try RawClient(socket).ask("POST", "/unread", body: "{}").text == "a")
        }
    }

    @Test func theConnectionServesTheNextRequestAfterAStream() async throws {
        try await Self.with { socket in
            let client = try RawClient(socket)
            for _ in 0..<3 { #expect(try client.ask("POST", "/unread", body: "{}").text == "a") }
        }
    }

    @Test func workForAClientThatLeavesIsCancelled() async throws {
        let outcome = Outcome()
        try await Self.with(outcome) { socket in
            try Self.beginAndLeave(socket)
            let end = ContinuousClock.now + .seconds(10)
            while !outcome.wasCancelled.load(ordering: .acquiring), ContinuousClock.now < end { usleep(1000) }
            let wasCancelled = outcome.wasCancelled.load(ordering: .acquiring)
            #expect(wasCancelled)
        }
    }
}
