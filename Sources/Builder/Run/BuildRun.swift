import Glibc
import Host
import Images

/// One build, from request to image.
package struct BuildRun: Sendable {
    private let request: BuildRequest
    private let images: ImageStore
    private let cache: BuildCache
    private let executor: any StepExecutor

    package init(
        _ request: BuildRequest, images: ImageStore, cache: BuildCache, executor: any StepExecutor
    ) {
        self.request = request
        self.images = images
        self.cache = cache
        self.executor = executor
    }

    /// Builds the image and gives it its names. Cancelling the task ends running steps; nothing half made stays.
    ///
    /// - Parameter progress: called from any thread.
    package func run(
        progress: @escaping @Sendable (BuildEvent) -> Void = { _ in }
    ) async throws(BuildError) -> Image {
        // Named, so that the closure's error is not forgotten.
        let body = { () async -> Result<Image, BuildError> in await result(progress) }
        return try await withTaskExecutorPreference(BuildThreads.shared, operation: body).get()
    }

    private func result(_ progress: @escaping @Sendable (BuildEvent) -> Void) async -> Result<
        Image, BuildError
    > {
        do throws(BuildError) {
            return .success(try await build(progress))
        } catch {
            return .failure(error)
        }
    }

    private func build(
        _ progress: @escaping @Sendable (BuildEvent) -> Void
    ) async throws(BuildError) -> Image {
        let work = try await cache.makeWorkFolder()
        let bases = BaseImages(request, images, owner: "build \(work)", progress: progress)
        let result: Result<Image, BuildError>
        do throws(BuildError) {
            result = .success(try await run(work: work, bases: bases, progress))
        } catch {
            result = .failure(error)
        }
        await bases.releaseAll()
        Folder.remove(work)
        return try result.get()
    }

    private func run(
        work: String, bases: BaseImages, _ progress: @escaping @Sendable (BuildEvent) -> Void
    ) async throws(BuildError) -> Image {
        let context = try BuildContext(request, work: work)
        let graph = try BuildGraph(context.dockerfile, request)
        let session = BuildSession(
            request: request, images: images, cache: cache, executor: executor, context: context,
            graph: graph,
            slots: StepSlots(StepSlots.processors), bases: bases,
            borrowed: try await borrowedSteps(), work: work, epoch: try epoch(), progress: progress)
        await Self.runStages(of: session)
        if let failure = await session.board.failure { throw failure }
        let state = try await session.board.result(of: graph.target)
        warnAboutUnusedArguments(session)
        return try await finish(state, session)
    }

    /// Every needed stage is a task; they wait for each other on the board.
    private static func runStages(of session: BuildSession) async {
        await withTaskGroup(of: Bool.self) { group in
            for index in session.graph.needed {
                group.addTask {
                    let result: Result<StageState, BuildError>
                    do throws(BuildError) {
                        let stage = StageRun(session, session.graph.stages[index])
                        result = .success(try await stage.run())
                    } catch {
                        result = .failure(error)
                    }
                    await session.board.publish(result, of: index)
                    if case .failure = result { return false }
                    return true
                }
            }
            for await isSuccess in group where !isSuccess { group.cancelAll() }
        }
    }

    /// `SOURCE_DATE_EPOCH` of the build's arguments.
    private func epoch() throws(BuildError) -> Int64? {
        guard let text = request.arguments["SOURCE_DATE_EPOCH"], !text.isEmpty else { return nil }
        guard let value = Int64(text), (0...253_402_300_799).contains(value) else {
            throw BuildError(.invalidDockerfile, "SOURCE_DATE_EPOCH is seconds since 1970, not “\(text)”")
        }
        return value
    }

    /// What the histories of `--cache-from` images tell. Images that are not here count for nothing.
    private func borrowedSteps() async throws(BuildError) -> [Digest: CacheRecord]? {
        guard !request.cacheFrom.isEmpty else { return nil }
        var steps: [Digest: CacheRecord] = [:]
        for name in request.cacheFrom {
            guard let image = try? await images.resolve(name),
                let layers = try? await images.layerList(of: image)
            else { continue }
            var next = layers[...]
            for entry in image.configuration.history {
                let layer = entry.isEmptyLayer ? nil : next.popFirst()
                guard let key = StepKeyComment.key(in: entry.comment) else { continue }
                let time = entry.created.flatMap(BuildTime.parse) ?? 0
                steps[key] = CacheRecord(layer: layer, time: time, text: entry.createdBy ?? "")
            }
        }
        return steps
    }

    private func warnAboutUnusedArguments(_ session: BuildSession) {
        var declared = Set(session.graph.globals.keys).union(PredefinedArguments.proxies)
        declared.insert("SOURCE_DATE_EPOCH")
        for stage in session.graph.stages {
            for case .arg(let declarations) in stage.instructions.map(\.operation) {
                declared.formUnion(declarations.map(\.name))
            }
        }
        let unused = request.arguments.keys.filter { !declared.contains($0) }.sorted()
        guard !unused.isEmpty else { return }
        session.progress(.warning("no ARG declares these build arguments: \(unused.joined(separator: ", "))"))
    }

    private func finish(_ state: StageState, _ session: BuildSession) async throws(BuildError) -> Image {
        var state = state
        if !request.labels.isEmpty {
            state.configuration.config.labels.merge(request.labels) { $1 }
            let labels = request.labels.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
            state.configuration.history.append(
                HistoryEntry(
                    created: BuildTime.format(state.time),
                    createdBy: "LABEL \(labels.joined(separator: " "))",
                    isEmptyLayer: true))
        }
        state.configuration.created = BuildTime.format(state.time)
        if Task.isCancelled { throw BuildError(.cancelled, "the build was cancelled") }
        let made = state
        let image = try await fromImages { () async throws(ImageError) in
            try await images.makeImage(
                layers: made.layers, configuration: made.configuration, parent: made.parent,
                names: request.names)
        }
        session.progress(.built(image.id))
        for name in request.names { session.progress(.tagged(name)) }
        return image
    }
}
