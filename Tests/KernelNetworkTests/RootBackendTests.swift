import Glibc
import Host
import Model
import Testing

@testable import KernelNetwork
@testable import NetworkStack

/// Real bridges, rules and processes, on hosts that exist for one test.
@Suite(.serialized, .enabled(if: FakeHost.isReady, FakeHost.reason)) struct RootBackendTests {
    private static let plain = [("172.20.0.0/24", "172.20.0.1")]
    private static let dual = [("172.20.0.0/24", "172.20.0.1"), ("fd00:20::/64", "fd00:20::1")]

    /// The world beyond the host: a neighbour at 192.0.2.2 that knows no way to containers.
    private static func outside() throws -> FakeContainer {
        let world = try FakeContainer()
        let namespace = try NetNamespace(pid: world.pid)
        var netlink = try NetlinkSocket()
        try netlink.createPair(
            near: "up0", far: "eth0", inside: namespace.raw, MACAddress(bits: 0x0200_0000_00EE), mtu: 1500)
        guard let up = try netlink.link("up0"), let here = IPAddress("192.0.2.1"),
            let there = IPAddress("192.0.2.2")
        else {
            throw Wrong("no way to the world")
        }
        try netlink.addAddress(here, prefixLength: 24, to: up.index)
        try netlink.setUp(up.index)
        try netlink.setDefaultRoute(there, through: up.index)
        try world.inside { () throws(SystemError) in
            var netlink = try NetlinkSocket()
            guard let link = try netlink.link("eth0") else { return }
            try netlink.addAddress(there, prefixLength: 24, to: link.index)
            try netlink.setUp(link.index)
        }
        return world
    }

    private static func port(_ host: String, _ port: UInt16, _ target: UInt16 = 80) -> PortMapping {
        PortMapping(hostAddress: host, hostPort: port, containerPort: target)
    }

    private static func expect(_ found: String?, _ wanted: String?, _ what: String) throws {
        try check(found == wanted, "\(what): \(found ?? "no answer") in place of \(wanted ?? "none")")
    }

    @Test func `containers reach each other and the world, which sees the host`() throws {
        try FakeHost.run { scene in
            let world = try Self.outside()
            let a = try FakeContainer()
            let b = try FakeContainer()
            let network = try scene.network("1", Self.dual)
            _ = try scene.join(a, network, "a", "172.20.0.2", v6: "fd00:20::2")
            _ = try scene.join(b, network, "b", "172.20.0.3", v6: "fd00:20::3")
            try b.serve("b", 80)
            try b.serve("b6", 81, isV4: false)
            try world.serve("world", 80)
            try Self.expect(try a.fetch("172.20.0.3", 80), "b 172.20.0.2", "neighbour")
            try Self.expect(try a.fetch("fd00:20::3", 81), "b6 fd00:20::2", "neighbour by IPv6")
            try Self.expect(try a.fetch("192.0.2.2", 80), "world 192.0.2.1", "world")
            let statistics = NetworkBackend.statistics(pid: a.pid)
            try check(
                statistics.map(\.name) == ["eth0"] && statistics[0].sentBytes > 0, "counters \(statistics)")
            try scene.backend.remove(network.id)
        }
    }

    @Test func `published ports keep the client's address and stay where they were put`() throws {
        try FakeHost.run { scene in
            let world = try Self.outside()
            let a = try FakeContainer()
            let b = try FakeContainer()
            let network = try scene.network("2", Self.dual)
            let endpoint = try scene.join(a, network, "a", "172.20.0.2", v6: "fd00:20::2")
            _ = try scene.join(b, network, "b", "172.20.0.3")
            try a.serve("a", 80)
            try a.serve("a6", 81, isV4: false)
            let wanted = [
                Self.port("", 8080), Self.port("0.0.0.0", 8081), Self.port("0.0.0.0", 0),
                Self.port("::", 8081, 81),
            ]
            let ports = try scene.backend.publish(wanted, to: endpoint, networkID: network.id)
            try check(ports[0].hostAddress == "127.0.0.1" && ports[2].hostPort != 0, "\(ports)")
            try check(
                try scene.backend.publish(wanted, to: endpoint, networkID: network.id) == ports,
                "not the same again")
            func local(_ address: String, _ port: UInt16) -> String? {
                IPAddress(address).flatMap { Peer.fetch(NetworkStack.Endpoint($0, port)) }
            }
            try Self.expect(local("127.0.0.1", 8080), "a 172.20.0.1", "loopback")
            try Self.expect(local("127.0.0.1", 8081), "a 172.20.0.1", "everywhere, by loopback")
            try check(local("::1", 8081)?.hasPrefix("a6") == true, "everywhere, by IPv6 loopback")
            try Self.expect(try world.fetch("192.0.2.1", 8081), "a 192.0.2.2", "world")
            try Self.expect(try world.fetch("192.0.2.1", ports[2].hostPort), "a 192.0.2.2", "chosen port")
            try Self.expect(
                try world.fetch("192.0.2.1", 8080, seconds: 1), nil, "loopback's port from the world")
            try check(try b.fetch("192.0.2.1", 8081)?.hasPrefix("a ") == true, "neighbour by the host's port")
            try check(try a.fetch("192.0.2.1", 8081)?.hasPrefix("a ") == true, "itself by the host's port")
            try scene.backend.unpublish(endpoint, networkID: network.id)
            try Self.expect(try world.fetch("192.0.2.1", 8081, seconds: 1), nil, "unpublished")
            try scene.backend.remove(network.id)
        }
    }

    @Test func `a port that is taken is refused by name, and nothing of the request stays`() throws {
        try FakeHost.run { scene in
            let a = try FakeContainer()
            let network = try scene.network("3", Self.plain)
            let endpoint = try scene.join(a, network, "a", "172.20.0.2")
            let taken = NetworkStack.Endpoint(.v4(.any), 7000)
            let holder = try HostSocket.listener(for: PortForward(transport: .tcp, host: taken, guest: taken))
            do {
                _ = try scene.backend.publish(
                    [Self.port("", 7001), Self.port("", 7000)], to: endpoint, networkID: network.id)
                throw Wrong("a port was published twice")
            } catch let error as KernelNetworkError {
                try check(error.kind == .conflict && error.description.contains("7000"), error.description)
                try check(error.description.contains("process \(getpid())"), error.description)
            }
            // A child that another test starts at this moment holds a copy until it executes: closing is not enough.
            shutdown(holder.raw, Int32(SHUT_RDWR))
            _ = consume holder
            let ports = try scene.backend.publish(
                [Self.port("", 7001), Self.port("", 7000)], to: endpoint, networkID: network.id)
            try check(ports.map(\.hostPort) == [7001, 7000], "\(ports)")
            do {
                _ = try HostSocket.listener(for: PortForward(transport: .tcp, host: taken, guest: taken))
                throw Wrong("the host took a published port")
            } catch is NetworkError {}
            try scene.backend.remove(network.id)
        }
    }

    @Test func `the first free port of a range is taken`() throws {
        try FakeHost.run { scene in
            let a = try FakeContainer()
            let b = try FakeContainer()
            let network = try scene.network("c", Self.plain)
            let first = try scene.join(a, network, "a", "172.20.0.2")
            let second = try scene.join(b, network, "b", "172.20.0.3")
            let range = PortMapping(hostPort: 7100, lastHostPort: 7101, containerPort: 80)
            let third = try scene.join(try FakeContainer(), network, "c", "172.20.0.4")
            for (endpoint, port) in [(first, UInt16(7100)), (first, 7100), (second, 7101)] {
                let ports = try scene.backend.publish([range], to: endpoint, networkID: network.id)
                try check(ports.map(\.hostPort) == [port], "\(ports) in place of \(port)")
            }
            do {
                _ = try scene.backend.publish([range], to: third, networkID: network.id)
                throw Wrong("a range that is full was published")
            } catch let error as KernelNetworkError {
                try check(error.kind == .conflict, error.description)
            }
            try scene.backend.remove(network.id)
        }
    }

    @Test func `names are answered where the host has a resolver of its own`() throws {
        try FakeHost.run { scene in
            let everywhere = NetworkStack.Endpoint(.v4(.any), 53)
            let datagrams = try HostSocket.listener(
                for: PortForward(transport: .udp, host: everywhere, guest: everywhere))
            let streams = try HostSocket.listener(
                for: PortForward(transport: .tcp, host: everywhere, guest: everywhere))
            let a = try FakeContainer()
            let network = try scene.network("d", Self.plain)
            _ = try scene.join(a, network, "a", "172.20.0.2")
            let address = try #require(IPAddress("172.20.0.2"))
            try scene.backend.setNames(NameTable(shared: ["a": [address]]), networkID: network.id)
            let server = NetworkStack.Endpoint(try #require(IPAddress("172.20.0.1")), 53)
            let (answer, stream) = try a.inside { () throws(SystemError) in
                (Peer.resolve("a", at: server), Peer.resolveByStream("a", at: server))
            }
            try check(answer?.suffix(4) == [172, 20, 0, 2], "no answer: \(answer ?? [])")
            try check(stream?.suffix(4) == [172, 20, 0, 2], "no answer by TCP")
            _ = consume datagrams
            _ = consume streams
            try scene.backend.remove(network.id)
        }
    }

    @Test func `networks do not reach each other, and internal ones nothing`() throws {
        try FakeHost.run { scene in
            let world = try Self.outside()
            let a = try FakeContainer()
            let b = try FakeContainer()
            let c = try FakeContainer()
            let one = try scene.network("4", Self.plain)
            let two = try scene.network("5", [("172.21.0.0/24", "172.21.0.1")])
            let inner = try scene.network("6", [("172.22.0.0/24", "172.22.0.1")], isInternal: true)
            _ = try scene.join(a, one, "a", "172.20.0.2")
            let published = try scene.join(b, two, "b", "172.21.0.2")
            let hidden = try scene.join(c, inner, "c", "172.22.0.2")
            try b.serve("b", 80)
            try c.serve("c", 80)
            try world.serve("world", 80)
            try Self.expect(try a.fetch("172.21.0.2", 80, seconds: 1), nil, "another network")
            try Self.expect(try a.fetch("172.22.0.2", 80, seconds: 1), nil, "an internal network")
            // Even one that makes itself a route.
            try c.inside { () throws(SystemError) in
                var netlink = try NetlinkSocket()
                if let link = try netlink.link("eth0"), let gateway = IPAddress("172.22.0.1") {
                    try netlink.setDefaultRoute(gateway, through: link.index)
                }
            }
            try Self.expect(try c.fetch("192.0.2.2", 80, seconds: 1), nil, "the world from inside")
            try Self.expect(try c.fetch("172.21.0.2", 80, seconds: 1), nil, "another network from inside")
            _ = try scene.backend.publish([Self.port("0.0.0.0", 8080)], to: published, networkID: two.id)
            let passed = try a.fetch("192.0.2.1", 8080)
            try check(
                passed?.hasPrefix("b ") == true, "another network's published port: \(passed ?? "no answer")")
            do {
                _ = try scene.backend.publish([Self.port("", 8082)], to: hidden, networkID: inner.id)
                throw Wrong("a port of an internal network was published")
            } catch let error as KernelNetworkError { try check(error.kind == .invalid, error.description) }
            for network in [one, two, inner] { try scene.backend.remove(network.id) }
        }
    }

    @Test func `the host's own rules are obeyed`() throws {
        try FakeHost.run { scene in
            let world = try Self.outside()
            let a = try FakeContainer()
            let network = try scene.network("7", Self.plain)
            let endpoint = try scene.join(a, network, "a", "172.20.0.2")
            try a.serve("a", 80)
            _ = try scene.backend.publish([Self.port("0.0.0.0", 8080)], to: endpoint, networkID: network.id)
            try Self.expect(try world.fetch("192.0.2.1", 8080), "a 192.0.2.2", "before")
            for priority in [-10, 10] {
                let chain =
                    "chain c { type filter hook forward priority \(priority); ip saddr 192.0.2.2 drop; }"
                try Firewall.apply("table inet hosts {\n\(chain)\n}\n", "play firewall")
                try Self.expect(try world.fetch("192.0.2.1", 8080, seconds: 1), nil, "dropped at \(priority)")
                try Firewall.apply("delete table inet hosts", "play firewall")
            }
            try Self.expect(try world.fetch("192.0.2.1", 8080), "a 192.0.2.2", "after")
            try scene.backend.remove(network.id)
        }
    }

    @Test func `names are answered at the gateway, by datagram and stream`() throws {
        try FakeHost.run { scene in
            let a = try FakeContainer()
            let network = try scene.network("8", Self.plain, isInternal: true)
            _ = try scene.join(a, network, "a", "172.20.0.2")
            let address = try #require(IPAddress("172.20.0.2"))
            try scene.backend.setNames(NameTable(shared: ["db": [address]]), networkID: network.id)
            let server = NetworkStack.Endpoint(
                try #require(IPAddress(scene.backend.nameServer(networkID: network.id))), 53)
            let (datagram, stream, unknown) = try a.inside { () throws(SystemError) in
                (
                    Peer.resolve("db", at: server), Peer.resolveByStream("DB", at: server),
                    Peer.resolve("example.org", at: server)
                )
            }
            try check(datagram?.suffix(4) == [172, 20, 0, 2], "\(datagram ?? [])")
            try check(stream?.suffix(4) == [172, 20, 0, 2], "\(stream ?? [])")
            try check(unknown.map { $0[3] & 15 } == 3, "\(unknown ?? [])")
            try scene.backend.remove(network.id)
        }
    }

    @Test func `a new daemon takes over what runs, and brings back what was killed`() throws {
        try FakeHost.run { scene in
            let a = try FakeContainer()
            let network = try scene.network("9", Self.plain)
            let endpoint = try scene.join(a, network, "a", "172.20.0.2")
            try a.serve("a", 80)
            let ports = try scene.backend.publish([Self.port("", 0)], to: endpoint, networkID: network.id)
            let host = NetworkStack.Endpoint(.v4(.loopback), ports[0].hostPort)
            let process = try scene.backend.service(network.id).ask(ServiceRequest(.status)).process ?? 0
            let second = try NetworkBackend(
                run: scene.run, isRootless: false, program: FakeHost.program ?? "")
            try check(second.restore([network]).isEmpty, "not restored")
            try check(
                try second.service(network.id).ask(ServiceRequest(.status)).process == process, "started anew"
            )
            try Self.expect(Peer.fetch(host), "a 172.20.0.1", "after a restart")
            kill(process, SIGKILL)
            for _ in 0..<200 where second.service(network.id).isAlive { usleep(10_000) }
            let third = try NetworkBackend(run: scene.run, isRootless: false, program: FakeHost.program ?? "")
            try check(third.restore([network]).isEmpty, "not restored after a kill")
            try check(
                try third.publish(ports, to: endpoint, networkID: network.id) == ports, "ports were lost")
            try Self.expect(Peer.fetch(host), "a 172.20.0.1", "after a kill")
            try third.remove(network.id)
        }
    }

    @Test func `nothing is left behind`() throws {
        try FakeHost.run { scene in
            func inventory() throws -> [String] {
                var netlink = try NetlinkSocket()
                return try netlink.links().map(\.name) + netlink.routes().map(\.description)
            }
            let before = try inventory()
            for _ in 0..<3 {
                let a = try FakeContainer()
                let network = try scene.network("a", Self.dual)
                let endpoint = try scene.join(a, network, "a", "172.20.0.2", v6: "fd00:20::2")
                _ = try scene.backend.publish([Self.port("", 8080)], to: endpoint, networkID: network.id)
                let process = try scene.backend.service(network.id).ask(ServiceRequest(.status)).process ?? 0
                try scene.backend.detach(networkID: network.id, endpoint: endpoint)
                try scene.backend.detach(networkID: network.id, endpoint: endpoint)
                try scene.backend.remove(network.id)
                try scene.backend.remove(network.id)
                try check(kill(process, 0) != 0 || Self.isZombie(process), "process \(process) lives on")
            }
            let after = try inventory()
            try check(after == before, "\(after) in place of \(before)")
            // A table that is left makes this fail, as `create` demands that there is none.
            try Firewall.apply(
                "create table inet vivarium-\(String(repeating: "a", count: 12))", "look for rules")
            try check(Folder.names(in: scene.run + "/networks") == ["turned-on"], "files are left")
        }
    }

    private static func isZombie(_ pid: Int32) -> Bool {
        guard let file = try? FileDescriptor.open("/proc/\(pid)/stat"),
            let bytes = try? Descriptors.read(file.raw)
        else { return true }
        return String(decoding: bytes, as: UTF8.self).contains(") Z ")
    }
}
