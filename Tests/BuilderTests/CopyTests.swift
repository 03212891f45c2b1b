import Glibc
import Host
import Images
import Testing

@testable import Builder

@Suite(.enabled(if: BuildFixture.isRoot, "file owners in layers need root"))
struct CopyTests {
    @Test func foldersGiveTheirContent() async throws {
        let fixture = try await BuildFixture()
        try fixture.write("src/a", "1", mode: 0o600)
        try fixture.write("src/sub/b", "2")
        try fixture.write(".dockerignore", "**/*.o\n")
        try fixture.write("src/x.o", "3")
        symlink("a", "\(fixture.context)/src/link")
        let image = try await fixture.build("FROM scratch\nCOPY src /dst\nCOPY src/a /dst/renamed\n")
        #expect(try await fixture.file("/dst/sub/b", of: image) == "2")
        #expect(try await fixture.file("/dst/renamed", of: image) == "1")
        #expect(try await fixture.node("/dst/a", of: image)?.mode == 0o600)
        #expect(try await fixture.node("/dst/link", of: image)?.isLink == true)
        #expect(try await fixture.node("/dst/x.o", of: image) == nil)
    }

    @Test func linksInTheImageAreFollowedInsideItOnly() async throws {
        let fixture = try await BuildFixture()
        try fixture.write("root/usr/lib/keep", "1")
        symlink("usr/lib", "\(fixture.context)/root/lib")
        symlink("../../../../tmp/builder-outside", "\(fixture.context)/root/out")
        try fixture.write("f", "2")
        let image = try await fixture.build("FROM scratch\nCOPY root /\nCOPY f /lib/\nCOPY f /out/f\n")
        #expect(try await fixture.file("/usr/lib/f", of: image) == "2")
        #expect(try await fixture.file("/usr/lib/keep", of: image) == "1")
        #expect(try await fixture.node("/lib", of: image)?.isLink == true)
        #expect(try await fixture.file("/tmp/builder-outside/f", of: image) == "2")
        #expect(!Folder.exists("/tmp/builder-outside"))
    }

    @Test func linksInTheContextDoNotLeadOutOfIt() async throws {
        let fixture = try await BuildFixture()
        symlink("/etc/passwd", "\(fixture.context)/link")
        await #expect(throws: BuildError.self) { try await fixture.build("FROM scratch\nCOPY link /\n") }
        await #expect(throws: BuildError.self) {
            try await fixture.build("FROM scratch\nCOPY ../../etc/passwd /\n")
        }
    }

    @Test func wildcardsAndSeveralSourcesGoIntoAFolder() async throws {
        let fixture = try await BuildFixture()
        for name in ["a1.c", "a2.c", "b.h", "d/e/x.py", "d/y.py"] { try fixture.write(name, name) }
        let image = try await fixture.build(
            """
            FROM scratch
            COPY a?.c b.h /all/
            COPY --parents d/**/*.py /p/
            COPY --parents d/./e/x.py /q/
            COPY --exclude=*.c *.* /r/
            COPY --chmod=u+x,go= b.h /s
            """)
        #expect(try await fixture.file("/all/a2.c", of: image) == "a2.c")
        #expect(try await fixture.file("/p/d/e/x.py", of: image) == "d/e/x.py")
        #expect(try await fixture.file("/p/d/y.py", of: image) == "d/y.py")
        #expect(try await fixture.file("/q/e/x.py", of: image) == "d/e/x.py")
        #expect(try await fixture.file("/r/b.h", of: image) == "b.h")
        #expect(try await fixture.node("/r/a1.c", of: image) == nil)
        #expect(try await fixture.node("/s", of: image)?.mode == 0o700)
    }

    @Test func ownersByNameComeFromTheImage() async throws {
        let fixture = try await BuildFixture()
        try fixture.write("etc/passwd", "app:x:12:34:App:/home/app:/bin/sh\n")
        try fixture.write("etc/group", "staff:x:50:app\n")
        let image = try await fixture.build(
            "FROM scratch\nCOPY etc /etc\nCOPY --chown=app etc/group /a\nCOPY --chown=app:staff etc/group /b\nUSER app\nRUN x\n"
        )
        #expect(try await fixture.node("/a", of: image)?.status.st_uid == 12)
        #expect(try await fixture.node("/a", of: image)?.status.st_gid == 34)
        #expect(try await fixture.node("/b", of: image)?.status.st_gid == 50)
        let user = try #require(fixture.executor.steps.first?.user)
        #expect(user == StepUser(uid: 12, gid: 34, additionalGroups: [50]))
        #expect(fixture.executor.steps.first?.environment.contains("HOME=/home/app") == true)
        await #expect(throws: BuildError.self) {
            try await fixture.build("FROM scratch\nCOPY --chown=nobody etc /etc\n")
        }
    }

    @Test func heredocsBecomeFiles() async throws {
        let fixture = try await BuildFixture()
        let image = try await fixture.build(
            "FROM scratch\nENV A=1\nCOPY <<one <<'two' /d/\n$A\none\n$A\ntwo\nCOPY <<x /y\nz\nx\n")
        #expect(try await fixture.file("/d/one", of: image) == "1\n")
        #expect(try await fixture.file("/d/two", of: image) == "$A\n")
        #expect(try await fixture.file("/y", of: image) == "z\n")
    }

    @Test func addTakesArchivesApart() async throws {
        let fixture = try await BuildFixture()
        let path = "\(fixture.context)/a.tar"
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT, mode: 0o644)
        let writer = TarWriter(DescriptorSink(file.raw, name: path))
        var entry = TarEntry(path: "in/side", kind: .file)
        entry.size = 2
        try writer.add(entry, data: Array("ok".utf8))
        try writer.finish()
        let image = try await fixture.build(
            "FROM scratch\nADD a.tar /x/\nCOPY a.tar /y/\nADD --unpack=false a.tar /z/\n")
        #expect(try await fixture.file("/x/in/side", of: image) == "ok")
        #expect(try await fixture.node("/y/a.tar", of: image)?.isFile == true)
        #expect(try await fixture.node("/z/a.tar", of: image)?.isFile == true)
    }

    @Test func filesDoNotReplaceFolders() async throws {
        let fixture = try await BuildFixture()
        try fixture.write("d/f/x", "1")
        try fixture.write("f", "2")
        await #expect(throws: BuildError.self) {
            try await fixture.build("FROM scratch\nCOPY d /\nCOPY f /g/\nCOPY f /\n")
        }
        await #expect(throws: BuildError.self) {
            try await fixture.build("FROM scratch\nCOPY f /a\nCOPY f /a/b\n")
        }
    }

    @Test func gitAndCopiedURLsAreRefused() async throws {
        let fixture = try await BuildFixture()
        for text in [
            "ADD https://example.com/x.git /", "ADD git@example.com:x /", "COPY https://example.com/x /",
        ] {
            await #expect(throws: BuildError.self) { try await fixture.build("FROM scratch\n\(text)\n") }
        }
    }

    @Test func archivesServeAsContexts() async throws {
        let fixture = try await BuildFixture()
        let path = "\(fixture.root)/context.tar"
        let file = try FileDescriptor.open(path, O_RDWR | O_CREAT, mode: 0o644)
        let writer = TarWriter(DescriptorSink(file.raw, name: path))
        for (name, text) in [
            ("Dockerfile", "FROM scratch\nCOPY d /\nRUN --mount=target=/m x\n"), ("d/f", "ok"),
        ] {
            var entry = TarEntry(path: name, kind: .file)
            entry.size = Int64(text.utf8.count)
            try writer.add(entry, data: Array(text.utf8))
        }
        try writer.finish()
        for expectedHits in [0, 2] {
            lseek(file.raw, 0, SEEK_SET)
            let raw = file.raw
            let image = try await fixture.build("") {
                $0.context = .archive(descriptor: raw)
                $0.dockerfile = .path("Dockerfile")
            }
            #expect(try await fixture.file("/f", of: image) == "ok")
            #expect(fixture.hits == expectedHits)
        }
        guard case .bind(let source, _, _) = fixture.executor.steps.first?.mounts.first else {
            throw BuildError(.system, "no bind mount")
        }
        #expect(!source.hasPrefix("/proc"), "another process has to find it")
    }

    @Test func brokenArchivesAreRefused() async throws {
        let fixture = try await BuildFixture()
        try fixture.write("junk", String(repeating: "x", count: 2000))
        let file = try FileDescriptor.open("\(fixture.context)/junk")
        let raw = file.raw
        await #expect(throws: BuildError.self) {
            try await fixture.build("FROM scratch\n") { $0.context = .archive(descriptor: raw) }
        }
        #expect(Folder.names(in: "\(fixture.root)/cache/pending").isEmpty)
    }
}
