import CLinux
import Glibc
import Host
import Testing

@testable import Images

struct LayerTests {
    @Test func aLayerComesBackAsItWas() throws {
        let scratch = try ScratchFolder()
        try Folder.create(scratch("a"))
        try Folder.create(scratch("b"))
        try Archive.unpack(try Self.corpus(), into: scratch("a"))
        let first = try Self.tar(of: scratch("a"))
        try Archive.unpack(first, into: scratch("b"))
        let second = try Self.tar(of: scratch("b"))
        #expect(Digest.of(first) == Digest.of(second))
        let names = try Archive.read(first).map(\.entry.path)
        #expect(names.contains("etc/.wh.gone") && names.contains("opaque/.wh..wh..opq"))
        let hard = try #require(try Archive.read(first).first { $0.entry.kind == .hardLink })
        #expect(hard.entry.path == "etc/twin" && hard.entry.link == "etc/file")
        let file = try #require(try Archive.read(first).first { $0.entry.path == "etc/file" })
        #expect(file.entry.mode == 0o4711 && file.entry.attributes["user.note"] == Array("hi".utf8))
        #expect(file.entry.modified == TarTime(seconds: 1_600_000_000, nanoseconds: 5))
    }

    /// Whiteouts, opaque folders, links of both kinds, attributes, holes, a name that is no UTF-8.
    static func corpus() throws -> [UInt8] {
        try Archive.make { writer in
            let owner = (geteuid(), getegid())
            func add(_ entry: TarEntry, _ data: [UInt8] = []) throws {
                var entry = entry
                (entry.uid, entry.gid) = owner
                if entry.modified == TarTime() { entry.modified = TarTime(seconds: 1_500_000_000) }
                try writer.add(entry, data: data)
            }
            try add(TarEntry(path: "etc/", kind: .directory, mode: 0o555))
            var file = TarEntry(path: "etc/file", kind: .file, mode: 0o4711)
            file.attributes = ["user.note": Array("hi".utf8), "trusted.overlay.redirect": Array("/x".utf8)]
            file.modified = TarTime(seconds: 1_600_000_000, nanoseconds: 5)
            try add(file, Array("contents".utf8))
            var hard = TarEntry(path: "./etc//twin", kind: .hardLink)
            hard.link = "/etc/file"
            try add(hard)
            try add(TarEntry(path: "etc/.wh.gone", kind: .file))
            try add(TarEntry(path: "opaque/", kind: .directory, mode: 0o755))
            try add(TarEntry(path: "opaque/.wh..wh..opq", kind: .file))
            try add(TarEntry(path: ".wh..wh.plnk", kind: .directory))
            var link = TarEntry(path: "opaque/link", kind: .symbolicLink, mode: 0o777)
            link.link = "../../../../etc/shadow"
            try add(link)
            try add(TarEntry(path: "pipe", kind: .fifo, mode: 0o620))
            try add(TarEntry(path: FileName.decode([0x6c, 0xe4, 0x74]), kind: .file), [1])
            var sparse = TarEntry(path: "sparse", kind: .file)
            sparse.size = 64 << 20
            sparse.modified = TarTime(seconds: 1)
            sparse.sparse = [SparseExtent(offset: 32 << 20, length: 4096)]
            (sparse.uid, sparse.gid) = owner
            try writer.begin(sparse)
            try writer.write([UInt8](repeating: 9, count: 4096))
        }
    }

    static func tar(of folder: String, _ options: LayerDiffOptions = LayerDiffOptions()) throws -> [UInt8] {
        let sink = MemorySink()
        try LayerDiff(sink, options: options).write(folder)
        return sink.bytes
    }

    @Test func nothingIsWrittenOutsideTheFolder() throws {
        for kind in [
            "dotdot", "absolute link", "relative link", "link to link", "hard link", "hard link through link",
        ] {
            let scratch = try ScratchFolder()
            try Folder.create(scratch("root"))
            try scratch.write("outside/secret", Array("secret".utf8))
            let bytes = try Archive.make { writer in
                func link(_ path: String, _ target: String, _ kind: TarEntry.Kind = .symbolicLink) throws {
                    var entry = TarEntry(path: path, kind: kind, mode: 0o777)
                    entry.link = target
                    try writer.add(entry)
                }
                func file(_ path: String) throws {
                    try writer.add(TarEntry(path: path, kind: .file), data: [0x21])
                }
                switch kind {
                case "dotdot": try file("a/../../outside/secret")
                case "absolute link":
                    try link("a", scratch("outside"))
                    try file("a/secret")
                case "relative link":
                    try link("a", "../outside")
                    try file("a/secret")
                case "link to link":
                    try link("a", "b")
                    try link("b", "../../../../../../\(scratch("outside"))")
                    try file("a/secret")
                case "hard link": try link("a", "../outside/secret", .hardLink)
                default:
                    try link("a", "../outside")
                    try link("b", "a/secret", .hardLink)
                    try file("b")
                }
            }
            do { try Archive.unpack(bytes, into: scratch("root")) } catch let error as ImageError {
                #expect(!error.description.isEmpty)
            }
            #expect(try readFile(scratch("outside/secret")) == Array("secret".utf8), "\(kind)")
            #expect(Folder.names(in: scratch("outside")) == ["secret"], "\(kind)")
        }
    }

    @Test func laterMembersTakeThePlaceOfEarlierOnes() throws {
        let scratch = try ScratchFolder()
        try Folder.create(scratch("root"))
        let bytes = try Archive.make { writer in
            try writer.add(TarEntry(path: "a/b/c", kind: .file), data: [1])
            try writer.add(TarEntry(path: "a", kind: .file), data: [2])
            try writer.add(TarEntry(path: "d", kind: .file), data: [3])
            try writer.add(TarEntry(path: "d/", kind: .directory, mode: 0o755))
            try writer.add(TarEntry(path: "d/e", kind: .file), data: [4])
            try writer.add(TarEntry(path: "d/e", kind: .file), data: [5])
        }
        try Archive.unpack(bytes, into: scratch("root"))
        #expect(try readFile(scratch("root/a")) == [2])
        #expect(try readFile(scratch("root/d/e")) == [5])
    }

    @Test func aFolderThatReplacesAHiddenOneIsOpaque() throws {
        let scratch = try ScratchFolder()
        try Folder.create(scratch("root"))
        let bytes = try Archive.make { writer in
            try writer.add(TarEntry(path: ".wh.a", kind: .file))
            try writer.add(TarEntry(path: "a/", kind: .directory, mode: 0o755))
            try writer.add(TarEntry(path: "b/", kind: .directory, mode: 0o755))
            try writer.add(TarEntry(path: ".wh.b", kind: .file))
        }
        try Archive.unpack(bytes, into: scratch("root"))
        let attribute = HostPowers.current.opaqueAttribute
        #expect(ExtendedAttributes.value(attribute, of: scratch("root/a")) == Array("y".utf8))
        #expect(ExtendedAttributes.value(attribute, of: scratch("root/b")) == Array("y".utf8))
    }

    @Test func boundsHold() throws {
        let scratch = try ScratchFolder()
        try Folder.create(scratch("root"))
        var limits = LayerLimits()
        limits.entries = 10
        let many = try Archive.make { writer in
            for number in 0..<11 { try writer.add(TarEntry(path: "f\(number)", kind: .file)) }
        }
        #expect(throws: ImageError.self) { try Archive.unpack(many, into: scratch("root"), limits: limits) }
        limits = LayerLimits()
        limits.size = 100
        var hole = TarEntry(path: "hole", kind: .file)
        hole.size = 1 << 50
        hole.sparse = []
        let sparse = try Archive.make { try $0.begin(hole) }
        #expect(throws: ImageError.self) { try Archive.unpack(sparse, into: scratch("root"), limits: limits) }
        let deep = try Archive.of([String(repeating: "d/", count: 600) + "f": ""])
        #expect(throws: ImageError.self) { try Archive.unpack(deep, into: scratch("root")) }
        #expect(throws: ImageError.self) {
            try Archive.unpack(try Archive.of([".wh...": ""]), into: scratch("root"))
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root makes small file systems to fill"))
    func aFullDiskIsSaidToBeFull() throws {
        let scratch = try ScratchFolder()
        try Folder.create(scratch("small"))
        let mounted = try Command.run(
            "/bin/mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", scratch("small")])
        guard mounted else { return }
        defer { _ = try? Command.run("/bin/umount", [scratch("small")]) }
        let bytes = try Archive.make {
            try $0.add(TarEntry(path: "large", kind: .file), data: [UInt8](repeating: 1, count: 2 << 20))
        }
        let error = #expect(throws: ImageError.self) { try Archive.unpack(bytes, into: scratch("small")) }
        #expect(error?.kind == .noSpace)
    }

    @Test func changesAreNamedAsDockerDoes() throws {
        let scratch = try ScratchFolder()
        for (folder, files) in [
            "low": ["etc/a": "1", "etc/b": "2", "dir/x": "3", "deep/y": "4"],
            "high": [
                "etc/a": "changed", "etc/new": "5", "etc/.wh.b": "", "dir/.wh..wh..opq": "", "dir/x": "6",
                ".wh.deep": "",
            ],
        ] {
            try Folder.create(scratch(folder))
            try Archive.unpack(try Archive.of(files), into: scratch(folder))
        }
        let changes = try LayerDiff.changes(upper: scratch("high"), lowers: [scratch("low")])
        #expect(
            changes.map { "\($0.kind.rawValue) \($0.path)" } == [
                "D /deep", "C /dir", "A /dir/x", "C /etc", "C /etc/a", "D /etc/b", "A /etc/new",
            ])
    }

    @Test func timesCanBeMadeTheSame() throws {
        let scratch = try ScratchFolder()
        for name in ["a", "b"] {
            try scratch.write("\(name)/dir/file", [1, 2])
            usleep(20_000)
        }
        var options = LayerDiffOptions()
        #expect(try Self.tar(of: scratch("a")) != Self.tar(of: scratch("b")))
        options.latestTime = 1_000_000
        #expect(try Self.tar(of: scratch("a"), options) == Self.tar(of: scratch("b"), options))
        options.excluded = ["dir/file"]
        #expect(try Archive.read(try Self.tar(of: scratch("a"), options)).map(\.entry.path) == ["dir/"])
    }

    @Test(
        .enabled(if: access("/usr/bin/tar", X_OK) == 0, "tar is not installed"),
        arguments: ["gnu", "posix", "oldgnu", "ustar"])
    func archivesOfTarAreRead(format: String) throws {
        let scratch = try ScratchFolder()
        try scratch.write("in/dir/file", Array("text".utf8))
        let hole = try FileDescriptor.open(scratch("in/hole"), O_RDWR | O_CREAT)
        try call("size") { ftruncate(hole.raw, 8 << 20) }
        try call("write") { pwrite(hole.raw, "end", 3, 4 << 20) }
        link(scratch("in/dir/file"), scratch("in/twin"))
        symlink("dir/file", scratch("in/soft"))
        if format != "ustar" { try scratch.write("in/" + String(repeating: "long", count: 50), [1]) }
        let sparse = format == "ustar" ? [] : ["--sparse"]
        #expect(
            try Command.run(
                "/usr/bin/tar",
                ["--format=\(format)"] + sparse + ["-cf", scratch("t.tar"), "-C", scratch("in"), "."]))
        try Folder.create(scratch("out"))
        try Archive.unpack(try readFile(scratch("t.tar")), into: scratch("out"))
        #expect(try Command.run("/usr/bin/diff", ["-r", scratch("in"), scratch("out")]))
        // All but one of the formats know whole seconds only.
        var options = LayerDiffOptions()
        options.wholeSeconds = true
        #expect(try Self.tar(of: scratch("in"), options) == Self.tar(of: scratch("out"), options))
    }
}

enum Command {
    /// Whether a program ends well; it sees nothing and says nothing.
    static func run(_ path: String, _ arguments: [String], environment: [String] = []) throws -> Bool {
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        let child = try ChildProcess(
            path, arguments,
            inherit: [.init(null.raw, as: 0), .init(null.raw, as: 1), .init(null.raw, as: 2)],
            environment: ChildProcess.ownEnvironment + environment)
        return child.reap() == .exited(0)
    }
}
