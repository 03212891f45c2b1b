/// An image of the store: everything of it is there and was verified.
package struct Image: Equatable, Sendable {
    /// The digest of the configuration, which names the image.
    package let id: Digest
    /// The manifest that lists the layers as they are kept.
    package internal(set) var manifestDigest: Digest
    package let manifest: Manifest
    package let configuration: ImageConfiguration
    /// Bytes of the layers, unpacked.
    package let size: Int64
    /// Names as people write them: `debian:12`.
    package let tags: [String]
    /// `debian@sha256:…`, as a registry knows it.
    package let repositoryDigests: [String]
    /// The image that this one was committed or built from, when it is known.
    package let parent: Digest?
    /// Seconds since 1970, when it was last given a name here.
    package let tagged: Double

    /// A copy of the configuration for an image built on this one.
    package var platform: Platform { configuration.platform }
}

/// An image as lists show it.
package struct ImageSummary: Codable, Equatable, Sendable {
    package let id: Digest
    package let tags: [String]
    package let repositoryDigests: [String]
    package let parent: Digest?
    /// Seconds since 1970; 0 when unknown.
    package let created: Double
    /// Bytes of the layers, unpacked.
    package let size: Int64
    /// Bytes of the layers that other images have, too.
    package let sharedSize: Int64
    package let labels: [String: String]
    package let platform: Platform
    /// How many holders (containers) use it.
    package let holders: Int

    /// Whether it has no name.
    package var isDangling: Bool { tags.isEmpty }
}

/// What `remove` and `prune` did.
package enum RemovedItem: Codable, Equatable, Sendable {
    /// A name, as people write it.
    case untagged(String)
    /// An image, or a layer of it.
    case deleted(Digest)
}

/// A layer of the history, with the size that it adds.
package struct HistoryLine: Codable, Equatable, Sendable {
    /// The image, for the newest line; `nil` below.
    package let id: Digest?
    package let entry: HistoryEntry
    /// Bytes, unpacked.
    package let size: Int64
    package let tags: [String]
}

/// The folders of an image's layers.
package struct UnpackedLayers: Equatable, Sendable {
    /// Absolute paths, top first, as `lowerdir` wants them.
    package let folders: [String]
}

/// Disk that the store uses, in bytes.
package struct ContentUsage: Codable, Equatable, Sendable {
    package var images: Int
    /// Held by some container.
    package var activeImages: Int
    /// Blobs as they came.
    package var blobBytes: Int64
    /// Unpacked layers.
    package var layerBytes: Int64
    /// What `prune(all: true)` would free.
    package var reclaimableBytes: Int64
}

/// A layer of an image.
package struct Layer: Equatable, Sendable, Codable {
    package var descriptor: Descriptor
    package var diffID: Digest
    /// Bytes of its files.
    package var size: Int64

    /// What an archive of a layer turned out to hold.
    struct Content: Sendable {
        let diffID: Digest
        let size: Int64
    }
}
