import Glibc
import Host
import Images
import Model
import Testing

@testable import Engine

/// Files of real containers: copies, volumes, changes.
@Suite(.serialized, .enabled(if: Rig.obstacle == nil, "\(Rig.obstacle ?? "")"))
struct FileTests {
    private func tar(_ entries: [(TarEntry, String)]) throws -> ByteStream {
        let sink = MemorySink()
        let writer = TarWriter(sink)
        for (entry, text) in entries {
            var entry = entry
            entry.size = Int64(text.utf8.count)
            try writer.add(entry, data: Array(text.utf8))
        }
        try writer.finish()
        let bytes = OneTime(sink.bytes)
        return AsyncThrowingStream { bytes.take() }
    }

    private func members(_ stream: ByteStream) async throws -> [String: String] {
        var bytes: [UInt8] = []
        for try await piece in stream { bytes += piece }
        let reader = TarReader(MemorySource(bytes))
        var result: [String: String] = [:]
        while let entry = try reader.next() {
            result[entry.path] = String(decoding: try reader.readAll(limit: 1 << 20), as: UTF8.self)
        }
        return result
    }

    @Test(arguments: [true, false]) func filesAreCopiedInAndOut(isRunning: Bool) async throws {
        try await Rig.with { rig in
            let id = try await rig.engine.create(rig.spec(["sleep", "60"]), name: nil).id.text
            if isRunning { try await rig.engine.start(id) }
            let archive = try tar([(TarEntry(path: "note", kind: .file), "hello")])
            try await rig.engine.unpack(id, path: "/tmp", tar: archive)
            let status = try await rig.engine.pathStatus(id, path: "/tmp/note")
            #expect(status.name == "note" && status.size == 5)
            let (_, stream) = try await rig.engine.archive(id, path: "/tmp")
            #expect(try await members(stream) == ["tmp/": "", "tmp/note": "hello"])
            #expect(try await rig.engine.changes(id).contains(FileChange(.added, "/tmp/note")))
            await #expect { try await rig.engine.pathStatus(id, path: "/nowhere") } throws: {
                ($0 as? EngineError)?.kind == .notFound
            }
        }
    }

    @Test func aLinkInAContainerLeadsNowhereElse() async throws {
        try await Rig.with { rig in
            let secret = try rig.folder.write("secret", "of the host")
            var link = TarEntry(path: "out", kind: .symbolicLink, mode: 0o777)
            link.link = rig.folder.path
            let id = try await rig.engine.create(rig.spec(["sleep", "60"]), name: nil).id.text
            try await rig.engine.unpack(id, path: "/tmp", tar: try tar([(link, "")]))
            await #expect(throws: EngineError.self) {
                try await rig.engine.pathStatus(id, path: "/tmp/out/secret")
            }
            await #expect(throws: EngineError.self) {
                try await rig.engine.unpack(
                    id, path: "/tmp/out", tar: try tar([(TarEntry(path: "secret", kind: .file), "x")]))
            }
            #expect(SmallFile.text(secret) == "of the host")
        }
    }

    @Test func aNewVolumeGetsTheImagesFilesAndOutlivesItsContainer() async throws {
        try await Rig.with { rig in
            let mount = { (spec: inout ContainerSpec) in
                spec.mounts = [MountSpec(.volume, source: "data", target: "/etc")]
            }
            let first = try await rig.output(["sh", "-c", "cat /etc/passwd; echo more > /etc/more"], mount)
            #expect(first.text.contains("web:x:1000"))
            #expect(try await rig.output(["cat", "/etc/more"], mount).text == "more\n")
            try await rig.engine.removeVolume("data")
            #expect(try await rig.engine.volumes().isEmpty)
        }
    }

    @Test func snapshotsHoldWhatTheVolumeWas() async throws {
        try await Rig.with { rig in
            let mount = { (spec: inout ContainerSpec) in
                spec.mounts = [MountSpec(.volume, source: "data", target: "/d")]
            }
            let id = try await rig.run(
                ["sh", "-c", "echo one > /d/f; ln /d/f /d/g; sleep 60"], name: "user", mount)
            try await Task.sleep(for: .milliseconds(300))
            _ = try await rig.engine.snapshotVolume("data", as: "before")
            #expect(try await rig.engine.inspect(id).state == .running)
            _ = try await rig.exec(id, ["sh", "-c", "echo two > /d/f"])
            let copy = try await rig.engine.cloneVolume("data", to: "copy", snapshot: "before")
            #expect(SmallFile.text("\(copy.mountPoint)/g") == "one\n")
            await #expect(throws: EngineError.self) {
                try await rig.engine.restoreVolume("data", from: "before")
            }
            try await rig.engine.remove(id, force: true)
            try await rig.engine.restoreVolume("data", from: "before")
            let record = try await rig.engine.volume("data")
            #expect(SmallFile.text("\(record.mountPoint)/f") == "one\n")
            try await rig.engine.removeVolume("data")
            try await rig.engine.removeVolume("copy")
            #expect(Folder.names(in: rig.folder.file("data/snapshots/data")).isEmpty)
        }
    }

    @Test func anonymousVolumesGoWithTheirContainer() async throws {
        try await Rig.with { rig in
            let id = try await rig.run(["true"]) { $0.mounts = [MountSpec(.volume, target: "/d")] }
            _ = try await rig.engine.wait(id, .notRunning)
            #expect(try await rig.engine.volumes().count == 1)
            try await rig.engine.remove(id, removesVolumes: true)
            #expect(try await rig.engine.volumes().isEmpty)
        }
    }

    @Test func aCommitBecomesAnImageThatRuns() async throws {
        try await Rig.with { rig in
            let id = try await rig.run(["sh", "-c", "echo kept > /kept"])
            _ = try await rig.engine.wait(id, .notRunning)
            var spec = CommitSpec()
            spec.reference = "made:1"
            spec.changes = ["CMD [\"cat\", \"/kept\"]"]
            _ = try await rig.engine.commit(id, spec)
            #expect(
                try await rig.output([]) {
                    $0.image = "made:1"; $0.command = nil
                }.text == "kept\n")
        }
    }

    @Test func usersLimitsAndEnvironmentArriveInTheContainer() async throws {
        try await Rig.with { rig in
            let (_, text) = try await rig.output([
                "sh", "-c", "id -u; id -g; echo $A $HOSTNAME; ulimit -n; pwd",
            ]) {
                $0.user = "web"
                $0.environment = ["A=b"]
                $0.hostname = "here"
                $0.limits = [ResourceLimit(name: "nofile", soft: 100, hard: 200)]
                $0.workingDirectory = "/srv/new"
            }
            #expect(text == "1000\n1001\nb here\n100\n/srv/new\n")
        }
    }
}

/// Bytes that are handed out once.
final class OneTime: @unchecked Sendable {
    // SAFETY: one stream asks, one call at a time.
    private var bytes: [UInt8]?
    init(_ bytes: [UInt8]) { self.bytes = bytes }
    func take() -> [UInt8]? {
        defer { bytes = nil }
        return bytes
    }
}
