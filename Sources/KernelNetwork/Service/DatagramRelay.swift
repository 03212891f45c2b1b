import CLinux
import Glibc
import Host
import NetworkStack

/// Carries datagrams between the clients of a published port and an endpoint. For the endpoint each client is a port of
/// the host; one that is silent for a while is forgotten.
final class DatagramRelay {
    private static let maximumClients = 1024
    /// Nanoseconds.
    private static let patience: UInt64 = 60_000_000_000
    /// Datagrams taken before others get their turn.
    private static let batch = 64

    private final class Client {
        let socket: FileDescriptor
        var lastUsed: UInt64

        init(_ socket: consuming FileDescriptor, at time: UInt64) {
            self.socket = socket
            lastUsed = time
        }
    }

    private let port: DatagramPort
    private let target: NetworkStack.Endpoint
    private let loop: EventLoop
    private let answer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_535, alignment: 64)
    private var clients: [DatagramEnds: Client] = [:]
    private var sweep: EventLoop.Timer?

    /// - Parameter socket: bound and unconnected; the owner keeps it open until `end`.
    init(_ socket: Int32, isV4: Bool, to target: NetworkStack.Endpoint, loop: EventLoop) {
        port = DatagramPort(socket, isV4: isV4)
        self.target = target
        self.loop = loop
    }

    deinit { answer.deallocate() }

    /// Takes what waits at the socket.
    func receive() {
        for _ in 0..<Self.batch {
            guard let (bytes, ends) = port.receive() else { return }
            guard let client = clients[ends] ?? admit(ends) else { continue }
            client.lastUsed = EventLoop.now()
            // An endpoint that does not listen, or is full, loses it.
            _ = Glibc.send(client.socket.raw, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        }
    }

    func end() {
        for ends in Array(clients.keys) { forget(ends) }
        if let sweep { loop.cancel(sweep) }
        sweep = nil
    }

    private func admit(_ ends: DatagramEnds) -> Client? {
        if clients.count >= Self.maximumClients,
            let oldest = clients.min(by: { $0.value.lastUsed < $1.value.lastUsed })?.key
        {
            forget(oldest)
        }
        guard let socket = Self.connected(to: target) else { return nil }
        let client = Client(FileDescriptor(owning: socket), at: EventLoop.now())
        guard (try? loop.add(socket, .read) { [unowned self] _ in giveBack(to: ends) }) != nil else {
            return nil
        }
        clients[ends] = client
        if sweep == nil { sweepLater() }
        return client
    }

    private func giveBack(to ends: DatagramEnds) {
        guard let client = clients[ends] else { return }
        for _ in 0..<Self.batch {
            let count = recv(client.socket.raw, answer.baseAddress, answer.count, 0)
            // A refusal is told once, by an error, and is no end.
            if count < 0 {
                guard errno == EAGAIN else { continue }
                return
            }
            client.lastUsed = EventLoop.now()
            port.send(UnsafeMutableRawBufferPointer(rebasing: answer[..<count]), to: ends)
        }
    }

    private func forget(_ ends: DatagramEnds) {
        guard let client = clients.removeValue(forKey: ends) else { return }
        loop.remove(client.socket.raw)
    }

    private func sweepLater() {
        sweep = loop.schedule(after: Self.patience / 2) { [unowned self] in
            sweep = nil
            let now = EventLoop.now()
            for (ends, client) in clients where now &- client.lastUsed > Self.patience { forget(ends) }
            if !clients.isEmpty { sweepLater() }
        }
    }

    private static func connected(to target: NetworkStack.Endpoint) -> Int32? {
        let type = Int32(bitPattern: SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let raw = socket(target.address.isV4 ? AF_INET : AF_INET6, type, 0)
        guard raw >= 0 else { return nil }
        let result = address(of: target).withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                connect(raw, $0.baseAddress, socklen_t(bytes.count))
            }
        }
        if result == 0 { return raw }
        close(raw)
        return nil
    }

    /// A `sockaddr_in` or `sockaddr_in6`.
    private static func address(of endpoint: NetworkStack.Endpoint) -> [UInt8] {
        func octets(_ value: some FixedWidthInteger) -> [UInt8] {
            withUnsafeBytes(of: value.bigEndian) { Array($0) }
        }
        let family = endpoint.address.isV4 ? AF_INET : AF_INET6
        let start = withUnsafeBytes(of: sa_family_t(family)) { Array($0) } + octets(endpoint.port)
        switch endpoint.address {
        case .v4(let v4): return start + octets(v4.bits) + [UInt8](repeating: 0, count: 8)
        case .v6(let v6):
            return start + octets(UInt32(0)) + octets(v6.high) + octets(v6.low) + octets(UInt32(0))
        }
    }
}
