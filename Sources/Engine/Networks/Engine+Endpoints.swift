import KernelNetwork
import Model

// What one container has in its networks.
extension Engine {
    /// Names of the networks that a container is in, the one of its mode first.
    nonisolated static func networkNames(_ networking: ContainerNetworking) -> [String] {
        let mode = canonical(networking.mode)
        if mode == "host" || mode == "none" || networking.container != nil { return [] }
        let others = networking.endpoints.keys.map(canonical).filter { $0 != mode }
        return [mode] + Set(others).sorted()
    }

    /// `default` and an empty mode are the network `bridge`.
    nonisolated static func canonical(_ mode: String) -> String {
        ["", "default", "private"].contains(mode) ? "bridge" : mode
    }

    /// The user's settings for a network, found under its name or its id.
    func endpointSpec(_ networking: ContainerNetworking, _ record: NetworkRecord) -> EndpointSpec {
        let isMode = network(named: Self.canonical(networking.mode))?.id == record.id
        let found = networking.endpoints.first { key, _ in
            network(named: Self.canonical(key))?.id == record.id
        }
        var spec = found?.value ?? EndpointSpec()
        if isMode, spec.macAddress == nil { spec.macAddress = networking.macAddress }
        if isMode { spec.links += networking.links }
        return spec
    }

    /// Refuses networks that are not there, and settings that they cannot have.
    func checkNetworks(_ networking: ContainerNetworking) throws(EngineError) {
        if let other = networking.container { _ = try entry(other) }
        for name in Self.networkNames(networking) {
            guard let record = network(named: name) else {
                throw EngineError(.notFound, "network \(name) not found")
            }
            let wanted = endpointSpec(networking, record)
            let isDefault = record.spec.name == "bridge"
            if isDefault, wanted.ipv4Address ?? "" != "" || wanted.ipv6Address ?? "" != "" {
                throw EngineError(
                    .invalid, "user specified IP address is supported on user defined networks only")
            }
            if isDefault, !wanted.aliases.isEmpty, networking.endpoints["bridge"] != nil {
                throw EngineError(
                    .invalid, "network-scoped aliases are only supported for user-defined networks")
            }
        }
    }

    /// What a container has in its networks while it does not run.
    func idleEndpoints(_ networking: ContainerNetworking) -> [String: Endpoint] {
        var endpoints: [String: Endpoint] = [:]
        let mode = Self.canonical(networking.mode)
        let names = mode == "host" || mode == "none" ? [mode] : Self.networkNames(networking)
        for record in names.compactMap({ network(named: $0) }) {
            var endpoint = Endpoint(networkID: record.id, endpointID: "")
            endpoint.aliases = endpointSpec(networking, record).aliases
            endpoints[record.spec.name] = endpoint
        }
        return endpoints
    }

    /// Gives the container its addresses, and makes sure that its networks are there.
    func takeAddresses(_ entry: Entry, _ spec: ContainerSpec) async throws(EngineError) {
        entry.attached = []
        var endpoints = idleEndpoints(spec.network)
        do throws(EngineError) {
            for name in Self.networkNames(spec.network) {
                guard let record = network(named: name) else {
                    throw EngineError(.notFound, "network \(name) not found")
                }
                let endpoint = try allocate(entry, record, endpointSpec(spec.network, record))
                try await realise(record)
                endpoints[record.spec.name] = endpoint
            }
        } catch {
            await leaveNetworks(entry)
            throw error
        }
        entry.instance.endpoints = endpoints
    }

    func allocate(
        _ entry: Entry, _ record: NetworkRecord, _ wanted: EndpointSpec
    ) throws(EngineError) -> Endpoint {
        var endpoint = try newEndpoint(in: record, wanted)
        let names =
            [entry.instance.name, entry.id.short] + wanted.aliases + [entry.container?.hostname ?? ""]
        endpoint.names = names.reduce(into: []) { if !$1.isEmpty, !$0.contains($1) { $0.append($1) } }
        endpoint.aliases = wanted.aliases
        entry.attached.append(endpoint)
        return endpoint
    }

    /// An endpoint with addresses of a network, which are its own until they are released.
    func newEndpoint(in record: NetworkRecord, _ wanted: EndpointSpec) throws(EngineError) -> Endpoint {
        do {
            return try addresses.allocate(InstanceID.random().text, in: record.id, wanted: wanted)
        } catch {
            throw EngineError(error)
        }
    }

    /// Connects the network namespace of process `pid`, publishes ports and tells the name servers.
    func enterNetworks(_ entry: Entry, _ spec: ContainerSpec, pid: Int32) async throws(EngineError) {
        if spec.network.container != nil || spec.network.mode == "host" { return }
        let attached = entry.attached
        let ports = wantedPorts(spec.network)
        let gateway = attached.firstIndex { !isInternal($0.networkID) } ?? 0
        let (network, isBare) = (network, attached.isEmpty)
        entry.instance.ports = try await blocking {
            if isBare { try NetworkBackend.bringUpLoopback(pid: pid) }
            for (index, endpoint) in attached.enumerated() {
                try network.attach(
                    pid: pid, networkID: endpoint.networkID, endpoint: endpoint, interface: "eth\(index)",
                    isDefaultRoute: index == gateway)
            }
            guard !ports.isEmpty, let first = attached.dropFirst(gateway).first else { return [] }
            return try network.publish(ports, to: first, networkID: first.networkID)
        }
        for endpoint in attached { try await updateNames(endpoint.networkID) }
    }

    private func isInternal(_ id: String) -> Bool { networks[id]?.spec.isInternal == true }

    private func wantedPorts(_ networking: ContainerNetworking) -> [PortMapping] {
        var ports = networking.ports
        if networking.publishesAll {
            let known = Set(ports.map { "\($0.containerPort)/\($0.transport.rawValue)" })
            for exposed in networking.exposedPorts where !known.contains(exposed) {
                let parts = exposed.split(separator: "/")
                guard let port = parts.first.flatMap({ UInt16($0) }) else { continue }
                ports.append(PortMapping(containerPort: port, transport: parts.last == "udp" ? .udp : .tcp))
            }
        }
        return ports.map { port in
            var port = port
            if port.hostAddress.isEmpty { port.hostAddress = configuration.publishAddress }
            return port
        }
    }

    /// Gives back everything that the container has in its networks.
    func leaveNetworks(_ entry: Entry) async {
        let attached = entry.attached
        entry.attached = []
        let network = network
        for endpoint in attached {
            do {
                try await blocking { try network.detach(networkID: endpoint.networkID, endpoint: endpoint) }
            } catch {
                log.warning("cannot disconnect \(entry.instance.name): \(error)")
            }
            addresses.release(endpoint.endpointID, in: endpoint.networkID)
        }
        entry.instance.ports = []
        for name in entry.instance.endpoints.keys { clearAddresses(entry, name) }
        for endpoint in attached {
            try? await updateNames(endpoint.networkID)
            retireLater(endpoint.networkID)
        }
    }

    private func clearAddresses(_ entry: Entry, _ name: String) {
        guard let old = entry.instance.endpoints[name] else { return }
        var cleared = Endpoint(networkID: old.networkID, endpointID: "")
        cleared.aliases = old.aliases
        entry.instance.endpoints[name] = cleared
    }

    /// Tells a network's name server who is in it now.
    func updateNames(_ networkID: String) async throws(EngineError) {
        guard networks[networkID] != nil, isRealised(networkID) else { return }
        let table = nameTable(networkID)
        let network = network
        try await blocking { try network.setNames(table, networkID: networkID) }
    }

    private func nameTable(_ networkID: String) -> NameTable {
        var table = NameTable()
        let isDefault = networks[networkID]?.spec.name == "bridge"
        let networkName = networks[networkID]?.spec.name ?? ""
        for entry in instances.values {
            guard let endpoint = entry.attached.first(where: { $0.networkID == networkID }) else { continue }
            let found = [endpoint.ipv4Address, endpoint.ipv6Address].compactMap { IPAddress($0) }
            if !isDefault {
                for name in endpoint.names { table.shared[name, default: []] += found }
                table.shared["\(entry.instance.name).\(networkName)", default: []] += found
            }
            guard let spec = entry.container else { continue }
            let links = linkNames(entry, spec, networkID)
            let servers = spec.network.nameServers.compactMap { IPAddress($0) }
            for address in found {
                if !links.isEmpty { table.byAsker[address.description] = links }
                if !servers.isEmpty { table.resolversByAsker[address.description] = servers }
            }
        }
        return table
    }

    /// Names of linked containers, by `container[:alias]` of the container's own.
    private func linkNames(_ entry: Entry, _ spec: ContainerSpec, _ networkID: String) -> [String:
        [IPAddress]]
    {
        guard let record = networks[networkID] else { return [:] }
        var names: [String: [IPAddress]] = [:]
        for (other, alias) in links(endpointSpec(spec.network, record)) {
            guard let endpoint = other.attached.first(where: { $0.networkID == networkID }) else { continue }
            let found = [endpoint.ipv4Address, endpoint.ipv6Address].compactMap { IPAddress($0) }
            for name in [alias, other.instance.name] { names[name] = found }
        }
        return names
    }

    func links(_ spec: EndpointSpec) -> [(Entry, String)] {
        spec.links.compactMap { link in
            let parts = link.split(separator: ":").map(String.init)
            guard let name = parts.first, let other = try? entry(name) else { return nil }
            return (other, PathText.lastName(parts.last ?? name))
        }
    }

    /// The texts of the container's files below /etc, by the path of the file.
    func etcTexts(_ entry: Entry, _ spec: ContainerSpec, _ hostname: String) -> [String: String] {
        let folder = layout.folder(entry.id)
        let first = entry.attached.first
        let sharesHost = spec.network.mode == "host"
        let server = first.map { network.nameServer(networkID: $0.networkID) }
        var networking = spec.network
        // In a network of ours its server is asked, and passes on to the servers that the user named.
        if server != nil { networking.nameServers = [] }
        var lines: [(address: String, names: String)] = []
        for endpoint in entry.attached {
            guard let record = networks[endpoint.networkID] else { continue }
            for (other, alias) in links(endpointSpec(spec.network, record)) {
                guard let theirs = other.attached.first(where: { $0.networkID == endpoint.networkID }) else {
                    continue
                }
                lines.append((theirs.ipv4Address, "\(alias) \(other.id.short) \(other.instance.name)"))
            }
        }
        let gateway = first.map { $0.ipv4Gateway.isEmpty ? $0.ipv6Gateway : $0.ipv4Gateway } ?? "127.0.0.1"
        return [
            folder.hostname: "\(hostname)\n",
            folder.hosts: EtcFiles.hosts(
                base: sharesHost ? SmallFile.text("/etc/hosts") : nil, hostname: hostname,
                domain: spec.domainName.flatMap { $0.isEmpty ? nil : $0 }, endpoints: entry.attached,
                extra: spec.network.extraHosts, links: lines, gateway: gateway),
            folder.resolver: EtcFiles.resolver(
                host: SmallFile.text("/etc/resolv.conf") ?? "",
                server: server.flatMap { $0.isEmpty ? nil : $0 },
                networking: networking),
        ]
    }
}
