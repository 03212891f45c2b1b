import CLinux
import Glibc
import Host
import NetworkStack
import Testing

@testable import KernelNetwork

/// Datagrams that a network's process carries where the kernel's rules do not.
struct RelayTests {
    /// Sends datagrams to itself by way of a relay; serves on a thread of its own.
    private final class Relayed: @unchecked Sendable {
        // SAFETY: the loop's thread alone touches `ports` after init.
        private let loop: EventLoop
        private let ports: RelayedPorts
        private let thread: Thread
        private let server: Int32
        /// Where the relay listens.
        let port: UInt16

        init(host: IPAddress) throws {
            server = try bound("127.0.0.1")
            loop = try EventLoop()
            ports = RelayedPorts(loop)
            let published = try ports.add(
                PublishedPort(
                    transport: .udp, hostAddress: host, hostPort: 0,
                    address: IPAddress("127.0.0.1") ?? .v4(.any), port: RelayTests.port(of: server),
                    endpointID: "e"))
            port = published.hostPort
            let loop = loop
            thread = try Thread(name: "relay") { loop.run() }
        }

        /// Answers so many datagrams, each with its own bytes behind those of `words`.
        func serve(_ count: Int, _ words: [UInt8]) {
            for _ in 0..<count {
                var buffer = [UInt8](repeating: 0, count: 2000)
                var (peer, length) = (sockaddr_in6(), socklen_t(MemoryLayout<sockaddr_in6>.size))
                withUnsafeMutablePointer(to: &peer) { peer in
                    peer.withMemoryRebound(to: sockaddr.self, capacity: 1) { peer in
                        let count = recvfrom(server, &buffer, buffer.count, 0, peer, &length)
                        let answer = words + buffer.prefix(max(count, 0))
                        sendto(server, answer, answer.count, 0, peer, length)
                    }
                }
            }
        }

        func end() {
            loop.stop()
            thread.join()
            close(server)
        }
    }

    /// A socket that gives up after a while.
    private static func bound(_ address: String) throws -> Int32 {
        let isV4 = !address.contains(":")
        let raw = try checked("open a socket") {
            socket(isV4 ? AF_INET : AF_INET6, Int32(SOCK_DGRAM.rawValue), 0)
        }
        var time = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        try with(address, 0) { bytes, length in _ = try checked("bind") { bind(raw, bytes, length) } }
        return raw
    }

    private static func with(
        _ address: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void
    ) throws {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        #expect(getaddrinfo(address, String(port), &hints, &found) == 0)
        defer { freeaddrinfo(found) }
        let info = try #require(found).pointee
        try body(info.ai_addr, info.ai_addrlen)
    }

    private static func port(of raw: Int32) -> UInt16 {
        var (address, length) = (sockaddr_in6(), socklen_t(MemoryLayout<sockaddr_in6>.size))
        withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(raw, $0, &length) }
        }
        return UInt16(bigEndian: address.sin6_port)
    }

    /// A client that hears answers from `address` alone.
    private static func client(_ address: String, _ port: UInt16) throws -> Int32 {
        let raw = try bound(address.contains(":") ? "::1" : "127.0.0.1")
        try with(address, port) { bytes, length in _ = try checked("connect") { connect(raw, bytes, length) }
        }
        return raw
    }

    private static func hear(_ raw: Int32) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 2000)
        let count = recv(raw, &buffer, buffer.count, 0)
        return Array(buffer.prefix(max(count, 0)))
    }

    /// The host has many addresses: the answer must come from the one that was asked.
    @Test func theAnswerComesFromTheAddressThatWasAsked() throws {
        let relay = try Relayed(host: .v4(.any))
        defer { relay.end() }
        let clients = try ["127.0.0.2", "127.0.0.3", "127.0.0.2"].map { try Self.client($0, relay.port) }
        for (number, client) in clients.enumerated() {
            let text = [UInt8](repeating: UInt8(number), count: number * 600)
            #expect(send(client, text, text.count, 0) == text.count)
        }
        relay.serve(clients.count, [0xff])
        for (number, client) in clients.enumerated() {
            #expect(Self.hear(client) == [0xff] + [UInt8](repeating: UInt8(number), count: number * 600))
            close(client)
        }
    }

    /// No rule leads from one family to the other.
    @Test func aClientOfTheSixthVersionReachesAnEndpointOfTheFourth() throws {
        let relay = try Relayed(host: try #require(IPAddress("::1")))
        defer { relay.end() }
        let client = try Self.client("::1", relay.port)
        defer { close(client) }
        for round in 0..<3 {
            let text = [UInt8(round), 1, 2]
            #expect(send(client, text, text.count, 0) == 3)
            relay.serve(1, [9])
            #expect(Self.hear(client) == [9] + text)
        }
    }
}
