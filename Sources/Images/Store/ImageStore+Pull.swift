import Glibc

extension ImageStore {
    /// Fetches an image with its layers, verified and unpacked. Without credentials those of the user's Docker
    /// configuration are taken.
    package func pull(
        _ reference: Reference, platform: Platform? = nil, credentials: Credentials? = nil,
        progress: @escaping ProgressSink = { _ in }
    ) async throws(ImageError) -> Image {
        let credentials = try await logOn(reference, credentials)
        let platform = platform ?? self.platform
        let work = work
        return try await leased { () throws(ImageError) in
            owesSweep = true
            let pulled = try await RegistryClient.with(reference, actions: "pull", credentials, registries) {
                client throws(ImageError) in
                try await Pull(client: client, work: work, progress: progress, store: self).run(platform)
            }
            return try finish(pulled, reference)
        }
    }

    func logOn(_ reference: Reference, _ given: Credentials?) async throws(ImageError) -> Credentials? {
        if let given { return given }
        return try await DockerConfiguration.ofUser().credentials(for: reference.registry)
    }

    private func finish(_ pulled: Pull.Outcome, _ reference: Reference) throws(ImageError) -> Image {
        let names = reference.tag.map { _ in
            Reference(
                registry: reference.registry, repository: reference.repository, tag: reference.tag,
                digest: nil)
        }
        let record = try add(
            pulled.manifest, as: pulled.descriptor, id: pulled.manifest.config.digest, layers: pulled.layers,
            parent: nil, names: names.map { [$0] } ?? [], digests: [reference.at(pulled.digest)])
        settleLater()
        var image = try image(record)
        // What the name leads to there; the image may be here already under another manifest.
        image.manifestDigest = pulled.digest
        return image
    }
}

/// One pull, from the name to unpacked layers.
struct Pull: Sendable {
    struct Outcome: Sendable {
        let manifest: Manifest
        let descriptor: Descriptor
        /// What the name led to: an index, or the manifest.
        let digest: Digest
        let layers: [Layer]
    }

    let client: RegistryClient
    let work: LayerWork
    let progress: ProgressSink
    let store: ImageStore

    func run(_ platform: Platform) async throws(ImageError) -> Outcome {
        let reference = client.reference
        let first = try await client.manifest(reference.selector)
        let document = try await select(first, platform)
        let manifest = try Manifest.parse(document.bytes)
        let configuration = try ImageConfiguration.parse(try await fetchConfiguration(manifest.config))
        let diffIDs = configuration.rootfs.diffIDs
        guard diffIDs.count == manifest.layers.count,
            manifest.layers.allSatisfy({ MediaType.isLayer($0.mediaType) })
        else {
            throw ImageError(
                .invalid, "\(reference) is no image of layers that can be unpacked: it holds something else")
        }
        try checkRoom(manifest.layers)
        for layer in manifest.layers {
            progress(.init(id: layer.digest.short, .pullingLayer, total: layer.size))
        }
        let layers = try await LayerPull(self).fetch(Array(zip(manifest.layers, diffIDs)))
        try work.content.put(document.bytes)
        let descriptor = Descriptor(
            mediaType: document.mediaType, digest: document.digest, size: Int64(document.bytes.count))
        return Outcome(manifest: manifest, descriptor: descriptor, digest: first.digest, layers: layers)
    }

    /// Follows indexes to the manifest of the platform.
    private func select(
        _ first: RegistryClient.FetchedDocument, _ platform: Platform
    ) async throws(ImageError) -> RegistryClient.FetchedDocument {
        var document = first
        for _ in 0..<4 {
            guard MediaType.indexes.contains(document.mediaType) else { return document }
            let chosen = try Index.parse(document.bytes).select(platform)
            document = try await client.manifest(chosen.digest.description)
        }
        throw ImageError(.invalid, "\(client.reference) is an index of indexes of indexes")
    }

    private func fetchConfiguration(_ descriptor: Descriptor) async throws(ImageError) -> [UInt8] {
        guard descriptor.size <= Int64(Document.maximumSize) else {
            throw ImageError(.invalid, "the image configuration has \(descriptor.size) bytes")
        }
        if !work.content.has(descriptor) {
            let writer = try work.content.writer(descriptor.digest.algorithm)
            try await client.download(descriptor, to: writer) { _ in }
            try writer.commit(expecting: descriptor.digest, size: descriptor.size)
        }
        return try work.content.read(descriptor.digest)
    }

    /// A disk that is too small is found before the transfer, as far as the packed size tells.
    private func checkRoom(_ layers: [Descriptor]) throws(ImageError) {
        var info = statvfs()
        guard statvfs(work.layers.root, &info) == 0 else { return }
        let missing = layers.filter { !work.content.has($0) }.reduce(UInt64(0)) { $0 &+ UInt64($1.size) }
        let (room, overflow) = UInt64(info.f_bavail).multipliedReportingOverflow(by: UInt64(info.f_frsize))
        guard overflow || missing <= room else {
            throw ImageError(
                .noSpace, "the image needs \(missing) bytes, but the disk has room for \(room) only")
        }
    }
}
