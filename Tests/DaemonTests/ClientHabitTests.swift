import Testing

@testable import Daemon

/// What Docker's clients send and expect beyond the API's documents.
struct ClientHabitTests {
    private static func spec(_ body: String) throws -> JSON {
        try HostShape.json(ContainerBody.spec(JSON(parsing: Array(body.utf8))))
    }

    @Test func whatHasNoEffectIsToldBack() throws {
        let shape = try Self.spec(
            #"{"Image":"x","HostConfig":{"Runtime":"runc","Isolation":"default","VolumeDriver":"foo"}}"#)
        #expect(try shape.string("Runtime") == "runc")
        #expect(try shape.string("Isolation") == "default")
        #expect(try shape.string("VolumeDriver") == "foo")
    }

    @Test(arguments: [#"{"Runtime":"kata"}"#, #"{"Isolation":"hyperv"}"#])
    func whatIsNotThereIsRefused(_ host: String) {
        #expect(throws: APIError.self) { try Self.spec(#"{"Image":"x","HostConfig":\#(host)}"#) }
    }

    @Test func anAnswerToHeadHasNoBody() async throws {
        try await ServerUnderTest.with { server in
            let client = try server.client()
            for _ in 0..<2 {
                let answer = try client.ask("HEAD", "/v1.43/containers/nobody/archive?path=/")
                #expect(answer.status == 404 && answer.body.isEmpty)
            }
            // Were there a body, it would be taken for the answer to this.
            #expect(try client.ask("GET", "/_ping").text == "OK")
        }
    }

    @Test func aBodyThatIsNoHTTPIsABadRequest() async throws {
        try await ServerUnderTest.with { server in
            let client = try server.client()
            try client.send(
                "POST /v1.43/containers/create HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"
            )
            #expect(try client.head().status == 400)
        }
    }

    @Test func loadingGarbageFailsInTheStream() async throws {
        try await ServerUnderTest.with { server in
            let answer = try server.ask("POST", "/v1.43/images/load", body: "garbage")
            #expect(answer.status == 200 && answer.text.contains("errorDetail"))
        }
    }

    @Test func aMissingNetworkIsNoMissingImage() async throws {
        try await ServerUnderTest.with { server in
            let answer = try server.ask(
                "POST", "/v1.43/containers/create",
                body: #"{"Image":"nobody:1","Cmd":["x"],"HostConfig":{"NetworkMode":"nowhere"}}"#)
            #expect(answer.status == 404 && answer.text.contains("No such image"))
        }
    }
}
