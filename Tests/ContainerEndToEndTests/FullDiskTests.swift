import Foundation
import ProgramDriver
import Testing

/// No room left in the middle of something: an error that says so, nothing half made, everything acknowledged there.
@Suite(.serialized, .enabled(if: Requirement.containers, Requirement.why))
struct FullDiskTests {
    let daemon: DaemonUnderTest

    /// A daemon with 48 MB for all its data, 8 MB of which an acknowledged volume has.
    init() throws {
        daemon = try DaemonUnderTest(room: 48)
        try daemon.output("volume", "create", "kept")
        try daemon.output(
            "run", "--rm", "-v", "kept:/v", Busybox.name, "sh", "-c",
            "dd if=/dev/urandom of=/v/noise bs=1M count=8 && md5sum </v/noise >/v/sum && sync")
    }

    @Test func anImageThatDoesNotFitIsNotImported() throws {
        defer { daemon.end() }
        let room = try used()
        let answer = try daemon.viv(
            ["import", try noise(megabytes: 60).path(), "too/big:1"], patience: 120)
        expectNoSpace(answer)
        try expectAsBefore(room)
        // What fits still does.
        try daemon.output("import", try Busybox.archive.get().path(), "small:1")
        #expect(try daemon.output("run", "--rm", "small:1", "echo", "yes") == "yes")
    }

    @Test(.enabled(if: Requirement.find("docker-registry"), "needs docker-registry"))
    func aPullThatDoesNotFitLeavesNothing() throws {
        defer { daemon.end() }
        let registry = try RegistryUnderTest()
        let roomy = try DaemonUnderTest(options: ["--insecure-registry", registry.name], image: false)
        defer { roomy.end() }
        let room = try used()
        // Too big for the disk as its manifest says; then only when it is unpacked beside its archive.
        for (megabytes, complaint) in [(60, "the disk has room for"), (30, "no space left on device")] {
            let name = "\(registry.name)/team/big:\(megabytes)"
            try roomy.output("import", try noise(megabytes: megabytes).path(), name)
            try roomy.eventually("the registry takes the image") { try roomy.viv("push", name).code == 0 }
            let answer = try daemon.viv("pull", name)
            #expect(answer.code != 0)
            #expect(answer.errors.lowercased().contains(complaint), "\(answer.errors)")
            try expectAsBefore(room)
        }
    }

    @Test func aCommitThatDoesNotFitLeavesNothing() throws {
        defer { daemon.end() }
        try daemon.output("run", "-d", "--name", "writer", Busybox.name, "sleep", "1000")
        try daemon.output("exec", "writer", "dd", "if=/dev/urandom", "of=/noise", "bs=1M", "count=20")
        let sum = try daemon.output("exec", "writer", "md5sum", "/noise")
        let room = try used()
        expectNoSpace(try daemon.viv("commit", "writer", "committed:1"))
        try expectAsBefore(room)
        #expect(try daemon.output("exec", "writer", "md5sum", "/noise") == sum)
    }

    @Test func aBuildThatDoesNotFitLeavesNothing() throws {
        defer { daemon.end() }
        let context = Programs.scratch.appending(path: "full-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: context, withIntermediateDirectories: true)
        let text = """
            FROM \(Busybox.name)
            RUN echo small >/small
            RUN dd if=/dev/urandom of=/noise bs=1M count=60
            """
        try text.write(to: context.appending(path: "Dockerfile"), atomically: true, encoding: .utf8)
        let answer = try daemon.viv("build", "-t", "built:1", context.path())
        expectNoSpace(answer)
        #expect(
            answer.errors.contains("Dockerfile:3") || answer.errors.contains("line 3"), "\(answer.errors)")
        try expectAsBefore(nil)
    }

    // MARK: What must hold

    private func expectNoSpace(_ answer: Command) {
        #expect(answer.code != 0)
        let text = answer.errors + answer.output
        #expect(text.lowercased().contains("no space left on device"), "\(text)")
    }

    /// The daemon answers, has what was acknowledged and no more, and takes up what it did.
    private func expectAsBefore(_ room: Int?) throws {
        #expect(try daemon.output("images", "--format", "{{.Repository}}:{{.Tag}}") == Busybox.name)
        let check = ["run", "--rm", "-v", "kept:/v", Busybox.name, "sh", "-c"]
        let answer = try daemon.viv(check + ["test \"$(md5sum </v/noise)\" = \"$(cat /v/sum)\""])
        #expect(answer.code == 0, "the volume is whole: \(answer.errors)")
        if let room {
            try daemon.eventually("the room is given back") { try used() <= room + 512 * 1024 }
        }
        daemon.crash()
        try daemon.start()
        #expect(try daemon.output("images", "--format", "{{.Repository}}:{{.Tag}}") == Busybox.name)
    }

    /// Bytes that the daemon's data take.
    private func used() throws -> Int {
        let answer = try Command.run(
            URL(filePath: "/usr/bin/env"), ["df", "--output=used", "-B1", daemon.data.path()])
        return try #require(
            Int(answer.output.split(separator: "\n").last?.trimmingCharacters(in: .whitespaces) ?? ""))
    }

    /// An archive of one file that no compression makes smaller.
    private func noise(megabytes: Int) throws -> URL {
        let folder = Programs.scratch.appending(path: "noise-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let script =
            "head -c \(megabytes)M /dev/urandom >noise && tar -cf ../$(basename $PWD).tar noise && rm noise"
        let answer = try Command.run(
            URL(filePath: "/usr/bin/env"), ["sh", "-c", "cd '\(folder.path())' && " + script])
        guard answer.code == 0 else { throw Disappointment(answer.errors) }
        return folder.deletingLastPathComponent().appending(path: folder.lastPathComponent + ".tar")
    }
}
