/// Why a text is no JSON, and where.
package struct JSONError: Error, Equatable, CustomStringConvertible, Sendable {
    package let reason: String
    /// Bytes before the place.
    package let offset: Int

    package var description: String { "\(reason) at byte \(offset)" }
}

extension JSONValue {
    /// Values inside values, at most.
    package static let deepest = 64
    /// Bytes of a text, at most.
    package static let longest = 16 << 20

    /// Reads exactly one value; what follows it may only be white space.
    package init(parsing text: [UInt8]) throws(JSONError) {
        guard text.count <= Self.longest else { throw JSONError(reason: "too long", offset: Self.longest) }
        let result = text.withUnsafeBufferPointer { buffer in
            var parser = JSONParser(buffer)
            return Result { () throws(JSONError) in try parser.document() }
        }
        self = try result.get()
    }
}

/// A recursive descent over the bytes of a text.
private struct JSONParser {
    private let text: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    mutating func document() throws(JSONError) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard position == text.count else { throw failure("something follows the value") }
        return value
    }

    private func failure(_ reason: String) -> JSONError { JSONError(reason: reason, offset: position) }

    private var next: UInt8? { position < text.count ? text[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < JSONValue.deepest else { throw failure("nested too deeply") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
        case nil: throw failure("the text ends where a value must stand")
        default: throw failure("no value starts like this")
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for index in 0..<word.utf8CodeUnitCount {
            guard next == word.utf8Start[index] else { throw failure("no value starts like this") }
            position += 1
        }
        return value
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
        var object = JSONObject()
        position += 1
        skipSpace()
        if next == UInt8(ascii: "}") {
            position += 1
            return object
        }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("a member needs a name in quotes") }
            let key = try string()
            skipSpace()
            guard next == UInt8(ascii: ":") else { throw failure("a colon is missing") }
            position += 1
            object[key] = try value(depth: depth + 1)
            if try ends(with: UInt8(ascii: "}")) { return object }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
        var elements: [JSONValue] = []
        position += 1
        skipSpace()
        if next == UInt8(ascii: "]") {
            position += 1
            return elements
        }
        while true {
            elements.append(try value(depth: depth + 1))
            if try ends(with: UInt8(ascii: "]")) { return elements }
        }
    }

    /// Whether `closing` stands here, and not a comma.
    private mutating func ends(with closing: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        guard next == closing || next == UInt8(ascii: ",") else {
            throw failure("a comma or an end is missing")
        }
        position += 1
        return text[position - 1] == closing
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        var isInteger = true
        while let byte = next {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): break
            case UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): isInteger = false
            default: return try number(start..<position, isInteger: isInteger)
            }
            position += 1
        }
        return try number(start..<position, isInteger: isInteger)
    }

    private func number(_ range: Range<Int>, isInteger: Bool) throws(JSONError) -> JSONValue {
        let digits = String(decoding: text[range], as: UTF8.self)
        let unsigned = digits.drop { $0 == "-" }
        guard range.count <= 64, digits.count - unsigned.count <= 1, unsigned.first?.isNumber == true,
            unsigned.last?.isNumber == true,
            !(unsigned.hasPrefix("0") && unsigned.dropFirst().first?.isNumber == true)
        else { throw failure("a malformed number") }
        if isInteger, let value = Int64(digits) { return .integer(value) }
        if isInteger, let value = UInt64(digits) { return .unsigned(value) }
        guard let value = Double(digits), value.isFinite else { throw failure("a malformed number") }
        return .double(value)
    }

    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
            position += 1
        }
        if next == UInt8(ascii: "\"") {
            position += 1
            return try decoded(text[start..<position - 1])
        }
        return try escapedString(from: start)
    }

    /// A string with escapes; the ones before `position` hold none.
    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var bytes = Array(text[start..<position])
        while let byte = next, byte >= 0x20 {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                return try bytes.withUnsafeBufferPointer { pointer throws(JSONError) in
                    try decoded(pointer[...])
                }
            case UInt8(ascii: "\\"): try escape(into: &bytes)
            default: bytes.append(byte)
            }
        }
        throw failure(next == nil ? "a string has no end" : "a control character in a string")
    }

    private func decoded(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) throws(JSONError) -> String {
        guard let string = String(validating: bytes, as: UTF8.self) else {
            throw failure("a string is not UTF-8")
        }
        return string
    }

    private mutating func escape(into bytes: inout [UInt8]) throws(JSONError) {
        guard let byte = next else { throw failure("a string has no end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"): bytes.append(contentsOf: String(Character(try escapedScalar())).utf8)
        default: throw failure("an unknown escape")
        }
    }

    /// A scalar from `\uXXXX`, or two that make a surrogate pair; a half of a pair becomes U+FFFD as in Go.
    private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, position + 1 < text.count, text[position] == UInt8(ascii: "\\"),
            text[position + 1] == UInt8(ascii: "u")
        else { return "\u{FFFD}" }
        position += 2
        let second = try hexadecimal()
        guard 0xDC00...0xDFFF ~= second else { return "\u{FFFD}" }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        guard position + 4 <= text.count,
            let value = UInt32(String(decoding: text[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw failure("four hexadecimal digits are missing") }
        position += 4
        return value
    }
}
