extension ImageStore {
    /// Keeps an image from being collected as long as `owner` holds it. Holds are forgotten when the store is
    /// closed: who uses images holds them again before anything is collected.
    package func hold(_ image: Digest, by owner: String) throws(ImageError) {
        guard index[image] != nil else { throw ImageError(.notFound, "No such image: \(image)") }
        holds[image, default: []].insert(owner)
    }

    /// Ends a hold; harmless when there is none.
    package func release(_ image: Digest, by owner: String) async {
        if forgetHold(of: image, by: owner) { _ = try? await collectRemoved() }
    }

    /// Ends every hold of an owner.
    package func releaseAll(by owner: String) async {
        let held = holds.filter { $0.value.contains(owner) }.map(\.key)
        let freed = held.filter { forgetHold(of: $0, by: owner) }
        if !freed.isEmpty { _ = try? await collectRemoved() }
    }

    /// Whether an image was held for that long only that it may now be collected.
    private func forgetHold(of image: Digest, by owner: String) -> Bool {
        holds[image]?.remove(owner)
        guard holds[image]?.isEmpty == true else { return false }
        holds[image] = nil
        return index[image]?.isRemoved == true
    }

    /// Keeps a layer (by its diff id) from being collected, like `hold`.
    package func holdLayer(_ diffID: Digest, by owner: String) {
        layerHolds[diffID, default: []].insert(owner)
    }

    /// Ends a hold of `holdLayer`.
    package func releaseLayer(_ diffID: Digest, by owner: String) {
        layerHolds[diffID]?.remove(owner)
        if layerHolds[diffID]?.isEmpty == true { layerHolds[diffID] = nil }
    }

    /// Forgets removed images that nobody holds, and what only they needed.
    func collectRemoved() async throws(ImageError) -> [RemovedItem] {
        let gone = index.images.filter { $0.isRemoved && holds[$0.id] == nil }
        try index.change { images in images.removeAll { image in gone.contains { $0.id == image.id } } }
        let layers = try await sweep().layers
        return (gone.map(\.id) + layers).map { .deleted($0) }
    }

    /// Removes blobs and layers that no image, hold or running operation needs; the bytes freed.
    package func collectGarbage() async throws(ImageError) -> Int64 {
        let gone = index.images.filter { $0.isRemoved && holds[$0.id] == nil }
        try index.change { images in images.removeAll { image in gone.contains { $0.id == image.id } } }
        return try await sweep().freed
    }

    /// Everything that must stay.
    private func needed() -> Set<Digest> {
        var needed = Set(layerHolds.keys)
        for record in index.images {
            needed.formUnion([record.id, record.manifest.digest])
            for layer in record.layers { needed.formUnion([layer.diffID, layer.descriptor.digest]) }
        }
        return needed
    }

    /// Takes names away at once, while nothing can begin to need them; then removes the files. While operations run
    /// that make content it is put off to their end.
    private func sweep() async throws(ImageError) -> (layers: [Digest], freed: Int64) {
        owesSweep = openOperations > 0
        if owesSweep { return ([], 0) }
        let needed = needed()
        var freed: Int64 = 0
        for (digest, size) in content.all() where !needed.contains(digest) {
            content.remove(digest)
            freed += size
        }
        var gone: [Digest] = []
        var places: [UnfinishedLayer] = []
        for (diffID, size) in layerStore.all() where !needed.contains(diffID) {
            guard let place = layerStore.retire(diffID) else { continue }
            places.append(place)
            gone.append(diffID)
            freed += size
        }
        let retired = places
        places = []
        if !retired.isEmpty {
            try await onThread("collect") { () throws(ImageError) in for place in retired { place.clear() } }
        }
        return (gone, freed)
    }

    /// How much disk the store uses.
    package func usage() async throws(ImageError) -> ContentUsage {
        let blobs = content.all()
        let layers = layerStore.all()
        var used: Set<Digest> = Set(layerHolds.keys)
        for record in index.images where holds[record.id] != nil {
            used.formUnion([record.id, record.manifest.digest])
            for layer in record.layers { used.formUnion([layer.diffID, layer.descriptor.digest]) }
        }
        let unused =
            blobs.filter { !used.contains($0.digest) }.reduce(0) { $0 + $1.size }
            + layers.filter { !used.contains($0.diffID) }.reduce(0) { $0 + $1.size }
        return ContentUsage(
            images: index.images.filter { !$0.isRemoved }.count,
            activeImages: index.images.filter { holds[$0.id] != nil }.count,
            blobBytes: blobs.reduce(0) { $0 + $1.size }, layerBytes: layers.reduce(0) { $0 + $1.size },
            reclaimableBytes: unused)
    }
}
