import Testing

@testable import NetworkStack

struct NameServerTests {
    private let asker = IPAddress.v4(IPv4Address(172, 17, 0, 9))
    private var server: NameServer

    init() throws {
        server = NameServer(subnets: [try #require(Prefix("172.17.0.0/16"))], isInternal: false)
        server.replace(
            NameTable(
                shared: [
                    "db": [.v4(IPv4Address(172, 17, 0, 2))],
                    "Web.Front": [try #require(IPAddress("fd00::2"))],
                    "many": (0..<200).map { .v4(IPv4Address(172, 17, 1, $0)) },
                ], byAsker: ["172.17.0.9": ["mine": [.v4(IPv4Address(172, 17, 0, 3))]]],
                resolversByAsker: ["172.17.0.7": [.v4(IPv4Address(9, 9, 9, 9))]]))
    }

    private func query(
        _ name: String, _ type: UInt16 = DNSQuestion.Kind.a, id: UInt16 = 0xBEEF, tail: [UInt8] = []
    ) -> [UInt8] {
        var packet = PacketWriter(capacity: 64)
        packet.put(id)
        packet.put([1, 0, 0, 1, 0, 0, 0, 0, 0, tail.isEmpty ? 0 : 1])
        packet.put(DNSQuestion.encode(name))
        packet.put(type)
        packet.put(UInt16(1))
        packet.put(tail)
        return packet.bytes
    }

    private func answer(_ query: [UInt8], from asker: IPAddress? = nil) throws -> [UInt8] {
        guard case .answer(let bytes) = server.decide(query, from: asker ?? self.asker) else {
            throw NetworkError.badForward(text: "", reason: "no answer")
        }
        return bytes
    }

    @Test func `a name is answered with its address, whatever its case`() throws {
        let answer = try answer(query("DB"))
        #expect(answer.prefix(2) == [0xBE, 0xEF])
        #expect(answer[2] & 0x80 != 0)
        #expect(answer[3] & 15 == 0)
        #expect(answer[7] == 1)
        #expect(answer.suffix(4) == [172, 17, 0, 2])
    }

    @Test func `a name without an address of that family is no unknown name`() throws {
        let answer = try answer(query("db", DNSQuestion.Kind.aaaa))
        #expect(answer[3] & 15 == 0)
        #expect(answer[7] == 0)
        #expect(try self.answer(query("web.front", DNSQuestion.Kind.aaaa)).suffix(2) == [0, 2])
    }

    @Test func `what belongs to one asker is told to nobody else`() throws {
        #expect(try answer(query("mine")).suffix(4) == [172, 17, 0, 3])
        #expect(server.decide(query("mine"), from: .v4(IPv4Address(172, 17, 0, 8))) == .forward([]))
        #expect(
            server.decide(query("example.org"), from: .v4(IPv4Address(172, 17, 0, 7)))
                == .forward([.v4(IPv4Address(9, 9, 9, 9))]))
    }

    @Test func `addresses of the network have names, others are asked for elsewhere`() throws {
        let known = try answer(query("2.0.17.172.in-addr.arpa", DNSQuestion.Kind.pointer))
        #expect(known.suffix(4) == [2, 0x64, 0x62, 0])
        #expect(try answer(query("77.0.17.172.in-addr.arpa", DNSQuestion.Kind.pointer))[3] & 15 == 3)
        #expect(
            server.decide(query("8.8.8.8.in-addr.arpa", DNSQuestion.Kind.pointer), from: asker)
                == .forward([]))
    }

    @Test func `too much for a datagram is cut and says so`() throws {
        let short = try answer(query("many"))
        #expect(short.count <= 512)
        #expect(short[2] & 2 != 0)
        let long = try answer(query("many", tail: [0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0]))
        #expect(long.count > 512 && long.count <= 4096)
        #expect(long[2] & 2 == 0)
        guard case .answer(let whole) = server.decide(query("many"), from: asker, limit: 65_535) else {
            Issue.record("no answer")
            return
        }
        #expect(Int(whole[6]) << 8 | Int(whole[7]) == 200)
    }

    @Test func `an internal network answers its own names only`() throws {
        var inner = NameServer(subnets: [], isInternal: true)
        inner.replace(NameTable(shared: ["db": [.v4(IPv4Address(10, 0, 0, 2))]]))
        guard case .answer(let unknown) = inner.decide(query("example.org"), from: asker),
            case .answer(let known) = inner.decide(query("db"), from: asker)
        else {
            Issue.record("an internal network asked elsewhere")
            return
        }
        #expect(unknown[3] & 15 == 3)
        #expect(known.suffix(4) == [10, 0, 0, 2])
    }

    @Test func `an answer is no query`() {
        var bytes = query("db")
        bytes[2] |= 0x80
        #expect(server.decide(bytes, from: asker) == .ignore)
        #expect(server.decide([], from: asker) == .ignore)
    }

    @Test(arguments: 1...10) func `queries with any bytes changed never do harm`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            var bytes = query("web.front", tail: [0, 0, 41, 4, 0, 0, 0, 0, 0, 0, 0])
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
            if case .answer(let answer) = server.decide(bytes, from: asker) { #expect(answer.count >= 12) }
        }
    }

    @Test(arguments: ["10.0.0.0/8", "172.17.5.5/16", "fd00::1/64", "::/0", "1.2.3.4", "255.255.255.255/32"])
    func `blocks of addresses are parsed and masked`(text: String) throws {
        let prefix = try #require(Prefix(text))
        #expect(Prefix(prefix.description) == prefix)
        #expect(prefix.contains(prefix.address))
        #expect(prefix.first <= prefix.last)
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "fd00::/129", "10.0.0.0/+8",
    ])
    func `what is no block of addresses is refused`(text: String) {
        #expect(Prefix(text) == nil)
    }
}
