/// FROM, ARG, ENV, LABEL, HEALTHCHECK.
extension Parser {
    func from(_ text: SourceText) throws(DockerfileError) -> FromInstruction {
        let flags = try Flags(text, known: ["--platform"], of: "FROM")
        let words = words(flags.rest)
        guard words.count == 1 || (words.count == 3 && words[1].lowercased() == "as") else {
            throw DockerfileError("FROM takes an image, or: image AS name", at: flags.rest.position(at: 0))
        }
        var result = FromInstruction(image: words[0], platform: try flags.value("--platform"))
        if words.count == 3 {
            let name = words[2].lowercased()
            guard Self.isStageName(name) else {
                throw DockerfileError(
                    "“\(words[2])” cannot name a stage; use letters, digits, - _ . and begin with a letter",
                    at: flags.rest.position(at: flags.rest.count - words[2].utf8.count))
            }
            result.stageName = name
        }
        return result
    }

    private static func isStageName(_ name: String) -> Bool {
        guard let first = name.utf8.first, first.isLetter else { return false }
        return name.utf8.allSatisfy { $0.isNameByte || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }

    func arguments(_ text: SourceText) throws(DockerfileError) -> [ArgDeclaration] {
        let text = try Flags(text, known: [], of: "ARG").rest
        var result: [ArgDeclaration] = []
        for range in WordSplitter(escape: escape).split(text.bytes) {
            let word = String(decoding: text.bytes[range], as: UTF8.self)
            let name = String(word.prefix { $0 != "=" })
            guard !name.isEmpty else {
                throw DockerfileError("ARG needs a name before =", at: text.position(at: range.lowerBound))
            }
            let value = word.contains("=") ? String(word.dropFirst(name.count + 1)) : nil
            result.append(ArgDeclaration(name: name, defaultValue: value))
        }
        return result
    }

    /// `name=value …`, or the old form `name value with spaces`.
    func namedValues(_ text: SourceText, _ keyword: Keyword) throws(DockerfileError) -> [NamedValue] {
        let text = try Flags(text, known: [], of: keyword.rawValue).rest
        let ranges = WordSplitter(escape: escape).split(text.bytes)
        guard let first = ranges.first else {
            throw DockerfileError("\(keyword.rawValue) needs an argument", at: text.position(at: 0))
        }
        guard text.bytes[first].contains(UInt8(ascii: "=")) else {
            guard ranges.count > 1 else {
                throw DockerfileError("\(keyword.rawValue) takes name=value", at: text.position(at: 0))
            }
            let name = String(decoding: text.bytes[first], as: UTF8.self)
            return [NamedValue(name: name, value: text.trimmed(from: first.upperBound).string)]
        }
        var result: [NamedValue] = []
        for range in ranges {
            let word = String(decoding: text.bytes[range], as: UTF8.self)
            let name = String(word.prefix { $0 != "=" })
            guard word.contains("="), !name.isEmpty else {
                throw DockerfileError(
                    "“\(word)” is no name=value; values with spaces need quotes",
                    at: text.position(at: range.lowerBound))
            }
            result.append(NamedValue(name: name, value: String(word.dropFirst(name.count + 1))))
        }
        return result
    }

    private static let healthFlags = [
        "--interval", "--timeout", "--start-period", "--start-interval", "--retries",
    ]

    func healthcheck(_ text: SourceText) throws(DockerfileError) -> HealthcheckInstruction? {
        let flags = try Flags(text, known: Self.healthFlags, of: "HEALTHCHECK")
        let bytes = flags.rest.bytes
        let word = String(decoding: bytes.prefix { !$0.isBlank }, as: UTF8.self).uppercased()
        let arguments = flags.rest.trimmed(from: word.utf8.count)
        if word == "NONE", arguments.isEmpty { return nil }
        guard word == "CMD", !arguments.isEmpty else {
            throw DockerfileError("HEALTHCHECK takes NONE or CMD command", at: flags.rest.position(at: 0))
        }
        var result = HealthcheckInstruction(command: try command(arguments))
        result.interval = try Self.duration("--interval", flags)
        result.timeout = try Self.duration("--timeout", flags)
        result.startPeriod = try Self.duration("--start-period", flags)
        result.startInterval = try Self.duration("--start-interval", flags)
        if let text = try flags.value("--retries") {
            guard let retries = Int(text), (0...1_000_000).contains(retries) else {
                throw DockerfileError("--retries is a number, 0 or more", at: flags.position(of: "--retries"))
            }
            result.retries = retries
        }
        return result
    }

    private static func duration(_ name: String, _ flags: Flags) throws(DockerfileError) -> Int64 {
        guard let text = try flags.value(name) else { return 0 }
        guard let value = GoDuration.parse(text), value == 0 || value >= 1_000_000 else {
            throw DockerfileError(
                "\(name) is a duration of 1ms or more, such as 30s or 1m30s", at: flags.position(of: name))
        }
        return value
    }
}
