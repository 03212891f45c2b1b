/// One instruction with its continuation lines joined, and its heredocs.
struct LogicalLine: Sendable {
    /// From the keyword on; comments and line ends are gone.
    var text: SourceText
    var heredocs: [Heredoc] = []
    /// The last line that belongs to it.
    var lastLine: Int
}

/// What stands in the comments at the top of a Dockerfile: `# escape=`.
struct ParserDirectives: Equatable, Sendable {
    var escape = UInt8(ascii: "\\")
    /// Accepted and ignored: there is one front end.
    var syntax: String?
}

/// Cuts a Dockerfile into instructions: directives, comments, continuations, heredocs.
struct Lexer {
    /// More than any real Dockerfile, little enough to hold in memory several times.
    static let largestFile = 4 << 20

    private let lines: [ArraySlice<UInt8>]
    private var next = 0
    private(set) var directives = ParserDirectives()

    init(_ bytes: [UInt8]) throws(DockerfileError) {
        guard bytes.count <= Self.largestFile else {
            throw DockerfileError("the Dockerfile is larger than 4 MiB", at: SourcePosition(line: 1))
        }
        lines = Self.split(bytes)
        try readDirectives()
    }

    /// All instructions, in order.
    mutating func readAll() throws(DockerfileError) -> [LogicalLine] {
        var result: [LogicalLine] = []
        while let line = try readLogicalLine() { result.append(line) }
        return result
    }

    static func split(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let body = bytes.starts(with: mark) ? bytes.dropFirst(3) : bytes[...]
        var lines = body.split(separator: 10, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { $0.last == 13 ? $0.dropLast() : $0 }
    }

    private mutating func readDirectives() throws(DockerfileError) {
        var seen: Set<String> = []
        while next < lines.count, let (name, value) = Self.directive(lines[next]) {
            let position = SourcePosition(line: next + 1)
            guard ["escape", "syntax", "check"].contains(name) else { return }
            guard seen.insert(name).inserted else {
                throw DockerfileError("the parser directive \(name) stands there twice", at: position)
            }
            if name == "escape" {
                guard value == "\\" || value == "`", let escape = value.utf8.first else {
                    throw DockerfileError("escape must be \\ or `, not “\(value)”", at: position)
                }
                directives.escape = escape
            }
            if name == "syntax" { directives.syntax = value }
            next += 1
        }
    }

    /// `# name = value`.
    private static func directive(_ line: ArraySlice<UInt8>) -> (name: String, value: String)? {
        let text = SourceText(Array(line), at: SourcePosition(line: 1)).trimmed(from: 0).bytes
        guard text.first == UInt8(ascii: "#"), let equals = text.firstIndex(of: UInt8(ascii: "=")) else {
            return nil
        }
        let name = text[1..<equals].drop { $0.isBlank }.reversed().drop { $0.isBlank }.reversed()
        guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isDigit }) else { return nil }
        let value = text[(equals + 1)...].drop { $0.isBlank }
        return (String(decoding: name, as: UTF8.self).lowercased(), String(decoding: value, as: UTF8.self))
    }

    private mutating func readLogicalLine() throws(DockerfileError) -> LogicalLine? {
        while next < lines.count, Self.isBlank(lines[next]) || Self.isComment(lines[next]) { next += 1 }
        guard next < lines.count else { return nil }
        let indent = lines[next].prefix { $0.isBlank }.count
        var text = SourceText(at: SourcePosition(line: next + 1, column: indent + 1))
        var isFirst = true
        while next < lines.count {
            defer { next += 1 }
            let line = lines[next]
            if !isFirst, Self.isComment(line) || Self.isBlank(line) { continue }
            let skipped = isFirst ? indent : 0
            let (body, continues) = withoutContinuation(line.dropFirst(skipped))
            text.append(body, at: SourcePosition(line: next + 1, column: skipped + 1))
            isFirst = false
            if !continues { break }
        }
        var result = LogicalLine(text: text.trimmed(from: 0), lastLine: next)
        try readHeredocs(of: &result)
        return result
    }

    /// The line before an escape that ends it, and whether there was one. White space may follow it.
    private func withoutContinuation(_ line: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, Bool) {
        var end = line.endIndex
        while end > line.startIndex, line[end - 1] == 32 || line[end - 1] == 9 { end -= 1 }
        guard end > line.startIndex, line[end - 1] == directives.escape else { return (line, false) }
        return (line[line.startIndex..<(end - 1)], true)
    }

    private mutating func readHeredocs(of line: inout LogicalLine) throws(DockerfileError) {
        let words = line.text.bytes.split(whereSeparator: \.isBlank).prefix(2).map {
            String(decoding: $0, as: UTF8.self).uppercased()
        }
        let keyword = words.first == "ONBUILD" ? words.last : words.first
        guard let keyword, ["RUN", "COPY", "ADD"].contains(keyword) else { return }
        for var heredoc in Heredoc.opened(by: line.text, escape: directives.escape) {
            try readBody(of: &heredoc, opened: line.text.position(at: heredoc.offset))
            line.heredocs.append(heredoc)
        }
        line.lastLine = next
    }

    private mutating func readBody(
        of heredoc: inout Heredoc, opened: SourcePosition
    ) throws(DockerfileError) {
        let terminator = Array(heredoc.name.utf8)
        while next < lines.count {
            let raw = lines[next]
            let line = heredoc.stripsTabs ? raw.drop { $0 == 9 } : raw
            next += 1
            if line.elementsEqual(terminator) { return }
            heredoc.content += Array(line) + [10]
        }
        throw DockerfileError(
            "the heredoc <<\(heredoc.name) has no end; write \(heredoc.name) alone on a line", at: opened)
    }

    private static func isBlank(_ line: ArraySlice<UInt8>) -> Bool { line.allSatisfy(\.isBlank) }

    private static func isComment(_ line: ArraySlice<UInt8>) -> Bool {
        line.first { !$0.isBlank } == UInt8(ascii: "#")
    }
}
