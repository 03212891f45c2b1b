import Glibc
import Host
import Model
import Testing

@testable import KernelNetwork
@testable import NetworkStack

/// The same without root: this program runs itself again as a plain user, in a user namespace, and there
/// `RootlessInsideTests` do the work.
@Suite(.enabled(if: Rootless.isReady, Rootless.reason)) struct RootlessBackendTests {
    @Test func `a user without rights has networks, too`() throws {
        let own = try #require(Rootless.ownProgram)
        let command = ["--reuid", "65534", "--regid", "65534", "--clear-groups", "unshare", "-Ur", own]
        let child = try ChildProcess(
            "setpriv", command + ["--testing-library", "swift-testing", "--filter", "RootlessInsideTests"],
            inherit: [], environment: ChildProcess.ownEnvironment + ["\(Rootless.mark)=1", "HOME=/tmp"])
        #expect(child.reap() == .exited(0))
    }
}

private enum Rootless {
    static let mark = "VIV_TEST_ROOTLESS"
    static let isInside = getenv(mark) != nil
    static let reason: Comment =
        "needs root to become somebody else, user namespaces, and a built viv-network"

    static let ownProgram: String? = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return count > 0
            ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }()

    static let isReady: Bool = {
        guard !isInside, geteuid() == 0, FakeHost.program != nil else { return false }
        let probe = ["--reuid", "65534", "--regid", "65534", "--clear-groups", "unshare", "-Urn", "true"]
        return (try? ChildProcess("setpriv", probe, inherit: []))?.reap() == .exited(0)
    }()
}

@Suite(.serialized, .enabled(if: Rootless.isInside, "run by RootlessBackendTests"))
struct RootlessInsideTests {
    private static let dual = [("172.20.0.0/24", "172.20.0.1"), ("fd00:20::/64", "fd00:20::1")]

    /// A server of the host's on a port of its choosing, at every address.
    private static func hostServer(_ name: String) throws -> UInt16 {
        let any = NetworkStack.Endpoint(.v4(.any), 0)
        let socket = try HostSocket.listener(for: PortForward(transport: .tcp, host: any, guest: any))
        let port = try #require(HostSocket.localEndpoint(of: socket.raw)).port
        try Peer.greet(socket.release(), name)
        return port
    }

    @Test func `containers reach each other and are reached through published ports`() throws {
        let scene = try Scene(isRootless: true)
        let a = try FakeContainer()
        let b = try FakeContainer()
        let network = try scene.network("1", Self.dual)
        let endpoint = try scene.join(a, network, "a", "172.20.0.2", v6: "fd00:20::2")
        _ = try scene.join(b, network, "b", "172.20.0.3", v6: "fd00:20::3")
        try a.serve("a", 80)
        try a.serve("a6", 81, isV4: false)
        #expect(try b.fetch("172.20.0.2", 80) == "a 172.20.0.3")
        #expect(try b.fetch("fd00:20::2", 81) == "a6 fd00:20::3")
        let wanted = [
            PortMapping(hostPort: 0, containerPort: 80), PortMapping(hostAddress: "::1", containerPort: 81),
        ]
        let ports = try scene.backend.publish(wanted, to: endpoint, networkID: network.id)
        #expect(Peer.fetch(NetworkStack.Endpoint(.v4(.loopback), ports[0].hostPort)) == "a 172.20.0.1")
        #expect(Peer.fetch(NetworkStack.Endpoint(.v6(.loopback), ports[1].hostPort)) == "a6 fd00:20::1")
        #expect(throws: KernelNetworkError.self) {
            try scene.backend.publish(
                [PortMapping(hostPort: ports[0].hostPort, containerPort: 81)], to: endpoint,
                networkID: network.id)
        }
        try scene.backend.detach(networkID: network.id, endpoint: endpoint)
        #expect(Peer.fetch(NetworkStack.Endpoint(.v4(.loopback), ports[0].hostPort)) == nil)
        try scene.backend.remove(network.id)
        #expect(Folder.names(in: scene.run + "/networks").isEmpty)
    }

    @Test func `the host's loopback is out of reach unless asked for`() throws {
        let scene = try Scene(isRootless: true)
        let a = try FakeContainer()
        let b = try FakeContainer()
        let closed = try scene.network("2", Self.dual)
        let open = try scene.network("3", Self.dual, options: [BridgePlan.Option.hostLoopback: "true"])
        _ = try scene.join(a, closed, "a", "172.20.0.2")
        _ = try scene.join(b, open, "b", "172.20.0.2")
        let port = try Self.hostServer("host")
        #expect(try a.fetch("172.20.0.1", port, seconds: 2) == nil)
        #expect(try b.fetch("172.20.0.1", port) == "host 127.0.0.1")
        for network in [closed, open] { try scene.backend.remove(network.id) }
    }

    @Test func `names are answered, by datagram and stream`() throws {
        let scene = try Scene(isRootless: true)
        let a = try FakeContainer()
        let network = try scene.network("4", Self.dual)
        _ = try scene.join(a, network, "a", "172.20.0.2")
        let address = try #require(IPAddress("172.20.0.2"))
        try scene.backend.setNames(NameTable(shared: ["db": [address]]), networkID: network.id)
        let server = NetworkStack.Endpoint(try #require(IPAddress("172.20.0.1")), 53)
        let answers = try a.inside { () throws(SystemError) in
            (Peer.resolve("db", at: server), Peer.resolveByStream("db", at: server))
        }
        #expect(answers.0?.suffix(4) == [172, 20, 0, 2])
        #expect(answers.1?.suffix(4) == [172, 20, 0, 2])
        try scene.backend.remove(network.id)
    }

    @Test func `an internal network has no way out`() throws {
        let scene = try Scene(isRootless: true)
        let a = try FakeContainer()
        let network = try scene.network(
            "5", Self.dual, isInternal: true, options: [BridgePlan.Option.hostLoopback: "false"])
        _ = try scene.join(a, network, "a", "172.20.0.2")
        let port = try Self.hostServer("host")
        try a.inside { () throws(SystemError) in
            var netlink = try NetlinkSocket()
            if let link = try netlink.link("eth0"), let gateway = IPAddress("172.20.0.1") {
                try netlink.setDefaultRoute(gateway, through: link.index)
            }
        }
        #expect(try a.fetch("172.20.0.1", port, seconds: 2) == nil)
        #expect(try a.fetch("192.0.2.2", port, seconds: 2) == nil)
        try scene.backend.remove(network.id)
    }
}
