// TCP: the guest's connections end here, and the driver splices them to host sockets.
extension NAT {
    /// So many connections get wide rings, the others narrow ones: all rings of all flows stay below 400 MB, however
    /// hostile the guest.
    private static let wideTCPFlows = 128
    private static let narrowCapacity = 64 * 1024
    private static let idleTCPFlow: UInt64 = 600_000_000_000

    func receiveTCP(_ payload: UnsafeRawBufferPointer, _ envelope: Envelope, now: UInt64) {
        guard let segment = TCPHeader(payload), !isUnspecified(envelope.source),
            envelope.isTrusted || segment.isIntact(from: envelope.source, to: envelope.destination)
        else { return drop() }
        let key = FlowKey(
            guest: Endpoint(envelope.source, segment.sourcePort),
            remote: Endpoint(envelope.destination, segment.destinationPort))
        let isOpening = segment.flags.contains(.syn) && !segment.flags.contains(.ack)
        // A driver that leaves checksums open to us takes unfinished ones too; each connection's SYN shows it.
        let showsOffloads = configuration.offloads && envelope.isTrusted && segment.flags.contains(.syn)
        if let flow = tcpFlows[key] {
            if showsOffloads, flow.connection.state == .synSent { flow.enableOffloads() }
            flow.heardAt = now
            guard isOpening, flow.connection.yields(to: segment) else {
                flow.connection.receive(segment, now: now)
                serve(flow)
                return touch(flow)
            }
            remove(flow)
        }
        guard isOpening, !segment.flags.contains(.rst) else { return refuse(segment, key) }
        open(segment, key, envelope, offloads: showsOffloads, now: now)
    }

    private func open(
        _ syn: TCPHeader, _ key: FlowKey, _ envelope: Envelope, offloads: Bool, now: UInt64
    ) {
        let target: IPAddress
        switch plan.destination(key.remote.address, port: key.remote.port) {
        case .host(let address): target = address
        case .nameServer where key.remote.port == DNSMessage.port && configuration.asksForNames:
            target = key.remote.address
        case .nameServer where key.remote.port == DNSMessage.port && !resolvers.isEmpty: target = resolvers[0]
        case .nameServer: return refuse(syn, key)
        case .nowhere:
            return sendUnreachable(.hostUnreachable, to: key.guest.address, about: envelope.original)
        case .ignored: return drop()
        }
        guard makeRoom(now: now) else { return refuse(syn, key) }
        let connection = TCPConnection(answering: syn, initial: newSequence(), settings: settings(for: key))
        let flow = insert(key, connection, isConnected: false)
        flow.heardAt = now
        if offloads { flow.enableOffloads() }
        if configuration.asksForNames, target == key.remote.address, plan.isNameServer(target) {
            act(.converse(flow.id, key.guest.address))
        } else {
            act(.connect(flow.id, Endpoint(target, key.remote.port)))
        }
    }

    private func settings(for key: FlowKey) -> TCPConnection.Settings {
        let headers = key.guest.address.isV4 ? IPv4Packet.minimumHeaderLength : IPv6Packet.headerLength
        let segment = plan.maximumTransmissionUnit - headers - TCPHeader.minimumLength
        var settings = TCPConnection.Settings(maximumSegmentSize: segment)
        if tcpFlows.count >= Self.wideTCPFlows {
            settings.sendCapacity = Self.narrowCapacity
            settings.receiveCapacity = Self.narrowCapacity
        }
        return settings
    }

    private func newSequence() -> SequenceNumber {
        SequenceNumber(UInt32.random(in: 0 ... .max))
    }

    private func insert(_ key: FlowKey, _ connection: TCPConnection, isConnected: Bool) -> TCPFlow {
        let flow = TCPFlow(id: newFlowID(), key: key, connection: connection, isConnected: isConnected)
        tcpFlows[key] = flow
        tcpFlowsByID[flow.id] = flow
        return flow
    }

    /// False if all places are taken by connections that live.
    /// A guest that was reset leaves dead ones behind: what was silent for long goes too.
    private func makeRoom(now: UInt64) -> Bool {
        guard tcpFlows.count >= Self.maximumTCPFlows else { return true }
        let idle = tcpFlows.values.min { $0.heardAt < $1.heardAt }
        let old = tcpFlows.values.first { $0.connection.state == .timeWait } ?? idle
        guard let old, old.connection.state == .timeWait || now &- old.heardAt > Self.idleTCPFlow else {
            return false
        }
        old.connection.abort()
        remove(old)
        return true
    }

    /// Answers a segment that belongs to no connection (RFC 9293 §3.10.7.1).
    private func refuse(_ segment: TCPHeader, _ key: FlowKey) {
        guard !segment.flags.contains(.rst) else { return }
        var reset = TCPSegment(
            sequence: segment.acknowledgement, acknowledgement: SequenceNumber(0), flags: [.rst], window: 0)
        if !segment.flags.contains(.ack) {
            let length =
                segment.payload.count + (segment.flags.contains(.syn) ? 1 : 0)
                + (segment.flags.contains(.fin) ? 1 : 0)
            reset.sequence = SequenceNumber(0)
            reset.acknowledgement = segment.sequence + length
            reset.flags = [.rst, .ack]
        }
        sendBare(reset, key)
    }

    private func sendBare(_ segment: TCPSegment, _ key: FlowKey) {
        let (source, destination) = (key.remote, key.guest)
        let bytes = [UInt8](unsafeUninitializedCapacity: segment.headerLength) { memory, count in
            let raw = UnsafeMutableRawBufferPointer(memory)
            segment.write(from: source.port, to: destination.port, into: raw)
            var checksum = Checksum()
            checksum.addPseudoHeader(
                source: source.address, destination: destination.address, proto: .tcp,
                length: segment.headerLength)
            checksum.add(UnsafeRawBufferPointer(raw).first(segment.headerLength))
            raw.storeBytes(of: checksum.value.bigEndian, toByteOffset: 16, as: UInt16.self)
            count = segment.headerLength
        }
        sendIP(.tcp, from: source.address, to: destination.address, bytes)
    }

    /// Asks the driver to look at a flow, once until it does.
    func serve(_ flow: TCPFlow) {
        guard !flow.isAwaitingService else { return }
        flow.isAwaitingService = true
        act(.serve(flow.id))
    }

    func remove(_ flow: TCPFlow) {
        guard tcpFlowsByID.removeValue(forKey: flow.id) != nil else { return }
        if tcpFlows[flow.key] === flow { tcpFlows[flow.key] = nil }
        act(.close(flow.id, abruptly: flow.connection.failure != nil))
    }
}

// MARK: - From the host

extension NAT {
    /// The connection of a flow, to move bytes; nil when it is gone. Call `served` after moving some.
    package func connection(of id: FlowID) -> TCPConnection? {
        guard let flow = tcpFlowsByID[id] else { return nil }
        flow.isAwaitingService = false
        return flow.connection
    }

    /// The driver moved bytes, or finished or aborted the connection: it may have something to send.
    package func served(_ id: FlowID) {
        if let flow = tcpFlowsByID[id] { touch(flow) }
    }

    /// The host socket of a flow is connected: the guest's handshake goes on.
    package func connected(_ id: FlowID) {
        guard let flow = tcpFlowsByID[id] else { return }
        flow.isConnected = true
        flow.connection.accept()
        touch(flow)
    }

    /// The host socket of a flow could not be connected, or broke.
    package func connectionFailed(_ id: FlowID, _ failure: HostFailure) {
        guard let flow = tcpFlowsByID[id] else { return }
        guard !flow.isConnected, failure != .refused else {
            flow.connection.abort()
            return touch(flow)
        }
        let syn = flow.connection.peerInitialSequence
        let original = reconstruct(.tcp, from: flow.key.guest, to: flow.key.remote, word: syn.bits)
        sendUnreachable(failure, to: flow.key.guest.address, about: original)
        remove(flow)
    }

    /// Opens a connection to the guest for a `peer` of the host that came to forward `index`.
    /// Nil if there is no such forward or no room.
    package func open(forward index: Int, from peer: Endpoint, now: UInt64) -> FlowID? {
        guard let guest = forwards[index]?.guest, makeRoom(now: now) else { return nil }
        let view = plan.guestView(of: peer.address)
        let address = view.isV4 == guest.address.isV4 ? view : gatewayAddress(isV4: guest.address.isV4)
        let key = FlowKey(guest: guest, remote: Endpoint(address, peer.port))
        guard tcpFlows[key] == nil else { return nil }
        let connection = TCPConnection(opening: newSequence(), settings: settings(for: key))
        let flow = insert(key, connection, isConnected: true)
        flow.heardAt = now
        touch(flow)
        return flow.id
    }

    private func gatewayAddress(isV4: Bool) -> IPAddress {
        isV4 ? .v4(plan.gateway) : .v6(plan.gateway6)
    }
}
