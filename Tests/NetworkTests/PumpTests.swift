import Glibc
import NetworkStack
import Testing

@Suite(.serialized) struct PumpTests {
    private let gateway = IPAddress.v4(AddressPlan.standard.gateway)

    @Test(arguments: [true, false]) func `a guest fetches a page from the host through the gateway`(
        offloads: Bool
    ) throws {
        let page = pattern(3_000_000)
        let server = try HostServer { connection in
            var request = [UInt8](repeating: 0, count: 5)
            _ = read(connection, &request, 5)
            HostServer.writeAll(connection, request + page)
        }
        let guest = try GuestPeer(offloads: offloads)
        let client = guest.connect(from: 40_000, to: Endpoint(gateway, server.port))
        #expect(guest.drive(client) { $0.state == .established })
        #expect(client.write(Array("GET /".utf8)[...]) == 5)
        var answer: [UInt8] = []
        #expect(
            guest.drive(client) { connection in
                answer += connection.read()
                return connection.isPeerFinished && connection.readable.count == 0
            })
        #expect(answer == Array("GET /".utf8) + page)
        let largest = guest.received.map(\.payload.count).max() ?? 0
        #expect(offloads ? largest > 20_000 : largest <= 1480)
    }

    @Test func `a guest sends much and half-closes, and still gets its answer`() throws {
        let body = pattern(3_000_000)
        let server = try HostServer { connection in
            let sum = HostServer.readAll(connection).reduce(0) { $0 &+ UInt32($1) }
            HostServer.writeAll(connection, Array("\(sum)".utf8))
        }
        let guest = try GuestPeer()
        let client = guest.connect(from: 40_001, to: Endpoint(gateway, server.port))
        var (rest, answer) = (body[...], [UInt8]())
        #expect(
            guest.drive(client) { connection in
                rest = rest.dropFirst(connection.write(rest))
                if rest.isEmpty { connection.finish() }
                answer += connection.read()
                return connection.isPeerFinished && connection.readable.count == 0
            })
        #expect(answer == Array("\(body.reduce(0) { $0 &+ UInt32($1) })".utf8))
        #expect(guest.drive(client) { $0.state == .timeWait || $0.state == .closed })
    }

    @Test func `a refused connection is reset`() throws {
        let guest = try GuestPeer()
        let client = guest.connect(from: 40_002, to: Endpoint(gateway, try HostServer.unusedPort()))
        #expect(guest.drive(client) { $0.state == .closed })
        #expect(client.connection.failure == .reset)
    }

    @Test func `a host that closes while the guest sends resets it, and the pump lives on`() throws {
        let server = try HostServer { HostServer.resetOnClose($0) }
        let guest = try GuestPeer()
        let client = guest.connect(from: 40_003, to: Endpoint(gateway, server.port))
        let body = pattern(100_000)
        #expect(
            guest.drive(client) { connection in
                _ = connection.write(body[...])
                return connection.state == .closed
            })
        #expect(client.connection.failure == .reset)
        let next = guest.connect(from: 40_004, to: Endpoint(gateway, try HostServer.unusedPort()))
        #expect(guest.drive(next) { $0.state == .closed })
    }

    @Test func `datagrams to the gateway come back from the host`() throws {
        let server = try HostServer(udpEcho: ())
        let guest = try GuestPeer()
        let (local, remote) = (Endpoint(GuestFrames.address, 5000), Endpoint(gateway, server.port))
        let data = pattern(1200)
        guest.send(GuestFrames().udp(from: local, to: remote, data))
        let answer = guest.first { $0.udp }
        #expect(answer?.source == remote)
        #expect(answer?.target == local)
        #expect(answer?.data == data)
    }

    @Test func `a forwarded TCP port reaches the guest`() throws {
        let forward = try PortForward(parsing: "tcp::0-:22")
        let guest = try GuestPeer(configuration: NetworkConfiguration(forwards: [forward], resolvers: []))
        let client = try HostServer.connect(to: guest.pump.forwardEndpoints[0].port)
        // The pump asks for the guest's hardware address before it can say more.
        #expect(guest.first { $0.type == .arp ? true : nil } == true)
        guest.send(GuestFrames().arp(.reply, asking: AddressPlan.standard.gateway))
        defer { close(client) }
        HostServer.writeAll(client, Array("hello".utf8))
        let syn = try #require(
            guest.first { frame in
                frame.withTCP { segment in segment.flags == [.syn] ? (frame.payload, segment.sourcePort) : nil
                } ?? nil
            })
        let server = syn.0.withUnsafeBytes { bytes -> GuestConnection? in
            TCPHeader(bytes).map { guest.answer($0, on: 22, from: Endpoint(gateway, syn.1)) }
        }
        let connection = try #require(server)
        var request: [UInt8] = []
        #expect(
            guest.drive(connection) {
                request += $0.read()
                return request.count == 5
            })
        #expect(request == Array("hello".utf8))
        _ = connection.write(Array("bye".utf8)[...])
        connection.connection.finish()
        shutdown(client, Int32(SHUT_WR))
        #expect(guest.drive(connection) { $0.isPeerFinished && $0.state != .lastAck && $0.state != .closing })
        #expect(HostServer.readAll(client) == Array("bye".utf8))
    }

    @Test func `a forwarded UDP port reaches the guest and its answer the sender`() throws {
        let forward = try PortForward(parsing: "udp::0-:53")
        let guest = try GuestPeer(configuration: NetworkConfiguration(forwards: [forward], resolvers: []))
        guest.send(GuestFrames().arp(.request, asking: AddressPlan.standard.gateway))
        let client = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(client) }
        let port = guest.pump.forwardEndpoints[0].port
        #expect(HostServer.withLoopback(port, { connect(client, $0, $1) }) == 0)
        #expect(send(client, "ping", 4, 0) == 4)
        let question = try #require(guest.first { $0.udp })
        #expect(question.data == Array("ping".utf8))
        #expect(question.target == Endpoint(GuestFrames.address, 53))
        guest.send(GuestFrames().udp(from: question.target, to: question.source, Array("pong".utf8)))
        var buffer = [UInt8](repeating: 0, count: 16)
        #expect(recv(client, &buffer, 16, 0) == 4)
        #expect(Array(buffer[..<4]) == Array("pong".utf8))
    }

    @Test func `a port that is taken is named`() throws {
        let server = try HostServer { _ in }
        let forward = try PortForward(parsing: "tcp::\(server.port)-:22")
        let error = #expect(throws: NetworkError.self) {
            try GuestPeer(configuration: NetworkConfiguration(forwards: [forward]))
        }
        #expect(error == .portInUse(forward))
        #expect(error?.description.hasPrefix("port in use: tcp 127.0.0.1:\(server.port)") == true)
    }

    @Test func `a name server that is dead is answered for quickly`() throws {
        // Nobody listens on port 53 of this loopback address: the host refuses at once.
        let dead = IPAddress.v4(IPv4Address(127, 99, 99, 99))
        let guest = try GuestPeer(configuration: NetworkConfiguration(resolvers: [dead]))
        let query: [UInt8] = [0, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 97, 0, 0, 1, 0, 1]
        let local = Endpoint(GuestFrames.address, 5353)
        guest.send(
            GuestFrames().udp(from: local, to: Endpoint(.v4(AddressPlan.standard.nameServer), 53), query))
        let answer = try #require(guest.first { $0.udp })
        #expect(answer.data[3] & 15 == 2)
    }

    @Test func `a refused datagram is reported as port unreachable`() throws {
        let guest = try GuestPeer()
        let remote = Endpoint(gateway, try HostServer.unusedPort())
        guest.send(GuestFrames().udp(from: Endpoint(GuestFrames.address, 5000), to: remote, [1]))
        let message = try #require(guest.first { $0.icmp })
        #expect((message.type, message.code) == (3, 3))
    }

    @Test func `a large datagram comes back in fragments`() throws {
        let server = try HostServer(udpEcho: ())
        let guest = try GuestPeer()
        let (local, remote) = (Endpoint(GuestFrames.address, 5000), Endpoint(gateway, server.port))
        let datagram = UDPDatagram.build(from: local, to: remote, pattern(3000))
        for offset in [0, 1480, 2960] {
            let piece = Array(datagram[offset..<min(offset + 1480, datagram.count)])
            var packet = PacketWriter(capacity: 1500)
            IPv4Header(
                source: AddressPlan.standard.firstLease, destination: AddressPlan.standard.gateway,
                proto: .udp,
                payloadLength: piece.count, identification: 7,
                fragment: (offset == 2960 ? 0 : 0x2000) | UInt16(offset / 8)
            ).write(to: &packet)
            packet.put(piece)
            guest.send(GuestFrames().ethernet(.ipv4, packet.bytes))
        }
        var answer: [UInt8] = []
        _ = guest.first { frame -> Bool? in
            answer += frame.payload
            return answer.count >= 3008 ? true : nil
        }
        #expect(Array(answer.dropFirst(8)) == pattern(3000))
    }

    @Test func `the pump survives a machine that closes its end`() throws {
        let server = try HostServer(udpEcho: ())
        var guest: GuestPeer? = try GuestPeer()
        let pump = try #require(guest?.pump)
        let remote = Endpoint(gateway, server.port)
        guest?.send(GuestFrames().udp(from: Endpoint(GuestFrames.address, 5000), to: remote, [1]))
        guest?.hangUp()
        pump.waitUntilEnded()
        guest = nil
        pump.stop()
    }
}
