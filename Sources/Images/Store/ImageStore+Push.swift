import Glibc
import Host

extension ImageStore {
    /// Sends an image to the registry of `reference`, which must be one of its names; the digest of its manifest.
    /// Layers that are kept as plain tars are packed by gzip on the way.
    package func push(
        _ reference: Reference, credentials: Credentials? = nil, progress: @escaping ProgressSink = { _ in }
    ) async throws(ImageError) -> Digest {
        let record = try record(reference.canonical)
        let credentials = try await logOn(reference, credentials)
        let sources = mountSources(of: record, for: reference)
        let work = work
        let digest = try await leased { () throws(ImageError) in
            try await RegistryClient.with(reference, actions: "pull,push", credentials, registries) {
                client throws(ImageError) in
                try await Push(
                    client: client, work: work, record: record, sources: sources, progress: progress
                ).run()
            }
        }
        try index.change { $0.add(record, names: [], digests: [reference.at(digest)]) }
        return digest
    }

    /// Other repositories of the registry that have layers of the image, by layer.
    private func mountSources(of record: ImageRecord, for reference: Reference) -> [Digest: String] {
        var sources: [Digest: String] = [:]
        for other in index.images {
            guard
                let repository = other.repositoryDigests.first(where: {
                    $0.registry == reference.registry && $0.repository != reference.repository
                })?.repository
            else { continue }
            for layer in other.layers { sources[layer.descriptor.digest] = repository }
        }
        return sources
    }
}

/// One push.
struct Push: Sendable {
    let client: RegistryClient
    let work: LayerWork
    let record: ImageRecord
    /// Repositories that layers can be taken from.
    let sources: [Digest: String]
    let progress: ProgressSink

    func run() async throws(ImageError) -> Digest {
        for layer in record.layers { progress(.init(id: layer.descriptor.digest.short, .preparing)) }
        var manifest = try Manifest.parse(try work.content.read(record.manifest.digest))
        var isChanged = false
        for (number, layer) in record.layers.enumerated() {
            let sent = try await push(layer)
            isChanged = isChanged || sent != layer.descriptor
            if manifest.layers.indices.contains(number), isChanged { manifest.layers[number] = sent }
        }
        try await pushDocument(manifest.config)
        let bytes = isChanged ? try Document.encode(manifest) : try work.content.read(record.manifest.digest)
        try await client.put(bytes, type: manifest.mediaType ?? MediaType.ociManifest)
        let digest = Digest.of(bytes)
        progress(.init("\(client.reference.tag ?? "latest"): digest: \(digest) size: \(bytes.count)"))
        return digest
    }

    private func pushDocument(_ descriptor: Descriptor) async throws(ImageError) {
        if try await client.has(descriptor) { return }
        try await client.upload(descriptor, from: work.content.path(descriptor.digest)) { _ in }
    }

    /// - Returns: the layer as the registry has it.
    private func push(_ layer: Layer) async throws(ImageError) -> Descriptor {
        let type = layer.descriptor.mediaType
        let isPacked = type.hasSuffix("gzip") || type.hasSuffix("zstd")
        guard !isPacked else {
            return try await send(
                layer.descriptor, path: work.content.path(layer.descriptor.digest),
                id: layer.descriptor.digest.short)
        }
        let work = work
        let (writer, digest) = try await onThread("pack") { () throws(ImageError) in
            let writer = try work.content.writer()
            let gzip = try GzipSink(writer)
            try work.write(layer.descriptor, diffID: layer.diffID, to: gzip)
            try gzip.finish()
            return (writer, writer.digest)
        }
        let packed = Descriptor(
            mediaType: type.contains("docker") ? MediaType.dockerLayerGzip : MediaType.ociLayerGzip,
            digest: digest,
            size: writer.count)
        // The file goes when `writer` does.
        defer { withExtendedLifetime(writer) {} }
        return try await send(packed, path: writer.path, id: layer.descriptor.digest.short)
    }

    /// - Parameter id: what progress calls the layer, packed or not.
    private func send(
        _ descriptor: Descriptor, path: String, id: String
    ) async throws(ImageError) -> Descriptor {
        if try await client.has(descriptor) {
            progress(.init(id: id, .layerAlreadyExists))
            return descriptor
        }
        if let source = sources[descriptor.digest], try await client.mount(descriptor.digest, from: source) {
            progress(.init(id: id, .mounted, message: source))
            return descriptor
        }
        try await client.upload(descriptor, from: path) { [progress] step in
            var step = step
            step.id = id
            progress(step)
        }
        progress(.init(id: id, .pushed))
        return descriptor
    }
}
