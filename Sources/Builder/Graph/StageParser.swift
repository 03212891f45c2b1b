import Images

/// Groups instructions into stages; expands what stands before and in FROM.
struct StageParser {
    private let dockerfile: Dockerfile
    private let request: BuildRequest
    private(set) var globals: [String: String]
    private var stages: [Stage] = []
    private var from: (instruction: Instruction, values: FromInstruction)?
    private var instructions: [Instruction] = []

    init(_ dockerfile: Dockerfile, _ request: BuildRequest) {
        self.dockerfile = dockerfile
        self.request = request
        globals = PredefinedArguments.platform(target: request.platform ?? .host, build: .host)
        for (name, value) in request.arguments where globals[name] != nil { globals[name] = value }
    }

    mutating func add(_ instruction: Instruction) throws(BuildError) {
        switch instruction.operation {
        case .from(let values):
            try closeStage()
            from = (instruction, values)
        case .arg(let declarations) where from == nil: try declare(declarations, instruction)
        default:
            guard from != nil else {
                let word = instruction.text.prefix { !$0.isWhitespace }
                throw dockerfile.error(
                    "\(word) stands before the first FROM; only ARG may", at: instruction.position)
            }
            instructions.append(instruction)
        }
    }

    mutating func finish() throws(BuildError) -> [Stage] {
        try closeStage()
        guard !stages.isEmpty else {
            throw dockerfile.error(
                "no FROM: a Dockerfile begins with FROM image", at: SourcePosition(line: 1))
        }
        return stages
    }

    private mutating func declare(
        _ declarations: [ArgDeclaration], _ instruction: Instruction
    ) throws(BuildError) {
        for declaration in declarations {
            let fallback = try declaration.defaultValue.map { text throws(BuildError) in
                try expand(text, instruction)
            }
            globals[declaration.name] =
                request.arguments[declaration.name] ?? fallback ?? globals[declaration.name]
        }
    }

    private func expand(_ text: String, _ instruction: Instruction) throws(BuildError) -> String {
        let globals = globals
        do throws(ExpansionError) {
            return try Expansion.expand(text, escape: dockerfile.escape) { globals[$0] }
        } catch {
            throw dockerfile.error(error.message, at: instruction.position)
        }
    }

    private mutating func closeStage() throws(BuildError) {
        guard let (instruction, values) = from else { return }
        let image = try expand(values.image, instruction)
        guard !image.isEmpty else {
            throw dockerfile.error(
                "FROM \(values.image) is empty: an ARG it uses has no value", at: instruction.position)
        }
        let platform = try platform(values, instruction)
        var base = Stage.Base.image(image)
        if image == "scratch" { base = .scratch }
        if let stage = stages.last(where: { $0.name == image.lowercased() }) { base = .stage(stage.index) }
        stages.append(
            Stage(
                index: stages.count, name: values.stageName, base: base, platform: platform,
                from: instruction,
                instructions: instructions))
        from = nil
        instructions = []
    }

    private func platform(
        _ values: FromInstruction, _ instruction: Instruction
    ) throws(BuildError) -> Platform? {
        guard let text = values.platform else { return nil }
        let expanded = try expand(text, instruction)
        if expanded.isEmpty { return nil }
        do throws(ImageError) {
            return try Platform(expanded)
        } catch {
            throw dockerfile.error(error.description, at: instruction.position)
        }
    }
}

/// Arguments that exist without ARG.
enum PredefinedArguments {
    /// Given to RUN when the user passes them; they neither count for the cache nor show in the history.
    static let proxies: Set<String> = [
        "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY",
        "no_proxy",
        "ALL_PROXY", "all_proxy",
    ]

    /// In the global scope; a stage sees them after `ARG name`.
    static func platform(target: Platform, build: Platform) -> [String: String] {
        [
            "TARGETPLATFORM": target.description, "TARGETOS": target.os, "TARGETARCH": target.architecture,
            "TARGETVARIANT": target.variant ?? "", "BUILDPLATFORM": build.description, "BUILDOS": build.os,
            "BUILDARCH": build.architecture, "BUILDVARIANT": build.variant ?? "",
        ]
    }
}
