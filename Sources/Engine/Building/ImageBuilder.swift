import Builder
import Images
import Model

/// The builder with this engine's store, cache and runtime.
struct ImageBuilder: Sendable {
    let cache: BuildCache
    let executor: ContainerStepExecutor

    /// Opens the build cache below the engine's data.
    init(
        _ configuration: EngineConfiguration, _ layout: EngineLayout, images: ImageStore
    ) async throws(BuildError) {
        cache = try await BuildCache(folder: "\(layout.data)/build-cache", images: images)
        executor = ContainerStepExecutor(
            program: layout.program("viv-container"), runtimeRoot: layout.runtimeRoot,
            folder: "\(layout.run)/builds", isRootless: configuration.isRootless)
    }
}

extension Engine {
    /// Builds an image and gives it its names; cancelling the task ends the build.
    ///
    /// - Parameter progress: called from any thread.
    /// - Throws: with file, line and place where a Dockerfile is to blame.
    package nonisolated func build(
        _ request: BuildRequest, progress: @escaping @Sendable (BuildEvent) -> Void = { _ in }
    ) async throws(BuildError) -> Image {
        var executor = builder.executor
        executor.networks = self
        let run = BuildRun(request, images: images, cache: builder.cache, executor: executor)
        return try await run.run(progress: progress)
    }

    /// Forgets what builds have kept: steps, and with `all` the folders of cache mounts as well.
    package nonisolated func pruneBuildCache(all: Bool) async throws(EngineError) -> PruneReport {
        let removed = await builder.cache.prune { all || $0.kind == .regular }
        var report = PruneReport(removed: removed.map(\.id))
        for item in removed where item.kind == .cacheMount { report.reclaimed += UInt64(max(item.size, 0)) }
        do {
            report.reclaimed += UInt64(max(try await images.collectGarbage(), 0))
        } catch {
            throw EngineError(error)
        }
        return report
    }
}
