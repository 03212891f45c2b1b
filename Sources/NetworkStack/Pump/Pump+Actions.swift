import Glibc
import Host

// What the NAT asks for, done with host sockets; and what becomes of it.
extension Pump {
    func perform(now: UInt64) {
        while nat.hasActions {
            for action in nat.takeActions() { perform(action, now: now) }
        }
    }

    private func perform(_ action: Action, now: UInt64) {
        switch action {
        case .connect(let flow, let endpoint): connect(flow, to: endpoint)
        case .serve(let flow): serve(flow)
        case .send(let flow, let route, let bytes): send(bytes, on: flow, route, now: now)
        case .ask(let flow, let asker, let query): ask(flow, asker, query)
        case .converse(let flow, let asker): converse(flow, asker)
        case .close(let flow, let abruptly): close(flow, abruptly: abruptly)
        }
    }

    func close(_ flow: FlowID, abruptly: Bool) {
        if let splice = splices.removeValue(forKey: flow) {
            loop.remove(splice.socket.raw)
            if abruptly { HostSocket.closeAbruptly(splice.socket.raw) }
        } else if let socket = datagramSockets.removeValue(forKey: flow) {
            loop.remove(socket.socket.raw)
        }
    }
}

// MARK: - TCP

extension Pump {
    private func connect(_ flow: FlowID, to endpoint: Endpoint) {
        do {
            let socket = try HostSocket.tcp(isV4: endpoint.address.isV4)
            let code = HostSocket.connect(socket.raw, to: endpoint)
            guard code == 0 || code == EINPROGRESS else {
                return nat.connectionFailed(flow, HostSocket.failure(code))
            }
            try add(Splice(socket: socket, isConnecting: code != 0), for: flow)
            if code == 0 { nat.connected(flow) }
        } catch {
            nat.connectionFailed(flow, HostSocket.failure(error.code))
        }
    }

    func add(_ splice: Splice, for flow: FlowID) throws(SystemError) {
        splices[flow] = splice
        let edgeTriggered = EventLoop.Interest(rawValue: 1 << 31)
        try loop.add(splice.socket.raw, [.read, .write, edgeTriggered]) { [unowned self] readiness in
            splice.became(readable: readiness.canRead, writable: readiness.canWrite)
            if splice.isConnecting { finishConnecting(flow, splice, readiness) } else { serve(flow) }
            settle(now: EventLoop.now())
        }
    }

    private func finishConnecting(_ flow: FlowID, _ splice: Splice, _ readiness: EventLoop.Readiness) {
        guard readiness.canWrite else { return }
        let code = HostSocket.pendingError(splice.socket.raw)
        guard code == 0 else {
            close(flow, abruptly: false)
            return nat.connectionFailed(flow, HostSocket.failure(code))
        }
        splice.isConnecting = false
        nat.connected(flow)
    }

    private func serve(_ flow: FlowID) {
        guard let splice = splices[flow], let connection = nat.connection(of: flow) else { return }
        splice.serve(connection)
        nat.served(flow)
        if splice.isDone(connection) { close(flow, abruptly: false) }
    }
}

// MARK: - Names

extension Pump {
    private func ask(_ flow: FlowID, _ asker: IPAddress, _ query: [UInt8]) {
        names?.answer(query, from: asker) { [unowned self] answer in
            let now = EventLoop.now()
            nat.received(answer, on: flow, now: now)
            settle(now: now)
        }
    }

    /// The name service gets one end of a stream, as if the guest had connected to it.
    private func converse(_ flow: FlowID, _ asker: IPAddress) {
        do {
            guard let names else { return nat.connectionFailed(flow, .refused) }
            var pair = try SocketPair(.stream)
            let near = pair.takeNear()
            let far = pair.takeFar()
            try near.setNonBlocking()
            try far.setNonBlocking()
            names.serve(far, asker: asker)
            try add(Splice(socket: near, isConnecting: false), for: flow)
            nat.connected(flow)
        } catch {
            nat.connectionFailed(flow, HostSocket.failure(error.code))
        }
    }
}

// MARK: - Datagrams

extension Pump {
    private func send(_ bytes: [UInt8], on flow: FlowID, _ route: DatagramRoute, now: UInt64) {
        do {
            if case .forward(let index, let peer) = route {
                listeners[index]?.send(bytes, to: peer)
            } else {
                let socket = if let open = datagramSockets[flow] { open } else { try open(flow, route) }
                try socket.send(bytes)
            }
        } catch {
            close(flow, abruptly: false)
            nat.datagramFailed(flow, HostSocket.failure(error.code), now: now)
        }
    }

    private func open(_ flow: FlowID, _ route: DatagramRoute) throws(SystemError) -> DatagramSocket {
        let socket = try DatagramSocket(route)
        datagramSockets[flow] = socket
        try loop.add(socket.socket.raw, .read) { [unowned self] _ in receive(on: flow, socket) }
        return socket
    }

    private func receive(on flow: FlowID, _ socket: DatagramSocket) {
        let now = EventLoop.now()
        do {
            for _ in 0..<Listener.batch {
                guard let bytes = try socket.receive(through: datagramBuffer) else { break }
                nat.received(bytes, on: flow, now: now)
            }
        } catch {
            close(flow, abruptly: false)
            nat.datagramFailed(flow, HostSocket.failure(error.code), now: now)
        }
        settle(now: now)
    }
}

// MARK: - Forwards

/// The host's end of a port forward.
final class Listener {
    static let batch = 32
    let forward: PortForward
    let socket: FileDescriptor

    init(forward: PortForward, socket: consuming FileDescriptor) {
        self.forward = forward
        self.socket = socket
    }

    /// Where it listens: tells the port that was chosen for port 0.
    var endpoint: Endpoint { HostSocket.localEndpoint(of: socket.raw) ?? forward.host }

    /// Sends a datagram; lost if the socket is full.
    func send(_ bytes: [UInt8], to peer: Endpoint) {
        let fd = socket.raw
        _ = bytes.withUnsafeBytes { bytes in
            HostSocket.withAddress(of: peer) { sendto(fd, bytes.baseAddress, bytes.count, 0, $0, $1) }
        }
    }
}

extension Pump {
    private static let acceptPause: UInt64 = 200_000_000

    func listenerIsReady(_ index: Int) {
        guard let listener = listeners[index] else { return }
        let now = EventLoop.now()
        do {
            for _ in 0..<Listener.batch {
                guard
                    try listener.forward.transport == .tcp
                        ? accept(index, listener, now: now) : receive(index, listener, now: now)
                else {
                    break
                }
            }
        } catch  where listener.forward.transport == .tcp {
            // Most likely out of descriptors: a pause, instead of spinning.
            loop.modify(listener.socket.raw, [])
            loop.schedule(after: Self.acceptPause) { [unowned self] in loop.modify(listener.socket.raw, .read)
            }
        } catch {
            // An ICMP error of an earlier answer: UDP goes on.
        }
        settle(now: now)
    }

    /// False when no connection waits.
    private func accept(_ index: Int, _ listener: Listener, now: UInt64) throws(SystemError) -> Bool {
        do {
            let (connection, peer) = try HostSocket.accept(listener.socket.raw)
            let socket = FileDescriptor(owning: connection)
            guard let flow = nat.open(forward: index, from: peer, now: now) else { return true }
            try add(Splice(socket: socket, isConnecting: false), for: flow)
            return true
        } catch {
            if error.code == EAGAIN { return false }
            if error.code == ECONNABORTED || error.code == EINTR { return true }
            throw error
        }
    }

    private func receive(_ index: Int, _ listener: Listener, now: UInt64) throws(SystemError) -> Bool {
        guard
            let datagram = try DatagramSocket.receive(from: listener.socket.raw, into: datagramBuffer)
        else { return false }
        if let peer = datagram.peer {
            nat.received(Array(datagram.bytes), onForward: index, from: peer, now: now)
        }
        return true
    }
}
