import Glibc
import Host
import Testing

@testable import Images

/// Programs of others read what we write, and we read what they write.
struct InteroperationTests {
    static func isInstalled(_ path: String) -> Bool { access(path, X_OK) == 0 }

    /// A real registry on the loopback, ended with its owner.
    final class LiveRegistry {
        let port: Int
        private let child: ChildProcess

        init(_ scratch: ScratchFolder) async throws {
            port = Int.random(in: 20_000..<30_000)
            let text = """
                version: 0.1
                log: {level: error}
                storage: {filesystem: {rootdirectory: \(scratch("registry"))}}
                http: {addr: "127.0.0.1:\(port)"}
                """
            try scratch.write("registry.yml", Array(text.utf8))
            let null = try FileDescriptor.open("/dev/null", O_RDWR)
            child = try ChildProcess(
                "/usr/bin/docker-registry", ["serve", scratch("registry.yml")],
                inherit: [.init(null.raw, as: 0), .init(null.raw, as: 1), .init(null.raw, as: 2)])
        }

        deinit {
            child.signal(SIGKILL)
            _ = child.reap()
        }
    }

    static func patient(_ path: String) throws -> ImageStore {
        var settings = RegistrySettings()
        settings.retryPause = 0.2
        return try ImageStore(data: path, registries: settings)
    }

    @Test(.enabled(if: isInstalled("/usr/bin/docker-registry"), "docker-registry is not installed"))
    func aRealRegistryTakesAndGivesImages() async throws {
        let scratch = try ScratchFolder()
        let registry = try await LiveRegistry(scratch)
        let name = try Reference("127.0.0.1:\(registry.port)/team/app:1")
        let store = try Self.patient(scratch("one"))
        var generator = SeededGenerator(seed: 5)
        let noise = String(
            decoding: (0..<6_000_000).map { _ in UInt8.random(in: 33...126, using: &generator) },
            as: UTF8.self)
        let image = try await StoreTests.importing(["etc/a": "1", "noise": noise], "app:1", into: store)
        try await store.tag("app:1", as: name)
        let digest = try await Self.whenUp {
            try await store.push(name, credentials: RegistryTests.anonymous)
        }
        #expect(try await store.push(name, credentials: RegistryTests.anonymous) == digest)
        // Another repository takes the layer over.
        let second = try Reference("127.0.0.1:\(registry.port)/other/app:2")
        try await store.tag("app:1", as: second)
        #expect(try await store.push(second, credentials: RegistryTests.anonymous) == digest)

        let other = try Self.patient(scratch("two"))
        let pulled = try await other.pull(name, credentials: RegistryTests.anonymous)
        #expect(pulled.id == image.id && pulled.manifestDigest == digest)
        let byDigest = try await other.pull(second.at(digest), credentials: RegistryTests.anonymous)
        #expect(byDigest.id == image.id)
        let folder = try await other.layers(of: pulled).folders[0]
        #expect(try readFile("\(folder)/noise").count == 6_000_000)
        let missing = try Reference("127.0.0.1:\(registry.port)/team/app:none")
        let error = await #expect(throws: ImageError.self) {
            try await other.pull(missing, credentials: RegistryTests.anonymous)
        }
        #expect(error?.kind == .notFound)
    }

    /// The registry needs a moment to start.
    static func whenUp<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        for _ in 0..<100 {
            do { return try await body() } catch let error as ImageError where error.kind == .unavailable {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        return try await body()
    }

    @Test(
        .enabled(
            if: isInstalled("/usr/bin/skopeo") && isInstalled("/usr/bin/umoci")
                && isInstalled("/usr/bin/tar"),
            "skopeo, umoci or tar is not installed"))
    func othersReadWhatWeSave() async throws {
        let scratch = try ScratchFolder()
        let store = try StoreTests.open(scratch("data"))
        let base = try await StoreTests.importing(
            ["etc/a": "1", "etc/gone": "2", "dir/x": "3"], "app:1", into: store)
        try Folder.create(scratch("upper"))
        try Archive.unpack(
            try Archive.of(["etc/.wh.gone": "", "dir/.wh..wh..opq": "", "dir/y": "4"]), into: scratch("upper")
        )
        let image = try await store.commit(
            upper: scratch("upper"), parent: base, configuration: base.configuration, step: HistoryEntry(),
            names: [try Reference("app:2")])
        let file = try FileDescriptor.open(scratch("saved.tar"), O_WRONLY | O_CREAT)
        try await store.save(["app:2"], to: file.raw)
        let policy = ["--insecure-policy"]
        // As docker's archive, and as an OCI layout.
        #expect(
            try Command.run(
                "/usr/bin/skopeo",
                policy + ["copy", "docker-archive:\(scratch("saved.tar"))", "oci:\(scratch("copied")):x"]))
        try Folder.create(scratch("layout"))
        #expect(try Command.run("/usr/bin/tar", ["-xf", scratch("saved.tar"), "-C", scratch("layout")]))
        let umoci = ["unpack", "--rootless", "--image", "\(scratch("layout")):2", scratch("bundle")]
        #expect(try Command.run("/usr/bin/umoci", umoci))
        #expect(
            Folder.files(below: scratch("bundle/rootfs")).map {
                String($0.dropFirst(scratch("bundle/rootfs/").count))
            } == ["dir/y", "etc/a"])
        // What skopeo made of it comes back as the same image.
        #expect(
            try Command.run("/usr/bin/tar", ["-cf", scratch("copied.tar"), "-C", scratch("copied"), "."]))
        let other = try StoreTests.open(scratch("other"))
        let back = try FileDescriptor.open(scratch("copied.tar"))
        let loaded = try await other.load(from: back.raw)
        #expect(
            try await other.resolve(try #require(loaded.first).id.description).configuration.rootfs
                == image.configuration.rootfs)
    }
}
