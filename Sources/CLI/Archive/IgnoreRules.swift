/// The patterns of a `.dockerignore` file: `*` and `?` within a name, `**` over any number of folders, `!` brings
/// back; the last pattern that matches a path or one of its parents decides.
package struct IgnoreRules: Sendable {
    private struct Rule {
        let parts: [[Character]]
        let isException: Bool
    }

    private let rules: [Rule]

    package init(text: String) {
        rules = text.split(whereSeparator: \.isNewline).compactMap { line in
            var pattern = line.trimmingPrefix(while: \.isWhitespace)
            while pattern.last?.isWhitespace == true { pattern.removeLast() }
            guard !pattern.isEmpty, !pattern.hasPrefix("#") else { return nil }
            let isException = pattern.hasPrefix("!")
            if isException { pattern = pattern.dropFirst() }
            let parts = pattern.split(separator: "/").filter { $0 != "." }.map(Array.init)
            return parts.isEmpty ? nil : Rule(parts: parts, isException: isException)
        }
    }

    /// Whether the file called `path`, relative to the folder, stays behind.
    package func excludes(_ path: String) -> Bool {
        let parts = path.split(separator: "/").map(Array.init)
        var isExcluded = false
        for rule in rules where rule.isException == isExcluded {
            let prefixes = (1...max(parts.count, 1)).map { parts.prefix($0) }
            if prefixes.contains(where: { Self.matches(rule.parts[...], $0) }) {
                isExcluded = !rule.isException
            }
        }
        return isExcluded
    }

    private static func matches(_ pattern: ArraySlice<[Character]>, _ path: ArraySlice<[Character]>) -> Bool {
        guard let first = pattern.first else { return path.isEmpty }
        if first == ["*", "*"] {
            return (0...path.count).contains { matches(pattern.dropFirst(), path.dropFirst($0)) }
        }
        guard let name = path.first, matches(first[...], name[...]) else { return false }
        return matches(pattern.dropFirst(), path.dropFirst())
    }

    private static func matches(_ pattern: ArraySlice<Character>, _ name: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        switch first {
        case "*":
            return (0...name.count).contains { matches(pattern.dropFirst(), name.dropFirst($0)) }
        case "?": return !name.isEmpty && matches(pattern.dropFirst(), name.dropFirst())
        case "\\" where pattern.count > 1:
            let rest = pattern.dropFirst()
            return name.first == rest.first && matches(rest.dropFirst(), name.dropFirst())
        default: return name.first == first && matches(pattern.dropFirst(), name.dropFirst())
        }
    }
}
