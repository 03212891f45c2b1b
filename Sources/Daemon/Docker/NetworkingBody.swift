import Model

/// `NetworkingConfig`, and what `HostConfig` says about names and ports.
enum NetworkingBody {
    static func networking(_ body: JSON, _ host: JSON) throws(APIError) -> ContainerNetworking {
        var network = ContainerNetworking()
        network.mode = try host.string("NetworkMode") ?? "default"
        if try body.bool("NetworkDisabled") { network.mode = "none" }
        let endpoints = try body.object("NetworkingConfig").object("EndpointsConfig")
        for field in endpoints.fields {
            network.endpoints[field.name] = try endpoint(endpoints.object(field.name))
        }
        network.macAddress = try body.string("MacAddress")
        network.exposedPorts = try exposedPorts(body.object("ExposedPorts"))
        network.ports = try bindings(host.object("PortBindings"))
        network.publishesAll = try host.bool("PublishAllPorts")
        network.nameServers = try host.strings("Dns")
        network.searchDomains = try host.strings("DnsSearch")
        network.resolverOptions = try host.strings("DnsOptions")
        network.extraHosts = try host.strings("ExtraHosts")
        network.links = try host.strings("Links")
        return network
    }

    /// `EndpointSettings` as a client sends them.
    static func endpoint(_ body: JSON) throws(APIError) -> EndpointSpec {
        var endpoint = EndpointSpec()
        let addresses = try body.object("IPAMConfig")
        endpoint.ipv4Address = try addresses.string("IPv4Address")
        endpoint.ipv6Address = try addresses.string("IPv6Address")
        let linkLocal = try addresses.strings("LinkLocalIPs")
        if !linkLocal.isEmpty { endpoint.linkLocalAddresses = linkLocal }
        endpoint.aliases = try body.strings("Aliases")
        endpoint.links = try body.strings("Links")
        endpoint.macAddress = try body.string("MacAddress")
        endpoint.driverOptions = try body.dictionary("DriverOpts")
        return endpoint
    }

    private static func exposedPorts(_ body: JSON) throws(APIError) -> [String] {
        var ports: [String] = []
        for field in body.fields {
            let (number, transport) = try port(field.name)
            ports.append("\(number)/\(transport.rawValue)")
        }
        return ports
    }

    private static func bindings(_ body: JSON) throws(APIError) -> [PortMapping] {
        var mappings: [PortMapping] = []
        for field in body.fields {
            let (number, transport) = try port(field.name)
            let bindings = try body.elements(field.name)
            if bindings.isEmpty { mappings.append(PortMapping(containerPort: number, transport: transport)) }
            for binding in bindings {
                let range = try hostPorts(binding.string("HostPort"))
                mappings.append(
                    PortMapping(
                        hostAddress: try binding.string("HostIp") ?? "", hostPort: range.lowerBound,
                        lastHostPort: range.count > 1 ? range.upperBound : nil, containerPort: number,
                        transport: transport))
            }
        }
        return mappings
    }

    /// `80`, `80/tcp` or `53/udp`.
    private static func port(_ text: String) throws(APIError) -> (UInt16, PortMapping.Transport) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let name = parts.count > 1 ? parts[1].lowercased() : "tcp"
        guard parts.count <= 2, let number = parts.first.flatMap({ UInt16($0) }), number > 0,
            let transport = PortMapping.Transport(rawValue: name)
        else { throw APIError(.badRequest, "invalid port specification: \"\(text)\"") }
        return (number, transport)
    }

    /// A port or a range of them; 0 for one of the host's choosing.
    private static func hostPorts(_ text: String?) throws(APIError) -> ClosedRange<UInt16> {
        guard let text, !text.isEmpty else { return 0...0 }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
            first <= last
        else { throw APIError(.badRequest, "invalid port specification: \"\(text)\"") }
        return first...last
    }
}
