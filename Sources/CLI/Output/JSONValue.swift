import FoundationEssentials
import Model

/// JSON whose shape is not ours: what `inspect` shows, lines of progress, the fields that templates ask for.
/// Objects keep the order of their fields.
package enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    /// As it was written: numbers are shown, not calculated with.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Field])

    package struct Field: Equatable, Sendable {
        package let name: String
        package let value: JSONValue

        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// Parses one value; `nil` when `bytes` do not hold exactly one.
    package init?(parsing bytes: some Sequence<UInt8>) {
        var parser = JSONParser(Array(bytes))
        guard let value = parser.parse() else { return nil }
        self = value
    }

    /// The tree of an encodable value.
    package init(_ value: some Encodable) { self = JSONValue(parsing: JSONLine.encode(value)) ?? .null }

    /// The field `name` of an object; `nil` when there is none.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let fields) = self else { return nil }
        return fields.first { $0.name == name }?.value
    }

    /// The text of a string.
    package var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// A whole number.
    package var integer: Int64? {
        guard case .number(let text) = self else { return nil }
        return Int64(text) ?? Double(text).flatMap { Int64(exactly: $0) }
    }

    /// A whole number that is not negative.
    package var size: UInt64? { integer.flatMap { UInt64(exactly: $0) } }

    package var number: Double? {
        guard case .number(let text) = self else { return nil }
        return Double(text)
    }

    package var items: [JSONValue] {
        guard case .array(let items) = self else { return [] }
        return items
    }

    package var fields: [Field] {
        guard case .object(let fields) = self else { return [] }
        return fields
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    package init(stringLiteral text: String) { self = .string(text) }
    package init(integerLiteral number: Int64) { self = .number("\(number)") }
    package init(booleanLiteral isTrue: Bool) { self = .bool(isTrue) }
}

// MARK: - Writing

extension JSONValue {
    /// On one line, without spaces.
    package var compact: String {
        switch self {
        case .null: "null"
        case .bool(let isTrue): isTrue ? "true" : "false"
        case .number(let text): text
        case .string(let text): Self.quoted(text)
        case .array(let items): "[" + items.map(\.compact).joined(separator: ",") + "]"
        case .object(let fields):
            "{" + fields.map { "\(Self.quoted($0.name)):\($0.value.compact)" }.joined(separator: ",") + "}"
        }
    }

    /// Indented by four spaces a level, as Docker's `inspect` prints it.
    package func pretty(_ indentation: String = "") -> String {
        let inner = indentation + "    "
        switch self {
        case .array(let items) where !items.isEmpty:
            let lines = items.map { inner + $0.pretty(inner) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(indentation)]"
        case .object(let fields) where !fields.isEmpty:
            let lines = fields.map { inner + Self.quoted($0.name) + ": " + $0.value.pretty(inner) }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indentation)}"
        default: return compact
        }
    }

    /// A JSON string: quotes, backslashes and control characters are escaped.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
