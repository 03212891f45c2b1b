import Glibc
import Host
import Synchronization
import Testing

@testable import Images

/// Layers are unpacked while they come, and are seen only when they are whole.
struct StreamedPullTests {
    /// A tar of a file `a` and another behind it, both of noise that does not pack.
    private static func tar(seed: UInt64, size: Int = 300_000) throws -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return try Archive.make { writer in
            for name in ["a", "b"] {
                let noise = (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) }
                try writer.add(TarEntry(path: name, kind: .file), data: noise)
            }
        }
    }

    /// What is half made, by the names of its files.
    private static func halfMade(in data: String) -> [[String]] {
        Folder.names(in: "\(data)/layers").filter { $0.hasPrefix("unfinished-") }
            .map { Folder.names(in: "\(data)/layers/\($0)/diff") }
    }

    /// A pull that waits for long: what these registries hold back comes when the layer was seen to be unpacked.
    private static func pull(
        _ script: @escaping ScriptedRegistry.Script, into scratch: ScratchFolder
    ) async throws -> (Image, ImageStore) {
        let registry = try ScriptedRegistry(script)
        var settings = RegistrySettings()
        settings.stallTimeout = 600
        settings.retries = 0
        let store = try ImageStore(data: scratch("data"), registries: settings)
        let reference = try Reference("127.0.0.1:\(registry.port)/app:1")
        return (try await store.pull(reference, credentials: RegistryTests.anonymous), store)
    }

    @Test func aLayerIsUnpackedWhileItComesAndSeenWhenItIsWhole() async throws {
        let scratch = try ScratchFolder()
        let data = scratch("data")
        let served = try ServedImage(tars: [try Self.tar(seed: 1)])
        let hex = served.diffIDs[0].hex
        let wasSeenEarly = Atomic(false)
        // The rest of the layer comes only after its first file is there: without streaming the pull stalls.
        let script: ScriptedRegistry.Script = { request in
            var answer = served.answer(request)
            guard request.path.hasSuffix(served.layerDigest.hex) else { return answer }
            answer.hold = (
                after: served.layer.count - 100_000,
                until: {
                    if Folder.names(in: "\(data)/layers").contains(hex) {
                        wasSeenEarly.store(true, ordering: .relaxed)
                    }
                    return Self.halfMade(in: data).contains { $0.contains("b") }
                }
            )
            return answer
        }
        let (image, store) = try await Self.pull(script, into: scratch)
        let wasEarly = wasSeenEarly.load(ordering: .relaxed)
        #expect(!wasEarly)
        let folder = try #require(try await store.layers(of: image).folders.first)
        #expect(Folder.names(in: folder).sorted() == ["a", "b"])
        #expect(try readFile("\(folder)/b").count == 300_000)
    }

    @Test func layersAreUnpackedSeveralAtATime() async throws {
        let scratch = try ScratchFolder()
        let data = scratch("data")
        let served = try ServedImage(tars: try (1...3).map { try Self.tar(seed: $0) })
        // No layer gets its end before all three are half made.
        let all = Atomic(false)
        let script: ScriptedRegistry.Script = { request in
            var answer = served.answer(request)
            guard let layer = served.layers.first(where: { request.path.hasSuffix(Digest.of($0).hex) }) else {
                return answer
            }
            answer.hold = (
                after: layer.count - 100_000,
                until: {
                    if Self.halfMade(in: data).count(where: { $0.contains("b") }) == 3 {
                        all.store(true, ordering: .relaxed)
                    }
                    return all.load(ordering: .relaxed)
                }
            )
            return answer
        }
        let (image, store) = try await Self.pull(script, into: scratch)
        #expect(try await store.layers(of: image).folders.count == 3)
    }

    @Test func manyLayersComeThroughFewPlaces() async throws {
        let scratch = try ScratchFolder()
        let served = try ServedImage(
            tars: try (1...20).map { try Archive.of(["file\($0)": "\($0)"]) })
        let (image, store, _) = try await RegistryTests.pull({ served.answer($0) }, into: scratch)
        let folders = try await store.layers(of: image).folders
        #expect(folders.map { Folder.names(in: $0) } == (1...20).reversed().map { ["file\($0)"] })
    }

    @Test func aDownloadThatBeginsAnewIsUnpackedFromItsStart() async throws {
        let scratch = try ScratchFolder()
        let served = try ServedImage(tars: [try Self.tar(seed: 2)])
        let attempts = Atomic(0)
        // The first attempt brings other bytes and breaks; the second ignores the range that it is asked for.
        let script: ScriptedRegistry.Script = { request in
            var answer = served.answer(request)
            guard request.path.hasSuffix(served.layerDigest.hex) else { return answer }
            if attempts.wrappingAdd(1, ordering: .relaxed).oldValue == 0 {
                answer.body[200_000] ^= 1
                answer.breaksAfter = 400_000
            }
            return answer
        }
        let (image, store, _) = try await RegistryTests.pull(script, into: scratch)
        let count = attempts.load(ordering: .relaxed)
        #expect(count == 2)
        let folder = try #require(try await store.layers(of: image).folders.first)
        #expect(try readFile("\(folder)/b").count == 300_000)
    }

    @Test func aLayerThatLeadsOutOfItselfIsRefusedOnItsWay() async throws {
        let scratch = try ScratchFolder()
        let tar = try Archive.make { writer in
            try writer.add(TarEntry(path: "../escape", kind: .file), data: [1])
        }
        let served = try ServedImage(tars: [tar])
        let error = await #expect(throws: ImageError.self) {
            try await RegistryTests.pull({ served.answer($0) }, into: scratch)
        }
        #expect(error?.kind == .invalid, "\(error?.description ?? "")")
        #expect(Folder.names(in: scratch("data/layers")).isEmpty)
        #expect(Folder.names(in: scratch("data/content/ingest")).isEmpty)
    }
}
