// UDP, echo requests to the world, and queries to the name server: flows that live by being used.
extension NAT {
    static let udpTimeout: UInt64 = 60_000_000_000
    /// How long one name server may take; a guest's resolver gives up after five seconds.
    static let queryTimeout: UInt64 = 1_500_000_000
    /// How long a name service that tries several servers may take.
    static let namesTimeout: UInt64 = 15_000_000_000

    func receiveUDP(_ payload: UnsafeRawBufferPointer, _ envelope: Envelope, now: UInt64) {
        guard let datagram = UDPDatagram(payload),
            envelope.isTrusted || datagram.isIntact(from: envelope.source, to: envelope.destination)
        else { return drop() }
        if plan.assignsAddresses, datagram.destinationPort == DHCPServer.serverPort, envelope.source.isV4 {
            return receiveDHCP(datagram)
        }
        guard !isUnspecified(envelope.source) else { return drop() }
        let guest = Endpoint(envelope.source, datagram.sourcePort)
        let remote = Endpoint(envelope.destination, datagram.destinationPort)
        if let flow = forwardFlow(guest, remote) { return answer(flow, datagram.payload, now: now) }
        switch plan.destination(envelope.destination, port: remote.port) {
        case .host(let address):
            let key = DatagramFlow.Key(kind: .udp, guest: guest, remote: remote, query: 0)
            let route = DatagramRoute.udp(Endpoint(address, remote.port))
            send(Array(datagram.payload), of: key, route: route, timeout: Self.udpTimeout, now: now)
        case .nameServer where remote.port == DNSMessage.port:
            query(datagram.payload, from: guest, to: remote, now: now)
        case .nameServer:
            sendUnreachable(.refused, to: guest.address, about: envelope.original)
        case .nowhere:
            sendUnreachable(.hostUnreachable, to: guest.address, about: envelope.original)
        case .ignored:
            drop()
        }
    }

    private func receiveDHCP(_ datagram: UDPDatagram) {
        guard datagram.sourcePort == DHCPServer.clientPort, let reply = dhcp.reply(to: datagram.payload)
        else {
            return drop()
        }
        let server = Endpoint(.v4(plan.gateway), DHCPServer.serverPort)
        let client = Endpoint(.v4(reply.address), DHCPServer.clientPort)
        let message = UDPDatagram.build(from: server, to: client, reply.message)
        sendIP(.udp, from: server.address, to: client.address, message, mac: reply.hardware)
    }

    /// Sends a guest's datagram out on its flow, which is made if there is none.
    func send(
        _ bytes: [UInt8], of key: DatagramFlow.Key, route: DatagramRoute, timeout: UInt64, now: UInt64
    ) {
        let flow = datagramFlows[key] ?? makeFlow(key, route: route)
        flow.deadline = now &+ timeout
        schedule(flow)
        act(.send(flow.id, flow.route, bytes))
    }

    private func makeFlow(_ key: DatagramFlow.Key, route: DatagramRoute) -> DatagramFlow {
        if datagramFlows.count >= Self.maximumDatagramFlows { evictDatagramFlow() }
        let flow = DatagramFlow(id: newFlowID(), key: key, route: route, deadline: 0)
        datagramFlows[key] = flow
        datagramFlowsByID[flow.id] = flow
        return flow
    }

    /// The one that will be idle soonest makes room.
    private func evictDatagramFlow() {
        guard let oldest = datagramFlows.values.min(by: { $0.deadline < $1.deadline }) else { return }
        remove(oldest)
    }

    func remove(_ flow: DatagramFlow) {
        datagramFlows[flow.key] = nil
        datagramFlowsByID[flow.id] = nil
        act(.close(flow.id, abruptly: false))
    }

    /// A deadline of this flow came up.
    func expire(_ flow: DatagramFlow, now: UInt64) {
        guard flow.deadline <= now else { return schedule(flow) }
        if flow.key.kind == .query { askNext(flow, now: now) } else { remove(flow) }
    }

    private func sendToGuest(_ bytes: [UInt8], on flow: DatagramFlow) {
        let (guest, remote) = (flow.key.guest, flow.key.remote)
        guard bytes.count <= 65_507 else { return drop() }
        let datagram = UDPDatagram.build(from: remote, to: guest, bytes)
        sendIP(.udp, from: remote.address, to: guest.address, datagram)
    }
}

// MARK: - From the host

extension NAT {
    /// A datagram came back on a flow's socket; of an echo flow, the reply's sequence number and data.
    package func received(_ bytes: [UInt8], on id: FlowID, now: UInt64) {
        guard let flow = datagramFlowsByID[id] else { return }
        switch flow.key.kind {
        case .udp, .forward:
            flow.deadline = max(flow.deadline, now &+ Self.udpTimeout)
            sendToGuest(bytes, on: flow)
        case .echo:
            let (guest, remote) = (flow.key.guest, flow.key.remote)
            let type = remote.address.isV4 ? ICMPType.echoReply : ICMPv6Type.echoReply
            bytes.withUnsafeBytes { sendEcho(type, from: remote.address, to: guest.address, guest.port, $0) }
        case .query:
            guard bytes.withUnsafeBytes({ DNSMessage.isAnswer($0, to: flow.query) }) else { return }
            sendToGuest(bytes, on: flow)
            remove(flow)
        }
    }

    /// A datagram flow's socket could not be made or reported an error.
    package func datagramFailed(_ id: FlowID, _ failure: HostFailure, now: UInt64) {
        guard let flow = datagramFlowsByID[id] else { return }
        guard flow.key.kind != .query else { return askNext(flow, now: now) }
        let (guest, remote) = (flow.key.guest, flow.key.remote)
        let proto: IPProtocol = flow.key.kind != .echo ? .udp : guest.address.isV4 ? .icmp : .icmpv6
        let original = reconstruct(proto, from: guest, to: remote, word: 8 << 16)
        sendUnreachable(failure, to: guest.address, about: original)
        remove(flow)
    }

    /// A datagram from `peer` arrived at the listener of forward `index`.
    package func received(_ bytes: [UInt8], onForward index: Int, from peer: Endpoint, now: UInt64) {
        guard let guest = forwards[index]?.guest, guest.address.isV4 == peer.address.isV4 else { return }
        let remote = Endpoint(plan.guestView(of: peer.address), peer.port)
        let key = DatagramFlow.Key(kind: .forward(index), guest: guest, remote: remote, query: 0)
        let flow = datagramFlows[key] ?? makeFlow(key, route: .forward(index, peer))
        flow.deadline = now &+ Self.udpTimeout
        schedule(flow)
        sendToGuest(bytes, on: flow)
    }

    private func forwardFlow(_ guest: Endpoint, _ remote: Endpoint) -> DatagramFlow? {
        for index in datagramForwards[guest] ?? [] {
            let key = DatagramFlow.Key(kind: .forward(index), guest: guest, remote: remote, query: 0)
            if let flow = datagramFlows[key] { return flow }
        }
        return nil
    }

    private func answer(_ flow: DatagramFlow, _ payload: UnsafeRawBufferPointer, now: UInt64) {
        flow.deadline = now &+ Self.udpTimeout
        act(.send(flow.id, flow.route, Array(payload)))
    }
}

// MARK: - Names

extension NAT {
    private func query(
        _ payload: UnsafeRawBufferPointer, from guest: Endpoint, to remote: Endpoint, now: UInt64
    ) {
        guard DNSMessage.isQuery(payload) else { return drop() }
        let key = DatagramFlow.Key(kind: .query, guest: guest, remote: remote, query: payload.word16(at: 0))
        // A repeated query is answered by what is under way.
        guard datagramFlows[key] == nil else { return }
        let flow = makeFlow(key, route: .udp(remote))
        flow.query = Array(payload)
        guard configuration.asksForNames else { return askNext(flow, now: now) }
        flow.deadline = now &+ Self.namesTimeout
        schedule(flow)
        act(.ask(flow.id, guest.address, flow.query))
    }

    /// Sends a query to the next name server; when all were asked, the answer is "server failure".
    private func askNext(_ flow: DatagramFlow, now: UInt64) {
        guard flow.attempts < resolvers.count, !configuration.asksForNames else {
            sendToGuest(DNSMessage.serverFailure(for: flow.query), on: flow)
            return remove(flow)
        }
        // A new socket for each server, so that only this one's answer counts.
        if flow.attempts > 0 { act(.close(flow.id, abruptly: false)) }
        let resolver = Endpoint(resolvers[flow.attempts], DNSMessage.port)
        flow.attempts += 1
        flow.route = .udp(resolver)
        flow.deadline = now &+ Self.queryTimeout
        schedule(flow)
        act(.send(flow.id, flow.route, flow.query))
    }
}
