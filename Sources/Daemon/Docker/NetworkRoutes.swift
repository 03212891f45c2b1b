import Engine
import HTTPTypes
import Hummingbird
import Model

/// Named networks.
extension DockerAPI {
    func addNetworkRoutes(to router: Routes) {
        router.get("networks", use: listNetworks)
        router.get("networks/{id}", use: inspectNetwork)
        router.post("networks/create", use: createNetwork)
        router.post("networks/prune", use: pruneNetworks)
        router.post("networks/{id}/connect", use: connect)
        router.post("networks/{id}/disconnect", use: disconnect)
        router.delete("networks/{id}", use: removeNetwork)
    }

    private func listNetworks(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let networks = try await engine.networks(request.query.filters())
        return Reply.json(.array(networks.map { NetworkListShape.json($0, showsContainers: false) }))
    }

    private func inspectNetwork(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let network = try await engine.network(context.parameter("id"))
        return Reply.json(NetworkListShape.json(network, showsContainers: true))
    }

    private func createNetwork(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let record = try await engine.createNetwork(NetworkBody.spec(try await request.json()))
        return Reply.json(["Id": .string(record.id), "Warning": ""], status: .created)
    }

    private func removeNetwork(_ request: Request, _ context: DaemonContext) async throws -> Response {
        try await engine.removeNetwork(context.parameter("id"))
        return Reply.done
    }

    private func connect(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let body = try await request.json()
        guard let container = try body.string("Container") else {
            throw APIError(.badRequest, "Container is empty")
        }
        let endpoint = try NetworkingBody.endpoint(body.object("EndpointConfig"))
        try await engine.connect(container, to: context.parameter("id"), endpoint)
        return Response(status: .ok)
    }

    private func disconnect(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let body = try await request.json()
        guard let container = try body.string("Container") else {
            throw APIError(.badRequest, "Container is empty")
        }
        try await engine.disconnect(
            container, from: context.parameter("id"), force: body.bool("Force"))
        return Response(status: .ok)
    }

    private func pruneNetworks(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let report = try await engine.pruneNetworks(request.query.filters())
        return Reply.json(["NetworksDeleted": .slice(report.removed)])
    }
}

/// The body of `POST /networks/create`.
enum NetworkBody {
    static func spec(_ body: JSON) throws(APIError) -> NetworkSpec {
        guard let name = try body.string("Name") else { throw APIError(.badRequest, "Name is empty") }
        var spec = NetworkSpec(name: name)
        let driver = try body.string("Driver") ?? "bridge"
        spec.driver = driver == "null" ? "none" : driver
        spec.isInternal = try body.bool("Internal")
        spec.isAttachable = try body.bool("Attachable")
        spec.usesIPv6 = try body.bool("EnableIPv6")
        spec.options = try body.dictionary("Options")
        spec.labels = try body.dictionary("Labels")
        for element in try body.object("IPAM").elements("Config") {
            guard let subnet = try element.string("Subnet") else { continue }
            var pool = AddressPoolSpec(subnet: subnet, gateway: try element.string("Gateway"))
            pool.range = try element.string("IPRange")
            pool.auxiliaryAddresses = try element.dictionary("AuxiliaryAddresses")
            spec.pools.append(pool)
        }
        return spec
    }
}

/// A network as lists and inspection show it.
enum NetworkListShape {
    static func json(_ network: NetworkDetails, showsContainers: Bool) -> JSON {
        let record = network.record
        let spec = record.spec
        let fields: JSON = [
            "Name": .string(spec.name), "Id": .string(record.id),
            "Created": .string(Timestamp.text(record.created)), "Scope": "local",
            "Driver": .string(spec.driver == "none" ? "null" : spec.driver), "EnableIPv4": true,
            "EnableIPv6": .bool(spec.usesIPv6),
            "IPAM": ["Driver": "default", "Options": .null, "Config": .array(spec.pools.map(json))],
            "Internal": .bool(spec.isInternal), "Attachable": .bool(spec.isAttachable),
        ]
        let containers: [JSON.Field] = showsContainers ? endpoints(network) : []
        return fields.adding([
            "Ingress": false, "ConfigFrom": ["Network": ""], "ConfigOnly": false,
            "Containers": .object(containers), "Options": .map(spec.options),
            "Labels": .map(spec.labels),
        ])
    }

    private static func json(_ pool: AddressPoolSpec) -> JSON {
        var fields: JSON = ["Subnet": .string(pool.subnet)]
        if let range = pool.range { fields = fields.adding(["IPRange": .string(range)]) }
        if let gateway = pool.gateway { fields = fields.adding(["Gateway": .string(gateway)]) }
        if !pool.auxiliaryAddresses.isEmpty {
            fields = fields.adding(["AuxiliaryAddresses": .map(pool.auxiliaryAddresses)])
        }
        return fields
    }

    private static func endpoints(_ network: NetworkDetails) -> [JSON.Field] {
        network.endpoints.sorted { $0.key < $1.key }.map { id, endpoint in
            let ipv6 =
                endpoint.ipv6Address.isEmpty
                ? "" : "\(endpoint.ipv6Address)/\(endpoint.ipv6PrefixLength)"
            return JSON.Field(
                name: id,
                value: [
                    "Name": .string(network.names[id] ?? ""), "EndpointID": .string(endpoint.endpointID),
                    "MacAddress": .string(endpoint.macAddress),
                    "IPv4Address": .string("\(endpoint.ipv4Address)/\(endpoint.ipv4PrefixLength)"),
                    "IPv6Address": .string(ipv6),
                ])
        }
    }
}
