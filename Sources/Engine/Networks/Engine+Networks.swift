import KernelNetwork
import Model
import Store

extension Engine {
    static let predefined: Set = ["bridge", "host", "none"]

    /// A network by its name, its id or the unambiguous start of one.
    func network(named name: String) -> NetworkRecord? {
        if let record = networks.values.first(where: { $0.spec.name == name }) { return record }
        if let record = networks[name] { return record }
        let matches = name.isEmpty ? [] : networks.values.filter { $0.id.hasPrefix(name) }
        return matches.count == 1 ? matches.first : nil
    }

    func requireNetwork(_ name: String) throws(EngineError) -> NetworkRecord {
        guard let record = network(named: name) else {
            throw EngineError(.notFound, "network \(name) not found")
        }
        return record
    }

    package func createNetwork(_ spec: NetworkSpec) async throws(EngineError) -> NetworkRecord {
        try ObjectName.checkNetwork(spec.name)
        guard spec.driver == "bridge" || spec.driver == "default" || spec.driver.isEmpty else {
            throw EngineError(.invalid, "there is no network driver \"\(spec.driver)\": use bridge")
        }
        var spec = spec
        spec.driver = "bridge"
        let name = spec.name
        let wanted = spec
        return try await exclusively("network/\(name)") { () async throws(EngineError) in
            guard network(named: name)?.spec.name != name else {
                throw EngineError(.conflict, "network with name \(name) already exists")
            }
            return try await addNetwork(wanted, id: InstanceID.random().text)
        }
    }

    private func addNetwork(_ spec: NetworkSpec, id: String) async throws(EngineError) -> NetworkRecord {
        let taken = try await blocking { NetworkBackend.hostPrefixes() }
        var record = NetworkRecord(id: id, spec: spec, created: Clock.seconds)
        do {
            record.spec.pools = try addresses.addNetwork(id, spec, hostPrefixes: taken)
        } catch {
            throw EngineError(error)
        }
        let (backend, made) = (network, record)
        do {
            try await blocking { try backend.create(made) }
            presences[id, default: NetworkPresence()].isRealised = true
            watchOver(id)
            let event = networkEvent("create", record)
            try await commit([.putNetwork(record)], [event])
        } catch {
            try? await blocking { try backend.remove(made.id) }
            forgetPresence(of: id)
            addresses.removeNetwork(id)
            throw error
        }
        networks[id] = record
        retireLater(id)
        return record
    }

    func networkEvent(_ action: String, _ record: NetworkRecord, instance: InstanceID? = nil) -> Event {
        var attributes = ["name": record.spec.name, "type": record.spec.driver]
        attributes["container"] = instance?.text
        return journal.make(.network, action, actor: record.id, attributes)
    }

    package func networks(_ filters: Filters = Filters()) async throws(EngineError) -> [NetworkDetails] {
        let filter = try NetworkFilter(filters)
        return networks.values.map(details).filter { filter.matches($0) }
            .sorted { $0.record.spec.name < $1.record.spec.name }
    }

    package func network(_ name: String) async throws(EngineError) -> NetworkDetails {
        details(try requireNetwork(name))
    }

    private func details(_ record: NetworkRecord) -> NetworkDetails {
        var details = NetworkDetails(record: record)
        for entry in instances.values where entry.isRunning {
            let isHere: Bool
            if let endpoint = entry.attached.first(where: { $0.networkID == record.id }) {
                details.endpoints[entry.id.text] = endpoint
                isHere = true
            } else {
                isHere = record.spec.name == entry.container?.network.mode && record.spec.driver != "bridge"
                if isHere {
                    details.endpoints[entry.id.text] = Endpoint(networkID: record.id, endpointID: "")
                }
            }
            if isHere { details.names[entry.id.text] = entry.instance.name }
        }
        return details
    }

    package func removeNetwork(_ name: String) async throws(EngineError) {
        let record = try requireNetwork(name)
        guard !Self.predefined.contains(record.spec.name) else {
            throw EngineError(
                .forbidden, "\(record.spec.name) is a pre-defined network and cannot be removed")
        }
        try await exclusively("network/\(record.spec.name)") { () async throws(EngineError) in
            let users = details(record).names.values.sorted()
            guard users.isEmpty else {
                throw EngineError(
                    .conflict,
                    "error while removing network: network \(record.spec.name) has active endpoints: "
                        + users.joined(separator: ", "))
            }
            try await commit([.removeNetwork(record.id)], [networkEvent("destroy", record)])
            networks[record.id] = nil
            forgetPresence(of: record.id)
            addresses.removeNetwork(record.id)
            let backend = network
            try await blocking { try backend.remove(record.id) }
        }
    }

    package func pruneNetworks(_ filters: Filters = Filters()) async throws(EngineError) -> PruneReport {
        let limits = try PruneLimits(filters)
        var report = PruneReport()
        let used = Set(instances.values.flatMap { $0.instance.endpoints.values.map(\.networkID) })
        for record in networks.values.sorted(by: { $0.spec.name < $1.spec.name }) {
            guard !Self.predefined.contains(record.spec.name), !used.contains(record.id),
                limits.allow(record.created, record.spec.labels)
            else { continue }
            do {
                try await removeNetwork(record.id)
                report.removed.append(record.spec.name)
            } catch {
                // Taken into use meanwhile.
                continue
            }
        }
        tell(journal.make(.network, "prune", actor: "", ["reclaimed": "0"]))
        return report
    }
}
