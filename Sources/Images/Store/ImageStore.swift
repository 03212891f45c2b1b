/// All images of one user: names, documents, blobs and unpacked layers below one folder, which no other process uses.
package actor ImageStore {
    /// Images are pulled for this platform unless another is asked for.
    package let platform: Platform

    /// Opens or makes the store in `data`; what an earlier process left half done is removed.
    package init(
        data: String, platform: Platform = .host, registries: RegistrySettings = RegistrySettings()
    ) throws(ImageError) {
        self.platform = platform
    }

    /// The image of a name, a digest, or the start of an id; `notFound` or (ambiguous) `conflict`.
    package func resolve(_ name: String) throws(ImageError) -> Image { throw Self.pending }

    /// All images that were not superseded, newest first.
    package func list() throws(ImageError) -> [ImageSummary] { throw Self.pending }

    /// Gives an image another name; an image that had the name loses it.
    package func tag(_ name: String, as reference: Reference) throws(ImageError) { throw Self.pending }

    /// Takes the name away, and removes the image with its last name. In use, or by an id that has several names: `conflict` unless `force`.
    package func remove(_ name: String, force: Bool = false) async throws(ImageError) -> [RemovedItem] {
        throw Self.pending
    }

    /// Removes images without a name, or all that nothing uses, as far as `isWanted` lets them go.
    package func prune(
        all: Bool = false, where matches: @Sendable (ImageSummary) -> Bool = { _ in true }
    ) async throws(ImageError) -> (removed: [RemovedItem], freed: Int64) { throw Self.pending }

    /// The steps that made an image, newest first.
    package func history(_ name: String) throws(ImageError) -> [HistoryLine] { throw Self.pending }

    /// Fetches an image with its layers, verified and unpacked.
    package func pull(
        _ reference: Reference, platform: Platform? = nil, credentials: Credentials? = nil,
        progress: @escaping ProgressSink = { _ in }
    ) async throws(ImageError) -> Image { throw Self.pending }

    /// Sends an image to the registry of `reference`, which must be one of its names; the digest of its manifest.
    package func push(
        _ reference: Reference, credentials: Credentials? = nil, progress: @escaping ProgressSink = { _ in }
    ) async throws(ImageError) -> Digest { throw Self.pending }

    /// Takes in an archive of `docker save` or an OCI layout, plain or compressed, read from a descriptor to its end.
    package func load(
        from descriptor: Int32, progress: @escaping ProgressSink = { _ in }
    ) async throws(ImageError) -> [LoadedImage] { throw Self.pending }

    /// Writes images into an archive that `docker load` and readers of OCI layouts understand.
    package func save(_ names: [String], to descriptor: Int32) async throws(ImageError) { throw Self.pending }

    /// Makes an image of one layer from a tar of a file tree, plain or compressed.
    package func importTree(
        from descriptor: Int32, as reference: Reference?,
        configuration: ImageConfiguration = ImageConfiguration(),
        message: String? = nil
    ) async throws(ImageError) -> Image { throw Self.pending }

    /// The folders of the image's layers; unpacked now when they are not there.
    package func layers(of image: Image) async throws(ImageError) -> UnpackedLayers { throw Self.pending }

    /// Makes a layer of the upper folder of an overlay. The folder is not changed.
    package func makeLayer(
        upper: String, options: LayerDiffOptions = LayerDiffOptions()
    ) async throws(ImageError) -> Layer { throw Self.pending }

    /// The folders of layers made here or of images, given lowest first; the folders come top first.
    package func folders(of layers: [Layer]) async throws(ImageError) -> UnpackedLayers { throw Self.pending }

    /// The layers of an image, lowest first, for images that are built on it.
    package func layerList(of image: Image) throws(ImageError) -> [Layer] { throw Self.pending }

    /// Makes an image of layers that the store has. `configuration.rootfs` is filled in from `layers`.
    package func makeImage(
        layers: [Layer], configuration: ImageConfiguration, parent: Digest? = nil, names: [Reference] = []
    ) async throws(ImageError) -> Image { throw Self.pending }

    /// Makes an image of `parent` and the changes in `upper`.
    ///
    /// - Parameters:
    ///   - configuration: of the new image; its layers are filled in, and `history` gets one more entry.
    ///   - step: describes the change.
    package func commit(
        upper: String, parent: Image?, configuration: ImageConfiguration, step: HistoryEntry,
        names: [Reference] = [], options: LayerDiffOptions = LayerDiffOptions()
    ) async throws(ImageError) -> Image { throw Self.pending }

    /// Keeps an image from being collected as long as `owner` holds it. Holds are forgotten when the store is
    /// closed: who uses images holds them again before anything is collected.
    package func hold(_ image: Digest, by owner: String) throws(ImageError) { throw Self.pending }

    /// Ends a hold; harmless when there is none.
    package func release(_ image: Digest, by owner: String) {}

    /// Keeps a layer (by its diff id) from being collected, like `hold`.
    package func holdLayer(_ diffID: Digest, by owner: String) {}

    /// Ends a hold of `holdLayer`.
    package func releaseLayer(_ diffID: Digest, by owner: String) {}

    /// Removes blobs and layers that no image, hold or running operation needs; the bytes freed.
    package func collectGarbage() async throws(ImageError) -> Int64 { throw Self.pending }

    /// How much disk the store uses.
    package func usage() async throws(ImageError) -> ContentUsage { throw Self.pending }

    /// Makes an image from the packages of a distribution, without a registry: `debian:12`, `debian:13`, `busybox`.
    package func buildBase(
        _ name: String, as reference: Reference? = nil, progress: @escaping ProgressSink = { _ in }
    ) async throws(ImageError) -> Image { throw Self.pending }

    private static let pending = ImageError(.system, "images are being laid out")
}

/// An image that `load` took in, with the names that the archive gave it.
package struct LoadedImage: Equatable, Sendable {
    package let id: Digest
    package let tags: [String]
}
