import Glibc
import Host

/// A socket that listens at a port of the host, for others than the NAT.
package final class ListeningSocket {
    let socket: FileDescriptor
    private let forward: PortForward

    /// Binds the forward's host endpoint. Throws `portInUse` or `cannotListen`.
    package init(_ forward: PortForward) throws(NetworkError) {
        self.forward = forward
        socket = try HostSocket.listener(for: forward)
    }

    package var raw: Int32 { socket.raw }
    /// Where it listens: tells the port that was chosen for port 0.
    package var endpoint: Endpoint { HostSocket.localEndpoint(of: socket.raw) ?? forward.host }
}

/// Carries bytes between connections at listening sockets and others elsewhere, so many at a time.
package final class RelayService {
    private static let maximumRelays = 1024
    private let loop: EventLoop
    private var relays: [UInt64: Relay] = [:]
    private var issued: UInt64 = 0

    package init(_ loop: EventLoop) { self.loop = loop }

    /// Takes the connections that wait at a socket and leads them to `target`.
    package func accept(_ listener: ListeningSocket, to target: Endpoint) {
        while relays.count < Self.maximumRelays, let (raw, _) = try? HostSocket.accept(listener.raw) {
            let client = FileDescriptor(owning: raw)
            guard let server = try? HostSocket.tcp(isV4: target.address.isV4) else { return }
            let code = HostSocket.connect(server.raw, to: target)
            guard code == 0 || code == EINPROGRESS else { continue }
            issued += 1
            let id = issued
            let relay = Relay(client: client, server: server, loop: loop) { [unowned self] in relays[id] = nil
            }
            relays[id] = relay
            relay.start()
        }
        if relays.count >= Self.maximumRelays, let (raw, _) = try? HostSocket.accept(listener.raw) {
            close(raw)
        }
    }
}

/// Two connections joined: what comes in at one goes out at the other, through a bounded buffer each way.
private final class Relay {
    private static let capacity = 1 << 16

    private final class Side {
        let socket: FileDescriptor
        /// Bytes for the other side that it has not taken.
        var pending: ArraySlice<UInt8> = []
        var isAtEnd = false
        var toldEnd = false

        init(_ socket: consuming FileDescriptor) { self.socket = socket }
    }

    private let client: Side
    private let server: Side
    private let loop: EventLoop
    private let ended: () -> Void
    private var isOver = false

    init(
        client: consuming FileDescriptor, server: consuming FileDescriptor, loop: EventLoop,
        ended: @escaping () -> Void
    ) {
        self.client = Side(client)
        self.server = Side(server)
        self.loop = loop
        self.ended = ended
    }

    func start() {
        do {
            for side in [client, server] {
                try loop.add(side.socket.raw, []) { [unowned self] readiness in move(readiness.hungUp) }
            }
            update()
        } catch {
            end()
        }
    }

    private func move(_ hungUp: Bool) {
        guard carry(from: client, to: server), carry(from: server, to: client) else { return end() }
        if client.toldEnd, server.toldEnd { return end() }
        // Both ends of one connection are closed, and nothing is left to say to the other.
        if hungUp, client.isAtEnd || server.isAtEnd, client.pending.isEmpty, server.pending.isEmpty {
            return end()
        }
        update()
    }

    /// False when one of the two connections is broken.
    private func carry(from source: Side, to target: Side) -> Bool {
        while true {
            while !source.pending.isEmpty {
                let count = source.pending.withUnsafeBytes {
                    send(target.socket.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                // A connection that is being made takes nothing and is not broken.
                if count < 0 { return errno == EAGAIN || errno == ENOTCONN }
                source.pending = source.pending.dropFirst(count)
            }
            if source.isAtEnd {
                if !source.toldEnd { source.toldEnd = shutdown(target.socket.raw, Int32(SHUT_WR)) == 0 }
                return true
            }
            do {
                guard let bytes = try Descriptors.read(source.socket.raw, limit: Self.capacity) else {
                    return true
                }
                source.isAtEnd = bytes.isEmpty
                source.pending = bytes[...]
            } catch {
                return error.code == ENOTCONN
            }
        }
    }

    /// Waits for input where there is room for it, and for room where there is something to send.
    private func update() {
        for (side, other) in [(client, server), (server, client)] {
            var interest: EventLoop.Interest = []
            if !side.isAtEnd, side.pending.isEmpty { interest.insert(.read) }
            if !other.pending.isEmpty || other.isAtEnd && !other.toldEnd { interest.insert(.write) }
            loop.modify(side.socket.raw, interest)
        }
    }

    private func end() {
        guard !isOver else { return }
        isOver = true
        for side in [client, server] { loop.remove(side.socket.raw) }
        ended()
    }
}
