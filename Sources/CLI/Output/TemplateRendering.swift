extension Template {
    /// The text that the template makes of `value`.
    package func render(_ value: JSONValue) throws(TemplateError) -> String {
        var rendering = TemplateRendering(top: value)
        try rendering.write(nodes, dot: value)
        return rendering.text
    }
}

/// Evaluates a template's nodes over one value.
private struct TemplateRendering {
    let top: JSONValue
    var text = ""

    mutating func write(_ nodes: [Template.Node], dot: JSONValue) throws(TemplateError) {
        for node in nodes {
            switch node {
            case .text(let literal): text += literal
            case .output(let pipeline): text += Self.shown(try evaluate(pipeline, dot))
            case .condition(let subject, let body, let other):
                try write(Self.isTrue(try evaluate(subject, dot)) ? body : other, dot: dot)
            case .with(let subject, let body, let other):
                let value = try evaluate(subject, dot)
                let isTrue = Self.isTrue(value)
                try write(isTrue ? body : other, dot: isTrue ? value : dot)
            case .range(let subject, let body, let other):
                let items = Self.elements(try evaluate(subject, dot))
                if items.isEmpty { try write(other, dot: dot) }
                for item in items { try write(body, dot: item) }
            }
        }
    }

    private func evaluate(_ pipeline: Template.Pipeline, _ dot: JSONValue) throws(TemplateError) -> JSONValue
    {
        var result: JSONValue?
        for call in pipeline { result = try evaluate(call, dot, last: result) }
        return result ?? .null
    }

    private func evaluate(_ call: [Template.Operand], _ dot: JSONValue, last: JSONValue?)
        throws(TemplateError) -> JSONValue
    {
        guard let first = call.first else { return last ?? .null }
        var arguments: [JSONValue] = []
        for operand in call.dropFirst() { arguments.append(try value(of: operand, dot)) }
        if let last { arguments.append(last) }
        if case .word(let name) = first { return try TemplateFunction.call(name, arguments) }
        // Docker's rows have one field that takes an argument: {{.Label "key"}}.
        if case .path(["Label"]) = first, let key = arguments.first?.string {
            return .string(Self.label(key, in: dot))
        }
        guard arguments.isEmpty else { throw TemplateError("a field takes no arguments") }
        return try value(of: first, dot)
    }

    private func value(of operand: Template.Operand, _ dot: JSONValue) throws(TemplateError) -> JSONValue {
        switch operand {
        case .path(let names): try Self.follow(names, dot)
        case .root(let names): try Self.follow(names, top)
        case .literal(let value): value
        case .group(let pipeline): try evaluate(pipeline, dot)
        case .word(let name): try TemplateFunction.call(name, [])
        }
    }

    private static func follow(_ names: [String], _ start: JSONValue) throws(TemplateError) -> JSONValue {
        var value = start
        for name in names {
            guard let next = value[name] else {
                if case .object(let fields) = value, !fields.isEmpty {
                    let known = Suggestion.nearest(to: name, among: fields.map(\.name))
                    throw TemplateError(
                        "no field '\(name)'" + (known.map { "; did you mean '\($0)'?" } ?? ""))
                }
                return .null
            }
            value = next
        }
        return value
    }

    private static func label(_ key: String, in row: JSONValue) -> String {
        let labels = (row["Labels"]?.string ?? "").split(separator: ",")
        return labels.first { $0.hasPrefix(key + "=") }.map { String($0.dropFirst(key.count + 1)) } ?? ""
    }

    static func elements(_ value: JSONValue) -> [JSONValue] {
        switch value {
        case .array(let items): items
        case .object(let fields): fields.sorted { $0.name < $1.name }.map(\.value)
        default: []
        }
    }

    static func isTrue(_ value: JSONValue) -> Bool {
        switch value {
        case .null: false
        case .bool(let isTrue): isTrue
        case .number(let text): Double(text) != 0
        case .string(let text): !text.isEmpty
        case .array(let items): !items.isEmpty
        case .object(let fields): !fields.isEmpty
        }
    }

    /// As Go prints values.
    static func shown(_ value: JSONValue) -> String {
        switch value {
        case .null: "<no value>"
        case .string(let text): text
        case .array(let items): "[" + items.map(shown).joined(separator: " ") + "]"
        case .object(let fields):
            "map[" + fields.map { "\($0.name):\(shown($0.value))" }.joined(separator: " ") + "]"
        default: value.compact
        }
    }
}

/// The functions that templates may call.
private enum TemplateFunction {
    static func call(_ name: String, _ arguments: [JSONValue]) throws(TemplateError) -> JSONValue {
        switch (name, arguments.count) {
        case ("json", 1): return .string(arguments[0].compact)
        case ("upper", 1): return .string(TemplateRendering.shown(arguments[0]).uppercased())
        case ("lower", 1): return .string(TemplateRendering.shown(arguments[0]).lowercased())
        case ("title", 1): return .string(TemplateRendering.shown(arguments[0]).capitalizedFirst)
        case ("len", 1): return .number("\(length(arguments[0]))")
        case ("not", 1): return .bool(!TemplateRendering.isTrue(arguments[0]))
        case ("join", 2):
            let parts = TemplateRendering.elements(arguments[0]).map(TemplateRendering.shown)
            return .string(parts.joined(separator: TemplateRendering.shown(arguments[1])))
        case ("split", 2):
            let parts = TemplateRendering.shown(arguments[0])
                .split(separator: TemplateRendering.shown(arguments[1]), omittingEmptySubsequences: false)
            return .array(parts.map { .string(String($0)) })
        case ("index", 2...): return arguments.dropFirst().reduce(arguments[0], element)
        case ("println", _), ("print", _):
            let text = arguments.map(TemplateRendering.shown).joined(separator: " ")
            return .string(name == "println" ? text + "\n" : text)
        case ("eq", 2...): return .bool(arguments.dropFirst().contains(arguments[0]))
        case ("ne", 2): return .bool(arguments[0] != arguments[1])
        case ("and", 1...):
            return arguments.first { !TemplateRendering.isTrue($0) } ?? arguments[arguments.count - 1]
        case ("or", 1...):
            return arguments.first(where: TemplateRendering.isTrue) ?? arguments[arguments.count - 1]
        case ("lt", 2), ("le", 2), ("gt", 2), ("ge", 2): return .bool(compare(name, arguments))
        default:
            throw TemplateError("unknown function '\(name)', or the wrong number of arguments for it")
        }
    }

    private static func length(_ value: JSONValue) -> Int {
        switch value {
        case .string(let text): text.utf8.count
        case .array(let items): items.count
        case .object(let fields): fields.count
        default: 0
        }
    }

    private static func element(of value: JSONValue, at key: JSONValue) -> JSONValue {
        if let name = key.string { return value[name] ?? .null }
        guard let index = key.integer, value.items.indices.contains(Int(index)) else { return .null }
        return value.items[Int(index)]
    }

    private static func compare(_ name: String, _ arguments: [JSONValue]) -> Bool {
        guard let left = arguments[0].number, let right = arguments[1].number else { return false }
        return switch name {
        case "lt": left < right
        case "le": left <= right
        case "gt": left > right
        default: left >= right
        }
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
