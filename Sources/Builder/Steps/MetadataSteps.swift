import Images

/// Steps that change the image's configuration only.
extension StageRun {
    mutating func change(_ instruction: Instruction, _ step: BuildStep) async throws(BuildError) {
        let text: String
        switch instruction.operation {
        case .arg(let declarations): text = try declare(declarations)
        case .env(let values): text = try setEnvironment(values)
        case .label(let values): text = try setLabels(values)
        case .user(let name): text = try setUser(name)
        case .volume(let paths): text = try addVolumes(paths)
        case .expose(let ports): text = try expose(ports)
        case .cmd(let command):
            state.configuration.config.command = words(of: command)
            text = "CMD \(Self.quoted(words(of: command)))"
        case .entrypoint(let command):
            // A command that the base image set was meant for its own entry point.
            if !setsCommand { state.configuration.config.command = nil }
            state.configuration.config.entrypoint = words(of: command)
            text = "ENTRYPOINT \(Self.quoted(words(of: command)))"
        case .shell(let words):
            state.configuration.config.shell = words
            text = "SHELL \(Self.quoted(words))"
        case .onbuild(let trigger):
            state.configuration.config.onBuild.append(trigger)
            text = "ONBUILD \(trigger)"
        case .healthcheck(let check): text = setHealthCheck(check)
        case .stopsignal(let signal): text = try setStopSignal(signal)
        case .maintainer(let name):
            state.configuration.author = name
            text = "MAINTAINER \(name)"
        case .from, .run, .copy, .workdir: return
        }
        let time = state.time
        try await settle(key(text).finish(), step) { () throws(BuildError) in
            CacheRecord(layer: nil, time: time, text: text)
        }
    }

    /// Whether this stage has a CMD of its own.
    private var setsCommand: Bool {
        stage.instructions.contains { if case .cmd = $0.operation { true } else { false } }
    }

    var shell: [String] { state.configuration.config.shell ?? ["/bin/sh", "-c"] }

    private func words(of command: Command) -> [String] {
        switch command {
        case .exec(let words): words
        case .shell(let script): shell + [script]
        }
    }

    /// As JSON writes it.
    static func quoted(_ words: [String]) -> String {
        let quoted = words.map { word in
            "\"" + word.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
        }
        return "[\(quoted.joined(separator: " "))]"
    }

    private mutating func declare(_ declarations: [ArgDeclaration]) throws(BuildError) -> String {
        var shown: [String] = []
        for declaration in declarations {
            let name = try expand(declaration.name)
            let fallback = try declaration.defaultValue.map { text throws(BuildError) in try expand(text) }
            // A value of the global scope holds when the stage gives no default of its own.
            let value = session.request.arguments[name] ?? fallback ?? session.graph.globals[name]
            if let value { state.arguments[name] = value }
            // Without the value: an argument counts where it is used, not where it is declared.
            shown.append(declaration.defaultValue.map { "\(name)=\($0)" } ?? name)
        }
        return "ARG \(shown.joined(separator: " "))"
    }

    private func pairs(_ values: [NamedValue]) throws(BuildError) -> [(name: String, value: String)] {
        var result: [(name: String, value: String)] = []
        for value in values { result.append((try expand(value.name), try expand(value.value))) }
        return result
    }

    /// All values see the variables as they were before the instruction.
    private mutating func setEnvironment(_ values: [NamedValue]) throws(BuildError) -> String {
        let pairs = try pairs(values)
        for (name, value) in pairs {
            guard !name.isEmpty, !(name + value).utf8.contains(0) else {
                throw BuildError(.invalidDockerfile, "the name of a variable is empty or holds a NUL")
            }
            state.setEnvironment(name, value)
        }
        return "ENV " + pairs.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
    }

    private mutating func setLabels(_ values: [NamedValue]) throws(BuildError) -> String {
        let pairs = try pairs(values)
        for (name, value) in pairs { state.configuration.config.labels[name] = value }
        return "LABEL " + pairs.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
    }

    private mutating func setUser(_ name: String) throws(BuildError) -> String {
        let user = try expand(name)
        guard !user.isEmpty else { throw BuildError(.invalidDockerfile, "USER \(name) is empty") }
        state.configuration.config.user = user
        return "USER \(user)"
    }

    private mutating func addVolumes(_ paths: [String]) throws(BuildError) -> String {
        let paths = try expand(all: paths)
        guard paths.allSatisfy({ !$0.isEmpty }) else {
            throw BuildError(.invalidDockerfile, "VOLUME takes paths that are not empty")
        }
        let all = Set(state.configuration.config.volumes).union(paths)
        state.configuration.config.volumes = all.sorted()
        return "VOLUME \(Self.quoted(paths))"
    }

    private mutating func expose(_ ports: String) throws(BuildError) -> String {
        let words = try expand(ports).split(whereSeparator: \.isWhitespace)
        var all = Set(state.configuration.config.exposedPorts)
        for word in words { all.formUnion(try ExposedPorts.parse(String(word))) }
        state.configuration.config.exposedPorts = all.sorted()
        return "EXPOSE " + words.joined(separator: " ")
    }

    private mutating func setStopSignal(_ signal: String) throws(BuildError) -> String {
        let signal = try expand(signal)
        let isName = signal.utf8.allSatisfy {
            $0.isNameByte || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-")
        }
        guard !signal.isEmpty, signal.utf8.count <= 16, isName,
            Int(signal).map({ (1...64).contains($0) }) ?? true
        else {
            throw BuildError(
                .invalidDockerfile, "“\(signal)” is no signal: a name such as SIGTERM or 1 to 64")
        }
        state.configuration.config.stopSignal = signal
        return "STOPSIGNAL \(signal)"
    }

    private mutating func setHealthCheck(_ check: HealthcheckInstruction?) -> String {
        guard let check else {
            state.configuration.config.healthCheck = HealthDefaults(test: ["NONE"])
            return "HEALTHCHECK NONE"
        }
        let test =
            switch check.command {
            case .exec(let words): ["CMD"] + words
            case .shell(let script): ["CMD-SHELL", script]
            }
        var health = HealthDefaults(test: test)
        health.interval = check.interval == 0 ? nil : check.interval
        health.timeout = check.timeout == 0 ? nil : check.timeout
        health.startPeriod = check.startPeriod == 0 ? nil : check.startPeriod
        health.startInterval = check.startInterval == 0 ? nil : check.startInterval
        health.retries = check.retries == 0 ? nil : check.retries
        state.configuration.config.healthCheck = health
        let times = [
            check.interval, check.timeout, check.startPeriod, check.startInterval, Int64(check.retries),
        ]
        return "HEALTHCHECK \(Self.quoted(test)) \(times.map(String.init).joined(separator: " "))"
    }
}

/// Ports of EXPOSE: `80`, `80/udp`, `8000-8010`.
enum ExposedPorts {
    /// All ports of a word, as `80/tcp`.
    static func parse(_ word: String) throws(BuildError) -> [String] {
        let parts = word.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let transport = parts.count == 2 ? parts[1].lowercased() : "tcp"
        let bounds = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
        guard parts.count <= 2, ["tcp", "udp", "sctp"].contains(transport), let low = bounds[0], low > 0,
            bounds.count <= 2, let high = bounds[bounds.count - 1], low <= high
        else {
            throw BuildError(.invalidDockerfile, "“\(word)” is no port: 80, 80/udp or 8000-8010")
        }
        return (low...high).map { "\($0)/\(transport)" }
    }
}
