import CLI
import Glibc
import Host
import Testing

@Suite struct ArchiveTests {
    @Test func `an entry survives however the archive is cut`() throws {
        var long = TarEntry(String(repeating: "folder/", count: 40) + "file", .file)
        long.size = 700
        long.mode = 0o755
        long.user = 1 << 22
        var link = TarEntry("link", .symbolicLink)
        link.link = String(repeating: "x", count: 150)
        let body = (0..<700).map { UInt8(truncatingIfNeeded: $0) }
        let archive = long.header + body + TarEntry.padding(after: 700) + link.header + TarEntry.end
        for step in [1, 7, 511, 512, 513, archive.count] {
            var reader = TarReader()
            var entries: [TarEntry] = []
            var bytes: [UInt8] = []
            for start in stride(from: 0, to: archive.count, by: step) {
                for item in try reader.take(Array(archive[start..<min(start + step, archive.count)])) {
                    switch item {
                    case .entry(let entry): entries.append(entry)
                    case .bytes(let some): bytes += some
                    }
                }
            }
            #expect(entries == [long, link] && bytes == body)
        }
    }

    @Test func `a damaged header is refused and any byte may change without a trap`() {
        var entry = TarEntry("file", .file)
        entry.size = 3
        let archive = entry.header + [1, 2, 3] + TarEntry.padding(after: 3) + TarEntry.end
        // The two bytes after the digits of the sum mean nothing.
        for index in 0..<512 where !(154...155).contains(index) {
            var damaged = archive
            damaged[index] ^= 0xff
            var reader = TarReader()
            #expect(throws: TarReader.Fault.self) { try reader.take(damaged) }
        }
    }

    @Test(arguments: [
        ("*.log", "a.log", true), ("*.log", "sub/a.log", false), ("**/*.log", "sub/deep/a.log", true),
        ("**/*.log", "a.log", true), ("build", "build/out/x", true), ("build/", "build", true),
        ("/build", "build", true), ("a?c", "abc", true), ("a?c", "ac", false), ("*\n!keep", "keep", false),
        ("*\n!keep", "other", true), ("docs\n!docs/README", "docs/README", false), ("# x\n\n", "x", false),
        ("a/**/z", "a/z", true), ("a/**/z", "a/b/c/z", true),
    ])
    func `files are left out by the rules of dockerignore`(rules: String, path: String, isExcluded: Bool) {
        #expect(IgnoreRules(text: rules).excludes(path) == isExcluded)
    }

    @Test func `names in an archive become what the copy asks for`() {
        #expect(CopyPlace.renamed("conf/a/b", from: "conf", to: nil) == "conf/a/b")
        #expect(CopyPlace.renamed("conf/a/b", from: "conf", to: "new") == "new/a/b")
        #expect(CopyPlace.renamed("conf/", from: "conf", to: "") == "")
        #expect(CopyPlace(parsing: "web:/etc") == .container("web", "/etc"))
        #expect(CopyPlace(parsing: "./a:b") == .host("./a:b"))
        #expect(CopyPlace(parsing: "plain") == .host("plain"))
    }

    @Test(arguments: ["", "f", "fo", "foo", "\u{0}\u{ff}~"])
    func `base64 comes back`(text: String) {
        #expect(Base64.decode(Base64.encode(Array(text.utf8))) == Array(text.utf8))
        #expect(Base64.encode(Array("foob".utf8)) == "Zm9vYg==" && Base64.decode("Zm9v!") == nil)
    }

    @Test func `frames come back however they are cut`() throws {
        let frames = [Frame(.output, [1, 2, 3]), Frame(.closeInput), .resize(rows: 24, columns: 300)]
        let wire = frames.flatMap(\.encoded)
        for cut in 0...wire.count {
            var splitter = FrameSplitter()
            let first = try splitter.take(Array(wire[..<cut]))
            let second = try splitter.take(Array(wire[cut...]))
            #expect(first + second == frames)
        }
        var splitter = FrameSplitter()
        #expect(throws: FrameSplitter.Fault.self) { try splitter.take([0x4f, 0xff, 0, 0, 0]) }
        var tolerant = FrameSplitter()
        #expect(try tolerant.take([0x3f, 0, 0, 0, 1, 9] + Frame(.exit).encoded) == [Frame(.exit)])
    }

    @Test func `logins are kept in the file and found again`() throws {
        let path = "/tmp/vivarium-test-\(try Random.name(digits: 12))"
        defer { unlink(path) }
        var logins = try RegistryLogins(path: path)
        try logins.store("r.example.org", user: "me", password: "a:b")
        let again = try RegistryLogins(path: path)
        let login = try again.login(to: "r.example.org")
        #expect(login?.user == "me" && login?.password == "a:b")
        #expect(try again.login(to: "other") == nil)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(RegistryLogins.registry(of: "debian:12") == RegistryLogins.dockerHub)
        #expect(RegistryLogins.registry(of: "me/app") == RegistryLogins.dockerHub)
        #expect(RegistryLogins.registry(of: "localhost:5000/app") == "localhost:5000")
    }
}
