import Glibc
import Network
import Testing

@Suite(.serialized) struct PumpTests {
    private let gateway = IPAddress.v4(AddressPlan.gateway)

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
}
