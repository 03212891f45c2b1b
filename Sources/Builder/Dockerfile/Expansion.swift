/// Why a word cannot be expanded; the place is added by the caller.
struct ExpansionError: Error, Equatable {
    let message: String

    init(_ message: String) { self.message = message }
}

/// Replaces variables in a word and removes its quotes, as Dockerfiles define it:
/// `$name`, `${name}`, `${name:-word}`, `:+`, `:?`, their forms without colon, `#`, `##`, `%`, `%%`, `/`, `//`.
struct Expansion {
    /// Nested `${a:-${b:-…}}` deeper than this is refused.
    private static let deepest = 32
    /// Longer results are refused, so that a few lines cannot double a value without end.
    private static let longest = 1 << 20
    /// Patterns are tried against values up to this length, each place of it: the work stays bounded.
    private static let longestMatched = 4096

    private let input: [UInt8]
    private let escape: UInt8
    private let environment: (String) -> String?
    private let depth: Int
    private var index = 0
    private var output: [UInt8] = []

    private init(
        _ input: [UInt8], escape: UInt8, depth: Int, environment: @escaping (String) -> String?
    ) {
        self.input = input
        self.escape = escape
        self.depth = depth
        self.environment = environment
    }

    /// The value of `word`. `environment` gives the value of a variable, `nil` when it is not set.
    static func expand(
        _ word: String, escape: UInt8 = UInt8(ascii: "\\"), _ environment: @escaping (String) -> String?
    ) throws(ExpansionError) -> String {
        try expand(Array(word.utf8), escape: escape, depth: 0, environment)
    }

    /// Replaces variables only: quotes stay. For the contents of heredocs.
    static func expandContent(
        _ content: [UInt8], escape: UInt8 = UInt8(ascii: "\\"), _ environment: @escaping (String) -> String?
    ) throws(ExpansionError) -> [UInt8] {
        var expansion = Expansion(content, escape: escape, depth: 0, environment: environment)
        try expansion.readContent()
        return expansion.output
    }

    private static func expand(
        _ word: [UInt8], escape: UInt8, depth: Int, _ environment: @escaping (String) -> String?
    ) throws(ExpansionError) -> String {
        guard depth < deepest else { throw ExpansionError("variables are nested too deeply") }
        var expansion = Expansion(word, escape: escape, depth: depth, environment: environment)
        try expansion.readWord()
        return String(decoding: expansion.output, as: UTF8.self)
    }

    private var current: UInt8? { index < input.count ? input[index] : nil }

    private mutating func readWord() throws(ExpansionError) {
        while let byte = current {
            try checkLength()
            switch byte {
            case UInt8(ascii: "'"): try readSingleQuoted()
            case UInt8(ascii: "\""): try readDoubleQuoted()
            case UInt8(ascii: "$"): try readVariable()
            case escape:
                index += 1
                guard let next = current else { return }
                output.append(next)
                index += 1
            default:
                output.append(byte)
                index += 1
            }
        }
    }

    private mutating func readContent() throws(ExpansionError) {
        while let byte = current {
            try checkLength()
            if byte == UInt8(ascii: "$") {
                try readVariable()
                continue
            }
            index += 1
            let isEscape = byte == escape && (current == UInt8(ascii: "$") || current == escape)
            if isEscape, let next = current {
                output.append(next)
                index += 1
            } else {
                output.append(byte)
            }
        }
    }

    private func checkLength() throws(ExpansionError) {
        guard output.count <= Self.longest else { throw ExpansionError("the value is longer than 1 MiB") }
    }

    private mutating func readSingleQuoted() throws(ExpansionError) {
        index += 1
        while let byte = current {
            index += 1
            if byte == UInt8(ascii: "'") { return }
            output.append(byte)
        }
        throw ExpansionError("a single quote is not closed")
    }

    private mutating func readDoubleQuoted() throws(ExpansionError) {
        index += 1
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return
            case UInt8(ascii: "$"): try readVariable()
            case escape:
                index += 1
                guard let next = current else { break }
                // Other escapes keep their escape character inside double quotes.
                let special = [UInt8(ascii: "\""), UInt8(ascii: "$"), escape]
                output += special.contains(next) ? [next] : [escape, next]
                index += 1
            default:
                output.append(byte)
                index += 1
            }
        }
        throw ExpansionError("a double quote is not closed")
    }

    private mutating func readVariable() throws(ExpansionError) {
        index += 1
        if current == UInt8(ascii: "{") {
            index += 1
            try readBraced()
            return
        }
        guard let name = readName() else {
            output.append(UInt8(ascii: "$"))
            return
        }
        output += Array((environment(name) ?? "").utf8)
    }

    /// A name, a positional digit or a special sign; `nil` when none stands here.
    private mutating func readName() -> String? {
        guard let first = current else { return nil }
        let special = Array("*#@!?-$".utf8)
        if first.isDigit || special.contains(first) {
            index += 1
            return String(decoding: [first], as: UTF8.self)
        }
        let start = index
        while let byte = current, byte.isNameByte { index += 1 }
        return start == index ? nil : String(decoding: input[start..<index], as: UTF8.self)
    }

    private mutating func readBraced() throws(ExpansionError) {
        guard current != UInt8(ascii: "}"), let name = readName() else {
            throw ExpansionError("${ is not followed by the name of a variable")
        }
        guard let sign = current else { throw ExpansionError("${\(name) is not closed by }") }
        index += 1
        switch sign {
        case UInt8(ascii: "}"): output += Array((environment(name) ?? "").utf8)
        case UInt8(ascii: ":"):
            guard let modifier = current else { throw ExpansionError("${\(name): is not closed by }") }
            index += 1
            try applyDefault(modifier, name: name, emptyCounts: true)
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "?"):
            try applyDefault(sign, name: name, emptyCounts: false)
        case UInt8(ascii: "#"), UInt8(ascii: "%"): try strip(sign, name: name)
        case UInt8(ascii: "/"): try replace(name: name)
        default: throw Self.unsupported(sign, name)
        }
    }

    private static func unsupported(_ sign: UInt8, _ name: String) -> ExpansionError {
        ExpansionError("“\(String(decoding: [sign], as: UTF8.self))” in ${\(name)…} is no known modifier")
    }

    private mutating func applyDefault(
        _ modifier: UInt8, name: String, emptyCounts: Bool
    ) throws(ExpansionError) {
        let word = try expandedWord(until: UInt8(ascii: "}"), of: name)
        let value = environment(name)
        let isMissing = value == nil || (emptyCounts && value?.isEmpty == true)
        switch modifier {
        case UInt8(ascii: "-"): output += Array((isMissing ? word : value ?? "").utf8)
        case UInt8(ascii: "+"): output += isMissing ? [] : Array(word.utf8)
        case UInt8(ascii: "?"):
            guard !isMissing else {
                throw ExpansionError("\(name): \(word.isEmpty ? "is not set" : word)")
            }
            output += Array((value ?? "").utf8)
        default: throw Self.unsupported(modifier, name)
        }
    }

    private mutating func strip(_ sign: UInt8, name: String) throws(ExpansionError) {
        let isGreedy = current == sign
        if isGreedy { index += 1 }
        let pattern = ShellPattern(try rawWord(until: UInt8(ascii: "}"), of: name))
        let value = try matchedValue(of: name)
        output +=
            sign == UInt8(ascii: "#")
            ? pattern.withoutPrefix(value, longest: isGreedy)
            : pattern.withoutSuffix(value, longest: isGreedy)
    }

    private mutating func replace(name: String) throws(ExpansionError) {
        let isGlobal = current == UInt8(ascii: "/")
        if isGlobal { index += 1 }
        let pattern = ShellPattern(try rawWord(until: UInt8(ascii: "/"), of: name))
        let replacement = try expandedWord(until: UInt8(ascii: "}"), of: name)
        let value = try matchedValue(of: name)
        output += pattern.replacing(in: value, by: Array(replacement.utf8), everywhere: isGlobal)
    }

    private func matchedValue(of name: String) throws(ExpansionError) -> [UInt8] {
        let value = Array((environment(name) ?? "").utf8)
        guard value.count <= Self.longestMatched else {
            throw ExpansionError("\(name) is longer than 4096 bytes, too long to match a pattern against")
        }
        return value
    }

    private mutating func expandedWord(until end: UInt8, of name: String) throws(ExpansionError) -> String {
        let raw = try readRaw(until: end, of: name)
        return try Self.expand(raw, escape: escape, depth: depth + 1, environment)
    }

    /// A pattern: variables inside are replaced, escapes stay for the pattern to see.
    private mutating func rawWord(until end: UInt8, of name: String) throws(ExpansionError) -> [UInt8] {
        let raw = try readRaw(until: end, of: name)
        guard raw.count <= 256 else {
            throw ExpansionError("a pattern in ${\(name)…} is longer than 256 bytes")
        }
        guard raw.contains(UInt8(ascii: "$")) else { return raw }
        let pattern = Array(try Self.expand(raw, escape: escape, depth: depth + 1, environment).utf8)
        guard pattern.count <= 256 else {
            throw ExpansionError("a pattern in ${\(name)…} is longer than 256 bytes")
        }
        return pattern
    }

    /// The bytes up to `end` at this level of braces and outside quotes; `end` is read, too.
    private mutating func readRaw(until end: UInt8, of name: String) throws(ExpansionError) -> [UInt8] {
        let start = index
        var braces = 0
        var quote: UInt8?
        while let byte = current {
            index += 1
            if byte == escape, quote != UInt8(ascii: "'") {
                index += 1
            } else if let open = quote {
                if byte == open { quote = nil }
            } else if byte == end, braces == 0 {
                return Array(input[start..<(index - 1)])
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
            } else if byte == UInt8(ascii: "{"), index >= 2, input[index - 2] == UInt8(ascii: "$") {
                braces += 1
            } else if byte == UInt8(ascii: "}") {
                guard braces > 0 else { break }
                braces -= 1
            }
        }
        throw ExpansionError("${\(name)… is not closed by \(String(decoding: [end], as: UTF8.self))")
    }
}
