/// One archive of Debian packages that the host is configured to use.
package struct AptSource: Equatable, Sendable {
    package let uri: String
    package let suites: [String]
    package let components: [String]

    package init(uri: String, suites: [String], components: [String]) {
        self.uri = uri
        self.suites = suites
        self.components = components
    }

    /// Whether Debian's own releases may be found here: it has `main`, and is no security archive or
    /// flat repository.
    package var mayCarryDebian: Bool {
        components.contains("main") && !uri.contains("security")
            && !suites.contains { $0.contains("/") || $0.contains("security") }
    }
}

/// Reads the two formats of apt's source lists (sources.list(5)).
package enum AptSources {
    /// The one-line format: `deb [options] uri suite component…`.
    package static func parseList(_ text: String) -> [AptSource] {
        text.split(separator: "\n").compactMap { line in
            let code = line.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)[0]
            var words = code.split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.first == "deb" else { return nil }
            words.removeFirst()
            dropOptions(&words)
            guard words.count >= 3 else { return nil }
            return AptSource(uri: words[0], suites: [words[1]], components: Array(words[2...]))
        }
    }

    /// Options stand in brackets, which may hold spaces.
    private static func dropOptions(_ words: inout [String]) {
        guard words.first?.hasPrefix("[") == true else { return }
        guard let end = words.firstIndex(where: { $0.hasSuffix("]") }) else { return words.removeAll() }
        words.removeFirst(end + 1)
    }

    /// The deb822 format: stanzas of `Field: value` lines, continued by indented lines.
    package static func parseStanzas(_ text: String) -> [AptSource] {
        ControlFile.stanzas(text).flatMap { fields -> [AptSource] in
            func words(_ name: String) -> [String] {
                (fields[name] ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
            }
            guard words("types").contains("deb"), fields["enabled"]?.lowercased() != "no" else { return [] }
            return words("uris").map {
                AptSource(uri: $0, suites: words("suites"), components: words("components"))
            }
        }
    }
}

/// Debian's control-file format: stanzas of fields (deb822(5)).
enum ControlFile {
    /// Field names in lower case; continuation lines are joined by newlines, comments dropped.
    static func stanzas(_ text: String) -> [[String: String]] {
        var stanzas: [[String: String]] = [[:]]
        var field: String?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("#") { continue }
            guard !line.allSatisfy(\.isWhitespace) else {
                if stanzas.last?.isEmpty == false { stanzas.append([:]) }
                field = nil
                continue
            }
            if line.first?.isWhitespace == true {
                if let field { stanzas[stanzas.count - 1][field]? += "\n" + trim(line) }
            } else if let colon = line.firstIndex(of: ":") {
                let name = line[..<colon].lowercased()
                stanzas[stanzas.count - 1][name] = trim(line[line.index(after: colon)...])
                field = name
            }
        }
        return stanzas.filter { !$0.isEmpty }
    }

    private static func trim(_ text: Substring) -> String {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
