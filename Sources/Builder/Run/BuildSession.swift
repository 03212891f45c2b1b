import Host
import Images

/// What all stages of one build share.
struct BuildSession: Sendable {
    let request: BuildRequest
    let images: ImageStore
    let cache: BuildCache
    let executor: any StepExecutor
    let context: BuildContext
    let graph: BuildGraph
    let board = StageBoard()
    let slots: StepSlots
    let bases: BaseImages
    /// Steps of `--cache-from` images by key; with these, nothing else counts as cache.
    let borrowed: [Digest: CacheRecord]?
    /// An empty folder of this build's.
    let work: String
    /// `SOURCE_DATE_EPOCH`
    let epoch: Int64?
    let progress: @Sendable (BuildEvent) -> Void

    /// What an earlier build left for a key.
    func record(for key: Digest) async -> CacheRecord? {
        guard request.usesCache else { return nil }
        if let borrowed { return borrowed[key] }
        return await cache.record(for: key)
    }

    func newFolder() throws(BuildError) -> String {
        let path = "\(work)/\(UniqueName.make())"
        try system { () throws(SystemError) in try Folder.create(path) }
        return path
    }

    /// The image of a stage that others copy from.
    func folders(of state: StageState) async throws(BuildError) -> [String] {
        guard !state.layers.isEmpty else { return [] }
        return try await fromImages { () async throws(ImageError) in
            try await images.folders(of: state.layers).folders
        }
    }
}

/// Runs `body`; an error of the image store becomes the build's.
func fromImages<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws(ImageError) -> Result
) async throws(BuildError) -> Result {
    do throws(ImageError) {
        return try await body()
    } catch {
        throw BuildError(error.kind == .notFound ? .notFound : .system, error.description)
    }
}
