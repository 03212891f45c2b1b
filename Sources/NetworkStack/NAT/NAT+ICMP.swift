// Echo, neighbour discovery and router advertisements.
extension NAT {
    static let echoTimeout: UInt64 = 30_000_000_000

    func receiveICMP(_ payload: UnsafeRawBufferPointer, _ envelope: Envelope, now: UInt64) {
        guard let message = ICMPMessage(payload),
            envelope.isTrusted || message.isIntact(from: envelope.source, to: envelope.destination)
        else { return drop() }
        guard message.type == ICMPType.echoRequest else { return }
        receiveEcho(message, reply: ICMPType.echoReply, envelope, now: now)
    }

    func receiveICMPv6(_ payload: UnsafeRawBufferPointer, _ envelope: Envelope, now: UInt64) {
        guard let message = ICMPMessage(payload),
            envelope.isTrusted || message.isIntact(from: envelope.source, to: envelope.destination)
        else { return drop() }
        switch message.type {
        case ICMPv6Type.echoRequest:
            receiveEcho(message, reply: ICMPv6Type.echoReply, envelope, now: now)
        // Discovery never crosses a router: the hop limit proves that it did not (RFC 4861 §7.1.1).
        case ICMPv6Type.neighbourSolicitation where envelope.hopLimit == 255:
            receiveNeighbourSolicitation(message, envelope)
        case ICMPv6Type.routerSolicitation where envelope.hopLimit == 255 && plan.assignsAddresses:
            receiveRouterSolicitation(envelope)
        default:
            break
        }
    }

    private func receiveEcho(_ message: ICMPMessage, reply: UInt8, _ envelope: Envelope, now: UInt64) {
        let (guest, destination) = (envelope.source, envelope.destination)
        guard !isUnspecified(guest) else { return drop() }
        if plan.isOurs(destination) {
            return sendEcho(reply, from: destination, to: guest, message.identifier, message.bytes.from(6))
        }
        switch plan.destination(destination, port: nil) {
        case .host(let address):
            let key = DatagramFlow.Key(
                kind: .echo, guest: Endpoint(guest, message.identifier), remote: Endpoint(destination, 0),
                query: 0)
            send(
                Array(message.bytes.from(6)), of: key, route: .echo(address), timeout: Self.echoTimeout,
                now: now)
        case .nowhere:
            sendUnreachable(.hostUnreachable, to: guest, about: envelope.original)
        case .nameServer, .ignored:
            drop()
        }
    }

    /// Sends an echo reply to the guest; `rest` is the sequence number and what follows it.
    func sendEcho(
        _ type: UInt8, from source: IPAddress, to guest: IPAddress, _ identifier: UInt16,
        _ rest: UnsafeRawBufferPointer
    ) {
        guard rest.count >= 2 else { return drop() }
        let word = UInt32(identifier) << 16 | UInt32(rest.word16(at: 0))
        let message = ICMPMessage.build(type: type, rest: word, body: rest.from(2), from: source, to: guest)
        sendIP(source.isV4 ? .icmp : .icmpv6, from: source, to: guest, message)
    }

    private func receiveNeighbourSolicitation(_ message: ICMPMessage, _ envelope: Envelope) {
        guard let target = NeighbourDiscovery.target(of: message), plan.isOurs(.v6(target)) else {
            return
        }
        // Without a source address the guest tests its own; then everybody is told (RFC 4861 §7.2.4).
        let isSolicited = !isUnspecified(envelope.source)
        sendDiscovery(
            ICMPv6Type.neighbourAdvertisement,
            rest: NeighbourDiscovery.neighbourFlags(solicited: isSolicited),
            body: NeighbourDiscovery.neighbourAdvertisement(for: target, plan), from: target,
            to: isSolicited ? envelope.source : .v6(.allNodes))
    }

    private func receiveRouterSolicitation(_ envelope: Envelope) {
        guard case .v6(let source) = envelope.source, source != .any else {
            return advertiseRouter(to: .allNodes)
        }
        advertiseRouter(to: source)
    }

    func advertiseRouter(to destination: IPv6Address) {
        sendDiscovery(
            ICMPv6Type.routerAdvertisement, rest: NeighbourDiscovery.routerWord,
            body: NeighbourDiscovery.routerAdvertisement(plan), from: plan.linkLocalGateway,
            to: .v6(destination))
    }

    /// Asks who has a guest's address, by ARP or a neighbour solicitation.
    func solicit(_ address: IPAddress) {
        guard plan.isGuest(address) else { return }
        switch address {
        case .v4(let target):
            let request = ARPPacket.build(
                .request, sender: plan.gatewayMAC, plan.gateway, target: MACAddress(bits: 0),
                target)
            sendEthernet(to: .broadcast, .arp, request)
        case .v6(let target):
            // The solicited-node group of the address (RFC 4291 §2.7.1).
            let group = IPv6Address(high: 0xFF02 << 48, low: 0x1_FF00_0000 | target.low & 0xFF_FFFF)
            sendDiscovery(
                ICMPv6Type.neighbourSolicitation, rest: 0,
                body: NeighbourDiscovery.neighbourSolicitation(for: target, plan),
                from: plan.linkLocalGateway, to: .v6(group))
        }
    }

    private func sendDiscovery(
        _ type: UInt8, rest: UInt32, body: [UInt8], from source: IPv6Address, to destination: IPAddress
    ) {
        let message = ICMPMessage.build(
            type: type, rest: rest, body: body, from: .v6(source), to: destination)
        var mac: MACAddress?
        if case .v6(let group) = destination, group.isMulticast { mac = group.multicastMAC }
        sendIP(.icmpv6, from: .v6(source), to: destination, message, hopLimit: 255, mac: mac)
    }

    func isUnspecified(_ address: IPAddress) -> Bool {
        address == .v4(.any) || address == .v6(.any)
    }
}
