/// Conditions on a list or a stream of events, in Docker's words: `status=running`, `label=tier=web`.
///
/// Values of one key are alternatives, but for `label`, of which all must hold; keys must hold together.
package struct Filters: Codable, Equatable, Sendable {
    package var values: [String: [String]]

    package init(_ values: [String: [String]] = [:]) { self.values = values }

    package var isEmpty: Bool { values.isEmpty }

    /// The alternatives under `key`; empty when the key is not there.
    package subscript(key: String) -> [String] { values[key] ?? [] }

    /// Adds one condition.
    package mutating func add(_ key: String, _ value: String) { values[key, default: []].append(value) }

    /// Whether some alternative of `key` is one of `candidates`; true when nothing is asked of the key.
    package func matches(_ key: String, anyOf candidates: [String]) -> Bool {
        guard let wanted = values[key], !wanted.isEmpty else { return true }
        return wanted.contains { candidates.contains($0) }
    }

    /// Whether every `label` (`key` or `key=value`) holds, and no `label!` does.
    package func matchLabels(_ labels: [String: String]) -> Bool {
        self["label"].allSatisfy { Self.holds($0, labels) }
            && !self["label!"].contains { Self.holds($0, labels) }
    }

    private static func holds(_ condition: String, _ labels: [String: String]) -> Bool {
        guard let split = condition.firstIndex(of: "=") else { return labels[condition] != nil }
        return labels[String(condition[..<split])] == String(condition[condition.index(after: split)...])
    }
}

extension Filters {
    package init(from decoder: any Decoder) throws {
        values = try decoder.singleValueContainer().decode([String: [String]].self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }
}
