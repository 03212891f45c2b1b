import Glibc
import Host
import Images

/// What a RUN instruction comes to, before anything is made for it.
struct RunPlan {
    let instruction: RunInstruction
    let arguments: [String]
    /// What counts for the cache: without proxies and secrets.
    let environment: [String]
    /// Proxies, which do not.
    let proxies: [String]
    /// A heredoc that is a program itself: its content and where it is found.
    let program: (content: [UInt8], path: String)?
    let mounts: [RunMount]
    /// For the history.
    let text: String
}

extension StageRun {
    func plan(_ run: RunInstruction) throws(BuildError) -> RunPlan {
        let program = Self.program(of: run)
        let arguments = program.map { [$0.path] } ?? words(of: run)
        let declared = state.arguments.filter { state.environmentValue(of: $0.key) == nil }
            .sorted { $0.key < $1.key }
        let values = declared.filter { !PredefinedArguments.proxies.contains($0.key) }.map {
            "\($0.key)=\($0.value)"
        }
        let proxies = session.request.arguments.filter { PredefinedArguments.proxies.contains($0.key) }
            .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let counted = values.isEmpty ? "" : "|\(values.count) \(values.joined(separator: " ")) "
        return RunPlan(
            instruction: run, arguments: arguments,
            environment: state.configuration.config.environment + values,
            proxies: proxies, program: program,
            mounts: try run.mounts.map { mount throws(BuildError) in try expand(mount) },
            text: "RUN \(counted)\(arguments.joined(separator: " "))")
    }

    private func words(of run: RunInstruction) -> [String] {
        switch run.command {
        case .exec(let words): return words
        case .shell(let command): return shell + [Self.script(command, run.heredocs)]
        }
    }

    /// A lone heredoc is the script; otherwise the shell reads the heredocs itself.
    private static func script(_ command: String, _ heredocs: [Heredoc]) -> String {
        if let only = heredocs.first, heredocs.count == 1, only.word == command {
            return String(decoding: only.content, as: UTF8.self)
        }
        return heredocs.reduce(command) { text, heredoc in
            "\(text)\n\(String(decoding: heredoc.content, as: UTF8.self))\(heredoc.name)"
        }
    }

    /// A lone heredoc that begins with `#!` is run as a program.
    private static func program(of run: RunInstruction) -> (content: [UInt8], path: String)? {
        guard case .shell(let command) = run.command, let only = run.heredocs.first, run.heredocs.count == 1,
            only.word == command, only.content.starts(with: Array("#!".utf8))
        else { return nil }
        return (only.content, "/dev/pipes/\(only.name)")
    }

    private func expand(_ mount: RunMount) throws(BuildError) -> RunMount {
        var mount = mount
        mount.source = try mount.source.map { text throws(BuildError) in try expand(text) }
        mount.target = try mount.target.map { text throws(BuildError) in state.absolute(try expand(text)) }
        mount.id = try mount.id.map { text throws(BuildError) in try expand(text) }
        if mount.target == "/" {
            throw BuildError(.invalidDockerfile, "--mount: the target cannot be the root folder")
        }
        return mount
    }

    /// The key of a RUN step. Secrets and agents count by name only.
    func key(of plan: RunPlan) async throws(BuildError) -> Digest {
        var key = key("RUN")
        key.add(plan.arguments)
        key.add(plan.environment)
        key.add(plan.program?.content ?? [])
        key.add(state.configuration.config.user ?? "")
        key.add(state.workingDirectory)
        key.add(network(of: plan.instruction))
        for mount in plan.mounts {
            key.add([
                mount.kind.rawValue, mount.target ?? "", mount.id ?? "", mount.variable ?? "",
                "\(mount.isReadOnly)",
                mount.mode.map(String.init) ?? "", "\(mount.uid):\(mount.gid)",
            ])
            if mount.kind == .bind { key.add(try await digest(of: mount).description) }
        }
        return key.finish()
    }

    /// The content that a bind mount shows.
    private func digest(of mount: RunMount) async throws(BuildError) -> Digest {
        var copy = CopyInstruction(sources: [mount.source ?? "/"], destination: "/")
        copy.from = mount.from
        return try await CopySource(copy, of: self).digest
    }
}
