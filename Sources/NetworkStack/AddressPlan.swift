/// Who is who on the guest's network; the same numbers as QEMU's user network, so that guests and habits fit.
package enum AddressPlan {
    /// The gateway's and the name server's Ethernet address; locally administered.
    package static let gatewayMAC = MACAddress(bits: 0x5255_0A00_0202)

    package static let subnet = IPv4Address(10, 0, 2, 0)
    package static let mask = IPv4Address(255, 255, 255, 0)
    /// Answers for the network, and is the host's loopback to the guest.
    package static let gateway = IPv4Address(10, 0, 2, 2)
    package static let nameServer = IPv4Address(10, 0, 2, 3)
    /// The first guest's lease; further hardware addresses get the following ones.
    package static let firstLease = IPv4Address(10, 0, 2, 15)

    /// fec0::/64
    package static let prefix = IPv6Address(high: 0xFEC0 << 48, low: 0)
    package static let gateway6 = IPv6Address(high: 0xFEC0 << 48, low: 2)
    package static let nameServer6 = IPv6Address(high: 0xFEC0 << 48, low: 3)
    /// fe80::2, the router's address in advertisements.
    package static let linkLocalGateway = IPv6Address(high: 0xFE80 << 48, low: 2)

    /// Octets of an IP packet on the link, without segmentation offload.
    package static let maximumTransmissionUnit = 1500

    static func isLocal(_ address: IPv4Address) -> Bool { address.bits & mask.bits == subnet.bits }
    static func isLocal(_ address: IPv6Address) -> Bool { address.high == prefix.high || address.isLinkLocal }

    /// The addresses that answer to ARP, neighbour solicitations and echo requests.
    static func isOurs(_ address: IPAddress) -> Bool {
        switch address {
        case .v4(let address): address == gateway || address == nameServer
        case .v6(let address): address == gateway6 || address == nameServer6 || address == linkLocalGateway
        }
    }

    static func isNameServer(_ address: IPAddress) -> Bool {
        address == .v4(nameServer) || address == .v6(nameServer6)
    }

    /// Whether a guest may use `address` as the source of a packet.
    static func isGuest(_ address: IPAddress) -> Bool {
        guard !isOurs(address) else { return false }
        return switch address {
        case .v4(let address):
            isLocal(address) && address != subnet && address.bits != subnet.bits | ~mask.bits
        case .v6(let address): isLocal(address) && !address.isMulticast
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

    static func destination(_ address: IPAddress) -> Destination {
        if isNameServer(address) { return .nameServer }
        switch address {
        case .v4(gateway): return .host(.v4(.loopback))
        case .v6(gateway6), .v6(linkLocalGateway): return .host(.v6(.loopback))
        case .v4(let v4):
            if v4.bits >> 28 >= 14 || v4.bits == subnet.bits | ~mask.bits { return .ignored }
            return v4.isRoutable && !isLocal(v4) ? .host(address) : .nowhere
        case .v6(let v6):
            if v6.isMulticast { return .ignored }
            return v6.isRoutable && !isLocal(v6) ? .host(address) : .nowhere
        }
    }

    /// How a host-side peer looks to the guest: the host's own loopback is the gateway.
    static func guestView(of address: IPAddress) -> IPAddress {
        switch address {
        case .v4(let v4) where v4.isLoopback || isLocal(v4) || !v4.isRoutable: .v4(gateway)
        case .v6(let v6) where v6 == .loopback || isLocal(v6) || !v6.isRoutable: .v6(gateway6)
        default: address
        }
    }
}
