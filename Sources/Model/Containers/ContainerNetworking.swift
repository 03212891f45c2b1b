/// How a container is connected.
package struct ContainerNetworking: Codable, Equatable, Sendable {
    /// `default` or `bridge`, `none`, `host`, `container:ID`, or a network's name.
    package var mode = "default"
    /// Further settings by network name; also networks beside the one of `mode`.
    package var endpoints: [String: EndpointSpec] = [:]
    package var ports: [PortMapping] = []
    /// `80/tcp`: declared, not published.
    package var exposedPorts: [String] = []
    /// Whether every exposed port is published at a port of the host's choosing.
    package var publishesAll = false
    package var nameServers: [String] = []
    package var searchDomains: [String] = []
    package var resolverOptions: [String] = []
    /// `name:address`; the address `host-gateway` is the host's.
    package var extraHosts: [String] = []
    package var macAddress: String?
    /// `container[:alias]` of the default network.
    package var links: [String] = []

    package init() {}
}

/// What a container wants in one network.
package struct EndpointSpec: Codable, Equatable, Sendable {
    package var aliases: [String] = []
    package var ipv4Address: String?
    package var ipv6Address: String?
    package var macAddress: String?
    package var links: [String] = []
    package var driverOptions: [String: String] = [:]
    /// Told back to who asked for them; not assigned.
    package var linkLocalAddresses: [String]?

    package init() {}
}

/// A port of the host that leads to a port of a container.
package struct PortMapping: Codable, Equatable, Hashable, Sendable {
    package enum Transport: String, Codable, Sendable { case tcp, udp }

    /// Empty means the daemon's default address, the loopback.
    package var hostAddress: String
    /// 0 lets the host choose.
    package var hostPort: UInt16
    /// The end of a range of host ports, whose first free one is taken; `nil` for one port.
    package var lastHostPort: UInt16?
    package var containerPort: UInt16
    package var transport: Transport

    package init(
        hostAddress: String = "", hostPort: UInt16 = 0, lastHostPort: UInt16? = nil, containerPort: UInt16,
        transport: Transport = .tcp
    ) {
        self.hostAddress = hostAddress
        self.hostPort = hostPort
        self.lastHostPort = lastHostPort
        self.containerPort = containerPort
        self.transport = transport
    }
}

/// A container's place in a network, once it has one.
package struct Endpoint: Codable, Equatable, Sendable {
    package var networkID: String
    package var endpointID: String
    package var macAddress: String
    package var ipv4Address: String
    package var ipv4PrefixLength: Int
    package var ipv4Gateway: String
    package var ipv6Address: String
    package var ipv6PrefixLength: Int
    package var ipv6Gateway: String
    package var aliases: [String]
    /// Names that the network's name server answers with this endpoint.
    package var names: [String]

    package init(networkID: String, endpointID: String) {
        self.networkID = networkID
        self.endpointID = endpointID
        macAddress = ""
        ipv4Address = ""
        ipv4PrefixLength = 0
        ipv4Gateway = ""
        ipv6Address = ""
        ipv6PrefixLength = 0
        ipv6Gateway = ""
        aliases = []
        names = []
    }
}

/// A named network.
package struct NetworkSpec: Codable, Equatable, Sendable {
    package var name: String
    /// `bridge`, `host` or `none` (`null` in Docker's words).
    package var driver = "bridge"
    /// Whether nothing outside is reachable.
    package var isInternal = false
    package var isAttachable = false
    package var usesIPv6 = false
    package var pools: [AddressPoolSpec] = []
    package var options: [String: String] = [:]
    package var labels: [String: String] = [:]

    package init(name: String) { self.name = name }
}

/// A range of addresses: `172.18.0.0/16`.
package struct AddressPoolSpec: Codable, Equatable, Sendable {
    package var subnet: String
    package var gateway: String?
    /// The part of the subnet that addresses are chosen from.
    package var range: String?
    package var auxiliaryAddresses: [String: String] = [:]

    package init(subnet: String, gateway: String? = nil) {
        self.subnet = subnet
        self.gateway = gateway
    }
}

/// A network as it is.
package struct NetworkRecord: Codable, Equatable, Sendable {
    /// 64 hexadecimal digits.
    package var id: String
    package var spec: NetworkSpec
    /// Seconds since 1970.
    package var created: Double

    package init(id: String, spec: NetworkSpec, created: Double) {
        self.id = id
        self.spec = spec
        self.created = created
    }
}

/// A named volume as it is.
package struct VolumeRecord: Codable, Equatable, Sendable {
    package var name: String
    package var driver = "local"
    package var labels: [String: String] = [:]
    package var options: [String: String] = [:]
    /// Seconds since 1970.
    package var created: Double
    /// Where its files are.
    package var mountPoint: String
    package var isAnonymous = false
    /// The volume and snapshot it was cloned from, if any.
    package var origin: String?

    package init(name: String, created: Double, mountPoint: String) {
        self.name = name
        self.created = created
        self.mountPoint = mountPoint
    }
}
