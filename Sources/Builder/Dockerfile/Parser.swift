/// A Dockerfile, parsed: instructions with their places, nothing expanded.
package struct Dockerfile: Sendable {
    /// How the file is called in messages.
    package let name: String
    package let instructions: [Instruction]
    /// For messages that show a line.
    let lines: [String]
    let escape: UInt8

    /// Parses the bytes of a Dockerfile. Whatever they are, the outcome is a value or an error.
    ///
    /// - Throws: `invalidDockerfile` with `name:line: message`, the line, and a mark below the place.
    package init(_ bytes: [UInt8], name: String = "Dockerfile") throws(BuildError) {
        self.name = name
        lines = Lexer.split(bytes).map { String(decoding: $0, as: UTF8.self) }
        do throws(DockerfileError) {
            var lexer = try Lexer(bytes)
            let parser = Parser(escape: lexer.directives.escape)
            escape = parser.escape
            var instructions: [Instruction] = []
            for line in try lexer.readAll() { instructions.append(try parser.parse(line)) }
            guard !instructions.isEmpty else {
                throw DockerfileError("the Dockerfile has no instructions", at: SourcePosition(line: 1))
            }
            self.instructions = instructions
        } catch {
            throw BuildError(.invalidDockerfile, error.described(file: name, lines: lines))
        }
    }

    /// An error at a place of this file.
    func error(
        _ message: String, at position: SourcePosition, _ kind: BuildError.Kind = .invalidDockerfile
    ) -> BuildError {
        BuildError(kind, DockerfileError(message, at: position).described(file: name, lines: lines))
    }
}

/// Turns logical lines into instructions.
struct Parser {
    let escape: UInt8

    /// Parses the text of an ONBUILD trigger, which carries no heredocs.
    static func parseTrigger(_ text: String, escape: UInt8) throws(DockerfileError) -> Instruction {
        let source = SourceText(Array(text.utf8), at: SourcePosition(line: 1))
        return try Parser(escape: escape).parse(LogicalLine(text: source, lastLine: 1))
    }

    func parse(_ line: LogicalLine) throws(DockerfileError) -> Instruction {
        let word = line.text.bytes.prefix { !$0.isBlank }
        let position = line.text.position(at: 0)
        let keyword = try Self.keyword(String(decoding: word, as: UTF8.self), at: position)
        let arguments = line.text.trimmed(from: word.count)
        let operation = try operation(keyword, arguments, line.heredocs)
        return Instruction(
            operation: operation, text: line.text.string, position: position, lastLine: line.lastLine)
    }

    private static func keyword(_ word: String, at position: SourcePosition) throws(DockerfileError)
        -> Keyword
    {
        let upper = word.uppercased()
        if let keyword = Keyword(rawValue: upper) { return keyword }
        let near = Suggestion.nearest(to: upper, among: Keyword.allCases.map(\.rawValue))
        let shown = word.count > 40 ? word.prefix(40) + "…" : word[...]
        throw DockerfileError(
            "unknown instruction: \(shown)\(near.map { "; did you mean \($0)?" } ?? "")", at: position)
    }

    private func operation(
        _ keyword: Keyword, _ text: SourceText, _ heredocs: [Heredoc]
    ) throws(DockerfileError) -> Operation {
        guard !text.isEmpty || keyword == .shell else {
            throw DockerfileError("\(keyword.rawValue) needs an argument", at: text.position(at: 0))
        }
        switch keyword {
        case .from: return .from(try from(text))
        case .arg: return .arg(try arguments(text))
        case .env: return .env(try namedValues(text, keyword))
        case .label: return .label(try namedValues(text, keyword))
        case .run: return .run(try run(text, heredocs))
        case .copy, .add: return .copy(try copy(text, heredocs, isAdd: keyword == .add))
        case .cmd: return .cmd(try command(plain(text, keyword)))
        case .entrypoint: return .entrypoint(try command(plain(text, keyword)))
        case .shell: return .shell(try shell(text))
        case .healthcheck: return .healthcheck(try healthcheck(text))
        case .onbuild: return .onbuild(try trigger(text, heredocs))
        case .volume: return .volume(try volumes(plain(text, keyword)))
        case .workdir: return .workdir(try plain(text, keyword).string)
        case .user: return .user(try plain(text, keyword).string)
        case .expose: return .expose(try plain(text, keyword).string)
        case .stopsignal: return .stopsignal(try plain(text, keyword).string)
        case .maintainer: return .maintainer(text.string)
        }
    }

    /// The arguments of an instruction that has no flags.
    private func plain(_ text: SourceText, _ keyword: Keyword) throws(DockerfileError) -> SourceText {
        let rest = try Flags(text, known: [], of: keyword.rawValue).rest
        guard !rest.isEmpty else {
            throw DockerfileError("\(keyword.rawValue) needs an argument", at: text.position(at: 0))
        }
        return rest
    }

    /// JSON words, or the text for a shell.
    func command(_ text: SourceText) throws(DockerfileError) -> Command {
        switch JSONForm.parse(text.bytes) {
        case .words(let words): return .exec(words)
        case .otherValues:
            throw DockerfileError("only strings may stand in the JSON form", at: text.position(at: 0))
        case .none: return .shell(text.string)
        }
    }

    private func volumes(_ text: SourceText) throws(DockerfileError) -> [String] {
        if case .exec(let words) = try command(text) { return words }
        return words(text)
    }

    /// Words between white space; quotes have no meaning here.
    func words(_ text: SourceText) -> [String] {
        text.bytes.split(whereSeparator: \.isBlank).map { String(decoding: $0, as: UTF8.self) }
    }

    private func shell(_ text: SourceText) throws(DockerfileError) -> [String] {
        guard case .words(let words) = JSONForm.parse(text.bytes), !words.isEmpty else {
            throw DockerfileError(
                #"SHELL takes the JSON form: SHELL ["/bin/sh", "-c"]"#, at: text.position(at: 0))
        }
        return words
    }

    /// The instruction that ONBUILD keeps, checked now, so that the mistake shows in the file that holds it.
    private func trigger(_ text: SourceText, _ heredocs: [Heredoc]) throws(DockerfileError) -> String {
        let line = LogicalLine(text: text, heredocs: heredocs, lastLine: 0)
        let inner = try parse(line)
        switch inner.operation {
        case .from, .maintainer, .onbuild:
            let word = text.string.prefix { !$0.isWhitespace }.uppercased()
            throw DockerfileError("\(word) is not allowed after ONBUILD", at: text.position(at: 0))
        default: break
        }
        guard heredocs.isEmpty else {
            throw DockerfileError("heredocs are not supported after ONBUILD", at: text.position(at: 0))
        }
        return text.string
    }
}
