/// The guest's whole network: gateway, name server, DHCP server, and translation of its flows to host sockets.
///
/// No I/O happens here. Frames of the guest go in by `receive`; frames to it are pulled by `nextFrame`; what must be
/// done with host sockets comes out by `takeActions`, and what became of it goes in by `connected`, `failed`,
/// `received` and `served`. Time is passed in, in nanoseconds.
///
/// Everything here is bounded: flows, leases, neighbours, frames that wait. What exceeds its bound is refused or
/// dropped, never queued without end. One thread at a time.
package final class NAT {
    static let maximumTCPFlows = 2048
    static let maximumDatagramFlows = 1024
    static let maximumWaitingFrames = 1024

    let configuration: NetworkConfiguration
    /// The name servers to forward to, best first.
    package var resolvers: [IPAddress]
    /// Frames that were malformed, for nobody here, or beyond a bound.
    package internal(set) var droppedFrames = 0

    var plan: AddressPlan { configuration.plan }
    var neighbours: Neighbours
    var dhcp: DHCPServer
    /// Ports of the host that lead to guests, by a number that is never used again.
    private(set) var forwards: [Int: PortForward] = [:]
    /// The datagram forwards of a guest's endpoint.
    private(set) var datagramForwards: [Endpoint: [Int]] = [:]
    private var issuedForwards = 0
    var fragments = FragmentTable()
    var tcpFlows: [FlowKey: TCPFlow] = [:]
    var tcpFlowsByID: [FlowID: TCPFlow] = [:]
    var datagramFlows: [DatagramFlow.Key: DatagramFlow] = [:]
    var datagramFlowsByID: [FlowID: DatagramFlow] = [:]
    var deadlines = Deadlines()
    var nextAdvertisement = UInt64.max
    var identification: UInt16 = 0

    private var actions: [Action] = []
    private var waiting = Queue<[UInt8]>()
    private var ready = Queue<TCPFlow>()
    private var issuedFlows: UInt64 = 0
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)

    package init(configuration: NetworkConfiguration) {
        self.configuration = configuration
        neighbours = Neighbours(plan: configuration.plan)
        dhcp = DHCPServer(plan: configuration.plan)
        resolvers = configuration.resolvers ?? []
        dhcp.hostName = configuration.hostName
        for forward in configuration.forwards { addForward(forward) }
    }

    /// Lets a port of the host lead to a guest from now on. Returns its number, for `open` and `received`.
    @discardableResult
    package func addForward(_ forward: PortForward) -> Int {
        defer { issuedForwards += 1 }
        forwards[issuedForwards] = forward
        if forward.transport == .udp { datagramForwards[forward.guest, default: []].append(issuedForwards) }
        return issuedForwards
    }

    /// Forgets a forward; its connections live on, its datagram flows end.
    package func removeForward(_ index: Int) {
        guard let forward = forwards.removeValue(forKey: index) else { return }
        datagramForwards[forward.guest]?.removeAll { $0 == index }
        for flow in datagramFlows.values where flow.key.kind == .forward(index) { remove(flow) }
    }

    /// Says which Ethernet address each guest has, so that none needs to be asked for.
    package func pinNeighbours(_ known: [IPAddress: MACAddress]) { neighbours.pin(known) }

    deinit {
        scratch.deallocate()
    }

    func newFlowID() -> FlowID {
        issuedFlows += 1
        return FlowID(number: issuedFlows)
    }

    func act(_ action: Action) {
        actions.append(action)
    }

    package var hasActions: Bool { !actions.isEmpty }

    /// What the driver has to do now, in order; empty the next time.
    package func takeActions() -> [Action] {
        guard !actions.isEmpty else { return [] }
        defer { actions = [] }
        return actions
    }

    /// Drops the frame under way.
    func drop() {
        droppedFrames += 1
    }
}

// MARK: - From the guest

extension NAT {
    /// Takes one datagram of the frame socket: virtio header and Ethernet frame. `now` in nanoseconds.
    package func receive(_ datagram: UnsafeRawBufferPointer, now: UInt64) {
        guard let header = VirtioNetHeader(datagram), datagram.count <= maximumFrameDatagram,
            let frame = EthernetFrame(datagram.from(VirtioNetHeader.length)), !frame.source.isGroup,
            frame.destination == plan.gatewayMAC || frame.destination.isGroup
        else { return drop() }
        neighbours.saw(frame.source)
        switch frame.type {
        case .arp: receiveARP(frame)
        case .ipv4: receiveIPv4(frame, isTrusted: header.needsChecksum, now: now)
        case .ipv6: receiveIPv6(frame, isTrusted: header.needsChecksum, now: now)
        case nil: drop()
        }
    }

    private func receiveARP(_ frame: EthernetFrame) {
        guard let packet = ARPPacket(frame.payload) else { return drop() }
        neighbours.learn(.v4(packet.senderAddress), packet.senderMAC)
        guard packet.operation == .request, plan.isOurs(.v4(packet.targetAddress)) else { return }
        let reply = ARPPacket.build(
            .reply, sender: plan.gatewayMAC, packet.targetAddress,
            target: packet.senderMAC, packet.senderAddress)
        sendEthernet(to: packet.senderMAC, .arp, reply)
    }

    private func receiveIPv4(_ frame: EthernetFrame, isTrusted: Bool, now: UInt64) {
        guard let packet = IPv4Packet(frame.payload) else { return drop() }
        let source = IPAddress.v4(packet.source)
        // A guest without an address yet may only speak DHCP.
        guard plan.isGuest(source) || packet.source == .any else { return drop() }
        neighbours.learn(source, frame.source)
        let envelope = Envelope(
            source: source, destination: .v4(packet.destination), original: packet.bytes, isTrusted: isTrusted
        )
        guard packet.isFragment else {
            return receiveUpper(packet.proto, packet.payload, envelope, now: now)
        }
        let key = FragmentTable.Key(
            source: source, destination: envelope.destination, proto: packet.proto,
            identification: UInt32(packet.identification))
        let piece = FragmentTable.Piece(
            offset: packet.fragmentOffset, isLast: !packet.moreFragments, bytes: packet.payload)
        receiveFragment(piece, of: key, envelope, now: now)
    }

    private func receiveIPv6(_ frame: EthernetFrame, isTrusted: Bool, now: UInt64) {
        guard let packet = IPv6Packet(frame.payload) else { return drop() }
        let source = IPAddress.v6(packet.source)
        guard plan.isGuest(source) else { return drop() }
        if packet.source != .any { neighbours.learn(source, frame.source) }
        if nextAdvertisement == .max, plan.assignsAddresses { nextAdvertisement = now }
        let envelope = Envelope(
            source: source, destination: .v6(packet.destination), original: packet.bytes,
            isTrusted: isTrusted,
            hopLimit: packet.hopLimit)
        guard let fragment = packet.fragment else {
            return receiveUpper(packet.proto, packet.payload, envelope, now: now)
        }
        let key = FragmentTable.Key(
            source: source, destination: envelope.destination, proto: packet.proto,
            identification: fragment.identification)
        let piece = FragmentTable.Piece(
            offset: fragment.offset, isLast: !fragment.moreFragments, bytes: packet.payload)
        receiveFragment(piece, of: key, envelope, now: now)
    }

    private func receiveFragment(
        _ piece: FragmentTable.Piece, of key: FragmentTable.Key, _ envelope: Envelope, now: UInt64
    ) {
        guard let whole = fragments.insert(piece, of: key, now: now) else { return }
        var envelope = envelope
        // A checksum that the driver left open lies in the first piece only: check what was put together.
        envelope.isTrusted = false
        whole.withUnsafeBytes { receiveUpper(key.proto, $0, envelope, now: now) }
    }

    private func receiveUpper(
        _ proto: UInt8, _ payload: UnsafeRawBufferPointer, _ envelope: Envelope, now: UInt64
    ) {
        switch IPProtocol(rawValue: proto) {
        case .tcp: receiveTCP(payload, envelope, now: now)
        case .udp: receiveUDP(payload, envelope, now: now)
        case .icmp where envelope.source.isV4: receiveICMP(payload, envelope, now: now)
        case .icmpv6 where !envelope.source.isV4: receiveICMPv6(payload, envelope, now: now)
        default: drop()
        }
    }
}

/// What is known of the packet that a message came in.
struct Envelope {
    let source: IPAddress
    let destination: IPAddress
    /// The packet from its IP header on, for error messages.
    let original: UnsafeRawBufferPointer
    /// True when the checksum is the driver's promise, not yet in the packet.
    var isTrusted: Bool
    var hopLimit: UInt8 = 0
}

// MARK: - To the guest

extension NAT {
    /// Queues a small finished frame; dropped when too many wait.
    func enqueue(_ frame: [UInt8]) {
        guard waiting.count < Self.maximumWaitingFrames else { return drop() }
        waiting.push(frame)
    }

    /// Lets a TCP flow be asked for segments, and enters its next deadline.
    func touch(_ flow: TCPFlow) {
        if !flow.isQueued {
            flow.isQueued = true
            ready.push(flow)
        }
    }

    /// The next frame for the guest, or nil when there is none now. It is valid until this NAT is touched again.
    ///
    /// TCP sends only when asked here: a driver whose frame socket is full just stops asking.
    package func nextFrame(now: UInt64) -> OutgoingFrame? {
        while true {
            if let frame = waiting.pop() {
                scratch.copyBytes(from: frame)
                return OutgoingFrame(
                    head: UnsafeRawBufferPointer(scratch).first(frame.count), payload: .empty)
            }
            guard let flow = ready.pop() else { return nil }
            flow.isQueued = false
            guard let segment = flow.connection.nextSegment(now: now) else {
                settle(flow)
                continue
            }
            // Others first, before this flow's next segment.
            touch(flow)
            if let frame = compose(segment, of: flow) { return frame }
        }
    }

    /// After a flow has nothing more to send: forget it if it is over, else remember its timer.
    private func settle(_ flow: TCPFlow) {
        if flow.connection.isOver { return remove(flow) }
        let deadline = flow.connection.nextDeadline
        if deadline < flow.scheduled {
            flow.scheduled = deadline
            deadlines.insert(flow.id, at: deadline)
        }
    }
}

// MARK: - Time

extension NAT {
    /// When `tick` wants to be called next; `UInt64.max` if never.
    package var nextDeadline: UInt64 { min(deadlines.earliest, nextAdvertisement) }

    /// Does what is due at `now`.
    package func tick(now: UInt64) {
        if nextAdvertisement <= now {
            nextAdvertisement = now &+ NeighbourDiscovery.advertisementInterval
            advertiseRouter(to: .allNodes)
        }
        while let entry = deadlines.next(due: now) {
            if let flow = tcpFlowsByID[entry.flow], flow.scheduled == entry.time {
                flow.scheduled = .max
                flow.connection.tick(now: now)
                serve(flow)
                touch(flow)
            } else if let flow = datagramFlowsByID[entry.flow], flow.scheduled == entry.time {
                flow.scheduled = .max
                expire(flow, now: now)
            }
        }
    }

    /// Enters a datagram flow's deadline unless an earlier one is entered already.
    func schedule(_ flow: DatagramFlow) {
        guard flow.deadline < flow.scheduled else { return }
        flow.scheduled = flow.deadline
        deadlines.insert(flow.id, at: flow.deadline)
    }
}
