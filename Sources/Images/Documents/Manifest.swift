/// What a document says about another piece of content (OCI image-spec, descriptor.md).
package struct Descriptor: Codable, Hashable, Sendable {
    package var mediaType: String
    package var digest: Digest
    /// Bytes; never negative.
    package var size: Int64
    package var platform: Platform?
    package var annotations: [String: String]?
    package var urls: [String]?

    package init(mediaType: String, digest: Digest, size: Int64, platform: Platform? = nil) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.platform = platform
    }
}

/// An image for one platform (OCI image-spec, manifest.md; Docker's schema 2).
package struct Manifest: Codable, Equatable, Sendable {
    package var schemaVersion = 2
    package var mediaType: String?
    package var config: Descriptor
    package var layers: [Descriptor]
    package var annotations: [String: String]?

    package init(mediaType: String = MediaType.ociManifest, config: Descriptor, layers: [Descriptor]) {
        self.mediaType = mediaType
        self.config = config
        self.layers = layers
    }

    /// Parses hostile bytes: at most `Document.maximumSize`, 1000 layers, sizes that are none negative.
    package static func parse(_ bytes: [UInt8]) throws(ImageError) -> Manifest {
        let manifest = try Document.decode(Manifest.self, from: bytes, as: "manifest")
        guard manifest.schemaVersion == 2 else {
            throw ImageError(
                .invalid, "the manifest has schema version \(manifest.schemaVersion), expected 2")
        }
        guard manifest.layers.count <= Document.maximumLayers else {
            throw ImageError(
                .invalid,
                "the manifest has \(manifest.layers.count) layers, more than \(Document.maximumLayers)")
        }
        try Document.checkSizes([manifest.config] + manifest.layers)
        return manifest
    }
}

/// Several images under one name, one a platform (OCI image-spec, image-index.md; Docker's manifest list).
package struct Index: Codable, Equatable, Sendable {
    package var schemaVersion = 2
    package var mediaType: String?
    package var manifests: [Descriptor]
    package var annotations: [String: String]?

    package init(mediaType: String = MediaType.ociIndex, manifests: [Descriptor]) {
        self.mediaType = mediaType
        self.manifests = manifests
    }

    /// Parses hostile bytes, as `Manifest.parse` does.
    package static func parse(_ bytes: [UInt8]) throws(ImageError) -> Index {
        let index = try Document.decode(Index.self, from: bytes, as: "image index")
        guard index.manifests.count <= Document.maximumLayers else {
            throw ImageError(
                .invalid,
                "the image index lists \(index.manifests.count) images, more than \(Document.maximumLayers)")
        }
        try Document.checkSizes(index.manifests)
        return index
    }

    /// The image for `platform`: of those that fit, the closest, then the first.
    package func select(_ platform: Platform) throws(ImageError) -> Descriptor {
        var best: (Descriptor, Int)?
        for entry in manifests {
            guard let offered = entry.platform, let fit = platform.suitability(of: offered) else { continue }
            if fit > best?.1 ?? 0 { best = (entry, fit) }
        }
        if let best { return best.0 }
        if manifests.count == 1, manifests[0].platform == nil { return manifests[0] }
        let offered = manifests.compactMap { $0.platform?.description }.filter { !$0.hasPrefix("unknown") }
        throw ImageError(
            .notFound,
            "no image for \(platform); there are \(offered.isEmpty ? "none" : offered.joined(separator: ", "))"
        )
    }
}
