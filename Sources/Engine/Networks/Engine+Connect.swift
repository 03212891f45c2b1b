import KernelNetwork
import Model
import Store

extension Engine {
    package func connect(
        _ instance: String, to network: String, _ endpoint: EndpointSpec = EndpointSpec()
    ) async throws(EngineError) {
        let entry = try entry(instance)
        let record = try requireNetwork(network)
        try await exclusively(entry.key) { () async throws(EngineError) in
            guard var spec = entry.container else {
                throw EngineError(.unsupported, "machines are not connected to named networks")
            }
            guard record.spec.driver == "bridge", spec.network.container == nil, spec.network.mode != "host"
            else {
                throw EngineError(
                    .forbidden,
                    "container sharing network namespace with another container or host cannot be connected to any other network"
                )
            }
            let names = Self.networkNames(spec.network).compactMap { self.network(named: $0)?.id }
            guard !names.contains(record.id) else {
                throw EngineError(
                    .forbidden,
                    "endpoint with name \(entry.instance.name) already exists in network \(record.spec.name)")
            }
            if spec.network.mode == "none" { spec.network.mode = record.spec.name }
            spec.network.endpoints[record.spec.name] = endpoint
            var made = Endpoint(networkID: record.id, endpointID: "")
            made.aliases = endpoint.aliases
            if entry.isRunning { made = try await plugIn(entry, record, endpoint) }
            entry.container = spec
            entry.instance.endpoints[record.spec.name] = made
            let event = networkEvent("connect", record, instance: entry.id)
            await commitAnyway([.put(entry.instance)], [event])
        }
    }

    private func plugIn(
        _ entry: Entry, _ record: NetworkRecord, _ wanted: EndpointSpec
    ) async throws(EngineError) -> Endpoint {
        let index = Self.freeInterface(entry)
        let isFirst = entry.attached.isEmpty
        let endpoint = try allocate(entry, record, wanted)
        let (backend, pid) = (network, entry.instance.processID)
        do {
            try await realise(record)
            try await blocking {
                try backend.attach(
                    pid: pid, networkID: record.id, endpoint: endpoint, interface: "eth\(index)",
                    isDefaultRoute: isFirst && !record.spec.isInternal)
            }
        } catch {
            entry.attached.removeAll { $0.endpointID == endpoint.endpointID }
            addresses.release(endpoint.endpointID, in: record.id)
            retireLater(record.id)
            throw error
        }
        entry.interfaces[endpoint.endpointID] = index
        try await updateNames(record.id)
        return endpoint
    }

    /// Interfaces are numbered in the order of connection; those that went leave gaps to be filled.
    private static func freeInterface(_ entry: Entry) -> Int {
        let taken = Set(entry.attached.enumerated().map { entry.interfaces[$1.endpointID] ?? $0 })
        return (0...).first { !taken.contains($0) } ?? entry.attached.count
    }

    package func disconnect(
        _ instance: String, from network: String, force: Bool = false
    ) async throws(EngineError) {
        let entry = try entry(instance)
        let record = try requireNetwork(network)
        try await exclusively(entry.key) { () async throws(EngineError) in
            guard var spec = entry.container else { return }
            let key = spec.network.endpoints.keys.first {
                self.network(named: Self.canonical($0))?.id == record.id
            }
            let isMode = self.network(named: Self.canonical(spec.network.mode))?.id == record.id
            guard isMode || key != nil else {
                throw EngineError(
                    .forbidden, "container \(entry.id) is not connected to network \(record.spec.name)")
            }
            if let key { spec.network.endpoints[key] = nil }
            if isMode { spec.network.mode = spec.network.endpoints.keys.sorted().first ?? "none" }
            await unplug(entry, record)
            entry.container = spec
            entry.instance.endpoints[record.spec.name] = nil
            let event = networkEvent("disconnect", record, instance: entry.id)
            try await commit([.put(entry.instance)], [event])
        }
    }

    private func unplug(_ entry: Entry, _ record: NetworkRecord) async {
        guard let index = entry.attached.firstIndex(where: { $0.networkID == record.id }) else { return }
        // The others keep their names: eth1 stays eth1 when eth0 goes.
        for (number, endpoint) in entry.attached.enumerated()
        where entry.interfaces[endpoint.endpointID] == nil {
            entry.interfaces[endpoint.endpointID] = number
        }
        let endpoint = entry.attached.remove(at: index)
        let backend = network
        do {
            try await blocking { try backend.detach(networkID: record.id, endpoint: endpoint) }
        } catch {
            log.warning("cannot disconnect \(entry.instance.name) from \(record.spec.name): \(error)")
        }
        addresses.release(endpoint.endpointID, in: record.id)
        try? await updateNames(record.id)
        retireLater(record.id)
    }
}
