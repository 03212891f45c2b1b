import FoundationEssentials

extension ImageStore {
    /// Takes in an archive of `docker save` or an OCI layout, plain or compressed, read from a descriptor to its end.
    package func load(
        from descriptor: Int32, progress: @escaping ProgressSink = { _ in }
    ) async throws(ImageError) -> [LoadedImage] {
        let work = work
        let platform = platform
        return try await leased { () throws(ImageError) in
            // Whatever no image names in the end goes again.
            owesSweep = true
            let found = try await onThread("load") { () throws(ImageError) in
                let source = DescriptorSource(descriptor, name: "the archive")
                return try ArchiveLoader(work, progress: progress).load(source, platform: platform)
            }
            let loaded = try found.map { image throws(ImageError) in try add(image) }
            settleLater()
            return loaded
        }
    }

    private func add(_ found: ArchiveLoader.Found) throws(ImageError) -> LoadedImage {
        let names = found.names.filter { $0.digest == nil }
        var manifest: Descriptor?
        if let bytes = found.manifestBytes {
            manifest = Descriptor(
                mediaType: found.manifest.mediaType ?? MediaType.ociManifest, digest: try content.put(bytes),
                size: Int64(bytes.count))
        }
        try add(found.manifest, as: manifest, id: found.id, layers: found.layers, parent: nil, names: names)
        return LoadedImage(id: found.id, tags: names.map(\.familiar))
    }

    /// Writes images into an archive that `docker load` and readers of OCI layouts understand.
    package func save(_ names: [String], to descriptor: Int32) async throws(ImageError) {
        var items: [ArchiveSaver.Item] = []
        for name in names {
            let record = try record(name)
            // A repository without a tag stands for all its tags.
            let reference = try? Reference(name)
            let isByName = reference.map { record.tags.contains($0) } ?? false
            let asked = isByName ? [reference].compactMap { $0 } : []
            if let position = items.firstIndex(where: { $0.record.id == record.id }) {
                items[position].names += asked.filter { !items[position].names.contains($0) }
            } else {
                items.append(.init(record: record, names: asked))
            }
        }
        let saved = items
        let work = work
        try await leased { () throws(ImageError) in
            try await onThread("save") { () throws(ImageError) in
                try ArchiveSaver(work: work).save(saved, to: DescriptorSink(descriptor, name: "the archive"))
            }
        }
    }
}
