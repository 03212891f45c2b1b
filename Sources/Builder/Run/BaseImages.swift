import Images

/// The images that a build starts from or copies from, each looked for once.
actor BaseImages {
    private let request: BuildRequest
    private let images: ImageStore
    private let owner: String
    private let progress: @Sendable (BuildEvent) -> Void
    private var found: [String: Task<Result<Image, BuildError>, Never>] = [:]
    private var held: [Digest] = []

    init(
        _ request: BuildRequest, _ images: ImageStore, owner: String,
        progress: @escaping @Sendable (BuildEvent) -> Void
    ) {
        self.request = request
        self.images = images
        self.owner = owner
        self.progress = progress
    }

    /// The image, from here or its registry; held until `releaseAll`.
    func image(_ name: String, platform: Platform?) async throws(BuildError) -> Image {
        let wanted = platform ?? request.platform
        let key = "\(name) \(wanted?.description ?? "")"
        let task =
            found[key]
            ?? Task { [self] in
                do throws(BuildError) {
                    return .success(try await find(name, wanted))
                } catch {
                    return .failure(error)
                }
            }
        found[key] = task
        return try await task.value.get()
    }

    private func find(_ name: String, _ platform: Platform?) async throws(BuildError) -> Image {
        if !request.pulls, let image = try? await images.resolve(name), fits(image, platform) {
            return try await hold(image)
        }
        let image = try await fromImages { () async throws(ImageError) in
            let reference = try Reference(name)
            let progress = progress
            return try await images.pull(
                reference, platform: platform, credentials: request.credentials(reference)
            ) { progress(.pulling(name: name, $0)) }
        }
        return try await hold(image)
    }

    private func fits(_ image: Image, _ platform: Platform?) -> Bool {
        guard let platform else { return true }
        return image.platform.os == platform.os && image.platform.architecture == platform.architecture
    }

    private func hold(_ image: Image) async throws(BuildError) -> Image {
        try await fromImages { () async throws(ImageError) in try await images.hold(image.id, by: owner) }
        held.append(image.id)
        return image
    }

    func releaseAll() async {
        for id in held { await images.release(id, by: owner) }
        held = []
    }
}
