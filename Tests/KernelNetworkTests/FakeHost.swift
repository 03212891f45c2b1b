import CLinux
import Glibc
import Host
import Model
import Synchronization
import Testing

@testable import KernelNetwork
@testable import NetworkStack

/// Something that a test on another thread found wrong.
struct Wrong: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

func check(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw Wrong(message()) }
}

/// A host of its own to make networks on: a thread in a new net namespace, so that nothing of the real one is touched
/// and all is gone at the end.
enum FakeHost {
    /// Beside the tests, where the build puts it.
    static let program: String? = {
        let folder = CommandLine.arguments[0].split(separator: "/").dropLast().joined(separator: "/")
        let source = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let candidates = ["/\(folder)", "/\(source)/.build/debug", "/\(source)/.build/release"].map {
            $0 + "/viv-network"
        }
        return candidates.first { access($0, X_OK) == 0 }
    }()

    static let hasRules = access("/usr/sbin/nft", X_OK) == 0
    static let isReady = geteuid() == 0 && hasRules && program != nil
    static let reason: Comment = "needs root, nftables and a built viv-network"

    static func run(_ body: @escaping @Sendable (borrowing Scene) throws -> Void) throws {
        let failure = Mutex<(any Error)?>(nil)
        try NetNamespace.create { () throws(SystemError) in
            var netlink = try NetlinkSocket()
            if let loopback = try netlink.link("lo") { try netlink.setUp(loopback.index) }
            do { try body(try Scene()) } catch { failure.withLock { $0 = error } }
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
    }
}

/// What a test plays with: a backend with its run folder, networks, containers.
struct Scene: ~Copyable {
    let run: String
    private let made = Mutex<[String]>([])
    let backend: NetworkBackend
    let isRootless: Bool

    init(isRootless: Bool = false) throws {
        var bytes: UInt64 = 0
        _ = viv_random(&bytes, 8)
        run = "/tmp/network-\(String(bytes, radix: 16))"
        self.isRootless = isRootless
        try Folder.create(run, mode: 0o700)
        backend = try NetworkBackend(run: run, isRootless: isRootless, program: FakeHost.program ?? "")
    }

    /// Also after a test that went wrong: no process may outlive it.
    deinit {
        for id in made.withLock({ $0 }) { try? backend.remove(id) }
        Folder.remove(run)
    }

    /// A network with complete pools.
    func network(
        _ digit: String, _ subnets: [(String, String)], isInternal: Bool = false,
        options: [String: String] = [:]
    ) throws -> NetworkRecord {
        var spec = NetworkSpec(name: "net\(digit)")
        spec.isInternal = isInternal
        spec.options = options
        spec.pools = subnets.map { AddressPoolSpec(subnet: $0.0, gateway: $0.1) }
        let record = NetworkRecord(id: String(repeating: digit, count: 64), spec: spec, created: 0)
        made.withLock { $0.append(record.id) }
        try backend.create(record)
        return record
    }

    func join(
        _ container: borrowing FakeContainer, _ network: NetworkRecord, _ digit: String, _ v4: String,
        v6: String = ""
    ) throws -> Model.Endpoint {
        let id = String(repeating: digit, count: 64)
        var endpoint = Model.Endpoint(networkID: network.id, endpointID: id)
        endpoint.macAddress = "02:42:00:00:00:0\(digit)"
        (endpoint.ipv4Address, endpoint.ipv4PrefixLength) = (v4, 24)
        endpoint.ipv4Gateway = network.spec.isInternal ? "" : network.spec.pools[0].gateway ?? ""
        if !v6.isEmpty {
            (endpoint.ipv6Address, endpoint.ipv6PrefixLength) = (v6, 64)
            endpoint.ipv6Gateway = network.spec.isInternal ? "" : network.spec.pools[1].gateway ?? ""
        }
        try backend.attach(
            pid: container.pid, networkID: network.id, endpoint: endpoint, interface: "eth0",
            isDefaultRoute: true)
        return endpoint
    }
}

/// A process that does nothing in a net namespace of its own.
struct FakeContainer: ~Copyable {
    private let process: ChildProcess
    var pid: Int32 { process.pid }

    init() throws { process = try Self.start() }

    private static func start() throws -> ChildProcess {
        let process = try ChildProcess("unshare", ["-n", "sleep", "600"], inherit: [])
        let ours = namespace("thread-self")
        for _ in 0..<500 where namespace("\(process.pid)") == ours { usleep(10_000) }
        try NetworkBackend.bringUpLoopback(pid: process.pid)
        return process
    }

    deinit {
        process.signal(SIGKILL)
        _ = process.reap()
    }

    private static func namespace(_ process: String) -> UInt64 {
        var info = stat()
        return stat("/proc/\(process)/ns/net", &info) == 0 ? UInt64(info.st_ino) : 0
    }

    /// Runs `body` on a thread inside.
    func inside<Value: Sendable>(
        _ body: @escaping @Sendable () throws(SystemError) -> Value
    ) throws -> Value { try NetNamespace(pid: pid).run(body) }

    /// Tells every client the address that it is seen by, and a name.
    func serve(_ name: String, _ port: UInt16, isV4: Bool = true) throws {
        let address = IPAddress(isV4 ? "0.0.0.0" : "::")
        let endpoint = Endpoint(try #require(address), port)
        let raw = try inside { () throws(SystemError) in
            do {
                let forward = PortForward(transport: .tcp, host: endpoint, guest: endpoint)
                return try HostSocket.listener(for: forward).release()
            } catch { throw SystemError("listen: \(error)", code: EIO) }
        }
        try Peer.greet(raw, name)
    }

    /// What a server says to this container; nil when it cannot be reached.
    func fetch(_ address: String, _ port: UInt16, seconds: Int32 = 5) throws -> String? {
        let endpoint = Endpoint(try #require(IPAddress(address)), port)
        return try inside { () throws(SystemError) in Peer.fetch(endpoint, seconds: seconds) }
    }
}

/// Both ends of the conversations that tests have.
enum Peer {
    static func greet(_ listener: Int32, _ name: String) throws {
        _ = fcntl(listener, F_SETFL, 0)
        _ = try Thread(name: "greeter") {
            while let (raw, peer) = try? HostSocket.accept(listener) {
                _ = try? Descriptors.write(raw, Array("\(name) \(peer.address)".utf8))
                close(raw)
            }
        }
    }

    static func fetch(_ endpoint: NetworkStack.Endpoint, seconds: Int32 = 5) -> String? {
        guard let socket = try? HostSocket.tcp(isV4: endpoint.address.isV4) else { return nil }
        let code = HostSocket.connect(socket.raw, to: endpoint)
        guard code == 0 || code == EINPROGRESS, wait(socket.raw, POLLOUT, seconds),
            HostSocket.pendingError(socket.raw) == 0
        else { return nil }
        var text: [UInt8] = []
        while wait(socket.raw, POLLIN, seconds), let bytes = try? Descriptors.read(socket.raw), !bytes.isEmpty
        {
            text += bytes
        }
        return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
    }

    static func wait(_ raw: Int32, _ events: Int32, _ seconds: Int32) -> Bool {
        var slot = pollfd(fd: raw, events: Int16(events), revents: 0)
        return poll(&slot, 1, seconds * 1000) == 1
    }

    /// The answer to a query of a name by UDP.
    static func resolve(_ name: String, _ type: UInt16 = 1, at server: NetworkStack.Endpoint) -> [UInt8]? {
        var packet = PacketWriter(capacity: 64)
        packet.put([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
        packet.put(DNSQuestion.encode(name))
        packet.put(type)
        packet.put(UInt16(1))
        guard let socket = try? DatagramSocket(.udp(server)) else { return nil }
        try? socket.send(packet.bytes)
        guard wait(socket.socket.raw, POLLIN, 5) else { return nil }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 8)
        defer { buffer.deallocate() }
        return try? socket.receive(through: buffer)
    }

    /// The same by TCP.
    static func resolveByStream(_ name: String, at server: NetworkStack.Endpoint) -> [UInt8]? {
        guard let socket = try? HostSocket.tcp(isV4: server.address.isV4) else { return nil }
        _ = HostSocket.connect(socket.raw, to: server)
        guard wait(socket.raw, POLLOUT, 5) else { return nil }
        let question: [UInt8] =
            [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + DNSQuestion.encode(name) + [0, 1, 0, 1]
        try? Descriptors.writeAll(socket.raw, [0, UInt8(question.count)] + question)
        guard wait(socket.raw, POLLIN, 5), let bytes = try? Descriptors.read(socket.raw) else { return nil }
        return Array(bytes.dropFirst(2))
    }
}
