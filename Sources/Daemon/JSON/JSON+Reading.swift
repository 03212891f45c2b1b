import FoundationEssentials

extension JSON: Decodable {
    /// Objects and arrays may be this deep.
    private static let deepest = 64

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    package init(from decoder: any Decoder) throws {
        guard decoder.codingPath.count <= Self.deepest else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "it is nested too deeply"))
        }
        if let fields = try? decoder.container(keyedBy: Name.self) {
            self = .object(
                try fields.allKeys.map { key in
                    Field(name: key.stringValue, value: try fields.decode(JSON.self, forKey: key))
                })
            return
        }
        if var elements = try? decoder.unkeyedContainer() {
            var values: [JSON] = []
            while !elements.isAtEnd { values.append(try elements.decode(JSON.self)) }
            self = .array(values)
            return
        }
        self = try Self.scalar(decoder.singleValueContainer())
    }

    private static func scalar(_ container: any SingleValueDecodingContainer) throws -> JSON {
        if container.decodeNil() { return .null }
        if let text = try? container.decode(String.self) { return .string(text) }
        if let value = try? container.decode(Int64.self) { return .integer(value) }
        if let value = try? container.decode(Bool.self) { return .bool(value) }
        return .number(try container.decode(Double.self))
    }

    /// Parses a text; the error's words are for the client.
    package init(parsing bytes: some Sequence<UInt8>) throws(APIError) {
        do {
            self = try JSONDecoder().decode(JSON.self, from: Data(bytes))
        } catch {
            throw APIError(.badRequest, "invalid JSON: \(Self.reason(error))")
        }
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? DecodingError, case .dataCorrupted(let context) = error else {
            return "it cannot be read"
        }
        return context.debugDescription
    }
}

/// Reading an object as Go does: a missing field, `null` and the zero value mean the same.
extension JSON {
    /// A field's value, by its exact name or without regard to case; `null` when there is none.
    package subscript(_ name: String) -> JSON {
        guard case .object(let fields) = self else { return .null }
        if let field = fields.first(where: { $0.name == name }) { return field.value }
        let lowered = name.lowercased()
        return fields.first { $0.name.lowercased() == lowered }?.value ?? .null
    }

    package var isNull: Bool { self == .null }

    package var fields: [Field] {
        guard case .object(let fields) = self else { return [] }
        return fields
    }

    /// The field's text; `nil` when it is missing or empty.
    package func string(_ name: String) throws(APIError) -> String? {
        switch self[name] {
        case .null: return nil
        case .string(let text): return text.isEmpty ? nil : text
        default: throw Self.mismatch(name, "a string")
        }
    }

    package func bool(_ name: String) throws(APIError) -> Bool { try boolIfSet(name) ?? false }

    package func boolIfSet(_ name: String) throws(APIError) -> Bool? {
        switch self[name] {
        case .null: return nil
        case .bool(let value): return value
        default: throw Self.mismatch(name, "true or false")
        }
    }

    /// The field's number; `nil` when it is missing.
    package func integer(_ name: String) throws(APIError) -> Int64? {
        switch self[name] {
        case .null: return nil
        case .integer(let value): return value
        case .number(let value):
            guard let value = Int64(exactly: value) else { throw Self.mismatch(name, "a whole number") }
            return value
        default: throw Self.mismatch(name, "a number")
        }
    }

    /// The field's number; `nil` when it is missing or 0.
    package func nonZero(_ name: String) throws(APIError) -> Int64? {
        let value = try integer(name)
        return value == 0 ? nil : value
    }

    package func elements(_ name: String) throws(APIError) -> [JSON] {
        switch self[name] {
        case .null: return []
        case .array(let values): return values
        default: throw Self.mismatch(name, "an array")
        }
    }

    package func strings(_ name: String) throws(APIError) -> [String] { try stringsIfSet(name) ?? [] }

    /// An array of strings, or a single string, which counts as one; `nil` when it is missing.
    package func stringsIfSet(_ name: String) throws(APIError) -> [String]? {
        switch self[name] {
        case .null: return nil
        case .string(let text): return [text]
        case .array(let values):
            var texts: [String] = []
            for value in values {
                guard case .string(let text) = value else { throw Self.mismatch(name, "an array of strings") }
                texts.append(text)
            }
            return texts
        default: throw Self.mismatch(name, "an array of strings")
        }
    }

    /// An object of strings. Numbers and `null` are taken as their text.
    package func dictionary(_ name: String) throws(APIError) -> [String: String] {
        var result: [String: String] = [:]
        for field in try object(name).fields {
            switch field.value {
            case .string(let text): result[field.name] = text
            case .null: result[field.name] = ""
            case .integer(let value): result[field.name] = String(value)
            default: throw Self.mismatch(name, "an object of strings")
            }
        }
        return result
    }

    /// An object; an empty one when the field is missing.
    package func object(_ name: String) throws(APIError) -> JSON {
        switch self[name] {
        case .null: return .object([])
        case .object(let fields): return .object(fields)
        default: throw Self.mismatch(name, "an object")
        }
    }

    private static func mismatch(_ name: String, _ wanted: String) -> APIError {
        APIError(.badRequest, "invalid JSON: \(name) must be \(wanted)")
    }
}
