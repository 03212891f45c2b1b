import Model
import NetworkStack

// The addresses of endpoints.
extension AddressPool {
    /// Gives an endpoint its addresses: those it wants, or the lowest free ones.
    ///
    /// - Returns: an endpoint with addresses, gateways (none in internal networks) and Ethernet address filled in.
    /// - Throws: `notFound` for an unknown network, `invalid` or `conflict` for an address that cannot be had.
    package mutating func allocate(
        _ endpointID: String, in networkID: String, wanted: EndpointSpec = EndpointSpec()
    ) throws(KernelNetworkError) -> Model.Endpoint {
        guard var network = networks[networkID] else {
            throw KernelNetworkError(
                .notFound, "network \(networkID.prefix(12)) has no addresses: it was not created")
        }
        var endpoint = Model.Endpoint(networkID: networkID, endpointID: endpointID)
        endpoint.aliases = wanted.aliases
        for isV4 in [true, false] {
            let text = (isV4 ? wanted.ipv4Address : wanted.ipv6Address) ?? ""
            let candidates = network.subnets.indices.filter { network.subnets[$0].prefix.isV4 == isV4 }
            guard !candidates.isEmpty else {
                if text.isEmpty { continue }
                throw KernelNetworkError(
                    .invalid, "\(text) was asked for, but the network has no such subnet")
            }
            let (index, address) = try Self.choose(text, endpointID, network.subnets, candidates)
            network.subnets[index].taken[endpointID] = address
            Self.enter(address, network.subnets[index], network.isInternal, into: &endpoint)
        }
        endpoint.macAddress = try Self.hardwareAddress(wanted.macAddress, for: endpoint)
        networks[networkID] = network
        return endpoint
    }

    /// Frees what an endpoint has; harmless when it has nothing.
    package mutating func release(_ endpointID: String, in networkID: String) {
        guard let count = networks[networkID]?.subnets.count else { return }
        for index in 0..<count { networks[networkID]?.subnets[index].taken[endpointID] = nil }
    }

    /// Rebuilds the pool from what was stored.
    ///
    /// - Returns: the records whose blocks are unusable, with the reason; they are left out.
    package mutating func restore(
        _ records: [NetworkRecord], _ endpoints: [Model.Endpoint]
    ) -> [(NetworkRecord, KernelNetworkError)] {
        networks = [:]
        var failures: [(NetworkRecord, KernelNetworkError)] = []
        for record in records {
            do { _ = try addNetwork(record.id, record.spec) } catch { failures.append((record, error)) }
        }
        for endpoint in endpoints {
            for text in [endpoint.ipv4Address, endpoint.ipv6Address] {
                guard let address = IPAddress(text), let network = networks[endpoint.networkID],
                    let index = network.subnets.firstIndex(where: { $0.prefix.contains(address) })
                else { continue }
                networks[endpoint.networkID]?.subnets[index].taken[endpoint.endpointID] = address
            }
        }
        return failures
    }

    private static func choose(
        _ text: String, _ endpointID: String, _ subnets: [Subnet], _ candidates: [Int]
    ) throws(KernelNetworkError) -> (Int, IPAddress) {
        guard text.isEmpty else { return try claim(text, endpointID, subnets, candidates) }
        for index in candidates {
            let subnet = subnets[index]
            if let own = subnet.taken[endpointID] { return (index, own) }
            let used = Set(subnet.taken.values).union(subnet.reserved).union([subnet.gateway])
            let free = lowest(in: subnet.range, of: subnet.prefix) { used.contains($0) }
            if let free { return (index, free) }
        }
        let ranges = candidates.map { subnets[$0].range.description }.joined(separator: ", ")
        throw KernelNetworkError(
            .conflict,
            "no address is left in \(ranges); remove containers or use a network with a larger subnet")
    }

    private static func claim(
        _ text: String, _ endpointID: String, _ subnets: [Subnet], _ candidates: [Int]
    ) throws(KernelNetworkError) -> (Int, IPAddress) {
        let asked = IPAddress(text)
        let index = candidates.first { index in asked.map { subnets[index].prefix.contains($0) } ?? false }
        let subnet = subnets[index ?? candidates[0]]
        let address = try address(text, of: "the container's address", in: subnet.prefix)
        let isTaken = subnet.taken.contains { $0.key != endpointID && $0.value == address }
        guard !isTaken, address != subnet.gateway, !subnet.reserved.contains(address) else {
            throw KernelNetworkError(
                .conflict, "address \(address) is already in use in subnet \(subnet.prefix)")
        }
        return (index ?? candidates[0], address)
    }

    private static func enter(
        _ address: IPAddress, _ subnet: Subnet, _ isInternal: Bool, into endpoint: inout Model.Endpoint
    ) {
        let gateway = isInternal ? "" : subnet.gateway.description
        if address.isV4 {
            endpoint.ipv4Address = address.description
            endpoint.ipv4PrefixLength = subnet.prefix.length
            endpoint.ipv4Gateway = gateway
        } else {
            endpoint.ipv6Address = address.description
            endpoint.ipv6PrefixLength = subnet.prefix.length
            endpoint.ipv6Gateway = gateway
        }
    }

    /// The wanted Ethernet address, or 02:42 and the four octets of the IPv4 address, as Docker makes them: an address
    /// that moves to another container takes its Ethernet address along, so neighbours need not learn anew.
    private static func hardwareAddress(
        _ wanted: String?, for endpoint: Model.Endpoint
    ) throws(KernelNetworkError) -> String {
        guard let wanted, !wanted.isEmpty else {
            let bits = IPv4Address(endpoint.ipv4Address)?.bits ?? 0
            return MACAddress(bits: 0x0242 << 32 | UInt64(bits)).description
        }
        guard let address = MACAddress(wanted), !address.isGroup, address.bits != 0 else {
            throw KernelNetworkError(
                .invalid,
                "\"\(wanted)\" is no Ethernet address of one interface; write it like 02:42:ac:11:00:02")
        }
        return address.description
    }
}
