import Glibc
import Host
import Model
import NetworkStack

// A container's interfaces.
extension NetworkBackend {
    /// Connects the net namespace of process `pid` to a network by a new interface with the endpoint's addresses.
    /// An interface of an earlier attempt is replaced.
    ///
    /// - Parameter interface: its name inside, such as `eth0`.
    /// - Throws: `notFound` when network or process are gone, `conflict` when the name is taken inside.
    package func attach(
        pid: Int32, networkID: String, endpoint: Model.Endpoint, interface: String, isDefaultRoute: Bool
    ) throws(KernelNetworkError) {
        try attach(
            namespace: "/proc/\(pid)/ns/net", networkID: networkID, endpoint: endpoint, interface: interface,
            isDefaultRoute: isDefaultRoute)
    }

    /// The same for the net namespace that the path `namespace` leads to.
    package func attach(
        namespace path: String, networkID: String, endpoint: Model.Endpoint, interface: String,
        isDefaultRoute: Bool
    ) throws(KernelNetworkError) {
        let plan = try plan(networkID)
        guard BridgeName(interface) != nil, let mac = MACAddress(endpoint.macAddress) else {
            throw KernelNetworkError(
                .invalid, "\"\(interface)\" or \"\(endpoint.macAddress)\" cannot be used")
        }
        let addresses = Self.addresses(of: endpoint)
        let gateways = isDefaultRoute ? Self.gateways(of: endpoint) : []
        let port = BridgePlan.port(endpoint.endpointID)
        let home = try home(networkID)
        try Self.explained("connect the container to network \(plan.name)") { () throws(SystemError) in
            let namespace = try NetNamespace(path: path)
            let inside = namespace.raw
            try home.run { () throws(SystemError) in
                var netlink = try NetlinkSocket()
                try netlink.removeLink(port)
                try netlink.createPair(near: port, far: interface, inside: inside, mac, mtu: plan.mtu)
                try Self.join(port, plan, &netlink)
            }
            try namespace.run { () throws(SystemError) in
                try Self.configure(interface, addresses, gateways)
            }
        }
        guard isRootless else { return }
        try setNeighbours(addresses.map(\.address), mac, endpoint.endpointID, networkID)
    }

    /// Takes an endpoint's interface away and unpublishes its ports; harmless when both are gone.
    package func detach(networkID: String, endpoint: Model.Endpoint) throws(KernelNetworkError) {
        guard (try? plan(networkID)) != nil, service(networkID).isAlive else { return }
        try unpublish(endpoint, networkID: networkID)
        if isRootless { try setNeighbours([], MACAddress(bits: 0), endpoint.endpointID, networkID) }
        let port = BridgePlan.port(endpoint.endpointID)
        let home = try home(networkID)
        try Self.explained("disconnect the container") { () throws(SystemError) in
            try home.run { () throws(SystemError) in
                var netlink = try NetlinkSocket()
                try netlink.removeLink(port)
            }
        }
    }

    /// Brings up the loopback interface of the net namespace of `pid`.
    package static func bringUpLoopback(pid: Int32) throws(KernelNetworkError) {
        try explained("bring up the container's loopback") { () throws(SystemError) in
            try NetNamespace(pid: pid).run { () throws(SystemError) in
                var netlink = try NetlinkSocket()
                guard let link = try netlink.link("lo") else { return }
                try netlink.setUp(link.index)
            }
        }
    }

    /// The namespace that the network's bridge is in.
    private func home(_ networkID: String) throws(KernelNetworkError) -> NetNamespace {
        if isRootless { return try service(networkID).namespace() }
        return try Self.explained("look at the host's network") { () throws(SystemError) in
            try NetNamespace.current()
        }
    }

    private static func join(
        _ port: String, _ plan: BridgePlan, _ netlink: inout NetlinkSocket
    ) throws(SystemError) {
        guard let link = try netlink.link(port), let bridge = try netlink.link(plan.bridge.description) else {
            throw SystemError("find bridge \(plan.bridge)", code: ENODEV)
        }
        netlink.disableLinkLocal(link.index)
        try netlink.setMaster(link.index, bridge.index, isIsolated: !plan.connectsEndpoints)
        try netlink.setUp(link.index)
    }

    private static func configure(
        _ interface: String, _ addresses: [(address: IPAddress, length: Int)], _ gateways: [IPAddress]
    ) throws(SystemError) {
        var netlink = try NetlinkSocket()
        if let loopback = try netlink.link("lo") { try netlink.setUp(loopback.index) }
        guard let link = try netlink.link(interface) else {
            throw SystemError("find interface \(interface)", code: ENODEV)
        }
        if !addresses.contains(where: { !$0.address.isV4 }) { netlink.disableLinkLocal(link.index) }
        // Addresses are ours to give: no router's advertisement changes them, none waits to be tested.
        try? NetworkSetting.write("0", to: "ipv6/conf/\(interface)/accept_ra")
        try? NetworkSetting.write("0", to: "ipv6/conf/\(interface)/accept_dad")
        for (address, length) in addresses {
            try netlink.addAddress(address, prefixLength: length, to: link.index)
        }
        try netlink.setUp(link.index)
        for gateway in gateways { try netlink.setDefaultRoute(gateway, through: link.index) }
    }

    private static func addresses(of endpoint: Model.Endpoint) -> [(address: IPAddress, length: Int)] {
        [
            (endpoint.ipv4Address, endpoint.ipv4PrefixLength),
            (endpoint.ipv6Address, endpoint.ipv6PrefixLength),
        ]
        .compactMap { text, length in IPAddress(text).map { ($0, length) } }
    }

    private static func gateways(of endpoint: Model.Endpoint) -> [IPAddress] {
        [endpoint.ipv4Gateway, endpoint.ipv6Gateway].compactMap { IPAddress($0) }
    }

    private func setNeighbours(
        _ addresses: [IPAddress], _ mac: MACAddress, _ endpointID: String, _ networkID: String
    ) throws(KernelNetworkError) {
        var request = ServiceRequest(.neighbours)
        let known = addresses.map { ($0.description, mac.bits) }
        request.neighbours = [endpointID: Dictionary(known) { first, _ in first }]
        try service(networkID).ask(request)
    }
}
