import Glibc
import Host
import Images

/// Runs the steps of one stage, one after another.
struct StageRun {
    let session: BuildSession
    let stage: Stage
    var state: StageState

    init(_ session: BuildSession, _ stage: Stage) {
        self.session = session
        self.stage = stage
        state = StageState(platform: session.request.platform ?? .host, time: session.epoch ?? 0)
    }

    var dockerfile: Dockerfile { session.graph.dockerfile }

    /// All steps; the image that they make.
    func run() async throws(BuildError) -> StageState {
        var run = self
        var (number, total) = session.graph.numbering(of: stage.index)
        try await run.begin(run.step(number, total, stage.from))
        for instruction in stage.instructions {
            number += 1
            try await run.perform(instruction, run.step(number, total, instruction))
        }
        return run.state
    }

    private func step(_ number: Int, _ total: Int, _ instruction: Instruction) -> BuildStep {
        BuildStep(
            number: number, total: total, stage: stage.title, text: instruction.text,
            line: instruction.position.line)
    }

    // MARK: FROM

    private mutating func begin(_ step: BuildStep) async throws(BuildError) {
        let start = MonotonicTime.now
        session.progress(.step(step))
        let platform = stage.platform ?? session.request.platform
        do throws(BuildError) {
            switch stage.base {
            case .scratch: state = StageState(platform: platform ?? .host, time: session.epoch ?? 0)
            case .stage(let index):
                state = try await session.board.result(of: index)
                state.arguments = [:]
            case .image(let name): try await pull(name, platform)
            }
        } catch {
            throw located(error, stage.from)
        }
        session.progress(
            .finished(step, state: (state.parent ?? state.chain).short, seconds: MonotonicTime.now - start))
        try await performTriggers(step)
    }

    private mutating func pull(_ name: String, _ platform: Platform?) async throws(BuildError) {
        let image = try await session.bases.image(name, platform: platform)
        let images = session.images
        let layers = try await fromImages { () async throws(ImageError) in
            try await images.layerList(of: image)
        }
        let time = image.configuration.created.flatMap(BuildTime.parse) ?? 0
        state = StageState(image: image, layers: layers, time: session.epoch ?? time)
    }

    /// What ONBUILD of the base asks for.
    private mutating func performTriggers(_ step: BuildStep) async throws(BuildError) {
        let triggers = state.configuration.config.onBuild
        state.configuration.config.onBuild = []
        for text in triggers {
            let instruction: Instruction
            do throws(DockerfileError) {
                instruction = try Parser.parseTrigger(text, escape: UInt8(ascii: "\\"))
            } catch {
                throw BuildError(
                    .invalidDockerfile, "ONBUILD \(text) of the base image: \(error.message)")
            }
            let step = BuildStep(
                number: step.number, total: step.total, stage: step.stage, text: text, line: 0)
            try await perform(instruction, step)
        }
    }

    // MARK: Steps

    private mutating func perform(_ instruction: Instruction, _ step: BuildStep) async throws(BuildError) {
        guard !Task.isCancelled else { throw BuildError(.cancelled, "the build was cancelled") }
        let start = MonotonicTime.now
        session.progress(.step(step))
        do throws(BuildError) {
            switch instruction.operation {
            case .run(let run): try await perform(run, step)
            case .copy(let copy): try await perform(copy, step)
            case .workdir(let path): try await changeFolder(path, step)
            default: try await change(instruction, step)
            }
        } catch {
            throw located(error, step.line == 0 ? stage.from : instruction)
        }
        session.progress(
            .finished(step, state: state.chain.short, seconds: MonotonicTime.now - start))
    }

    /// The error with the place of its instruction, unless it has one.
    private func located(_ error: BuildError, _ instruction: Instruction) -> BuildError {
        guard error.kind != .cancelled, !error.description.hasPrefix("\(dockerfile.name):") else {
            return error
        }
        return dockerfile.error(error.description, at: instruction.position, error.kind)
    }

    /// A word with its variables replaced.
    func expand(_ text: String) throws(BuildError) -> String {
        let state = state
        do throws(ExpansionError) {
            return try Expansion.expand(text, escape: dockerfile.escape) { state.value(of: $0) }
        } catch {
            throw BuildError(.invalidDockerfile, error.message)
        }
    }

    func expand(all texts: [String]) throws(BuildError) -> [String] {
        var result: [String] = []
        for text in texts { result.append(try expand(text)) }
        return result
    }

    /// A key that depends on what led here and on the instruction.
    func key(_ instruction: String) -> CacheKey {
        var key = CacheKey("step")
        key.add(state.chain.description)
        key.add(session.epoch.map(String.init) ?? "")
        key.add(instruction)
        return key
    }

    /// Takes the step's result from the cache, or makes and keeps it.
    mutating func settle(
        _ key: Digest, _ step: BuildStep, _ make: () async throws(BuildError) -> CacheRecord
    ) async throws(BuildError) {
        if let record = await session.record(for: key) {
            session.progress(.cached(step))
            return state.append(record, key: key, isCached: true)
        }
        await session.slots.take()
        let result: Result<CacheRecord, BuildError>
        do throws(BuildError) {
            result = .success(try await make())
        } catch {
            result = .failure(error)
        }
        await session.slots.give()
        let record = try result.get()
        try await session.cache.keep(record, for: key)
        state.append(record, key: key, isCached: false)
    }
}

enum MonotonicTime {
    /// Seconds since some moment.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
