/// The files of an archive, once all are in the store, and the images that they make.
struct LoadedArchive {
    let content: ContentStore
    let digests: [String: Digest]
    let sizes: [Digest: Int64]
    /// Of the files that are layers.
    let contents: [Digest: Layer.Content]

    /// An element of `manifest.json` (Docker image-spec 1.2, "Combined Image JSON + Filesystem Changeset Format").
    struct DockerEntry: Codable {
        var config: String
        var repoTags: [String]?
        var layers: [String]?

        private enum CodingKeys: String, CodingKey {
            case config = "Config"
            case repoTags = "RepoTags"
            case layers = "Layers"
        }
    }

    func images(_ platform: Platform) throws(ImageError) -> [ArchiveLoader.Found] {
        if let digest = digests["manifest.json"] {
            let entries = try Document.decode(
                [DockerEntry].self, from: try content.read(digest), as: "manifest.json")
            return try entries.map { entry throws(ImageError) in try image(entry) }
        }
        guard let digest = digests["index.json"] else { return [] }
        var found: [ArchiveLoader.Found] = []
        for descriptor in try Index.parse(try content.read(digest)).manifests {
            found.append(try image(descriptor, platform))
        }
        return found
    }

    // MARK: docker save

    private func image(_ entry: DockerEntry) throws(ImageError) -> ArchiveLoader.Found {
        let id = try file(entry.config)
        let bytes = try content.read(id)
        let blobs = try (entry.layers ?? []).map { path throws(ImageError) in try file(path) }
        let config = Descriptor(mediaType: MediaType.ociConfiguration, digest: id, size: Int64(bytes.count))
        let layers = try layers(blobs.map { ($0, nil) }, of: try ImageConfiguration.parse(bytes))
        let names = try (entry.repoTags ?? []).map { name throws(ImageError) in try Reference(name) }
        return .init(
            id: id, manifest: Manifest(config: config, layers: layers.map(\.descriptor)), manifestBytes: nil,
            layers: layers, names: names)
    }

    private func file(_ path: String) throws(ImageError) -> Digest {
        let plain = FileTree.components(path)?.joined(separator: "/") ?? path
        guard let digest = digests[plain] else {
            throw ImageError(.corrupt, "the archive names the file '\(path)', which is not in it")
        }
        return digest
    }

    // MARK: OCI layout

    private func image(_ descriptor: Descriptor, _ platform: Platform) throws(ImageError)
        -> ArchiveLoader.Found
    {
        var chosen = descriptor
        var depth = 0
        while MediaType.indexes.contains(chosen.mediaType), depth < 4 {
            let index = try Index.parse(try content.read(chosen.digest))
            let annotations = chosen.annotations
            chosen = try index.select(platform)
            chosen.annotations = annotations
            depth += 1
        }
        let bytes = try content.read(chosen.digest)
        let manifest = try Manifest.parse(bytes)
        let configuration = try ImageConfiguration.parse(try content.read(manifest.config.digest))
        let layers = try layers(manifest.layers.map { ($0.digest, $0.mediaType) }, of: configuration)
        return .init(
            id: manifest.config.digest, manifest: manifest, manifestBytes: bytes, layers: layers,
            names: names(descriptor.annotations ?? [:]))
    }

    /// A reference name may be a bare tag, which names nothing on its own.
    private func names(_ annotations: [String: String]) -> [Reference] {
        if let name = annotations["io.containerd.image.name"], let reference = try? Reference(name) {
            return [reference]
        }
        guard let name = annotations["org.opencontainers.image.ref.name"],
            name.contains(where: { ":/".contains($0) })
        else { return [] }
        return (try? Reference(name)).map { [$0] } ?? []
    }

    // MARK: Layers

    private func layers(
        _ blobs: [(digest: Digest, type: String?)], of configuration: ImageConfiguration
    ) throws(ImageError) -> [Layer] {
        let diffIDs = configuration.rootfs.diffIDs
        guard blobs.count == diffIDs.count else {
            throw ImageError(
                .corrupt, "the image has \(blobs.count) layers, but its configuration names \(diffIDs.count)")
        }
        var layers: [Layer] = []
        for (blob, diffID) in zip(blobs, diffIDs) {
            guard let found = contents[blob.digest], let size = sizes[blob.digest] else {
                throw ImageError(.corrupt, "the layer \(blob.digest) is not in the archive, or is no tar")
            }
            guard found.diffID == diffID else {
                throw ImageError(.corrupt, "a layer unpacks to \(found.diffID), but the image says \(diffID)")
            }
            let type = if let known = blob.type { known } else { try type(of: blob.digest) }
            let descriptor = Descriptor(mediaType: type, digest: blob.digest, size: size)
            layers.append(Layer(descriptor: descriptor, diffID: diffID, size: found.size))
        }
        return layers
    }

    private func type(of digest: Digest) throws(ImageError) -> String {
        switch try Compression.detect(try PeekedSource(try content.source(digest)).start) {
        case .none: MediaType.ociLayer
        case .gzip: MediaType.ociLayerGzip
        case .zstd: MediaType.ociLayerZstd
        }
    }
}
