import Model

/// Docker's filters on lists of containers, with what they name looked up.
struct InstanceFilter {
    private static let keys: Set = [
        "id", "name", "label", "label!", "exited", "status", "ancestor", "before", "since", "volume",
        "network",
        "publish", "expose", "health", "isolation", "is-task",
    ]

    let filters: Filters
    /// Seconds since 1970: only older ones, only newer ones.
    var before = Double.infinity
    var since = -Double.infinity
    /// Ids of images.
    var ancestors: [String] = []
    /// Names of networks.
    var networks: [String] = []

    init(_ filters: Filters) { self.filters = filters }

    /// - Throws: `invalid` for a filter or value that means nothing.
    func check() throws(EngineError) {
        if let unknown = filters.values.keys.sorted().first(where: { !Self.keys.contains($0) }) {
            throw EngineError(.invalid, "invalid filter '\(unknown)'")
        }
        for status in filters["status"] where Instance.State(rawValue: status) == nil {
            throw EngineError(.invalid, "invalid filter 'status=\(status)'")
        }
        for code in filters["exited"] where Int32(code) == nil {
            throw EngineError(.invalid, "invalid filter 'exited=\(code)'")
        }
        for health in filters["health"] where Instance.Health(rawValue: health) == nil && health != "none" {
            throw EngineError(.invalid, "invalid filter 'health=\(health)'")
        }
    }

    func matches(_ instance: Instance) -> Bool {
        filters.matches("status", anyOf: [instance.state.rawValue])
            && filters.matches("health", anyOf: [instance.health?.rawValue ?? "none"])
            && matchesName(instance)
            && (filters["id"].isEmpty || filters["id"].contains { instance.id.text.hasPrefix($0) })
            && filters.matchLabels(instance.spec.labels)
            && matchesExit(instance)
            && instance.created < before && instance.created > since
            && (filters["ancestor"].isEmpty || ancestors.contains(instance.imageID))
            && matchesVolume(instance) && matchesNetwork(instance) && matchesPorts(instance)
    }

    /// Docker matches names as regular expressions; what people write are parts of names, `^start` and `end$`.
    private func matchesName(_ instance: Instance) -> Bool {
        let wanted = filters["name"]
        return wanted.isEmpty || wanted.contains { NamePattern($0).matches(instance.name) }
    }

    private func matchesExit(_ instance: Instance) -> Bool {
        let wanted = filters["exited"].compactMap { Int32($0) }
        return wanted.isEmpty || (instance.state == .exited && wanted.contains(instance.exitCode))
    }

    private func matchesVolume(_ instance: Instance) -> Bool {
        filters.matches("volume", anyOf: instance.mounts.flatMap { [$0.name, $0.source, $0.target] })
    }

    private func matchesNetwork(_ instance: Instance) -> Bool {
        filters["network"].isEmpty || networks.contains { instance.endpoints[$0] != nil }
            || instance.endpoints.values.contains { filters["network"].contains($0.networkID) }
    }

    private func matchesPorts(_ instance: Instance) -> Bool {
        let published = instance.ports.flatMap {
            ["\($0.containerPort)", "\($0.containerPort)/\($0.transport.rawValue)", "\($0.hostPort)"]
        }
        guard case .container(let spec) = instance.spec else { return filters["publish"].isEmpty }
        let exposed = spec.network.exposedPorts.flatMap { [$0, String($0.prefix { $0 != "/" })] }
        return filters.matches("publish", anyOf: published)
            && filters.matches("expose", anyOf: exposed + published)
    }
}

/// A part of a name, with `^` and `$` for its ends; a leading slash, which Docker's names have, is ignored.
struct NamePattern {
    private var text: Substring
    private let isAtStart: Bool
    private let isAtEnd: Bool

    init(_ pattern: String) {
        var text = pattern[...]
        isAtStart = text.hasPrefix("^")
        if isAtStart { text = text.dropFirst() }
        isAtEnd = text.hasSuffix("$")
        if isAtEnd { text = text.dropLast() }
        if text.hasPrefix("/") { text = text.dropFirst() }
        self.text = text
    }

    func matches(_ name: String) -> Bool {
        switch (isAtStart, isAtEnd) {
        case (true, true): name == text
        case (true, false): name.hasPrefix(text)
        case (false, true): name.hasSuffix(text)
        case (false, false): text.isEmpty || name.contains(text)
        }
    }
}
