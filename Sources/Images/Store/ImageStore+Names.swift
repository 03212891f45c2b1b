import FoundationEssentials

extension ImageStore {
    /// Gives an image another name; an image that had the name loses it.
    package func tag(_ name: String, as reference: Reference) throws(ImageError) {
        guard reference.digest == nil else {
            throw ImageError(.invalid, "a name with a digest cannot be given: \(reference)")
        }
        var record = try record(name)
        record.tagged = Date().timeIntervalSince1970
        try index.change { $0.add(record, names: [reference]) }
    }

    /// Takes the name away, and removes the image with its last name. An image in use, or one of several names that
    /// is named by its id, is a `conflict` unless `force`. What containers use stays on disk as long as they do.
    package func remove(_ name: String, force: Bool = false) async throws(ImageError) -> [RemovedItem] {
        let record = try record(name)
        let reference = try? Reference(name)
        let isByName =
            Digest(parsing: name) == nil && reference.map { index.named($0)?.id == record.id } ?? false
        if isByName, let reference, reference.digest == nil, record.tags.count > 1 {
            try index.change { $0.untag([reference], of: record.id) }
            return [.untagged(reference.familiar)]
        }
        try checkRemovable(record, isByName: isByName, force: force)
        try index.change { images in
            images.untag(record.tags, of: record.id)
            images.markRemoved(record.id)
        }
        let names = record.tags.map(\.familiar) + record.repositoryDigests.map(\.familiar)
        let isHeld = holds[record.id]?.isEmpty == false
        let deleted = try await collectRemoved()
        return names.map { .untagged($0) } + (isHeld ? [] : deleted)
    }

    private func checkRemovable(_ record: ImageRecord, isByName: Bool, force: Bool) throws(ImageError) {
        if force { return }
        let short = record.id.short
        if !isByName {
            if let child = index.images.first(where: { $0.parent == record.id && !$0.isRemoved }) {
                throw ImageError(
                    .conflict, "image \(short) has dependent child images: \(child.id.short) was built on it")
            }
            guard record.tags.count <= 1 else {
                throw ImageError(
                    .conflict, "image \(short) has several names: remove these, or remove it by force")
            }
        }
        if let holder = holds[record.id]?.sorted().first {
            throw ImageError(
                .conflict,
                "conflict: unable to remove image \(short) (must force) - it is used by container \(holder.prefix(12))"
            )
        }
    }

    /// Removes images without a name, or with `all` every image that nothing uses, as far as `matches` says so.
    package func prune(
        all: Bool = false, where matches: @Sendable (ImageSummary) -> Bool = { _ in true }
    ) async throws(ImageError) -> (removed: [RemovedItem], freed: Int64) {
        let before = try await usage()
        var removed: [RemovedItem] = []
        while true {
            let parents = Set(index.images.filter { !$0.isRemoved }.compactMap(\.parent))
            let victims = try list().filter { summary in
                (all || summary.isDangling) && summary.holders == 0 && matches(summary)
                    && !parents.contains(summary.id)
            }
            if victims.isEmpty { break }
            for victim in victims where index[victim.id] != nil {
                removed += try await remove(victim.id.description, force: true)
            }
        }
        _ = try await collectGarbage()
        let after = try await usage()
        return (removed, max(0, before.blobBytes + before.layerBytes - after.blobBytes - after.layerBytes))
    }

    /// The steps that made an image, newest first.
    package func history(_ name: String) throws(ImageError) -> [HistoryLine] {
        let record = try record(name)
        let configuration = try ImageConfiguration.parse(try content.read(record.id))
        var sizes = record.layers.map(\.size)[...]
        var lines: [HistoryLine] = []
        for (number, entry) in configuration.history.enumerated() {
            let isTop = number == configuration.history.count - 1
            lines.append(
                HistoryLine(
                    id: isTop ? record.id : nil, entry: entry,
                    size: entry.isEmptyLayer ? 0 : sizes.popFirst() ?? 0,
                    tags: isTop ? record.tags.map(\.familiar) : []))
        }
        return lines.reversed()
    }
}

extension [ImageRecord] {
    mutating func untag(_ names: [Reference], of id: Digest) {
        for index in indices where self[index].id == id { self[index].tags.removeAll { names.contains($0) } }
    }

    mutating func markRemoved(_ id: Digest) {
        for index in indices where self[index].id == id { self[index].isRemoved = true }
    }
}
