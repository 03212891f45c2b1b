import Model

/// Docker's filters on lists of networks.
struct NetworkFilter {
    private static let keys: Set = ["driver", "id", "label", "label!", "name", "scope", "type", "dangling"]

    private let filters: Filters

    /// - Throws: `invalid` for a filter that means nothing.
    init(_ filters: Filters) throws(EngineError) {
        self.filters = filters
        if let unknown = filters.values.keys.sorted().first(where: { !Self.keys.contains($0) }) {
            throw EngineError(.invalid, "invalid filter '\(unknown)'")
        }
    }

    func matches(_ details: NetworkDetails) -> Bool {
        let record = details.record
        let kind = ["bridge", "host", "none"].contains(record.spec.name) ? "builtin" : "custom"
        let isDangling = details.endpoints.isEmpty && kind == "custom"
        return filters.matches("driver", anyOf: [record.spec.driver])
            && filters.matches("scope", anyOf: ["local"])
            && filters.matches("type", anyOf: [kind])
            && filters.matches("dangling", anyOf: isDangling ? ["true", "1"] : ["false", "0"])
            && (filters["id"].isEmpty || filters["id"].contains { record.id.hasPrefix($0) })
            && (filters["name"].isEmpty
                || filters["name"].contains { NamePattern($0).matches(record.spec.name) })
            && filters.matchLabels(record.spec.labels)
    }
}
