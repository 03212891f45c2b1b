/// What an image says about how it runs and what it is made of (OCI image-spec, config.md), with Docker's fields.
package struct ImageConfiguration: Codable, Equatable, Sendable {
    package var architecture: String
    package var os: String
    package var osVersion: String?
    package var variant: String?
    /// RFC 3339.
    package var created: String?
    package var author: String?
    package var config = ProcessDefaults()
    package var rootfs = RootFileSystem()
    package var history: [HistoryEntry] = []
    package var comment: String?
    /// The container that the image was made of, and the image that it ran: what Docker's clients are told up to 1.44.
    package var container: String?
    package var containerSettings: ContainerSettings?

    package struct ContainerSettings: Codable, Equatable, Sendable {
        package var image: String?

        private enum CodingKeys: String, CodingKey { case image = "Image" }

        package init(image: String?) { self.image = image }
    }

    private enum CodingKeys: String, CodingKey {
        case architecture, os, variant, created, author, config, rootfs, history, comment, container
        case containerSettings = "container_config"
        case osVersion = "os.version"
    }

    /// An empty image for `platform`.
    package init(platform: Platform = .host) {
        architecture = platform.architecture
        os = platform.os
        variant = platform.variant
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        architecture = try values.decodeIfPresent(String.self, forKey: .architecture) ?? ""
        os = try values.decodeIfPresent(String.self, forKey: .os) ?? "linux"
        osVersion = try values.decodeIfPresent(String.self, forKey: .osVersion)
        variant = try values.decodeIfPresent(String.self, forKey: .variant)
        created = try values.decodeIfPresent(String.self, forKey: .created)
        author = try values.decodeIfPresent(String.self, forKey: .author)
        config = try values.decodeIfPresent(ProcessDefaults.self, forKey: .config) ?? ProcessDefaults()
        rootfs = try values.decodeIfPresent(RootFileSystem.self, forKey: .rootfs) ?? RootFileSystem()
        history = try values.decodeIfPresent([HistoryEntry].self, forKey: .history) ?? []
        comment = try values.decodeIfPresent(String.self, forKey: .comment)
        // Others write more into these, and nothing depends on them.
        container = try? values.decodeIfPresent(String.self, forKey: .container)
        containerSettings = try? values.decodeIfPresent(ContainerSettings.self, forKey: .containerSettings)
    }

    package var platform: Platform { Platform(os: os, architecture: architecture, variant: variant) }

    /// Parses hostile bytes, as `Manifest.parse` does.
    package static func parse(_ bytes: [UInt8]) throws(ImageError) -> ImageConfiguration {
        let configuration = try Document.decode(
            ImageConfiguration.self, from: bytes, as: "image configuration")
        guard configuration.rootfs.diffIDs.count <= Document.maximumLayers else {
            throw ImageError(
                .invalid, "the image configuration names more than \(Document.maximumLayers) layers")
        }
        return configuration
    }
}

/// The digests of an image's layers, unpacked from compression, lowest first.
package struct RootFileSystem: Codable, Equatable, Sendable {
    package var type = "layers"
    package var diffIDs: [Digest] = []

    private enum CodingKeys: String, CodingKey {
        case type
        case diffIDs = "diff_ids"
    }

    package init(diffIDs: [Digest] = []) { self.diffIDs = diffIDs }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        type = try values.decodeIfPresent(String.self, forKey: .type) ?? "layers"
        diffIDs = try values.decodeIfPresent([Digest].self, forKey: .diffIDs) ?? []
    }
}

/// One step that made an image.
package struct HistoryEntry: Codable, Equatable, Sendable {
    /// RFC 3339.
    package var created: String?
    package var createdBy: String?
    package var author: String?
    package var comment: String?
    /// Whether the step added no layer.
    package var isEmptyLayer: Bool

    private enum CodingKeys: String, CodingKey {
        case created, author, comment
        case createdBy = "created_by"
        case isEmptyLayer = "empty_layer"
    }

    package init(
        created: String? = nil, createdBy: String? = nil, comment: String? = nil, isEmptyLayer: Bool = false
    ) {
        self.created = created
        self.createdBy = createdBy
        self.comment = comment
        self.isEmptyLayer = isEmptyLayer
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        created = try values.decodeIfPresent(String.self, forKey: .created)
        createdBy = try values.decodeIfPresent(String.self, forKey: .createdBy)
        author = try values.decodeIfPresent(String.self, forKey: .author)
        comment = try values.decodeIfPresent(String.self, forKey: .comment)
        isEmptyLayer = try values.decodeIfPresent(Bool.self, forKey: .isEmptyLayer) ?? false
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(created, forKey: .created)
        try values.encodeIfPresent(createdBy, forKey: .createdBy)
        try values.encodeIfPresent(author, forKey: .author)
        try values.encodeIfPresent(comment, forKey: .comment)
        if isEmptyLayer { try values.encode(true, forKey: .isEmptyLayer) }
    }
}
