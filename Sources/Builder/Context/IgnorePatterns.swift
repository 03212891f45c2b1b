/// What `.dockerignore` keeps out of a build: the last pattern that matches a path or a folder above it decides.
struct IgnorePatterns: Sendable {
    private struct Rule {
        let pattern: PathPattern
        let isException: Bool
    }

    private var rules: [Rule] = []
    /// Whether some `!pattern` may bring files of an excluded folder back.
    private(set) var hasExceptions = false

    init() {}

    /// Patterns one a line, `#` comments; empty lines mean nothing.
    init(_ bytes: [UInt8], name: String) throws(BuildError) {
        for (index, line) in Lexer.split(bytes).enumerated() {
            let text = String(decoding: line, as: UTF8.self)
            if text.hasPrefix("#") { continue }
            try add(text, "\(name):\(index + 1)")
        }
    }

    /// The patterns of `--exclude`.
    init(excluding patterns: [String]) throws(BuildError) {
        for pattern in patterns { try add(pattern, "--exclude") }
    }

    private mutating func add(_ text: String, _ place: String) throws(BuildError) {
        var text = text[...].trimmed
        let isException = text.hasPrefix("!")
        if isException { text = text.dropFirst().trimmed }
        let cleaned = Self.clean(text)
        guard !cleaned.isEmpty else {
            if isException { throw BuildError(.invalidDockerfile, "\(place): “!” needs a pattern") }
            return
        }
        guard let pattern = PathPattern(cleaned) else {
            throw BuildError(.invalidDockerfile, "\(place): “\(text)” is no pattern: a [ is not closed")
        }
        rules.append(Rule(pattern: pattern, isException: isException))
        hasExceptions = hasExceptions || isException
    }

    /// Without `.`, doubled and outer slashes; `..` takes the component before it away.
    private static func clean(_ text: Substring) -> String {
        var parts: [Substring] = []
        for part in text.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }

    var isEmpty: Bool { rules.isEmpty }

    /// Whether the file at `path`, relative and without dots, stays out.
    func excludes(_ path: [String]) -> Bool {
        guard !rules.isEmpty else { return false }
        let prefixes = path.indices.map { path[...$0].joined(separator: "/") }
        var isExcluded = false
        for rule in rules where rule.isException == isExcluded {
            if prefixes.contains(where: rule.pattern.matches) { isExcluded = !rule.isException }
        }
        return isExcluded
    }
}
