import Foundation
import Testing

@testable import Daemon

/// Routes of both APIs over a socket, with an engine that has nothing yet. One at a time: descriptors are counted.
@Suite(.serialized) struct RouteTests {
    @Test func pingTellsWhatClientsNegotiateBy() async throws {
        try await ServerUnderTest.with { server in
            for method in ["GET", "HEAD"] {
                let answer = try server.ask(method, "/_ping")
                #expect(answer.status == 200 && answer.headers["api-version"] == "1.47")
                #expect(answer.headers["builder-version"] == "1" && answer.headers["ostype"] == "linux")
                #expect(answer.text == (method == "GET" ? "OK" : ""))
            }
            #expect(try server.json("GET", "/v1.41/version")["ApiVersion"] == "1.47")
            #expect(try server.ask("GET", "/v1.24/version").status == 400)
            #expect(try server.ask("GET", "/v1.48/version").status == 400)
        }
    }

    static let lists = [
        ("/containers/json?all=1", "["), ("/images/json", "["), ("/networks", "["),
        ("/volumes", "{\"Volumes\""),
        ("/info", "{\"ID\""), ("/system/df", "{\"LayersSize\""), ("/plugins", "["),
        ("/events?since=1&until=2", ""), ("/v1/instances", "["), ("/v1/images", "["), ("/v1/networks", "["),
        ("/v1/volumes", "["), ("/v1/system/info", "{"), ("/v1/system/usage", "{"),
        ("/v1/system/ping", "OK"), ("/v1/system/version", "{"), ("/v1/events?since=1&until=2", ""),
        ("/v1/openapi.json", "{\"openapi\":\"3.1.0\""),
    ]

    @Test func listsAreThereFromTheStart() async throws {
        try await ServerUnderTest.with { server in
            for (path, start) in Self.lists {
                let answer = try server.ask("GET", path)
                #expect(answer.status == 200, "\(path): \(answer.text)")
                #expect(answer.text.hasPrefix(start), "\(path): \(answer.text.prefix(80))")
            }
        }
    }

    /// Method, path, body, status, and what the message holds.
    static let refusals: [(String, String, String?, Int, String)] = [
        ("GET", "/containers/nosuch/json", nil, 404, "No such container: nosuch"),
        ("POST", "/containers/nosuch/start", nil, 404, "No such container: nosuch"),
        ("POST", "/containers/nosuch/attach?stream=1", nil, 404, "No such container"),
        ("POST", "/containers/nosuch/wait", nil, 404, "No such container"),
        ("GET", "/containers/nosuch/logs?stdout=1", nil, 404, "No such container"),
        ("GET", "/containers/nosuch/archive?path=/", nil, 404, "No such container"),
        ("DELETE", "/containers/nosuch", nil, 404, "No such container"),
        ("POST", "/containers/create", "{", 400, "invalid JSON"),
        ("POST", "/build", String(repeating: "this is no archive", count: 100), 400, "build context"),
        ("GET", "/containers/nosuch/attach/ws?stream=1", nil, 400, "WebSocket"),
        ("POST", "/containers/create", "{}", 400, "Image"),
        ("POST", "/containers/create", #"{"Image":"nosuch"}"#, 404, "nosuch"),
        ("POST", "/exec/nosuch/start", "{}", 404, "nosuch"), ("GET", "/exec/nosuch/json", nil, 404, "nosuch"),
        ("GET", "/images/nosuch/json", nil, 404, "nosuch"), ("DELETE", "/images/nosuch", nil, 404, "nosuch"),
        ("GET", "/images/a/b/c/json", nil, 404, "a/b/c"),
        ("GET", "/images/search?term=x", nil, 501, "registry"),
        ("GET", "/images/get?names=nosuch", nil, 404, "nosuch"),
        ("POST", "/images/create?fromImage=UPPER", nil, 400, "UPPER"),
        ("GET", "/networks/nosuch", nil, 404, "nosuch"), ("DELETE", "/networks/nosuch", nil, 404, "nosuch"),
        ("POST", "/networks/create", "{}", 400, "Name"), ("GET", "/volumes/nosuch", nil, 404, "nosuch"),
        ("DELETE", "/volumes/nosuch", nil, 404, "nosuch"),
        ("GET", "/swarm", nil, 503, "not a swarm manager"),
        ("GET", "/services", nil, 503, "not a swarm manager"),
        ("GET", "/nodes/x", nil, 503, "not a swarm manager"),
        ("POST", "/session", nil, 404, "page not found"),
        ("GET", "/nonsense", nil, 404, "page not found"),
        ("PATCH", "/containers/json", nil, 404, "page not found"),
        ("GET", "/containers/json?filters=%7B", nil, 400, "invalid JSON"),
    ]

    @Test func refusalsAreInDockersShape() async throws {
        try await ServerUnderTest.with { server in
            for (method, path, body, status, words) in Self.refusals {
                let answer = try server.ask(method, path, body: body)
                #expect(answer.status == status, "\(method) \(path): \(answer.status) \(answer.text)")
                let message = (try? JSON(parsing: answer.body))?["message"]
                guard case .string(let text)? = message else {
                    Issue.record("\(method) \(path) has no message: \(answer.text)")
                    continue
                }
                #expect(text.contains(words), "\(method) \(path): \(text)")
            }
        }
    }

    @Test func ourOwnRefusalsNameTheirKind() async throws {
        try await ServerUnderTest.with { server in
            let missing = try server.json("GET", "/v1/instances/nosuch")
            #expect(missing["error"]["kind"] == "notFound")
            let bad = try server.json("POST", "/v1/instances", body: #"{"container":{"_0":{}}}"#)
            #expect(bad["error"]["kind"] == "invalid")
            #expect(try server.ask("POST", "/v1/instances/x/attach", body: "").status == 426)
            #expect(try server.json("GET", "/v1/nonsense")["error"]["message"] == "page not found")
        }
    }

    @Test func volumesComeAndGoThroughBothDoors() async throws {
        try await ServerUnderTest.with { server in
            let made = try server.json(
                "POST", "/volumes/create", body: #"{"Name":"vol","Labels":{"a":"b"},"DriverOpts":null}"#)
            #expect(made["Name"] == "vol" && made["Labels"] == ["a": "b"] && made["Scope"] == "local")
            #expect(try server.json("GET", "/v1/volumes/vol")["name"] == "vol")
            #expect(try server.json("GET", "/volumes")["Volumes"] == [made])
            #expect(try server.ask("DELETE", "/v1/volumes/vol").status == 204)
            #expect(try server.json("GET", "/volumes")["Volumes"] == [])
        }
    }

    @Test func aBodyThatIsTooLongIsRefused() async throws {
        try await ServerUnderTest.with { server in
            let body = "{\"Image\":\"\(String(repeating: "x", count: 3 << 20))\"}"
            let answer = try server.ask("POST", "/containers/create", body: body)
            #expect(answer.status == 413)
        }
    }

    @Test func noiseInPlaceOfHTTPHarmsNobody() async throws {
        try await ServerUnderTest.with { server in
            let seed = UInt64.random(in: 0...UInt64.max)
            print("seed \(seed)")
            var generator = Generator(state: seed)
            for _ in 0..<50 {
                let client = try server.client()
                let noise = (0..<300).map { _ in UInt8.random(in: 0...255, using: &generator) }
                try? client.send(Bool.random(using: &generator) ? noise : Array("GET /".utf8) + noise)
                client.endOutput()
                _ = try? client.rest()
            }
            #expect(try server.ask("GET", "/_ping").text == "OK")
        }
    }

    @Test func fiveHundredRequestsAtOnceAreAllAnsweredAndLeaveNothing() async throws {
        try await ServerUnderTest.with { server in
            _ = try server.ask("GET", "/containers/json")
            let before = try Self.descriptors()
            try Self.askAtOnce(500, server)
            try Self.settle(Self.descriptors, to: { $0 <= before })
        }
    }

    @Test func clientsThatLeaveInTheMiddleLeaveNothing() async throws {
        try await ServerUnderTest.with { server in
            _ = try server.ask("GET", "/_ping")
            let before = try Self.descriptors()
            for _ in 0..<50 {
                let client = try server.client()
                try client.send("GET /events HTTP/1.1\r\nHost: d\r\n\r\n")
                #expect(try client.head().status == 200)
            }
            try Self.settle(Self.descriptors, to: { $0 <= before })
        }
    }

    private static func askAtOnce(_ count: Int, _ server: ServerUnderTest) throws {
        let clients = try (0..<count).map { _ in try server.client() }
        for client in clients { try client.send("GET /info HTTP/1.1\r\nHost: d\r\n\r\n") }
        for client in clients { #expect(try client.answer().status == 200) }
    }

    private static func descriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    private static func settle(_ value: () throws -> Int, to isSettled: (Int) -> Bool) throws {
        for _ in 0..<200 {
            if isSettled(try value()) { return }
            usleep(25_000)
        }
        Issue.record("\(try value()) descriptors are left")
    }
}
