/// Fetches and unpacks the layers of one pull.
///
/// A layer is unpacked while it is still on its way, and while others are. It becomes visible when its blob and its
/// tar both have the digests that the image names. Downloads and unpacking have places of their own, so that neither
/// holds up the other.
struct LayerPull: Sendable {
    /// Layers that are unpacked at a time: more only compete for the disk.
    private static let parallelUnpacking = 4

    private let pull: Pull
    private let downloads: Places
    private let unpacking = Places(Self.parallelUnpacking)
    private var work: LayerWork { pull.work }

    init(_ pull: Pull) {
        self.pull = pull
        downloads = Places(max(1, pull.client.settings.parallelDownloads))
    }

    /// All layers, given with their diff ids; the first failure ends all.
    func fetch(_ layers: [(Descriptor, Digest)]) async throws(ImageError) -> [Layer] {
        var done: [Int: Layer] = [:]
        var failure: ImageError?
        await withTaskGroup(of: (Int, Result<Layer, ImageError>).self) { group in
            for (number, (descriptor, diffID)) in layers.enumerated() {
                group.addTask { (number, await outcome(of: descriptor, diffID)) }
            }
            for await (number, result) in group {
                switch result {
                case .success(let layer): done[number] = layer
                case .failure(let error):
                    // Those that are cancelled only say so.
                    failure = failure ?? error
                    group.cancelAll()
                }
            }
        }
        if let failure { throw failure }
        return layers.indices.compactMap { done[$0] }
    }

    private func outcome(of descriptor: Descriptor, _ diffID: Digest) async -> Result<Layer, ImageError> {
        do throws(ImageError) {
            return .success(try await layer(descriptor, diffID))
        } catch {
            return .failure(error)
        }
    }

    private func layer(_ descriptor: Descriptor, _ diffID: Digest) async throws(ImageError) -> Layer {
        let id = descriptor.digest.short
        if work.content.has(descriptor), let record = work.layers.record(diffID) {
            pull.progress(.init(id: id, .alreadyExists))
            return Layer(descriptor: descriptor, diffID: diffID, size: record.size)
        }
        if !work.content.has(descriptor) { try await download(descriptor, diffID) }
        pull.progress(.init(id: id, .extracting, total: descriptor.size))
        try await unpack(descriptor, diffID)
        guard let record = work.layers.record(diffID) else {
            throw ImageError(.system, "the layer \(diffID.short) vanished while it was unpacked")
        }
        pull.progress(.init(id: id, .pullComplete))
        return Layer(descriptor: descriptor, diffID: diffID, size: record.size)
    }

    /// Fetches a blob and has it unpacked on its way, when there is a place for that.
    private func download(_ descriptor: Descriptor, _ diffID: Digest) async throws(ImageError) {
        let unpacked: Task<Void, any Error>?
        do {
            if !downloads.takeIfFree() {
                pull.progress(.init(id: descriptor.digest.short, .waiting))
                await downloads.take()
            }
            defer { downloads.give() }
            if Task.isCancelled { throw ImageError(.unavailable, "interrupted") }
            let writer = try work.content.writer(descriptor.digest.algorithm)
            unpacked = try await follow(writer, descriptor, diffID)
            do throws(ImageError) {
                try await fetch(descriptor, to: writer)
            } catch {
                writer.abandon()
                _ = await unpacked?.result
                throw error
            }
        } catch {
            throw ImageError(any: error)
        }
        pull.progress(.init(id: descriptor.digest.short, .downloadComplete))
        try await settle(unpacked)
    }

    private func fetch(_ descriptor: Descriptor, to writer: BlobWriter) async throws(ImageError) {
        try await pull.client.download(descriptor, to: writer, progress: pull.progress)
        _ = try await onThread("commit") { () throws(ImageError) in
            try writer.commit(expecting: descriptor.digest, size: descriptor.size)
        }
    }

    /// Begins to unpack what is being written, unless all places for that are taken.
    private func follow(
        _ writer: BlobWriter, _ descriptor: Descriptor, _ diffID: Digest
    ) async throws(ImageError) -> Task<Void, any Error>? {
        guard unpacking.takeIfFree() else { return nil }
        do throws(ImageError) {
            return await pull.store.unpack(
                try writer.follow(), packedSize: descriptor.size, as: diffID, in: unpacking)
        } catch {
            unpacking.give()
            throw error
        }
    }

    /// Waits for unpacking that followed a download. Where the download began anew, nothing is lost: the blob is
    /// there.
    private func settle(_ unpacked: Task<Void, any Error>?) async throws(ImageError) {
        do {
            try await unpacked?.value
        } catch {
            let error = ImageError(any: error)
            guard error.kind == .unavailable else { throw error }
        }
    }

    /// Unpacks a blob of the store, unless that was done on its way.
    private func unpack(_ descriptor: Descriptor, _ diffID: Digest) async throws(ImageError) {
        if work.layers.has(diffID) { return }
        await unpacking.take()
        defer { unpacking.give() }
        try await pull.store.unpack(descriptor, as: diffID)
    }
}
