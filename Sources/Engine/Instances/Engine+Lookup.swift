import Model

extension Engine {
    /// - Parameter name: a name, an id or the unambiguous start of one.
    func entry(_ name: String) throws(EngineError) -> Entry {
        let plain = name.hasPrefix("/") ? String(name.dropFirst()) : name
        if let id = names[plain], let entry = instances[id] { return entry }
        if let id = InstanceID(plain), let entry = instances[id] { return entry }
        let matches = plain.isEmpty ? [] : instances.values.filter { $0.id.text.hasPrefix(plain) }
        guard matches.count <= 1 else {
            throw EngineError(.conflict, "several ids begin with \(plain): give more of it")
        }
        guard let entry = matches.first else { throw EngineError(.notFound, "No such container: \(plain)") }
        return entry
    }

    package func inspect(_ name: String) async throws(EngineError) -> Instance { try entry(name).instance }

    /// - Parameter all: whether those that do not run are listed as well; implied by a filter for a state.
    package func list(
        all: Bool = false, limit: Int? = nil, filters: Filters = Filters()
    ) async throws(EngineError) -> [Instance] {
        let filter = try await instanceFilter(filters)
        let wantsAll = all || limit != nil || !filters["status"].isEmpty || !filters["exited"].isEmpty
        let found = instances.values.map(\.instance)
            .filter { (wantsAll || Self.isActive($0)) && filter.matches($0) }
            .sorted { ($0.created, $0.id.text) > ($1.created, $1.id.text) }
        return limit.map { Array(found.prefix(max($0, 0))) } ?? found
    }

    private static func isActive(_ instance: Instance) -> Bool {
        [.running, .paused, .restarting].contains(instance.state)
    }

    /// Names in filters are looked up first: `before=`, `since=` and `ancestor=` are about other objects.
    private func instanceFilter(_ filters: Filters) async throws(EngineError) -> InstanceFilter {
        var filter = InstanceFilter(filters)
        try filter.check()
        for name in filters["before"] { filter.before = min(filter.before, try entry(name).instance.created) }
        for name in filters["since"] { filter.since = max(filter.since, try entry(name).instance.created) }
        for name in filters["ancestor"] {
            let image = try? await images.resolve(name)
            filter.ancestors.append(image?.id.description ?? name)
        }
        for name in filters["network"] {
            filter.networks.append(network(named: name)?.spec.name ?? name)
        }
        return filter
    }
}
