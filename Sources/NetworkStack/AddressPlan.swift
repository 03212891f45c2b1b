/// Who is who on a guest's or network's link.
package struct AddressPlan: Sendable {
    /// The gateway's and the name server's Ethernet address; locally administered.
    package let gatewayMAC: MACAddress
    /// The IPv4 addresses of the link; nil where there are none.
    package let subnet: Prefix?
    /// Answers for the network, and is the host's loopback to the guest where `mapsGatewayToHost`.
    package let gateway: IPv4Address
    package let nameServer: IPv4Address
    /// The first guest's lease; further hardware addresses get the following ones.
    package let firstLease: IPv4Address

    /// The IPv6 addresses of the link; nil where there are none.
    package let prefix: Prefix?
    package let gateway6: IPv6Address
    package let nameServer6: IPv6Address
    /// fe80::2, the router's address in advertisements.
    package let linkLocalGateway = IPv6Address(high: 0xFE80 << 48, low: 2)

    /// Octets of an IP packet on the link, without segmentation offload.
    package let maximumTransmissionUnit: Int
    /// Whether the gateway's address means the host's loopback.
    package let mapsGatewayToHost: Bool
    /// Whether anything beyond the link can be reached.
    package let reachesOutside: Bool
    /// Whether addresses are given by DHCP and router advertisements. If not, everybody was told theirs, and there may
    /// be many on the link.
    package let assignsAddresses: Bool

    /// One guest's own network; the same numbers as QEMU's user network, so that guests and habits fit.
    package static let standard = AddressPlan()

    private init() {
        gatewayMAC = MACAddress(bits: 0x5255_0A00_0202)
        subnet = Prefix(.v4(IPv4Address(10, 0, 2, 0)), length: 24)
        gateway = IPv4Address(10, 0, 2, 2)
        nameServer = IPv4Address(10, 0, 2, 3)
        firstLease = IPv4Address(10, 0, 2, 15)
        prefix = Prefix(.v6(IPv6Address(high: 0xFEC0 << 48, low: 0)), length: 64)
        gateway6 = IPv6Address(high: 0xFEC0 << 48, low: 2)
        nameServer6 = IPv6Address(high: 0xFEC0 << 48, low: 3)
        maximumTransmissionUnit = 1500
        mapsGatewayToHost = true
        reachesOutside = true
        assignsAddresses = true
    }

    /// A network of many endpoints with fixed addresses. The gateways answer for names, too.
    ///
    /// - Parameters:
    ///   - subnets: at most one block of each family with its gateway; further ones are ignored.
    ///   - maximumTransmissionUnit: 1280 to 65,535 octets (RFC 8200 §5).
    package init(
        gatewayMAC: MACAddress, subnets: [(block: Prefix, gateway: IPAddress)], maximumTransmissionUnit: Int,
        mapsGatewayToHost: Bool, reachesOutside: Bool
    ) {
        self.gatewayMAC = gatewayMAC
        var (v4, v6): ((Prefix, IPv4Address)?, (Prefix, IPv6Address)?)
        for (block, gateway) in subnets {
            switch gateway {
            case .v4(let address): v4 = v4 ?? (block, address)
            case .v6(let address): v6 = v6 ?? (block, address)
            }
        }
        (subnet, gateway) = (v4?.0, v4?.1 ?? .any)
        (prefix, gateway6) = (v6?.0, v6?.1 ?? .any)
        (nameServer, nameServer6, firstLease) = (gateway, gateway6, gateway)
        self.maximumTransmissionUnit = min(max(maximumTransmissionUnit, 1280), 65_535)
        self.mapsGatewayToHost = mapsGatewayToHost
        self.reachesOutside = reachesOutside
        assignsAddresses = false
    }

    /// The mask of `subnet`.
    package var mask: IPv4Address {
        IPv4Address(
            bits: UInt32(truncatingIfNeeded: UInt64(UInt32.max) << UInt64(32 - (subnet?.length ?? 32))))
    }

    /// The highest address of `subnet`, which means everybody on the link.
    package var broadcast: IPv4Address { IPv4Address(bits: UInt32(truncatingIfNeeded: subnet?.last ?? 0)) }
}

extension AddressPlan {
    func isLocal(_ address: IPAddress) -> Bool {
        switch address {
        case .v4: subnet?.contains(address) ?? false
        case .v6(let v6): prefix.map { $0.contains(address) || v6.isLinkLocal } ?? false
        }
    }

    /// The addresses that answer to ARP, neighbour solicitations and echo requests.
    func isOurs(_ address: IPAddress) -> Bool {
        switch address {
        case .v4(let address): subnet != nil && (address == gateway || address == nameServer)
        case .v6(let address):
            prefix != nil && (address == gateway6 || address == nameServer6 || address == linkLocalGateway)
        }
    }

    func isNameServer(_ address: IPAddress) -> Bool {
        isOurs(address) && (address == .v4(nameServer) || address == .v6(nameServer6))
    }

    /// Whether a guest may use `address` as the source of a packet.
    func isGuest(_ address: IPAddress) -> Bool {
        guard !isOurs(address), isLocal(address) else { return false }
        return switch address {
        case .v4: address.number != subnet?.first && address.number != subnet?.last
        case .v6(let v6): !v6.isMulticast
        }
    }

    /// What a destination that a guest names means on the host.
    enum Destination: Equatable {
        case host(IPAddress)
        case nameServer
        /// Nobody has that address.
        case nowhere
        /// Multicast and the like: no answer at all.
        case ignored
    }

    /// - Parameter port: tells the name server from a gateway of the same address; nil for echo requests.
    func destination(_ address: IPAddress, port: UInt16?) -> Destination {
        let isAlsoGateway = address == .v4(gateway) || address == .v6(gateway6)
        if isNameServer(address), !isAlsoGateway || port == DNSMessage.port { return .nameServer }
        if isOurs(address) {
            guard mapsGatewayToHost else { return .nowhere }
            return .host(address.isV4 ? .v4(.loopback) : .v6(.loopback))
        }
        switch address {
        case .v4(let v4):
            if v4.bits >> 28 >= 14 || isLocal(address) && v4 == broadcast { return .ignored }
            return v4.isRoutable && isOutside(address) ? .host(address) : .nowhere
        case .v6(let v6):
            if v6.isMulticast { return .ignored }
            return v6.isRoutable && isOutside(address) ? .host(address) : .nowhere
        }
    }

    private func isOutside(_ address: IPAddress) -> Bool { reachesOutside && !isLocal(address) }

    /// How a host-side peer looks to the guest: the host's own loopback is the gateway.
    func guestView(of address: IPAddress) -> IPAddress {
        let isPlain =
            switch address {
            case .v4(let v4): v4.isRoutable
            case .v6(let v6): v6 != .loopback && v6.isRoutable
            }
        if isPlain, !isLocal(address) { return address }
        return address.isV4 ? .v4(gateway) : .v6(gateway6)
    }
}
