import Testing

@testable import Images

struct DocumentTests {
    static let configuration = """
        {"architecture":"amd64","os":"linux","created":"2024-01-02T03:04:05.678901234Z","container_config":{"X":1},
        "config":{"User":"1000:1000","ExposedPorts":{"80/tcp":{},"53/udp":null},"Env":["PATH=/bin"],"Entrypoint":null,
        "Cmd":["sh","-c","x"],"Volumes":{"/data":{}},"WorkingDir":"/w","Labels":{"a":"b"},"StopSignal":"SIGQUIT",
        "Healthcheck":{"Test":["CMD-SHELL","true"],"Interval":1000000000},"OnBuild":["RUN x"],"Shell":["/bin/bash","-c"]},
        "rootfs":{"type":"layers","diff_ids":["sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]},
        "history":[{"created_by":"RUN x","empty_layer":true},{"created_by":"COPY y"}]}
        """

    @Test func aConfigurationOfDockersIsUnderstood() throws {
        let value = try ImageConfiguration.parse(Array(Self.configuration.utf8))
        #expect(value.config.exposedPorts == ["53/udp", "80/tcp"])
        #expect(value.config.volumes == ["/data"])
        #expect(value.config.healthCheck?.interval == 1_000_000_000)
        #expect(value.config.onBuild == ["RUN x"])
        #expect(value.history.map(\.isEmptyLayer) == [true, false])
        #expect(value.rootfs.diffIDs == [Digest.of([])])
        #expect(ImageTime.seconds(value.created).map { Int($0) } == 1_704_164_645)
        let bytes = try Document.encode(value)
        #expect(try ImageConfiguration.parse(bytes) == value)
        #expect(try Document.encode(try ImageConfiguration.parse(bytes)) == bytes)
    }

    @Test func hostileDocumentsAreRefused() throws {
        let deep = String(repeating: "[", count: 100_000)
        let digest = Digest.of([]).description
        let negative =
            #"{"schemaVersion":2,"config":{"mediaType":"a","digest":"\#(digest)","size":-1},"layers":[]}"#
        let huge =
            #"{"schemaVersion":2,"config":{"mediaType":"a","digest":"\#(digest)","size":1e30},"layers":[]}"#
        let traversal =
            #"{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha256:../../x","size":1},"layers":[]}"#
        for text in ["", "{", "null", "[]", "{}", deep, negative, huge, traversal, #"{"schemaVersion":1}"#] {
            #expect(throws: ImageError.self, "\(text.prefix(60))") { try Manifest.parse(Array(text.utf8)) }
        }
        let large = [UInt8](repeating: 0x20, count: Document.maximumSize + 1)
        #expect(throws: ImageError.self) { try Manifest.parse(large) }
    }

    @Test func changedBytesAreRefusedOrRead() {
        let original = Array(Self.configuration.utf8)
        let seed: UInt64 = 20
        var generator = SeededGenerator(seed: seed)
        print("seed \(seed)")
        for _ in 0..<400 {
            var bytes = original
            if Bool.random(using: &generator) {
                bytes.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
            } else {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            // Nothing but an ImageError may come of it.
            do { _ = try ImageConfiguration.parse(bytes) } catch { _ = error.description }
        }
    }

    @Test func timesAreWrittenAsRFC3339() {
        #expect(ImageTime.text(0) == "1970-01-01T00:00:00Z")
        #expect(ImageTime.text(1_704_164_645.5) == "2024-01-02T03:04:05.500Z")
        #expect(ImageTime.seconds("2024-01-02T03:04:05.25+01:00") == 1_704_161_045.25)
        #expect(ImageTime.seconds("yesterday") == nil)
    }

    @Test func challengesAreParsed() {
        let text =
            #"Bearer realm="https://auth.example/token",service="reg \"x\"",scope="repository:a/b:pull,push""#
        let challenge = Challenge(text)
        #expect(challenge?.parameters["realm"] == "https://auth.example/token")
        #expect(challenge?.parameters["service"] == #"reg "x""#)
        #expect(challenge?.parameters["scope"] == "repository:a/b:pull,push")
        #expect(Challenge("Basic realm=x")?.scheme == .basic)
        for text in ["", "Digest realm=x", "Bearer", "Bearer realm=\"", "Bearer =,=,"] {
            #expect(Challenge(text) == nil)
        }
        #expect(Challenge.choose([#"Basic realm="a""#, text])?.scheme == .bearer)
    }

    @Test func credentialsComeFromDockersFiles() async throws {
        let json =
            #"{"auths":{"https://index.docker.io/v1/":{"auth":"dTpwOnc="},"localhost:5000":{"identitytoken":"t"}}}"#
        let file = try DockerConfiguration(Array(json.utf8))
        #expect(try await file.credentials(for: "docker.io") == Credentials(username: "u", password: "p:w"))
        #expect(try await file.credentials(for: "localhost:5000")?.identityToken == "t")
        #expect(try await file.credentials(for: "other.example") == nil)
        #expect(try Credentials(header: "eyJ1c2VybmFtZSI6InUiLCJwYXNzd29yZCI6InAifQ")?.password == "p")
        #expect(try Credentials(header: "e30=") == nil)
        #expect(throws: ImageError.self) { try Credentials(header: "!!!") }
    }

    @Test func onlyTheLoopbackIsSpokenToInTheClear() {
        let settings = RegistrySettings()
        for host in ["127.0.0.1:5000", "127.9.9.9", "localhost", "localhost:1", "[::1]:5000"] {
            #expect(RegistryEndpoint.candidates(for: host, settings).last?.scheme == "http", "\(host)")
        }
        for host in ["127.0.0.1.example", "localhost.example", "10.0.0.1", "reg.example"] {
            #expect(
                RegistryEndpoint.candidates(for: host, settings).allSatisfy {
                    $0.scheme == "https" && $0.verifies
                })
        }
    }

    @Test func redirectsNeverLeaveTLS() throws {
        #expect(try RegistryTransport.resolve("/b?c", from: "https://a/x/y") == "https://a/b?c")
        #expect(try RegistryTransport.resolve("https://b/c", from: "http://a/x") == "https://b/c")
        #expect(try RegistryTransport.resolve("z", from: "http://a/x/y") == "http://a/x/z")
        for location in ["http://b/", "https://b/ x", "https://b/\u{7f}"] {
            #expect(throws: ImageError.self) { try RegistryTransport.resolve(location, from: "https://a/") }
        }
    }
}
