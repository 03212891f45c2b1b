import Glibc
import Host

/// Unpacking and making of layers: work that blocks, for threads of its own.
struct LayerWork: Sendable {
    let layers: LayerStore
    let content: ContentStore

    /// Unpacks a layer's blob and verifies its diff id on the way; `nil` takes it as it comes.
    @discardableResult
    func unpack(
        _ packed: any ByteSource, packedSize: Int64, as diffID: Digest?
    ) throws(ImageError) -> Layer.Content {
        if let diffID, let record = layers.record(diffID) { return .init(diffID: diffID, size: record.size) }
        let place = try layers.begin()
        let limits = LayerLimits()
        let bounded = BoundedSource(
            try Compression.unpacked(packed), packedSize: packedSize, maximum: limits.size)
        let hashing = HashingSource(bounded, diffID?.algorithm ?? .sha256)
        let pipe = try ReadAhead(hashing)
        let report = try LayerUnpacker(into: place.folder, limits: limits).unpack(TarReader(pipe))
        pipe.join()
        let found = hashing.hash.finish()
        if let diffID, found != diffID {
            throw ImageError(.corrupt, "a layer unpacks to \(found), but the image says \(diffID)")
        }
        try layers.place(place, as: found, .init(size: report.size, notes: report.notes.sorted()))
        return .init(diffID: found, size: report.size)
    }

    /// Unpacks the tar of a file tree, plain or compressed, into a layer of our own making.
    func importTree(_ source: any ByteSource) throws(ImageError) -> Layer {
        let place = try layers.begin()
        let limits = LayerLimits()
        let bounded = BoundedSource(try Compression.unpacked(source), packedSize: nil, maximum: limits.size)
        let report = try LayerUnpacker(into: place.folder, limits: limits).unpack(TarReader(bounded))
        return try adopt(place, size: report.size, options: LayerDiffOptions(), notes: report.notes.sorted())
    }

    /// Copies the upper folder of an overlay into a layer.
    func makeLayer(of upper: String, _ options: LayerDiffOptions) throws(ImageError) -> Layer {
        let place = try layers.begin()
        let queue = ChunkQueue()
        let outcome = try Background("layer") { () throws(ImageError) in
            let diff = LayerDiff(QueueSink(queue), options: options)
            try diff.write(upper)
        }
        do throws(ImageError) {
            let report = try LayerUnpacker(into: place.folder).unpack(TarReader(QueueSource(queue)))
            try outcome.join()
            // The copy has the times that the options gave it.
            return try adopt(
                place, size: report.size, options: LayerDiffOptions(), notes: report.notes.sorted())
        } catch {
            queue.abandon()
            // What the writer found wrong says more than that the archive broke off.
            do throws(ImageError) { try outcome.join() } catch  where error.kind != .unavailable {
                throw error
            } catch {}
            throw error
        }
    }

    /// Makes a layer of a folder that is moved into the store.
    func adopt(
        _ place: UnfinishedLayer, size: Int64, options: LayerDiffOptions, notes: [String]
    ) throws(ImageError) -> Layer {
        let sink = HashingSink()
        let diff = LayerDiff(sink, options: options)
        try diff.write(place.folder)
        let diffID = sink.hash.finish()
        if diff.hasSparseFiles {
            // Where holes are is the file system's choice: such a tar cannot be made again for certain.
            let writer = try content.writer()
            try LayerDiff(writer, options: options).write(place.folder)
            try writer.commit(expecting: diffID)
        }
        try layers.place(place, as: diffID, .init(size: size, made: options, notes: notes))
        return Layer(
            descriptor: Descriptor(mediaType: MediaType.ociLayer, digest: diffID, size: sink.hash.count),
            diffID: diffID, size: size)
    }

    /// The tar of a layer, packed or not: its blob, or what its folder gives again.
    func write(_ descriptor: Descriptor, diffID: Digest, to sink: any ByteSink) throws(ImageError) {
        if content.has(descriptor) {
            let source = try content.source(descriptor.digest)
            let buffer = Chunk()
            while true {
                let count = try source.read(into: buffer.bytes)
                if count == 0 { return }
                try sink.write(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count]))
            }
        }
        guard descriptor.digest == diffID, let options = layers.record(diffID)?.made else {
            throw ImageError(.notFound, "the layer \(descriptor.digest) is not in the store")
        }
        let hashing = HashingSink(UnfinishedSink(sink))
        try LayerDiff(hashing, options: options).write(layers.folder(diffID))
        guard hashing.hash.finish() == diffID else {
            throw ImageError(.corrupt, "the files of the layer \(diffID) were changed on disk")
        }
    }
}

/// Passes bytes on to a sink that others write to afterwards.
private final class UnfinishedSink: ByteSink {
    private let sink: any ByteSink

    init(_ sink: any ByteSink) { self.sink = sink }

    func write(_ bytes: UnsafeRawBufferPointer) throws(ImageError) { try sink.write(bytes) }
    func finish() throws(ImageError) {}
}
