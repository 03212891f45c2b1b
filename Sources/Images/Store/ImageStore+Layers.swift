import FoundationEssentials

extension ImageStore {
    /// The folders of the image's layers; unpacked now when they are not there.
    package func layers(of image: Image) async throws(ImageError) -> UnpackedLayers {
        guard let record = index[image.id] else { throw ImageError(.notFound, "No such image: \(image.id)") }
        return try await folders(of: record.layers)
    }

    /// The folders of layers made here or of images, given lowest first; the folders come top first.
    ///
    /// A layer that comes twice gives one folder, at its upper place: overlayfs refuses a folder given twice, and what
    /// the lower one adds and hides, the upper one adds and hides again.
    package func folders(of layers: [Layer]) async throws(ImageError) -> UnpackedLayers {
        try await leased { () throws(ImageError) in
            for layer in layers where !layerStore.has(layer.diffID) {
                guard content.has(layer.descriptor) else {
                    throw ImageError(.notFound, "the layer \(layer.diffID.short) is not in the store")
                }
                try await unpack(layer.descriptor, as: layer.diffID)
            }
            var seen: Set<Digest> = []
            let unique = layers.reversed().filter { seen.insert($0.diffID).inserted }
            return UnpackedLayers(folders: unique.map { layerStore.folder($0.diffID) })
        }
    }

    /// Unpacks a blob of the store, once however many ask for it.
    func unpack(_ descriptor: Descriptor, as diffID: Digest) async throws(ImageError) {
        if layerStore.has(diffID) { return }
        // Unpacking that follows a download may fail with it.
        if let task = following[diffID] {
            _ = await task.result
            if layerStore.has(diffID) { return }
        }
        let work = work
        let task =
            unpacking[diffID]
            ?? Task {
                try await onThread("unpack") { () throws(ImageError) in
                    _ = try work.unpack(
                        try work.content.source(descriptor.digest), packedSize: descriptor.size, as: diffID)
                }
            }
        unpacking[diffID] = task
        defer { unpacking[diffID] = nil }
        do {
            try await task.value
        } catch {
            throw ImageError(any: error)
        }
    }

    /// Unpacks a blob while it is fetched, in a place that is given back at the end.
    func unpack(
        _ source: GrowingSource, packedSize: Int64, as diffID: Digest, in places: Places
    ) -> Task<Void, any Error> {
        let work = work
        let task = Task {
            defer { places.give() }
            try await onThread("unpack") { () throws(ImageError) in
                _ = try work.unpack(source, packedSize: packedSize, as: diffID)
            }
        }
        following[diffID] = task
        Task {
            _ = await task.result
            if following[diffID] == task { following[diffID] = nil }
        }
        return task
    }

    /// Writes unpacked layers to disk in the background: until then they count as lost when the host stops.
    func settleLater() {
        let layers = layerStore
        Task { try? await onThread("settle") { () throws(ImageError) in layers.settle() } }
    }

    /// Makes a layer of the upper folder of an overlay. The folder is not changed.
    ///
    /// The layer stays only as long as an image or `holdLayer` needs it.
    package func makeLayer(
        upper: String, options: LayerDiffOptions = LayerDiffOptions(), heldBy owner: String? = nil
    ) async throws(ImageError) -> Layer {
        let work = work
        return try await leased { () throws(ImageError) in
            let layer = try await onThread("layer") { () throws(ImageError) in
                try work.makeLayer(of: upper, options)
            }
            if let owner { holdLayer(layer.diffID, by: owner) }
            return layer
        }
    }

    /// The layers of an image, lowest first, for images that are built on it.
    package func layerList(of image: Image) throws(ImageError) -> [Layer] {
        guard let record = index[image.id] else { throw ImageError(.notFound, "No such image: \(image.id)") }
        return record.layers
    }

    /// Makes an image of layers that the store has. `configuration.rootfs` is filled in from `layers`.
    package func makeImage(
        layers: [Layer], configuration: ImageConfiguration, parent: Digest? = nil, names: [Reference] = []
    ) async throws(ImageError) -> Image {
        for layer in layers where !layerStore.has(layer.diffID) && !content.has(layer.descriptor) {
            throw ImageError(.notFound, "the layer \(layer.diffID.short) is not in the store")
        }
        var configuration = configuration
        configuration.rootfs = RootFileSystem(diffIDs: layers.map(\.diffID))
        let bytes = try Document.encode(configuration)
        let id = try content.put(bytes)
        let manifest = Manifest(
            config: Descriptor(mediaType: MediaType.ociConfiguration, digest: id, size: Int64(bytes.count)),
            layers: layers.map(\.descriptor))
        let record = try add(manifest, id: id, layers: layers, parent: parent, names: names)
        settleLater()
        return try image(record)
    }

    /// Puts an image into the index, its documents being on disk. Without an `await`, so nothing is collected meanwhile.
    ///
    /// - Parameter stored: the manifest's own descriptor where the store has its bytes already.
    @discardableResult
    func add(
        _ manifest: Manifest, as stored: Descriptor? = nil, id: Digest, layers: [Layer], parent: Digest?,
        names: [Reference], digests: [Reference] = []
    ) throws(ImageError) -> ImageRecord {
        let bytes = try Document.encode(manifest)
        let type = manifest.mediaType ?? MediaType.ociManifest
        let descriptor =
            if let stored { stored } else {
                Descriptor(mediaType: type, digest: try content.put(bytes), size: Int64(bytes.count))
            }
        let record = ImageRecord(
            id: id, manifest: descriptor, parent: parent, tagged: Date().timeIntervalSince1970, layers: layers
        )
        try index.change { $0.add(record, names: names, digests: digests) }
        return index[id] ?? record
    }

    /// Makes an image of `parent` and the changes in `upper`.
    ///
    /// - Parameters:
    ///   - configuration: of the new image; its layers are filled in, and `step` is added to its history.
    ///   - step: describes the change.
    package func commit(
        upper: String, parent: Image?, configuration: ImageConfiguration, step: HistoryEntry,
        names: [Reference] = [], options: LayerDiffOptions = LayerDiffOptions()
    ) async throws(ImageError) -> Image {
        try await leased { () throws(ImageError) in
            let layer = try await makeLayer(upper: upper, options: options)
            var configuration = configuration
            configuration.history.append(step)
            if configuration.created == nil { configuration.created = step.created ?? ImageTime.now }
            let below = if let parent { try layerList(of: parent) } else { [Layer]() }
            return try await makeImage(
                layers: below + [layer], configuration: configuration, parent: parent?.id, names: names)
        }
    }

    /// Makes an image of one layer from a tar of a file tree, plain or compressed, read to its end.
    package func importTree(
        from descriptor: Int32, as reference: Reference?,
        configuration: ImageConfiguration = ImageConfiguration(),
        message: String? = nil
    ) async throws(ImageError) -> Image {
        let work = work
        return try await leased { () throws(ImageError) in
            let layer = try await onThread("import") { () throws(ImageError) in
                try work.importTree(DescriptorSource(descriptor, name: "the archive"))
            }
            var configuration = configuration
            let now = ImageTime.now
            configuration.created = configuration.created ?? now
            let step = HistoryEntry(created: now, comment: message ?? "Imported from a tar archive")
            configuration.history.append(step)
            return try await makeImage(
                layers: [layer], configuration: configuration, names: reference.map { [$0] } ?? [])
        }
    }
}
