import FoundationEssentials
import Images

/// A line of a Dockerfile that `commit --change` applies to an image's settings.
enum CommitChange {
    /// - Throws: `invalid` for another instruction than CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER,
    ///   VOLUME and WORKDIR.
    static func apply(_ line: String, to defaults: inout ProcessDefaults) throws(EngineError) {
        let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
        guard let name = parts.first?.uppercased() else { return }
        let rest = parts.dropFirst().first?.trimmingSpaces ?? ""
        switch name {
        case "CMD": defaults.command = command(rest)
        case "ENTRYPOINT": defaults.entrypoint = command(rest)
        case "ENV":
            defaults.environment = Environment.merge(
                defaults.environment, pairs(rest).map { "\($0)=\($1)" })
        case "LABEL": for (key, value) in pairs(rest) { defaults.labels[key] = value }
        case "EXPOSE":
            let ports = rest.split(separator: " ").map { $0.contains("/") ? String($0) : "\($0)/tcp" }
            defaults.exposedPorts = Set(defaults.exposedPorts + ports).sorted()
        case "ONBUILD": defaults.onBuild.append(rest)
        case "STOPSIGNAL":
            _ = try SignalName.number(rest)
            defaults.stopSignal = rest
        case "USER": defaults.user = rest
        case "VOLUME":
            let paths = list(rest) ?? rest.split(separator: " ").map(String.init)
            defaults.volumes = Set(defaults.volumes + paths).sorted()
        case "WORKDIR":
            let base = rest.hasPrefix("/") ? "" : (defaults.workingDirectory ?? "/")
            defaults.workingDirectory = PathText.clean("\(base)/\(rest)")
        default: throw EngineError(.invalid, "\(name) is not a valid change command")
        }
    }

    private static func command(_ text: String) -> [String] { list(text) ?? ["/bin/sh", "-c", text] }

    /// A JSON list of strings; `nil` for anything else.
    private static func list(_ text: String) -> [String]? {
        guard text.hasPrefix("[") else { return nil }
        return try? JSONDecoder().decode([String].self, from: Data(text.utf8))
    }

    /// `A=1 B="x y"`, or `A 1` in the old form.
    private static func pairs(_ text: String) -> [(String, String)] {
        let words = Words.split(text)
        guard words.first?.contains("=") == true else {
            let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
            return parts.count == 2 ? [(parts[0], parts[1].trimmingSpaces)] : []
        }
        return words.compactMap { word in
            guard let split = word.firstIndex(of: "=") else { return nil }
            return (String(word[..<split]), String(word[word.index(after: split)...]))
        }
    }
}

/// Words of a line, with quotes and backslashes as a shell has them.
enum Words {
    static func split(_ text: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character == " " || character == "\t" {
                if let finished = word { words.append(finished) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        return words
    }
}

extension String {
    var trimmingSpaces: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) })
        else {
            return ""
        }
        return String(self[first...last])
    }
}
