import Images

/// A stage of a Dockerfile: FROM and what follows.
struct Stage: Sendable {
    enum Base: Equatable, Sendable {
        case scratch
        case stage(Int)
        case image(String)
    }

    let index: Int
    let name: String?
    let base: Base
    let platform: Platform?
    let from: Instruction
    let instructions: [Instruction]

    /// How people call it.
    var title: String { name ?? "stage-\(index)" }
}

/// The stages of a Dockerfile and which of them a target needs.
struct BuildGraph: Sendable {
    let dockerfile: Dockerfile
    /// Values of the ARGs before the first FROM, and the platform's.
    let globals: [String: String]
    let stages: [Stage]
    let target: Int
    /// The stages to run, in order.
    let needed: [Int]

    init(_ dockerfile: Dockerfile, _ request: BuildRequest) throws(BuildError) {
        self.dockerfile = dockerfile
        var parser = StageParser(dockerfile, request)
        for instruction in dockerfile.instructions { try parser.add(instruction) }
        stages = try parser.finish()
        globals = parser.globals
        target = try Self.find(request.target, in: stages)
        var seen: Set<Int> = []
        var pending = [target]
        while let index = pending.popLast() {
            if seen.insert(index).inserted { pending += Self.dependencies(of: stages[index], in: stages) }
        }
        needed = seen.sorted()
    }

    private static func find(_ target: String?, in stages: [Stage]) throws(BuildError) -> Int {
        guard let target, !target.isEmpty else { return stages.count - 1 }
        if let index = stages.lastIndex(where: { $0.name == target.lowercased() }) { return index }
        if let index = Int(target), stages.indices.contains(index) { return index }
        let names = stages.compactMap(\.name)
        let near = Suggestion.nearest(to: target, among: names).map { "; did you mean \($0)?" }
        let all = names.isEmpty ? "; no stage has a name" : "; there are \(names.joined(separator: ", "))"
        throw BuildError(.notFound, "the Dockerfile has no stage “\(target)”\(near ?? all)")
    }

    /// What `--from` means in a stage: an earlier stage by name or number, or an image.
    static func source(_ from: String, before index: Int, in stages: [Stage]) -> Stage.Base {
        let earlier = stages.prefix(index)
        if let number = Int(from), earlier.indices.contains(number) { return .stage(number) }
        if let stage = earlier.last(where: { $0.name == from.lowercased() }) { return .stage(stage.index) }
        return from == "scratch" ? .scratch : .image(from)
    }

    private static func dependencies(of stage: Stage, in stages: [Stage]) -> [Int] {
        var sources = [stage.base]
        for instruction in stage.instructions {
            switch instruction.operation {
            case .copy(let copy):
                sources += copy.from.map { [source($0, before: stage.index, in: stages)] } ?? []
            case .run(let run):
                sources += run.mounts.compactMap(\.from).map { source($0, before: stage.index, in: stages) }
            default: break
            }
        }
        return sources.compactMap { if case .stage(let index) = $0 { index } else { nil } }
    }

    /// The number of the first step of a stage, counted over all stages that run, and the number of all steps.
    func numbering(of index: Int) -> (first: Int, total: Int) {
        let counts = needed.map { (stage: $0, steps: stages[$0].instructions.count + 1) }
        let before = counts.filter { $0.stage < index }.reduce(0) { $0 + $1.steps }
        return (before + 1, counts.reduce(0) { $0 + $1.steps })
    }
}
