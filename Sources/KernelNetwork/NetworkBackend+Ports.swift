import Glibc
import Host
import Model
import NetworkStack

// Published ports. The network's process holds a socket for each, so that nobody else on the host takes the port, and
// its list is the truth: rules are made from it.
extension NetworkBackend {
    /// Publishes ports of an endpoint on the host, all or none. A host port 0 is chosen; an empty host address is
    /// 127.0.0.1. Ports that this endpoint has published already stay as they are.
    ///
    /// - Returns: the mappings with host addresses and ports filled in, in the same order.
    /// - Throws: `conflict` naming the port that somebody else has and who, `refusedByHost` for a port that needs root,
    ///   `invalid` for an internal network or an address that is none.
    package func publish(
        _ ports: [PortMapping], to endpoint: Model.Endpoint, networkID: String
    ) throws(KernelNetworkError) -> [PortMapping] {
        let plan = try plan(networkID)
        guard !ports.isEmpty else { return [] }
        guard !plan.isInternal else {
            throw KernelNetworkError(
                .invalid,
                "network \(plan.name) is internal: ports cannot be published from it; add another network")
        }
        var request = ServiceRequest(.publish)
        request.ports = try ports.map { port throws(KernelNetworkError) in try Self.resolve(port, endpoint) }
        let published: [PublishedPort]
        do {
            published = try service(networkID).ask(request).ports ?? []
        } catch  where error.kind == .conflict {
            throw KernelNetworkError(
                .conflict, error.description + PortOwner.description(in: error.description))
        }
        if !isRootless {
            do {
                try Firewall.apply(Ruleset(plan: plan).publication(of: published), "publish ports")
            } catch {
                try? unpublish(endpoint, networkID: networkID)
                throw error
            }
        }
        return published.map {
            PortMapping(
                hostAddress: $0.hostAddress.description, hostPort: $0.hostPort, containerPort: $0.port,
                transport: $0.transport)
        }
    }

    /// Takes all published ports of an endpoint back; harmless when there are none.
    package func unpublish(_ endpoint: Model.Endpoint, networkID: String) throws(KernelNetworkError) {
        let plan = try plan(networkID)
        let service = service(networkID)
        let held = try service.ask(ServiceRequest(.status)).ports ?? []
        let ours = held.filter { $0.endpointID == endpoint.endpointID }
        guard !ours.isEmpty else { return }
        var request = ServiceRequest(.unpublish)
        request.endpointID = endpoint.endpointID
        try service.ask(request)
        guard !isRootless else { return }
        do {
            try Firewall.apply(Ruleset(plan: plan).withdrawal(of: ours), "unpublish ports")
        } catch {
            // Somebody has changed the table: make it anew from what is still published.
            try applyRules(plan)
        }
    }

    private static func resolve(
        _ port: PortMapping, _ endpoint: Model.Endpoint
    ) throws(KernelNetworkError) -> PublishedPort {
        let text = port.hostAddress.isEmpty ? "127.0.0.1" : port.hostAddress
        guard let host = IPAddress(text) else {
            throw KernelNetworkError(
                .invalid, "\"\(text)\" is no IP address of the host to publish a port on")
        }
        guard port.containerPort != 0 else {
            throw KernelNetworkError(.invalid, "port 0 of a container cannot be published")
        }
        let (v4, v6) = (IPAddress(endpoint.ipv4Address), IPAddress(endpoint.ipv6Address))
        guard let target = host.isV4 ? v4 ?? v6 : v6 ?? v4 else {
            throw KernelNetworkError(
                .invalid, "the container has no address to publish port \(port.containerPort) of")
        }
        return PublishedPort(
            transport: port.transport, hostAddress: host, hostPort: port.hostPort, address: target,
            port: port.containerPort, endpointID: endpoint.endpointID, lastHostPort: port.lastHostPort)
    }
}
