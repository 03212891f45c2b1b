/// Writes images as an OCI layout in a tar, with the `manifest.json` that every `docker load` reads.
struct ArchiveSaver {
    let work: LayerWork

    /// An image and the names that it was asked for by.
    struct Item {
        let record: ImageRecord
        var names: [Reference]
    }

    func save(_ items: [Item], to sink: any ByteSink) throws(ImageError) {
        let writer = TarWriter(sink)
        for folder in ["blobs/", "blobs/sha256/"] {
            try writer.add(TarEntry(path: folder, kind: .directory, mode: 0o755))
        }
        var written: Set<Digest> = []
        var entries: [LoadedArchive.DockerEntry] = []
        var index = Index(manifests: [])
        for item in items {
            let record = item.record
            for layer in record.layers where written.insert(layer.descriptor.digest).inserted {
                try writeLayer(layer, writer)
            }
            for digest in [record.id, record.manifest.digest] where written.insert(digest).inserted {
                try writer.add(TarEntry(path: path(digest), kind: .file), data: try work.content.read(digest))
            }
            entries.append(
                .init(
                    config: path(record.id), repoTags: item.names.isEmpty ? nil : item.names.map(\.familiar),
                    layers: record.layers.map { path($0.descriptor.digest) }))
            index.manifests += descriptors(item)
        }
        try writer.add(TarEntry(path: "index.json", kind: .file), data: try Document.encode(index))
        try writer.add(TarEntry(path: "manifest.json", kind: .file), data: try Document.encode(entries))
        let layout = Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)
        try writer.add(TarEntry(path: "oci-layout", kind: .file), data: layout)
        try writer.finish()
    }

    private func path(_ digest: Digest) -> String { "blobs/\(digest.algorithm.rawValue)/\(digest.hex)" }

    private func writeLayer(_ layer: Layer, _ writer: TarWriter) throws(ImageError) {
        var entry = TarEntry(path: path(layer.descriptor.digest), kind: .file)
        entry.size = layer.descriptor.size
        try writer.begin(entry)
        try work.write(layer.descriptor, diffID: layer.diffID, to: MemberSink(writer))
    }

    private func descriptors(_ item: Item) -> [Descriptor] {
        let plain = item.record.manifest
        if item.names.isEmpty { return [plain] }
        return item.names.map { name in
            var descriptor = plain
            descriptor.annotations = [
                "io.containerd.image.name": name.canonical,
                "org.opencontainers.image.ref.name": name.tag ?? "latest",
            ]
            return descriptor
        }
    }
}

/// The data of a member of a tar that is being written.
private final class MemberSink: ByteSink {
    private let writer: TarWriter

    init(_ writer: TarWriter) { self.writer = writer }

    func write(_ bytes: UnsafeRawBufferPointer) throws(ImageError) { try writer.write(bytes) }
    func finish() throws(ImageError) {}
}
