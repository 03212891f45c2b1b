import Testing

@testable import Images

struct NameTests {
    @Test(arguments: [
        ("debian", "docker.io/library/debian:latest", "debian:latest"),
        ("debian:12", "docker.io/library/debian:12", "debian:12"),
        ("docker.io/debian", "docker.io/library/debian:latest", "debian:latest"),
        ("index.docker.io/library/debian:12", "docker.io/library/debian:12", "debian:12"),
        ("user/app:v1.2_3-x", "docker.io/user/app:v1.2_3-x", "user/app:v1.2_3-x"),
        ("localhost/app", "localhost/app:latest", "localhost/app:latest"),
        ("localhost:5000/a/b/c", "localhost:5000/a/b/c:latest", "localhost:5000/a/b/c:latest"),
        ("[::1]:5000/a", "[::1]:5000/a:latest", "[::1]:5000/a:latest"),
        ("reg.example/a__b/c--d.e", "reg.example/a__b/c--d.e:latest", "reg.example/a__b/c--d.e:latest"),
        ("docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"),
    ])
    func namesGetDockersDefaults(text: String, canonical: String, familiar: String) throws {
        let reference = try Reference(text)
        #expect(reference.canonical == canonical)
        #expect(reference.familiar == familiar)
        #expect(try Reference(canonical) == reference)
        #expect(try Reference(familiar) == reference)
    }

    @Test func aDigestNamesOneImage() throws {
        let hex = String(repeating: "ab", count: 32)
        let reference = try Reference("debian@sha256:\(hex)")
        #expect(reference.tag == nil)
        #expect(reference.digest?.hex == hex)
        #expect(reference.selector == "sha256:\(hex)")
        #expect(try Reference("debian:12@sha256:\(hex)").tag == "12")
    }

    @Test(arguments: [
        "", "Debian", "a:", "a:-x", ":12", "/a", "a//b", "a/", "-a/b", "a..b", "a_-b", "a@sha256:12",
        "a@md5:00",
        "exa mple/a", "reg.example:0/a", "reg.example:99999/a", "a:\u{e9}", "../etc", "a/../b",
        "reg.example/",
        String(repeating: "a", count: 300), String(repeating: "0", count: 64),
    ])
    func whatIsNoNameIsRefused(text: String) {
        #expect(throws: ImageError.self) { try Reference(text) }
    }

    @Test func digestsAreHashes() throws {
        #expect(
            Digest.of([]).description
                == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(throws: ImageError.self) { try Digest("sha256:E3B0") }
        #expect(throws: ImageError.self) { try Digest("sha256:" + String(repeating: "G", count: 64)) }
        #expect(throws: ImageError.self) { try Digest("sha256:" + String(repeating: "/", count: 64)) }
        #expect(try Digest("sha512:" + String(repeating: "0", count: 128)).algorithm == .sha512)
    }

    @Test func platformsGoByManySpellings() throws {
        #expect(try Platform("x86_64") == Platform("linux/amd64"))
        #expect(try Platform("linux/arm64/v8") == Platform("linux/aarch64"))
        #expect(try Platform("linux/arm/v7").description == "linux/arm/v7")
        for text in ["", "linux/", "a/b/c/d", "linux/../x", "linux amd64"] {
            #expect(throws: ImageError.self) { try Platform(text) }
        }
    }

    @Test func anIndexGivesTheClosestImage() throws {
        func entry(_ platform: String, _ fill: String) throws -> Descriptor {
            Descriptor(
                mediaType: MediaType.ociManifest,
                digest: try Digest("sha256:" + String(repeating: fill, count: 64)),
                size: 1, platform: try Platform(platform))
        }
        let index = Index(manifests: [
            try entry("linux/arm/v6", "1"), try entry("linux/arm/v7", "2"), try entry("linux/amd64", "3"),
        ])
        #expect(try index.select(try Platform("linux/arm/v7")).digest.hex.first == "2")
        #expect(try index.select(try Platform("amd64")).digest.hex.first == "3")
        let error = #expect(throws: ImageError.self) { try index.select(try Platform("linux/s390x")) }
        #expect(error?.description.contains("linux/arm/v7") == true)
    }

    @Test func anyBytesMakeAFileName() {
        for bytes in [
            [0x61], [0xff, 0xfe], [0xc3, 0xa4], [0xc3], [0xf4, 0x8f, 0xbc, 0x80],
            [0xf0, 0x9f, 0x98, 0x80, 0x80],
        ] as [[UInt8]] {
            #expect(FileName.encode(FileName.decode(bytes)) == bytes)
        }
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0..<9, using: &generator)).map { _ in
                UInt8.random(in: 1...255, using: &generator) | (Bool.random(using: &generator) ? 0xf0 : 0)
            }
            #expect(FileName.encode(FileName.decode(bytes)) == bytes)
        }
    }
}
