import Model
import Testing

@testable import KernelNetwork
@testable import NetworkStack

struct AddressPoolTests {
    private var pool = AddressPool()
    private let first = String(repeating: "a1", count: 32)
    private let second = String(repeating: "b2", count: 32)

    private func spec(_ pools: AddressPoolSpec..., v6: Bool = false) -> NetworkSpec {
        var spec = NetworkSpec(name: "net")
        spec.pools = pools
        spec.usesIPv6 = v6
        return spec
    }

    private func ranged(_ subnet: String, _ range: String, gateway: String? = nil) -> AddressPoolSpec {
        var pool = AddressPoolSpec(subnet: subnet, gateway: gateway)
        pool.range = range
        return pool
    }

    private func wanting(_ v4: String? = nil, _ v6: String? = nil, mac: String? = nil) -> EndpointSpec {
        var spec = EndpointSpec()
        (spec.ipv4Address, spec.ipv6Address, spec.macAddress) = (v4, v6, mac)
        return spec
    }

    private func kind(_ body: () throws -> Void) -> KernelNetworkError.Kind? {
        do { try body() } catch { return (error as? KernelNetworkError)?.kind }
        return nil
    }

    @Test mutating func `networks get Docker's blocks, one after the other`() throws {
        #expect(
            try pool.addNetwork(first, spec()) == [
                AddressPoolSpec(subnet: "172.17.0.0/16", gateway: "172.17.0.1")
            ])
        #expect(try pool.addNetwork(second, spec()).map(\.subnet) == ["172.18.0.0/16"])
        pool.removeNetwork(first)
        #expect(try pool.addNetwork("c3", spec()).map(\.subnet) == ["172.17.0.0/16"])
    }

    @Test mutating func `blocks that the host has routes to are left alone`() throws {
        let routes = ["0.0.0.0/0", "172.16.0.0/12", "192.168.16.7/32"].compactMap { Prefix($0) }
        #expect(try pool.addNetwork(first, spec(), hostPrefixes: routes).map(\.subnet) == ["192.168.0.0/20"])
        #expect(
            try pool.addNetwork(second, spec(), hostPrefixes: routes).map(\.subnet) == ["192.168.32.0/20"])
    }

    @Test mutating func `when all blocks are taken, that is said`() throws {
        pool = AddressPool(sources: [.init(block: try #require(Prefix("10.9.0.0/23")), length: 24)])
        _ = try pool.addNetwork("n1", spec())
        _ = try pool.addNetwork("n2", spec())
        #expect(kind { _ = try pool.addNetwork("n3", spec()) } == .conflict)
    }

    @Test mutating func `a user's subnet, range, gateway and reserved addresses hold`() throws {
        var wanted = ranged("10.5.0.0/16", "10.5.7.0/30", gateway: "10.5.7.1")
        wanted.auxiliaryAddresses = ["printer": "10.5.7.2"]
        let pools = try pool.addNetwork(first, spec(wanted))
        #expect(pools == [wanted])
        #expect(try pool.allocate("e1", in: first).ipv4Address == "10.5.7.0")
        #expect(try pool.allocate("e2", in: first).ipv4Address == "10.5.7.3")
        #expect(kind { _ = try pool.allocate("e3", in: first) } == .conflict)
        pool.release("e1", in: first)
        #expect(try pool.allocate("e3", in: first).ipv4Address == "10.5.7.0")
        #expect(try pool.allocate("e4", in: first, wanted: wanting("10.5.200.9")).ipv4Address == "10.5.200.9")
    }

    @Test(arguments: [
        "10.0.0.0", "10.0.0.0/33", "10.0.0.0/31", "nonsense/8", "fd00::/127", "0.0.0.0/0", "10.0.0/8", "",
    ]) func `a subnet that is none is refused`(text: String) {
        var pool = pool
        #expect(kind { _ = try pool.addNetwork(first, spec(AddressPoolSpec(subnet: text))) } == .invalid)
        #expect(pool == AddressPool())
    }

    @Test func `ranges and gateways outside the subnet are refused`() {
        for wanted in [
            ranged("10.5.0.0/16", "10.6.0.0/24"), ranged("10.5.0.0/16", "10.0.0.0/8"),
            AddressPoolSpec(subnet: "10.5.0.0/16", gateway: "10.6.0.1"),
            AddressPoolSpec(subnet: "10.5.0.0/16", gateway: "10.5.255.255"),
            AddressPoolSpec(subnet: "10.5.0.0/16", gateway: "10.5.0.0"),
        ] {
            var pool = pool
            #expect(kind { _ = try pool.addNetwork(first, spec(wanted)) } == .invalid)
        }
    }

    @Test mutating func `overlapping subnets are refused by name`() throws {
        _ = try pool.addNetwork(first, spec(AddressPoolSpec(subnet: "10.5.0.0/16")))
        #expect(
            kind { _ = try pool.addNetwork(second, spec(AddressPoolSpec(subnet: "10.5.9.0/24"))) }
                == .conflict)
        #expect(
            kind { _ = try pool.addNetwork(second, spec(AddressPoolSpec(subnet: "10.0.0.0/8"))) } == .conflict
        )
    }

    @Test mutating func `an address is given once, and never the gateway's`() throws {
        _ = try pool.addNetwork(first, spec())
        let endpoint = try pool.allocate("e1", in: first)
        #expect(endpoint.ipv4Address == "172.17.0.2")
        #expect(endpoint.ipv4PrefixLength == 16)
        #expect(endpoint.ipv4Gateway == "172.17.0.1")
        #expect(endpoint.macAddress == "02:42:ac:11:00:02")
        #expect(try pool.allocate("e1", in: first) == endpoint)
        for taken in ["172.17.0.1", "172.17.0.2"] {
            #expect(kind { _ = try pool.allocate("e2", in: first, wanted: wanting(taken)) } == .conflict)
        }
        for wrong in ["172.18.0.2", "172.17.0.0", "172.17.255.255", "x", "fd00::1"] {
            #expect(kind { _ = try pool.allocate("e2", in: first, wanted: wanting(wrong)) } == .invalid)
        }
        #expect(kind { _ = try pool.allocate("e2", in: first, wanted: wanting(nil, "fd00::5")) } == .invalid)
        #expect(kind { _ = try pool.allocate("e2", in: second) } == .notFound)
    }

    @Test mutating func `IPv6 networks get a local block of their own id`() throws {
        let pools = try pool.addNetwork(first, spec(v6: true))
        #expect(pools.map(\.subnet) == ["172.17.0.0/16", "fda1:a1a1:a1a1::/64"])
        let endpoint = try pool.allocate("e1", in: first)
        #expect(endpoint.ipv6Address == "fda1:a1a1:a1a1::2")
        #expect(endpoint.ipv6Gateway == "fda1:a1a1:a1a1::1")
        let fixed = try pool.allocate("e2", in: first, wanted: wanting(nil, "fda1:a1a1:a1a1::99"))
        #expect(fixed.ipv6Address == "fda1:a1a1:a1a1::99")
    }

    @Test mutating func `internal networks have no gateway to the outside`() throws {
        var spec = spec()
        spec.isInternal = true
        #expect(try pool.addNetwork(first, spec).first?.gateway == "172.17.0.1")
        #expect(try pool.allocate("e1", in: first).ipv4Gateway == "")
    }

    @Test mutating func `hardware addresses are the user's where they are ones`() throws {
        _ = try pool.addNetwork(first, spec())
        #expect(
            try pool.allocate("e1", in: first, wanted: wanting(mac: "0A-00-00-00-00-01")).macAddress
                == "0a:00:00:00:00:01")
        for wrong in [
            "01:00:00:00:00:01", "00:00:00:00:00:00", "0a:00:00:00:00", "zz:00:00:00:00:01", "0a:0:0:0:0:1",
        ] {
            #expect(kind { _ = try pool.allocate("e2", in: first, wanted: wanting(mac: wrong)) } == .invalid)
        }
    }

    @Test(arguments: 1...20) func `whatever is asked in whatever order, no address is given twice`(
        seed: UInt64
    ) throws {
        var (generator, pool) = (SplitMix(state: seed), AddressPool())
        let range = ranged("10.1.0.0/24", "10.1.0.16/28")
        _ = try pool.addNetwork(first, spec(range, AddressPoolSpec(subnet: "fd00::/120")))
        var held: [String: Model.Endpoint] = [:]
        for step in 0..<300 {
            let id = "e\(Int.random(in: 0..<24, using: &generator))"
            if Bool.random(using: &generator) {
                pool.release(id, in: first)
                held[id] = nil
            } else if let endpoint = try? pool.allocate(id, in: first) {
                held[id] = endpoint
            }
            let addresses = held.values.map(\.ipv4Address)
            #expect(Set(addresses).count == addresses.count, "seed \(seed), step \(step)")
            #expect(Set(held.values.map(\.ipv6Address)).count == held.count, "seed \(seed), step \(step)")
            #expect(held.count <= 16)
        }
        var record = NetworkRecord(id: first, spec: spec(), created: 0)
        record.spec.pools = [range, AddressPoolSpec(subnet: "fd00::/120")]
        var rebuilt = AddressPool()
        #expect(rebuilt.restore([record], Array(held.values)).isEmpty)
        #expect(rebuilt == pool, "seed \(seed)")
        #expect(JSONLine.decode(AddressPool.self, from: JSONLine.encode(pool)) == pool)
    }
}

/// SplitMix64: small, seeded, the same everywhere.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
