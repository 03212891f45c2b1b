import NetworkStack
import Testing

/// The parts of the network that answer by themselves: ARP, DHCP, discovery, echo.
struct NATServicesTests {
    private let nat = NAT(configuration: NetworkConfiguration(resolvers: [], hostName: "guest"))
    private let guest = GuestFrames()

    // MARK: ARP

    @Test(arguments: [AddressPlan.standard.gateway, AddressPlan.standard.nameServer])
    func `the gateway and the name server answer ARP`(
        address: IPv4Address
    ) throws {
        nat.receive(guest.arp(.request, asking: address))
        let frame = try #require(nat.frames().first)
        #expect(frame.destination == GuestFrames.mac)
        frame.payload.withUnsafeBytes { bytes in
            let reply = ARPPacket(bytes)
            #expect(reply?.operation == .reply)
            #expect(reply?.senderMAC == AddressPlan.standard.gatewayMAC)
            #expect(reply?.senderAddress == address)
            #expect(reply?.targetAddress == AddressPlan.standard.firstLease)
        }
    }

    @Test func `nobody answers ARP for the guest itself or a stranger`() {
        nat.receive(guest.arp(.request, asking: AddressPlan.standard.firstLease))
        nat.receive(guest.arp(.request, asking: IPv4Address(10, 0, 2, 99)))
        #expect(nat.frames().isEmpty)
    }

    // MARK: DHCP

    private func dhcp(_ type: UInt8, _ options: [UInt8] = [], flags: UInt16 = 0, from mac: UInt8 = 1)
        -> [UInt8]
    {
        var message = PacketWriter(capacity: 300)
        message.put([1, 1, 6, 0, 0xDE, 0xAD, 0xBE, 0xEF, 0, 0])
        message.put(flags)
        message.put(zeroes: 16)
        message.put([0x52, 0x54, 0, 0, 0, mac])
        message.put(zeroes: 10 + 192)
        message.put([99, 130, 83, 99, 53, 1, type] + options + [255])
        return guest.udp(
            from: Endpoint(.v4(.any), 68), to: Endpoint(.v4(.broadcast), 67), message.bytes)
    }

    /// The options of an answer by code, and the address given.
    private func answer() throws -> (given: IPv4Address, options: [UInt8: [UInt8]], frame: ReceivedFrame) {
        let frame = try #require(nat.frames().first)
        let udp = try #require(frame.udp)
        #expect(udp.source == Endpoint(.v4(AddressPlan.standard.gateway), 67))
        #expect(udp.target.port == 68)
        #expect(Array(udp.data[4..<8]) == [0xDE, 0xAD, 0xBE, 0xEF])
        var (rest, options) = (udp.data[240...], [UInt8: [UInt8]]())
        while let code = rest.first, code != 255 {
            let length = Int(rest[rest.startIndex + 1])
            options[code] = Array(rest.dropFirst(2).prefix(length))
            rest = rest.dropFirst(2 + length)
        }
        let given = udp.data[16..<20].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return (IPv4Address(bits: given), options, frame)
    }

    @Test func `a guest gets QEMU's addresses by DHCP`() throws {
        nat.receive(dhcp(1))
        let offer = try answer()
        #expect(offer.given == IPv4Address(10, 0, 2, 15))
        #expect(offer.options[53] == [2])
        #expect(offer.options[1] == [255, 255, 255, 0])
        #expect(offer.options[3] == [10, 0, 2, 2])
        #expect(offer.options[6] == [10, 0, 2, 3])
        #expect(offer.options[12] == Array("guest".utf8))
        #expect(offer.frame.destination == MACAddress(bits: 0x5254_0000_0001))
        nat.receive(dhcp(3, [50, 4, 10, 0, 2, 15, 54, 4, 10, 0, 2, 2]))
        let acknowledgement = try answer()
        #expect(acknowledgement.options[53] == [5])
        #expect(acknowledgement.options[51] == [0, 1, 81, 128])
        #expect(acknowledgement.given == IPv4Address(10, 0, 2, 15))
    }

    @Test func `a wish for another address is refused, by broadcast`() throws {
        nat.receive(dhcp(3, [50, 4, 192, 168, 1, 5]))
        let refusal = try answer()
        #expect(refusal.options[53] == [6])
        #expect(refusal.given == .any)
        #expect(refusal.frame.destination == .broadcast)
    }

    @Test func `each hardware address has its own lease and keeps it`() throws {
        for (mac, last) in [(UInt8(1), UInt8(15)), (2, 16), (1, 15)] {
            nat.receive(dhcp(1, flags: 0x8000, from: mac))
            let offer = try answer()
            #expect(offer.given == IPv4Address(10, 0, 2, last))
            #expect(offer.frame.target == .v4(.broadcast))
        }
    }

    @Test func `a request to another server and nonsense are left alone`() {
        nat.receive(dhcp(3, [54, 4, 1, 1, 1, 1]))
        nat.receive(dhcp(99))
        nat.receive(dhcp(1, [50, 200]))
        #expect(nat.frames().count == 1)
    }

    // MARK: IPv6

    private func discovery(
        _ type: UInt8, _ body: [UInt8], from source: IPAddress = GuestFrames.address6,
        to destination: IPAddress, hopLimit: UInt8 = 255
    ) -> [UInt8] {
        let message = ICMPMessage.build(type: type, rest: 0, body: body, from: source, to: destination)
        return guest.ip(.icmpv6, from: source, to: destination, message, hopLimit: hopLimit)
    }

    private func bytes(_ address: IPv6Address) -> [UInt8] {
        var writer = PacketWriter(capacity: 16)
        writer.put(IPAddress.v6(address))
        return writer.bytes
    }

    @Test(arguments: [
        AddressPlan.standard.gateway6, AddressPlan.standard.nameServer6,
        AddressPlan.standard.linkLocalGateway,
    ])
    func `our IPv6 addresses answer neighbour solicitations`(target: IPv6Address) throws {
        nat.receive(discovery(ICMPv6Type.neighbourSolicitation, bytes(target), to: .v6(target)))
        let frame = try #require(nat.frames().first)
        let message = try #require(frame.icmp)
        #expect(message.type == ICMPv6Type.neighbourAdvertisement)
        #expect(message.rest == 0xE000_0000)
        #expect(message.body == bytes(target) + [2, 1, 0x52, 0x55, 0x0A, 0, 2, 2])
        #expect(frame.target == GuestFrames.address6)
        #expect(frame.destination == GuestFrames.mac)
    }

    @Test func `a solicitation from beyond a router or for a stranger is ignored`() {
        let target = bytes(AddressPlan.standard.gateway6)
        let gateway = IPAddress.v6(AddressPlan.standard.gateway6)
        nat.receive(discovery(ICMPv6Type.neighbourSolicitation, target, to: gateway, hopLimit: 254))
        nat.receive(discovery(ICMPv6Type.neighbourSolicitation, Array(target.dropLast()), to: gateway))
        nat.receive(discovery(ICMPv6Type.neighbourSolicitation, bytes(.loopback), to: gateway))
        #expect(nat.frames().isEmpty)
    }

    @Test func `a router solicitation is answered with prefix and name server`() throws {
        let allRouters = IPAddress.v6(IPv6Address(high: 0xFF02 << 48, low: 2))
        let source = IPAddress.v6(IPv6Address(high: 0xFE80 << 48, low: 99))
        nat.receive(discovery(ICMPv6Type.routerSolicitation, [], from: source, to: allRouters))
        let frame = try #require(nat.frames().first)
        let message = try #require(frame.icmp)
        #expect(frame.source == .v6(AddressPlan.standard.linkLocalGateway))
        #expect(frame.target == source)
        #expect(message.type == ICMPv6Type.routerAdvertisement)
        #expect(message.rest == 64 << 24 | 1800)
        var (rest, options) = (message.body.dropFirst(8), [UInt8: [UInt8]]())
        while let code = rest.first {
            let length = Int(rest[rest.startIndex + 1]) * 8
            options[code] = Array(rest.prefix(length))
            rest = rest.dropFirst(max(8, length))
        }
        #expect(options[3].map { Array($0[2...3]) } == [64, 0xC0])
        #expect(options[3].map { Array($0[16...]) } == bytes(IPv6Address(high: 0xFEC0 << 48, low: 0)))
        #expect(options[25].map { Array($0[8...]) } == bytes(AddressPlan.standard.nameServer6))
    }

    @Test func `routers are advertised now and then once a guest speaks IPv6`() {
        #expect(nat.nextDeadline == .max)
        nat.receive(
            guest.echoRequest(to: .v6(AddressPlan.standard.gateway6), identifier: 1, sequence: 1, []), now: 5)
        _ = nat.frames()
        var count = 0
        for _ in 0..<3 {
            nat.tick(now: nat.nextDeadline)
            count += nat.frames().count { $0.icmp?.type == ICMPv6Type.routerAdvertisement }
        }
        #expect(count == 3)
        #expect(nat.nextDeadline == 5 + 600_000_000_000)
    }

    // MARK: Echo

    @Test(arguments: [
        IPAddress.v4(AddressPlan.standard.gateway), .v6(AddressPlan.standard.gateway6),
        .v6(AddressPlan.standard.linkLocalGateway),
    ])
    func `the gateway answers pings`(address: IPAddress) throws {
        nat.receive(guest.echoRequest(to: address, identifier: 77, sequence: 3, pattern(56)))
        let message = try #require(nat.frames().first?.icmp)
        #expect(message.type == (address.isV4 ? ICMPType.echoReply : ICMPv6Type.echoReply))
        #expect(message.rest == 77 << 16 | 3)
        #expect(message.body == pattern(56))
    }

    @Test func `a large ping comes and goes in fragments`() throws {
        let message = ICMPMessage.build(
            type: ICMPType.echoRequest, rest: 1 << 16 | 1, body: pattern(4000), from: GuestFrames.address,
            to: .v4(AddressPlan.standard.gateway))
        for offset in [2960, 0, 1480] {
            let piece = Array(message[offset..<min(offset + 1480, message.count)])
            var packet = PacketWriter(capacity: 1500)
            let more: UInt16 = offset == 2960 ? 0 : 0x2000
            IPv4Header(
                source: AddressPlan.standard.firstLease, destination: AddressPlan.standard.gateway,
                proto: .icmp,
                payloadLength: piece.count, identification: 7, fragment: more | UInt16(offset / 8)
            ).write(to: &packet)
            packet.put(piece)
            nat.receive(guest.ethernet(.ipv4, packet.bytes))
        }
        let frames = nat.frames()
        #expect(frames.count == 3)
        let whole = frames.flatMap(\.payload)
        #expect(Array(whole[8...]) == pattern(4000))
    }

    @Test func `a ping to the world becomes an action, its answer a reply`() throws {
        let world = IPAddress.v4(IPv4Address(192, 0, 2, 1))
        nat.receive(guest.echoRequest(to: world, identifier: 9, sequence: 2, [1, 2]))
        guard case .send(let flow, .echo(world), let bytes)? = nat.takeActions().first else {
            Issue.record("no echo action")
            return
        }
        #expect(bytes == [0, 2, 1, 2])
        nat.received(bytes, on: flow, now: 0)
        let frame = try #require(nat.frames().first)
        #expect(frame.source == world)
        let reply = try #require(frame.icmp)
        #expect(reply.type == ICMPType.echoReply)
        #expect(reply.rest == 9 << 16 | 2)
        nat.datagramFailed(flow, .prohibited, now: 0)
        let failure = try #require(nat.frames().first?.icmp)
        #expect(failure.type == ICMPType.unreachable)
        #expect(failure.code == 13)
    }
}
