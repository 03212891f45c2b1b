extension JSONValue: CustomStringConvertible {
    /// The value in one line, as Go's encoder writes it.
    package var description: String {
        var text = ""
        write(to: &text, indentation: nil)
        return text
    }

    /// The value over several lines.
    ///
    /// - Parameter indentation: what a level is moved to the right by.
    package func pretty(indentation: String = "  ") -> String {
        var text = ""
        write(to: &text, indentation: (indentation, 0))
        return text
    }

    private typealias Indentation = (step: String, depth: Int)

    private func write(to text: inout String, indentation: Indentation?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .unsigned(let value): text += String(value)
        case .double(let value): text += Self.number(value)
        case .string(let value): Self.quote(value, into: &text)
        case .array(let elements):
            Self.list(elements, "[", "]", into: &text, indentation) { element, text, inner in
                element.write(to: &text, indentation: inner)
            }
        case .object(let object):
            Self.list(object.members, "{", "}", into: &text, indentation) { member, text, inner in
                Self.quote(member.key, into: &text)
                text += inner == nil ? ":" : ": "
                member.value.write(to: &text, indentation: inner)
            }
        }
    }

    private static func list<Element>(
        _ elements: [Element], _ opening: String, _ closing: String, into text: inout String,
        _ indentation: Indentation?, _ write: (Element, inout String, Indentation?) -> Void
    ) {
        let inner = indentation.map { ($0.step, $0.depth + 1) }
        text += opening
        for (position, element) in elements.enumerated() {
            if position > 0 { text += "," }
            breakLine(in: &text, inner)
            write(element, &text, inner)
        }
        if !elements.isEmpty { breakLine(in: &text, indentation) }
        text += closing
    }

    private static func breakLine(in text: inout String, _ indentation: Indentation?) {
        guard let indentation else { return }
        text += "\n" + String(repeating: indentation.step, count: indentation.depth)
    }

    /// Whole numbers without a fraction; JSON knows no others than finite ones.
    private static func number(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        return Int64(exactly: value).map { String($0) } ?? "\(value)"
    }

    package static func quote(_ value: String, into text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..<"\u{20}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
