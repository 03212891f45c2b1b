import Glibc
import Host
import Synchronization
import Testing

@testable import Images

struct StoreTests {
    static func open(_ path: String, _ watcher: @escaping StepWatcher = { _ in }) throws -> ImageStore {
        try ImageStore(data: path, platform: .host, registries: RegistrySettings(), watcher: watcher)
    }

    /// Opens a store again: what the first one does in the background holds on to it for a moment.
    static func reopen(_ path: String) async throws -> ImageStore {
        for _ in 0..<1000 {
            if let store = try? open(path) { return store }
            try await Task.sleep(for: .milliseconds(5))
        }
        return try open(path)
    }

    static func importing(_ files: [String: String], _ name: String, into store: ImageStore) async throws
        -> Image
    {
        let file = try openFile(try Archive.of(files))
        return try await store.importTree(from: file.raw, as: try Reference(name))
    }

    @Test func anImportedTreeIsAnImage() async throws {
        let scratch = try ScratchFolder()
        let store = try Self.open(scratch("data"))
        let image = try await Self.importing(["etc/hello": "hi"], "test:1", into: store)
        #expect(try await store.resolve("test:1") == image)
        #expect(try await store.resolve(image.id.short).id == image.id)
        #expect(try await store.resolve(image.id.description).tags == ["test:1"])
        let folders = try await store.layers(of: image).folders
        #expect(try readFile("\(folders[0])/etc/hello") == Array("hi".utf8))
        for name in ["test", "nothing:1", "UPPER", "sha256:00", ""] {
            await #expect(throws: ImageError.self, "\(name)") { try await store.resolve(name) }
        }
    }

    @Test func aStoreIsForOneProcess() throws {
        let scratch = try ScratchFolder()
        let store = try Self.open(scratch("data"))
        let error = #expect(throws: ImageError.self) { try Self.open(scratch("data")) }
        #expect(error?.kind == .conflict)
        withExtendedLifetime(store) {}
    }

    @Test func commitAddsALayer() async throws {
        let scratch = try ScratchFolder()
        let store = try Self.open(scratch("data"))
        let base = try await Self.importing(["a": "1"], "base:1", into: store)
        try scratch.write("upper/b", Array("2".utf8))
        let step = HistoryEntry(created: "2024-01-01T00:00:00Z", createdBy: "test")
        var configuration = base.configuration
        configuration.created = step.created
        let image = try await store.commit(
            upper: scratch("upper"), parent: base, configuration: configuration, step: step,
            names: [try Reference("child:1")])
        #expect(image.configuration.rootfs.diffIDs.count == 2 && image.parent == base.id)
        #expect(try await store.layers(of: image).folders.map { Folder.names(in: $0) } == [["b"], ["a"]])
        #expect(try await store.history("child:1").first?.entry.createdBy == "test")
        // The same input gives the same image.
        let again = try await store.commit(
            upper: scratch("upper"), parent: base, configuration: configuration, step: step)
        #expect(again.id == image.id)
        let error = await #expect(throws: ImageError.self) { try await store.remove(base.id.description) }
        #expect(error?.kind == .conflict)
        // By its name the parent goes, and its layers stay with the child.
        #expect(try await store.remove("base:1") == [.untagged("base:1"), .deleted(base.id)])
        #expect(try await store.layers(of: image).folders.count == 2)
    }

    @Test func savedImagesLoadElsewhere() async throws {
        let scratch = try ScratchFolder()
        let image: Image
        do {
            let store = try Self.open(scratch("one"))
            let base = try await Self.importing(["a": "1", "dir/c": "3"], "base:1", into: store)
            try scratch.write("upper/b", Array("2".utf8))
            image = try await store.commit(
                upper: scratch("upper"), parent: base, configuration: base.configuration,
                step: HistoryEntry(),
                names: [try Reference("child:1")])
            let file = try FileDescriptor.open(scratch("saved.tar"), O_WRONLY | O_CREAT)
            try await store.save(["child:1", "base:1"], to: file.raw)
        }
        let store = try Self.open(scratch("two"))
        let file = try FileDescriptor.open(scratch("saved.tar"))
        let loaded = try await store.load(from: file.raw)
        #expect(loaded.map(\.tags) == [["child:1"], ["base:1"]])
        #expect(try await store.resolve("child:1").id == image.id)
        let folders = try await store.layers(of: try await store.resolve("child:1")).folders
        #expect(folders.map { Folder.names(in: $0) } == [["b"], ["a", "dir"]])
    }

    @Test func whatIsInUseIsNotCollected() async throws {
        let scratch = try ScratchFolder()
        let store = try Self.open(scratch("data"))
        let image = try await Self.importing(["a": "1"], "test:1", into: store)
        try await store.hold(image.id, by: "container")
        let error = await #expect(throws: ImageError.self) { try await store.remove("test:1") }
        #expect(error?.kind == .conflict)
        #expect(try await store.remove("test:1", force: true) == [.untagged("test:1")])
        #expect(try await store.list().isEmpty)
        _ = try await store.collectGarbage()
        #expect(try await !store.layers(of: image).folders.isEmpty)
        await store.release(image.id, by: "container")
        #expect(Folder.names(in: scratch("data/layers")).isEmpty)
        #expect(Folder.names(in: scratch("data/content/blobs/sha256")).isEmpty)
    }

    @Test func namesMoveAndTheLastOneTakesTheImageAlong() async throws {
        let scratch = try ScratchFolder()
        let store = try Self.open(scratch("data"))
        let first = try await Self.importing(["a": "1"], "app:latest", into: store)
        try await store.tag("app", as: try Reference("app:old"))
        let second = try await Self.importing(["a": "2"], "app:latest", into: store)
        #expect(try await store.resolve("app").id == second.id)
        #expect(try await store.resolve("app:old").id == first.id)
        #expect(try await store.remove("app:old").contains(.deleted(first.id)))
        try await store.tag("app", as: try Reference("other:1"))
        let error = await #expect(throws: ImageError.self) { try await store.remove(second.id.short) }
        #expect(error?.kind == .conflict)
        #expect(try await store.remove("other:1") == [.untagged("other:1")])
        let pruned = try await store.prune(all: true)
        #expect(pruned.removed.contains(.deleted(second.id)) && pruned.freed > 0)
    }

    /// At each step the disk is copied, as a process that is killed there would leave it; every copy must open and
    /// hold all images that were acknowledged before.
    @Test(.enabled(if: access("/bin/cp", X_OK) == 0, "cp is not installed"))
    func aKilledProcessLeavesAWholeStore() async throws {
        let scratch = try ScratchFolder()
        let count = Mutex(0)
        let data = scratch("data")
        let copies = scratch.path
        let acknowledged = Mutex<[String]>([])
        let expected = Mutex<[[String]]>([])
        let watcher: StepWatcher = { _ in
            let number = count.withLock { count -> Int in
                count += 1
                return count
            }
            expected.withLock { $0.append(acknowledged.withLock { $0 }) }
            _ = try? Command.run("/bin/cp", ["-a", data, "\(copies)/copy\(number)"])
        }
        let store = try Self.open(data, watcher)
        for number in 1...3 {
            _ = try await Self.importing(["a": "\(number)"], "app:\(number)", into: store)
            acknowledged.withLock { $0.append("app:\(number)") }
        }
        let total = count.withLock { $0 }
        #expect(total >= 3 * 7)
        for number in 1...total {
            let copy = try Self.open("\(copies)/copy\(number)")
            for name in expected.withLock({ $0[number - 1] }) {
                let image = try await copy.resolve(name)
                let folders = try await copy.layers(of: image).folders
                #expect(try readFile("\(folders[0])/a") == Array(name.suffix(1).utf8))
            }
            #expect(Folder.names(in: "\(copies)/copy\(number)/content/ingest").isEmpty)
            #expect(
                Folder.names(in: "\(copies)/copy\(number)/layers").allSatisfy { !$0.hasPrefix("unfinished") })
            _ = try await copy.collectGarbage()
        }
    }

    @Test func aDamagedIndexIsRefusedAndKept() async throws {
        let scratch = try ScratchFolder()
        do {
            let store = try Self.open(scratch("data"))
            _ = try await Self.importing(["a": "1"], "app:1", into: store)
        }
        let path = scratch("data/content/images.json")
        let bytes = try readFile(path)
        try scratch.write("data/content/images.json", Array(bytes.dropLast(5)))
        let error = #expect(throws: ImageError.self) { try Self.open(scratch("data")) }
        #expect(error?.kind == .corrupt)
        #expect(try readFile(path).count == bytes.count - 5)
    }

    @Test func layersOfAnotherBootAreUnpackedAgain() async throws {
        let scratch = try ScratchFolder()
        let archive = try Self.dockerArchive(layers: [try Archive.of(["a": "1"])])
        do {
            let store = try Self.open(scratch("data"))
            let file = try openFile(archive)
            _ = try await store.load(from: file.raw)
        }
        let layer = try #require(Folder.names(in: scratch("data/layers")).first)
        // Until the first store has seen to it that the layer is on disk, it may write the record itself.
        let path = scratch("data/layers/\(layer)/layer.json")
        while try String(decoding: readFile(path), as: UTF8.self).contains("boot") {
            try await Task.sleep(for: .milliseconds(10))
        }
        let record = #"{"size":1,"boot":"another","notes":[]}"#
        try scratch.write("data/layers/\(layer)/layer.json", Array(record.utf8))
        let store = try await Self.reopen(scratch("data"))
        #expect(Folder.names(in: scratch("data/layers")).isEmpty)
        let folders = try await store.layers(of: try await store.resolve("app:1")).folders
        #expect(try readFile("\(folders[0])/a") == Array("1".utf8))
    }

    /// An archive as `docker save` wrote it before 25, its manifest last.
    static func dockerArchive(
        layers: [[UInt8]], lying: Bool = false, tag: String = "app:1"
    ) throws -> [UInt8] {
        var configuration = ImageConfiguration()
        configuration.rootfs.diffIDs = layers.map { Digest.of(lying ? $0 + [0] : $0) }
        let json = try Document.encode(configuration)
        let name = "\(Digest.of(json).hex).json"
        let paths = layers.indices.map { "layer\($0)/layer.tar" }
        let entry = LoadedArchive.DockerEntry(config: name, repoTags: [tag], layers: paths)
        return try Archive.make { writer in
            for (path, layer) in zip(paths, layers) {
                try writer.add(TarEntry(path: path, kind: .file), data: layer)
            }
            try writer.add(TarEntry(path: name, kind: .file), data: json)
            try writer.add(TarEntry(path: "manifest.json", kind: .file), data: try Document.encode([entry]))
        }
    }

    @Test func archivesThatLieAreRefusedAndLeaveNothing() async throws {
        let scratch = try ScratchFolder()
        let store = try Self.open(scratch("data"))
        let layer = try Archive.of(["a": "1"])
        let cut = try Self.dockerArchive(layers: [layer]).prefix(2048)
        let evil = try Archive.make { try $0.add(TarEntry(path: "../../x", kind: .file)) }
        for bytes in [
            try Self.dockerArchive(layers: [layer], lying: true), Array(cut), [], Array("junk".utf8),
            try Self.dockerArchive(layers: [evil]), try Archive.of(["manifest.json": "[{}]"]),
            try Archive.of(["manifest.json": #"[{"Config":"x","Layers":["y"]}]"#]),
            try Archive.of(["index.json": "{}"]),
        ] {
            let file = try openFile(bytes)
            await #expect(throws: ImageError.self) { try await store.load(from: file.raw) }
        }
        _ = try await store.collectGarbage()
        #expect(try await store.list().isEmpty)
        #expect(Folder.names(in: scratch("data/layers")).isEmpty)
        #expect(Folder.names(in: scratch("data/content/blobs/sha256")).isEmpty)
        #expect(Folder.names(in: scratch("data/content/ingest")).isEmpty)
    }

    @Test func manyAtOnceShareLayers() async throws {
        let scratch = try ScratchFolder()
        let store = try Self.open(scratch("data"))
        let layer = try Archive.of(["a": "1"])
        let archive = try Self.dockerArchive(layers: [layer, try Archive.gzip(layer)].prefix(1).map { $0 })
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let file = try openFile(archive)
                    _ = try await store.load(from: file.raw)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.list().count == 1)
        #expect(Folder.names(in: scratch("data/layers")).count == 1)
    }

    @Test func baseImagesHaveNames() throws {
        #expect(try BaseImage("debian:12").recipe == .debian(suite: "bookworm"))
        #expect(try BaseImage("debian:trixie").recipe == .debian(suite: "trixie"))
        #expect(try BaseImage("busybox").recipe == .busybox)
        for name in ["", "debian:1", "ubuntu", "busybox:2"] {
            #expect(throws: ImageError.self) { try BaseImage(name) }
        }
    }

    @Test(.enabled(if: access("/bin/busybox", X_OK) == 0, "busybox-static is not installed"))
    func busyboxBecomesAnImage() async throws {
        let scratch = try ScratchFolder()
        let store = try Self.open(scratch("data"))
        let image = try await store.buildBase("busybox")
        let folder = try await store.layers(of: image).folders[0]
        #expect(try Command.run("\(folder)/bin/busybox", ["true"]))
        #expect(FileTree.status("\(folder)/bin/sh", in: AT_FDCWD) != nil)
    }
}
