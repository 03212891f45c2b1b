/// A JSON value (RFC 8259), read and written without Foundation: its start-up costs a tenth of a container's.
package enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Integers above `Int64.max`, such as limits that mean "none".
    case unsigned(UInt64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// The value as a signed integer, where it is one.
    package var integer: Int64? {
        if case .integer(let value) = self { return value }
        return nil
    }

    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { return value }
        return nil
    }

    package var string: String? {
        if case .string(let value) = self { return value }
        return nil
    }

    package var array: [JSONValue]? {
        if case .array(let value) = self { return value }
        return nil
    }

    package var object: JSONObject? {
        if case .object(let value) = self { return value }
        return nil
    }
}

/// The members of an object in the order in which they were written.
package struct JSONObject: Equatable, Sendable {
    package private(set) var members: [(key: String, value: JSONValue)] = []
    /// Positions by key, once there are so many that searching would be slow.
    private var index: [String: Int] = [:]
    private static let longestSearched = 16

    package init() {}

    package init(_ members: [(String, JSONValue)]) {
        for (key, value) in members { self[key] = value }
    }

    /// Of a key that was given twice, the last value counts.
    package subscript(key: String) -> JSONValue? {
        get { position(of: key).map { members[$0].value } }
        set {
            if let position = position(of: key) {
                members[position].value = newValue ?? .null
            } else if let newValue {
                append(key, newValue)
            }
        }
    }

    private mutating func append(_ key: String, _ value: JSONValue) {
        members.append((key, value))
        if members.count == Self.longestSearched {
            for (position, member) in members.enumerated() { index[member.key] = position }
        } else if members.count > Self.longestSearched {
            index[key] = members.count - 1
        }
    }

    private func position(of key: String) -> Int? {
        if members.count >= Self.longestSearched { return index[key] }
        return members.firstIndex { $0.key == key }
    }

    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members.count == right.members.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }

    package init(_ strings: [String]) { self = .array(strings.map(JSONValue.string)) }
    package init(_ number: some BinaryInteger) {
        self = Int64(exactly: number).map(JSONValue.integer) ?? .unsigned(UInt64(clamping: number))
    }
    package init(_ members: [(String, JSONValue)]) { self = .object(JSONObject(members)) }
    package init(_ strings: [String: String]) {
        self = .object(JSONObject(strings.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }
}
