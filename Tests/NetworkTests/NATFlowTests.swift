import NetworkStack
import Testing

/// Flows through the NAT, with a manual clock and no sockets.
struct NATFlowTests {
    private let guest = GuestFrames()
    private let local = Endpoint(GuestFrames.address, 4000)
    private let second: UInt64 = 1_000_000_000

    private func query(_ id: UInt8) -> [UInt8] {
        [0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 3, 119, 119, 119, 0, 0, 1, 0, 1, 0, 0, 41, 0, 0, 0, 0, 0, 0, 0]
    }

    private func syn(to remote: Endpoint, sequence: UInt32 = 100) -> [UInt8] {
        let segment = TCPSegment(
            sequence: SequenceNumber(sequence), acknowledgement: SequenceNumber(0), flags: [.syn],
            window: 65_535,
            options: TCPOptions(maximumSegmentSize: 1460, windowShift: 7))
        return guest.tcp(segment, from: local, to: remote)
    }

    private func connectAction(_ nat: NAT) -> (flow: FlowID, target: Endpoint)? {
        for case .connect(let flow, let target) in nat.takeActions() { return (flow, target) }
        return nil
    }

    // MARK: DNS

    private let nameServer = Endpoint(.v4(AddressPlan.standard.nameServer), 53)
    private let resolvers = [IPAddress.v4(IPv4Address(192, 0, 2, 53)), .v4(IPv4Address(198, 51, 100, 53))]

    @Test func `a query is forwarded and its answer comes back`() throws {
        let nat = NAT(configuration: NetworkConfiguration(resolvers: resolvers))
        nat.receive(guest.udp(from: local, to: nameServer, query(7)))
        let actions = nat.takeActions()
        guard case .send(let flow, let route, let bytes)? = actions.first else {
            Issue.record("nothing forwarded")
            return
        }
        #expect(route == .udp(Endpoint(resolvers[0], 53)))
        #expect(bytes == query(7))
        nat.received([0, 8, 0x81, 0x80] + query(8).dropFirst(4), on: flow, now: 0)
        #expect(nat.frames().isEmpty, "another query's answer")
        let answer = [0, 7, 0x81, 0x80] + query(7).dropFirst(4)
        nat.received(answer, on: flow, now: 0)
        let udp = try #require(nat.frames().first?.udp)
        #expect(udp.source == nameServer)
        #expect(udp.target == local)
        #expect(udp.data == answer)
        #expect(nat.takeActions() == [.close(flow, abruptly: false)])
    }

    @Test func `silent name servers are asked in turn, then the answer is server failure`() throws {
        let nat = NAT(configuration: NetworkConfiguration(resolvers: resolvers))
        nat.receive(guest.udp(from: local, to: nameServer, query(7)))
        _ = nat.takeActions()
        nat.tick(now: nat.nextDeadline)
        let asked = nat.takeActions().contains { action in
            if case .send(_, .udp(Endpoint(resolvers[1], 53)), _) = action { true } else { false }
        }
        #expect(asked)
        let end = nat.nextDeadline
        #expect(end < 4 * second)
        nat.tick(now: end)
        let data = try #require(nat.frames().first?.udp?.data)
        #expect(data == [0, 7, 0x81, 0x82, 0, 1, 0, 0, 0, 0, 0, 0, 3, 119, 119, 119, 0, 0, 1, 0, 1])
    }

    @Test func `without name servers the failure comes at once`() throws {
        let nat = NAT(configuration: NetworkConfiguration(resolvers: []))
        nat.receive(guest.udp(from: local, to: nameServer, query(1)))
        #expect(try #require(nat.frames().first?.udp).data[3] & 15 == 2)
    }

    // MARK: UDP

    @Test func `an idle datagram flow is closed after a minute`() {
        let nat = NAT(configuration: NetworkConfiguration(resolvers: []))
        let remote = Endpoint(.v4(IPv4Address(192, 0, 2, 1)), 9)
        nat.receive(guest.udp(from: local, to: remote, [1]), now: 0)
        guard case .send(let flow, .udp(remote), [1])? = nat.takeActions().first else {
            Issue.record("nothing sent")
            return
        }
        nat.receive(guest.udp(from: local, to: remote, [2]), now: 30 * second)
        #expect(nat.takeActions() == [.send(flow, .udp(remote), [2])])
        nat.tick(now: 61 * second)
        #expect(nat.takeActions().isEmpty)
        nat.tick(now: 90 * second)
        #expect(nat.takeActions() == [.close(flow, abruptly: false)])
    }

    @Test func `a refused datagram is reported as port unreachable`() throws {
        let nat = NAT(configuration: NetworkConfiguration(resolvers: []))
        let remote = Endpoint(.v4(AddressPlan.standard.gateway), 9)
        nat.receive(guest.udp(from: local, to: remote, [1]))
        guard case .send(let flow, let route, _)? = nat.takeActions().first else {
            Issue.record("nothing sent")
            return
        }
        #expect(route == .udp(Endpoint(.v4(.loopback), 9)))
        nat.datagramFailed(flow, .refused, now: 0)
        let message = try #require(nat.frames().first?.icmp)
        #expect((message.type, message.code) == (3, 3))
        #expect(Array(message.body[12..<20]) == [10, 0, 2, 15, 10, 0, 2, 2])
        #expect(Array(message.body[20..<24]) == [0x0F, 0xA0, 0, 9])
    }

    @Test func `the number of datagram flows is bounded`() {
        let nat = NAT(configuration: NetworkConfiguration(resolvers: []))
        var open = 0
        for port in 1...3000 {
            let remote = Endpoint(.v4(IPv4Address(192, 0, 2, 1)), UInt16(port))
            nat.receive(guest.udp(from: local, to: remote, []), now: UInt64(port))
            for action in nat.takeActions() {
                if case .send = action { open += 1 }
                if case .close = action { open -= 1 }
            }
        }
        #expect(open == 1024)
    }

    @Test(arguments: ["127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "10.0.2.77"])
    func `addresses that are nobody's open nothing on the host`(text: String) throws {
        let nat = NAT(configuration: NetworkConfiguration(resolvers: []))
        let remote = Endpoint(try #require(IPAddress(text)), 80)
        nat.receive(guest.udp(from: local, to: remote, [1]))
        nat.receive(syn(to: remote))
        #expect(nat.takeActions().isEmpty)
    }

    @Test(arguments: ["::1", "::ffff:127.0.0.1", "ff02::1", "fe80::99"])
    func `IPv6 addresses that are nobody's open nothing on the host`(text: String) throws {
        let nat = NAT(configuration: NetworkConfiguration(resolvers: []))
        let source = Endpoint(GuestFrames.address6, 4000)
        nat.receive(guest.udp(from: source, to: Endpoint(try #require(IPAddress(text)), 80), [1]))
        #expect(nat.takeActions().isEmpty)
    }

    // MARK: TCP

    @Test func `the guest's handshake waits for the host's`() throws {
        let nat = NAT(configuration: NetworkConfiguration(resolvers: []))
        nat.receive(syn(to: Endpoint(.v4(AddressPlan.standard.gateway), 80)))
        let (flow, target) = try #require(connectAction(nat))
        #expect(target == Endpoint(.v4(.loopback), 80))
        #expect(nat.frames().isEmpty)
        nat.connected(flow)
        let flags = nat.frames().compactMap { $0.withTCP { ($0.flags, $0.options.windowShift) } }
        #expect(flags.count == 1)
        #expect(flags.first?.0 == [.syn, .ack])
        #expect(flags.first?.1 == 4)
    }

    @Test func `a host that refuses resets the guest, one that cannot be reached is reported`() throws {
        let nat = NAT(configuration: NetworkConfiguration(resolvers: []))
        let remote = Endpoint(.v4(IPv4Address(192, 0, 2, 1)), 80)
        nat.receive(syn(to: remote))
        nat.connectionFailed(try #require(connectAction(nat)).flow, .refused)
        let reset = nat.frames().first?.withTCP { ($0.flags, $0.acknowledgement) }
        #expect(reset?.0 == [.rst, .ack])
        #expect(reset?.1 == SequenceNumber(101))
        nat.receive(syn(to: remote, sequence: 500))
        nat.connectionFailed(try #require(connectAction(nat)).flow, .networkUnreachable)
        let message = try #require(nat.frames().first?.icmp)
        #expect((message.type, message.code) == (3, 0))
        #expect(Array(message.body[24..<28]) == [0, 0, 1, 244])
    }

    @Test func `a segment of no connection is reset, a reset is not`() {
        let nat = NAT(configuration: NetworkConfiguration(resolvers: []))
        let remote = Endpoint(.v4(IPv4Address(192, 0, 2, 1)), 80)
        var stray = TCPSegment(
            sequence: SequenceNumber(5), acknowledgement: SequenceNumber(9), flags: [.ack], window: 0)
        nat.receive(guest.tcp(stray, from: local, to: remote))
        let reset = nat.frames().first?.withTCP { ($0.flags, $0.sequence) }
        #expect(reset?.0 == [.rst])
        #expect(reset?.1 == SequenceNumber(9))
        stray.flags = [.rst]
        nat.receive(guest.tcp(stray, from: local, to: remote))
        #expect(nat.frames().isEmpty)
    }

    @Test func `a segment with a wrong checksum is dropped unless the driver left it open`() {
        let nat = NAT(configuration: NetworkConfiguration(resolvers: []))
        var frame = syn(to: Endpoint(.v4(AddressPlan.standard.gateway), 80))
        frame[frame.count - 9] ^= 1
        nat.receive(frame)
        #expect(nat.takeActions().isEmpty)
        #expect(nat.droppedFrames == 1)
        frame[0] = 1
        nat.receive(frame)
        #expect(connectAction(nat) != nil)
    }

    @Test func `the number of TCP flows is bounded`() {
        let nat = NAT(configuration: NetworkConfiguration(resolvers: []))
        var connects = 0
        for port in 1...3000 {
            nat.receive(syn(to: Endpoint(.v4(AddressPlan.standard.gateway), UInt16(port))))
            if connectAction(nat) != nil { connects += 1 }
        }
        #expect(connects == 2048)
        #expect(nat.frames().count { $0.withTCP { $0.flags.contains(.rst) } == true } == 3000 - 2048)
    }

    @Test func `a full table lets go of a connection that was silent for long`() {
        let nat = NAT(configuration: NetworkConfiguration(resolvers: []))
        for port in 1...2048 {
            nat.receive(syn(to: Endpoint(.v4(AddressPlan.standard.gateway), UInt16(port))))
        }
        _ = nat.takeActions()
        let late = Endpoint(.v4(AddressPlan.standard.gateway), 5000)
        nat.receive(syn(to: late), now: 500 * second)
        #expect(nat.takeActions().isEmpty)
        nat.receive(syn(to: late), now: 700 * second)
        let actions = nat.takeActions()
        #expect(actions.count == 2)
        guard case .close(_, abruptly: true)? = actions.first, case .connect(_, let target)? = actions.last
        else {
            Issue.record("nothing gave way")
            return
        }
        #expect(target == Endpoint(.v4(.loopback), 5000))
    }

    @Test func `a forward to a guest that has not spoken asks for its address first`() throws {
        let forward = try PortForward(parsing: "tcp::1-:22")
        let nat = NAT(configuration: NetworkConfiguration(forwards: [forward], resolvers: []))
        #expect(nat.open(forward: 1, from: local, now: 0) == nil)
        #expect(nat.open(forward: 0, from: Endpoint(.v4(.loopback), 5000), now: 0) != nil)
        #expect(nat.frames().map(\.type) == [.arp])
        nat.receive(guest.arp(.reply, asking: AddressPlan.standard.gateway))
        nat.tick(now: nat.nextDeadline)
        let segment = nat.frames(now: second).first?.withTCP { ($0.flags, $0.sourcePort, $0.destinationPort) }
        #expect(segment?.0 == [.syn])
        #expect(segment?.1 == 5000)
        #expect(segment?.2 == 22)
    }
}
