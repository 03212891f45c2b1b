/// The `--name=value` words between a keyword and its arguments.
struct Flags {
    struct Flag {
        let name: String
        /// Empty for a bare `--name`.
        let value: String
        let hasValue: Bool
        let position: SourcePosition
    }

    private var flags: [Flag] = []
    /// What follows the flags.
    private(set) var rest: SourceText

    /// Takes the flags off the front of `text`.
    ///
    /// - Parameter known: the names that the instruction has, with `--`.
    init(_ text: SourceText, known: [String], of keyword: String) throws(DockerfileError) {
        var offset = 0
        let bytes = text.bytes
        while true {
            while offset < bytes.count, bytes[offset].isBlank { offset += 1 }
            guard bytes[offset...].starts(with: Array("--".utf8)) else { break }
            let (word, end) = Self.word(bytes, from: offset)
            let position = text.position(at: offset)
            offset = end
            if word == "--" { break }
            flags.append(try Self.flag(word, known: known, keyword, position))
        }
        rest = text.trimmed(from: offset)
    }

    private static func flag(
        _ word: String, known: [String], _ keyword: String, _ position: SourcePosition
    ) throws(DockerfileError) -> Flag {
        let name = String(word.prefix { $0 != "=" })
        guard known.contains(name) else {
            let near = Suggestion.nearest(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
            let hint = near.isEmpty && known.isEmpty ? "; it has none" : near
            throw DockerfileError("\(keyword) has no flag \(name)\(hint)", at: position)
        }
        let value = String(word.dropFirst(name.count + 1))
        return Flag(name: name, value: value, hasValue: word.contains("="), position: position)
    }

    /// A word and its end; quotes hold white space together and are removed, `\` takes the next byte.
    private static func word(_ bytes: [UInt8], from start: Int) -> (String, Int) {
        var result: [UInt8] = []
        var quote: UInt8?
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if quote == nil, byte.isBlank { break }
            if byte == quote {
                quote = nil
            } else if quote == nil, byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
            } else if byte == UInt8(ascii: "\\"), index + 1 < bytes.count {
                index += 1
                result.append(bytes[index])
            } else {
                result.append(byte)
            }
            index += 1
        }
        return (String(decoding: result, as: UTF8.self), index)
    }

    func all(_ name: String) -> [Flag] { flags.filter { $0.name == name } }

    /// The value of a flag that may stand once and needs one.
    func value(_ name: String) throws(DockerfileError) -> String? {
        let found = all(name)
        guard let flag = found.first else { return nil }
        guard found.count == 1 else {
            throw DockerfileError("\(name) stands there twice", at: found[1].position)
        }
        guard !flag.value.isEmpty else {
            throw DockerfileError("\(name) needs a value: \(name)=…", at: flag.position)
        }
        return flag.value
    }

    /// A flag that is on when it stands there, unless it says `=false`.
    func isOn(_ name: String) throws(DockerfileError) -> Bool? {
        guard let flag = all(name).last else { return nil }
        switch flag.value.lowercased() {
        case "" where !flag.hasValue: return true
        case "true", "1", "t": return true
        case "false", "0", "f": return false
        default: throw DockerfileError("\(name) is true or false, not “\(flag.value)”", at: flag.position)
        }
    }

    func position(of name: String) -> SourcePosition { all(name).first?.position ?? rest.position(at: 0) }
}
