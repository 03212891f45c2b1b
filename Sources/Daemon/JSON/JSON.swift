/// A value of JSON, read and written as it comes: the bodies of Docker's API.
///
/// Docker's bodies have hundreds of optional fields, which Go matches without regard to case and leaves out or sets to
/// `null` at will. A tree lets each resource name just the fields it means, in Docker's spelling and order.
package enum JSON: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    /// In the order they are written.
    case object([Field])

    package struct Field: Equatable, Sendable {
        package let name: String
        package let value: JSON
    }
}

extension JSON {
    package static func strings(_ values: some Sequence<String>) -> JSON { .array(values.map(JSON.string)) }

    package static func map(_ values: [String: String]) -> JSON {
        .object(values.sorted { $0.key < $1.key }.map { Field(name: $0.key, value: .string($0.value)) })
    }

    package static func int(_ value: some BinaryInteger) -> JSON { .integer(Int64(clamping: value)) }

    /// `null` for `nil`.
    package static func optionalInt<Value: BinaryInteger>(_ value: Value?) -> JSON {
        value.map { .integer(Int64(clamping: $0)) } ?? .null
    }

    package static func optional(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }

    /// `null` for no elements, as Go writes a nil slice.
    package static func slice(_ values: [String]) -> JSON { values.isEmpty ? .null : strings(values) }

    /// Fields that were not there before, appended.
    package func adding(_ more: JSON) -> JSON {
        guard case .object(let fields) = self, case .object(let added) = more else { return self }
        return .object(fields + added)
    }
}

extension JSON {
    /// Objects are equal whatever the order of their fields (RFC 8259, section 4): what was read comes in no order.
    package static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)):
            left.sorted { $0.name < $1.name } == right.sorted { $0.name < $1.name }
        default: false
        }
    }
}

extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral
{
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Field(name: $0.0, value: $0.1) })
    }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(nilLiteral: ()) { self = .null }
}

extension JSON {
    /// The text of the value, without spaces.
    package var text: [UInt8] {
        var output: [UInt8] = []
        write(to: &output)
        return output
    }

    private func write(to output: inout [UInt8]) {
        switch self {
        case .null: output += "null".utf8
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .integer(let value): output += String(value).utf8
        case .number(let value): output += (value.isFinite ? "\(value)" : "0").utf8
        case .string(let value): Self.write(value, to: &output)
        case .array(let values): Self.write(values, to: &output)
        case .object(let fields): Self.write(fields, to: &output)
        }
    }

    private static func write(_ values: [JSON], to output: inout [UInt8]) {
        output.append(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            value.write(to: &output)
        }
        output.append(UInt8(ascii: "]"))
    }

    private static func write(_ fields: [Field], to output: inout [UInt8]) {
        output.append(UInt8(ascii: "{"))
        for (index, field) in fields.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            write(field.name, to: &output)
            output.append(UInt8(ascii: ":"))
            field.value.write(to: &output)
        }
        output.append(UInt8(ascii: "}"))
    }

    private static func write(_ text: String, to output: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): output += #"\n"#.utf8
            case UInt8(ascii: "\r"): output += #"\r"#.utf8
            case UInt8(ascii: "\t"): output += #"\t"#.utf8
            case 0..<0x20, 0x7f: output += #"\u00"#.utf8 + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
