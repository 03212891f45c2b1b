import Hummingbird
import Model

/// The parameters behind the `?` of a request.
package struct Query: Sendable {
    private let pairs: [(name: String, value: String)]

    /// Parses `a=1&b=x+y&c`; what cannot be decoded is taken as it stands.
    package init(_ text: some StringProtocol) {
        pairs = text.split(separator: "&").map { pair in
            let split = pair.firstIndex(of: "=") ?? pair.endIndex
            return (Self.decode(pair[..<split]), Self.decode(pair[split...].dropFirst()))
        }
    }

    /// The first value; `nil` when it is missing or empty.
    package func string(_ name: String) -> String? {
        pairs.first { $0.name == name && !$0.value.isEmpty }?.value
    }

    package func has(_ name: String) -> Bool { pairs.contains { $0.name == name } }

    package func all(_ name: String) -> [String] {
        pairs.filter { $0.name == name && !$0.value.isEmpty }.map(\.value)
    }

    /// Docker's rule: everything is true but for these words.
    package func bool(_ name: String, default fallback: Bool = false) -> Bool {
        guard let value = pairs.first(where: { $0.name == name })?.value.lowercased() else { return fallback }
        return !["", "0", "no", "false", "none"].contains(value)
    }

    package func integer(_ name: String) throws(APIError) -> Int? {
        guard let text = string(name) else { return nil }
        guard let value = Int(text) else {
            throw APIError(.badRequest, "\(name) must be a number, not '\(text.prefix(40))'")
        }
        return value
    }

    /// Seconds since 1970, with a fraction, as nanoseconds.
    package func time(_ name: String) throws(APIError) -> Int64? {
        guard let text = string(name), text != "0" else { return nil }
        let parts = text.split(separator: ".", maxSplits: 1)
        let digits = parts.count > 1 ? String(parts[1].prefix(9)) : ""
        let padded = digits + String(repeating: "0", count: 9 - digits.count)
        guard let seconds = parts.first.flatMap({ Int64($0) }), let fraction = Int64(padded), fraction >= 0,
            abs(seconds) < 1 << 33
        else {
            throw APIError(.badRequest, "\(name) must be seconds since 1970, not '\(text.prefix(40))'")
        }
        return seconds * 1_000_000_000 + fraction
    }

    /// Docker's filters: `{"label":["a","b"]}`, or the older `{"label":{"a":true}}`.
    package func filters() throws(APIError) -> Filters {
        guard let text = string("filters") else { return Filters() }
        let tree = try JSON(parsing: text.utf8)
        guard case .object(let fields) = tree else { throw APIError(.badRequest, "invalid filter") }
        var filters = Filters()
        for field in fields {
            switch field.value {
            case .object(let values):
                for value in values where value.value != .bool(false) { filters.add(field.name, value.name) }
            case .array, .null:
                for value in try tree.strings(field.name) { filters.add(field.name, value) }
            default: throw APIError(.badRequest, "invalid filter '\(field.name)'")
            }
        }
        return filters
    }

    /// Replaces `+` and `%XX`.
    package static func decode(_ text: some StringProtocol, plusIsSpace: Bool = true) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let high = digit(bytes[index + 1]), let low = digit(bytes[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                let isPlus = plusIsSpace && bytes[index] == UInt8(ascii: "+")
                result.append(isPlus ? UInt8(ascii: " ") : bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
