import Host
import Model
import Testing

@testable import KernelNetwork
@testable import NetworkStack

/// What is made and parsed without the kernel's help.
struct ValueTests {
    private func record(_ options: [String: String] = [:]) -> NetworkRecord {
        var spec = NetworkSpec(name: "web")
        spec.pools = [
            AddressPoolSpec(subnet: "172.20.0.0/16", gateway: "172.20.0.1"),
            AddressPoolSpec(subnet: "fd00:1::/64", gateway: "fd00:1::1"),
        ]
        spec.options = options
        return NetworkRecord(
            id: "0123456789abcdef" + String(repeating: "0", count: 48), spec: spec, created: 0)
    }

    @Test func `a bridge is named after its network, or as the user says`() throws {
        #expect(try BridgePlan(record()).bridge.description == "viv-0123456789a")
        #expect(try BridgePlan(record([BridgePlan.Option.name: "br_0"])).bridge.description == "br_0")
    }

    @Test(arguments: ["a b", "sixteen-letters-", "x\"; flush ruleset", "br/0", "é", "a;b"])
    func `a name that could say more than a name is refused`(name: String) {
        #expect(throws: KernelNetworkError.self) { try BridgePlan(record([BridgePlan.Option.name: name])) }
    }

    @Test func `options are numbers and truths`() throws {
        #expect(try BridgePlan(record([BridgePlan.Option.mtu: "9000"])).mtu == 9000)
        #expect(try !BridgePlan(record([BridgePlan.Option.connects: "false"])).connectsEndpoints)
        for (name, value) in [
            (BridgePlan.Option.mtu, "60"), (BridgePlan.Option.mtu, "many"),
            (BridgePlan.Option.masquerades, "maybe"),
        ] {
            #expect(throws: KernelNetworkError.self) { try BridgePlan(record([name: value])) }
        }
    }

    @Test func `an id that is no id is refused`() {
        for id in ["", "../../etc", "0123", "ABCDEF0123456789"] {
            var record = record()
            record.id = id
            #expect(throws: KernelNetworkError.self) { try BridgePlan(record) }
        }
    }

    @Test func `rules of an internal network let nothing out`() throws {
        var record = record()
        record.spec.isInternal = true
        let rules = Ruleset(plan: try BridgePlan(record)).creation(publishing: [])
        #expect(rules.contains("iifname \"viv-0123456789a\" oifname != \"viv-0123456789a\" drop"))
        #expect(!rules.contains("saddr 172.20.0.0/16 masquerade"))
    }

    @Test func `published ports become elements of the right map`() throws {
        let rules = Ruleset(plan: try BridgePlan(record()))
        func port(_ host: String, _ target: String) throws -> PublishedPort {
            PublishedPort(
                transport: .udp, hostAddress: try #require(IPAddress(host)), hostPort: 5353,
                address: try #require(IPAddress(target)), port: 53, endpointID: "e")
        }
        let ports = [
            try port("127.0.0.1", "172.20.0.2"), try port("0.0.0.0", "172.20.0.2"),
            try port("::", "fd00:1::2"),
            try port("::1", "172.20.0.2"),
        ]
        let lines = rules.publication(of: ports).split(separator: "\n").map(String.init)
        #expect(
            lines == [
                "add element inet vivarium-0123456789ab at4 { 127.0.0.1 . udp . 5353 : 172.20.0.2 . 53 }",
                "add element inet vivarium-0123456789ab any4 { udp . 5353 : 172.20.0.2 . 53 }",
                "add element inet vivarium-0123456789ab any6 { udp . 5353 : fd00:1::2 . 53 }",
            ])
    }

    @Test func `attributes of netlink messages are padded and come back`() throws {
        var message = NetlinkMessage(.newLink)
        message.put(UInt32(7))
        message.attribute(3, "eth0")
        message.nested(18) { $0.attribute(1, "veth") }
        let bytes = message.bytes(sequence: 9)
        #expect(bytes.count % 4 == 0)
        let reply = try #require(NetlinkReply.parse(bytes).first)
        #expect(reply.type == 16)
        #expect(reply.sequence == 9)
        let attributes = reply.attributes(from: 4)
        #expect(attributes[3].map { Array($0) } == Array("eth0".utf8) + [0])
        #expect(
            NetlinkReply.attributes(attributes[18] ?? [])[1].map { Array($0) } == Array("veth".utf8) + [0])
    }

    @Test(arguments: 1...10) func `noise in place of the kernel's replies is survived`(seed: UInt64) {
        var generator = SplitMix(state: seed)
        for _ in 0..<500 {
            var noise = (0..<Int.random(in: 0..<120, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            // Often a length that fits, so that parsing goes on.
            if noise.count > 16 { noise.replaceSubrange(0..<4, with: [UInt8(noise.count), 0, 0, 0]) }
            for reply in NetlinkReply.parse(noise) {
                for value in reply.attributes(from: 16).values { _ = NetlinkReply.attributes(value) }
            }
        }
    }

    @Test func `counters are read by interface`() {
        let text = """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls
                lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0
              eth0:1500      10    1    2    0     0          0         0  3000      20    3    4    0     0
            """
        let items = InterfaceStatistics.parse(text)
        #expect(items.map(\.name) == ["eth0"])
        #expect(items.first?.receivedBytes == 1500)
        #expect(items.first?.sentPackets == 20)
        #expect(items.first?.sendDrops == 4)
        #expect(InterfaceStatistics.parse("garbage: x\n:\n").isEmpty)
    }

    @Test func `who listens is found in the kernel's table`() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1
               1: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4712 1
            """
        #expect(PortOwner.inodes(in: table, "tcp", 8080) == ["4711"])
        #expect(PortOwner.inodes(in: table, "tcp", 8081).isEmpty)
    }

    @Test func `an error says what it was given`() {
        #expect(KernelNetworkError(.system, "no space left").description == "no space left")
        #expect(ServiceReply(KernelNetworkError(.conflict, "taken")).failure?.kind == .conflict)
    }
}
