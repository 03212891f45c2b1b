/// An image as the index keeps it.
struct ImageRecord: Codable, Equatable, Sendable {
    let id: Digest
    var manifest: Descriptor
    /// Full names with tags, sorted.
    var tags: [Reference] = []
    /// Full names with the digests that registries know the image by.
    var repositoryDigests: [Reference] = []
    var parent: Digest?
    /// Seconds since 1970.
    var tagged: Double
    /// Lowest first.
    var layers: [Layer]
    /// Whether it was removed by force while it was in use, so that only its holders see it.
    var isRemoved = false

    /// Bytes of the layers, unpacked.
    var size: Int64 { layers.reduce(0) { $0 + $1.size } }
}

/// Which images there are and what they are called: one file, replaced as a whole.
struct ImageIndex: Sendable {
    private struct File: Codable {
        var version = 1
        var images: [ImageRecord] = []
    }

    private let path: String
    private let watcher: StepWatcher
    private(set) var images: [ImageRecord]

    init(path: String, watcher: @escaping StepWatcher) throws(ImageError) {
        self.path = path
        self.watcher = watcher
        guard let bytes = try WholeFile.read(path, limit: 64 << 20) else {
            images = []
            return
        }
        do throws(ImageError) {
            let file = try Document.decode(File.self, from: bytes, as: "index of images", limit: 64 << 20)
            guard file.version == 1 else {
                throw ImageError(.invalid, "it is of version \(file.version), which a newer program wrote")
            }
            images = file.images
        } catch {
            throw ImageError(
                .corrupt, "\(path) cannot be used: \(error). Move it away to start without images")
        }
    }

    /// Changes the images, on disk first: when that fails nothing is changed.
    mutating func change(_ body: (inout [ImageRecord]) -> Void) throws(ImageError) {
        var changed = images
        body(&changed)
        if changed == images { return }
        let bytes = try Document.encode(File(images: changed))
        try WholeFile.replace(path, with: bytes) { watcher(.indexWritten) }
        images = changed
        watcher(.indexPlaced)
    }

    subscript(id: Digest) -> ImageRecord? { images.first { $0.id == id } }

    /// The image that has the name.
    func named(_ reference: Reference) -> ImageRecord? {
        images.first { record in
            if record.isRemoved { return false }
            guard let digest = reference.digest else { return record.tags.contains(reference) }
            return record.repositoryDigests.contains(reference.at(digest))
                || (record.manifest.digest == digest
                    && record.tags.contains { $0.canonicalRepository == reference.canonicalRepository })
        }
    }

    /// Images whose id begins with `prefix`.
    func withPrefix(_ prefix: String) -> [ImageRecord] {
        images.filter { !$0.isRemoved && $0.id.hex.hasPrefix(prefix) }
    }
}

extension [ImageRecord] {
    /// Gives an image names, which others lose; adds it when it is new.
    mutating func add(_ record: ImageRecord, names: [Reference], digests: [Reference] = []) {
        for index in indices where self[index].id != record.id {
            self[index].tags.removeAll { names.contains($0) }
        }
        if !contains(where: { $0.id == record.id }) { append(record) }
        for index in indices where self[index].id == record.id {
            self[index].tags = Set(self[index].tags + names).sorted { $0.canonical < $1.canonical }
            self[index].repositoryDigests = Set(self[index].repositoryDigests + digests)
                .sorted { $0.canonical < $1.canonical }
            self[index].tagged = record.tagged
            self[index].isRemoved = false
            if self[index].parent == nil { self[index].parent = record.parent }
        }
    }
}
