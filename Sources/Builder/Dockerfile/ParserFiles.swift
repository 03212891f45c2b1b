/// RUN, COPY and ADD.
extension Parser {
    func run(_ text: SourceText, _ heredocs: [Heredoc]) throws(DockerfileError) -> RunInstruction {
        let flags = try Flags(text, known: ["--mount", "--network", "--security"], of: "RUN")
        guard !flags.rest.isEmpty else {
            throw DockerfileError("RUN needs a command", at: text.position(at: text.count))
        }
        var result = RunInstruction(command: try command(flags.rest), heredocs: heredocs)
        if case .exec(let words) = result.command, words.isEmpty {
            throw DockerfileError("RUN needs a command", at: flags.rest.position(at: 0))
        }
        for flag in flags.all("--mount") {
            result.mounts.append(try MountOptions.parse(flag.value, at: flag.position))
        }
        if let name = try flags.value("--network") {
            guard let network = RunInstruction.Network(rawValue: name) else {
                throw DockerfileError(
                    "--network is default, none or host", at: flags.position(of: "--network"))
            }
            result.network = network
        }
        if let security = try flags.value("--security"), security != "sandbox" {
            throw DockerfileError(
                "--security=\(security) is refused: steps always run in the sandbox",
                at: flags.position(of: "--security"))
        }
        return result
    }

    private static let copyFlags = ["--from", "--chown", "--chmod", "--link", "--parents", "--exclude"]
    private static let addFlags = [
        "--chown", "--chmod", "--link", "--exclude", "--checksum", "--keep-git-dir", "--unpack",
    ]

    func copy(
        _ text: SourceText, _ heredocs: [Heredoc], isAdd: Bool
    ) throws(DockerfileError) -> CopyInstruction {
        let keyword = isAdd ? "ADD" : "COPY"
        let flags = try Flags(text, known: isAdd ? Self.addFlags : Self.copyFlags, of: keyword)
        var paths = words(flags.rest)
        if case .exec(let words) = try command(flags.rest) { paths = words }
        guard paths.count >= 2, let destination = paths.popLast() else {
            throw DockerfileError(
                "\(keyword) takes a source and a destination", at: flags.rest.position(at: 0))
        }
        var result = CopyInstruction(isAdd: isAdd, destination: destination, heredocs: heredocs)
        result.sources = paths.filter { path in !heredocs.contains { $0.word == path } }
        try set(&result, flags)
        return result
    }

    private func set(_ copy: inout CopyInstruction, _ flags: Flags) throws(DockerfileError) {
        copy.from = try flags.value("--from")
        copy.owner = try flags.value("--chown")
        copy.mode = try flags.value("--chmod")
        copy.isLinked = try flags.isOn("--link") ?? false
        copy.keepsParents = try flags.isOn("--parents") ?? false
        copy.checksum = try flags.value("--checksum")
        copy.unpacks = try flags.isOn("--unpack")
        copy.excludes = flags.all("--exclude").map(\.value)
        if copy.from != nil, !copy.heredocs.isEmpty {
            throw DockerfileError("heredocs do not go with --from", at: flags.position(of: "--from"))
        }
        if copy.from?.contains("$") == true {
            throw DockerfileError(
                "--from takes no variables; use FROM $IMAGE AS name with a global ARG, and --from=name",
                at: flags.position(of: "--from"))
        }
        if let mode = copy.mode, !mode.contains("$"), FileModeChange(mode) == nil {
            throw DockerfileError(
                "--chmod takes an octal mode such as 755 or changes such as u+x,go-w",
                at: flags.position(of: "--chmod"))
        }
    }
}
