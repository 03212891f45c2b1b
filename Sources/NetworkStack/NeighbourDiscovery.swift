/// IPv6 neighbour discovery messages of a router with one prefix (RFC 4861, RFC 8106).
enum NeighbourDiscovery {
    /// Between unsolicited advertisements, in nanoseconds.
    static let advertisementInterval: UInt64 = 200_000_000_000
    private static let routerLifetimeSeconds: UInt16 = 1800
    private static let prefixLifetimeSeconds: UInt32 = 86_400

    /// The target address of a solicitation or advertisement; nil if it is cut short (RFC 4861 §4.3).
    static func target(of message: ICMPMessage) -> IPv6Address? {
        guard message.code == 0, message.body.count >= 16 else { return nil }
        return IPv6Address(high: message.body.word64(at: 0), low: message.body.word64(at: 8))
    }

    /// The body of a neighbour advertisement for `target`, with our link-layer address.
    static func neighbourAdvertisement(for target: IPv6Address, _ plan: AddressPlan) -> [UInt8] {
        var body = PacketWriter(capacity: 24)
        body.put(IPAddress.v6(target))
        body.put([2, 1])
        body.put(plan.gatewayMAC)
        return body.bytes
    }

    /// Router, solicited and override flags (RFC 4861 §4.4).
    static func neighbourFlags(solicited: Bool) -> UInt32 {
        solicited ? 0xE000_0000 : 0xA000_0000
    }

    /// The body of a neighbour solicitation for `target`.
    static func neighbourSolicitation(for target: IPv6Address, _ plan: AddressPlan) -> [UInt8] {
        var body = PacketWriter(capacity: 24)
        body.put(IPAddress.v6(target))
        body.put([1, 1])
        body.put(plan.gatewayMAC)
        return body.bytes
    }

    /// The first word after an advertisement's checksum: hop limit 64, no DHCPv6, router lifetime.
    static var routerWord: UInt32 { 64 << 24 | UInt32(routerLifetimeSeconds) }

    /// The rest of a router advertisement: timers unspecified, link-layer address, MTU, prefix, name server.
    static func routerAdvertisement(_ plan: AddressPlan) -> [UInt8] {
        var body = PacketWriter(capacity: 88)
        body.put(UInt64(0))
        body.put([1, 1])
        body.put(plan.gatewayMAC)
        body.put([5, 1, 0, 0])
        body.put(UInt32(plan.maximumTransmissionUnit))
        // Prefix information: on-link and autonomous (RFC 4861 §4.6.2).
        body.put([3, 4, 64, 0xC0])
        body.put(prefixLifetimeSeconds)
        body.put(prefixLifetimeSeconds)
        body.put(UInt32(0))
        body.put(plan.prefix?.address ?? .v6(.any))
        // Recursive DNS server (RFC 8106 §5.1).
        body.put([25, 3, 0, 0])
        body.put(UInt32(routerLifetimeSeconds))
        body.put(IPAddress.v6(plan.nameServer6))
        return body.bytes
    }
}
