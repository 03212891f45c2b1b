import NetworkStack

/// Frames as a guest's driver makes them.
struct GuestFrames {
    static let mac = MACAddress(bits: 0x5254_0012_3456)
    static let address = IPAddress.v4(AddressPlan.standard.firstLease)
    static let address6 = IPAddress.v6(IPv6Address(high: 0xFEC0 << 48, low: 0x15))

    /// What the virtio header says; by default nothing.
    var offload = VirtioNetHeader()

    func ethernet(
        _ type: EtherType, to destination: MACAddress = AddressPlan.standard.gatewayMAC, _ payload: [UInt8]
    )
        -> [UInt8]
    {
        var frame = PacketWriter(capacity: 64 + payload.count)
        frame.put(
            [UInt8](unsafeUninitializedCapacity: VirtioNetHeader.length) { memory, count in
                offload.write(into: UnsafeMutableRawBufferPointer(memory))
                count = VirtioNetHeader.length
            })
        frame.put(destination)
        frame.put(Self.mac)
        frame.put(type.rawValue)
        frame.put(payload)
        return frame.bytes
    }

    func ip(
        _ proto: IPProtocol, from source: IPAddress, to destination: IPAddress, _ payload: [UInt8],
        hopLimit: UInt8 = 64
    ) -> [UInt8] {
        var packet = PacketWriter(capacity: 64 + payload.count)
        switch (source, destination) {
        case (.v4(let source), .v4(let destination)):
            IPv4Header(source: source, destination: destination, proto: proto, payloadLength: payload.count)
                .write(to: &packet)
            packet.put(payload)
            return ethernet(.ipv4, packet.bytes)
        case (.v6(let source), .v6(let destination)):
            IPv6Header(
                source: source, destination: destination, nextHeader: proto.rawValue,
                payloadLength: payload.count, hopLimit: hopLimit
            ).write(to: &packet)
            packet.put(payload)
            return ethernet(.ipv6, packet.bytes)
        default:
            fatalError("families differ")
        }
    }

    func udp(from source: Endpoint, to destination: Endpoint, _ data: [UInt8]) -> [UInt8] {
        ip(
            .udp, from: source.address, to: destination.address,
            UDPDatagram.build(from: source, to: destination, data))
    }

    func echoRequest(to destination: IPAddress, identifier: UInt16, sequence: UInt16, _ data: [UInt8])
        -> [UInt8]
    {
        let source = destination.isV4 ? Self.address : Self.address6
        let message = ICMPMessage.build(
            type: destination.isV4 ? ICMPType.echoRequest : ICMPv6Type.echoRequest,
            rest: UInt32(identifier) << 16 | UInt32(sequence), body: data, from: source, to: destination)
        return ip(destination.isV4 ? .icmp : .icmpv6, from: source, to: destination, message)
    }

    func arp(_ operation: ARPPacket.Operation, asking target: IPv4Address) -> [UInt8] {
        ethernet(
            .arp, to: .broadcast,
            ARPPacket.build(
                operation, sender: Self.mac, AddressPlan.standard.firstLease, target: MACAddress(bits: 0),
                target))
    }

    func tcp(_ segment: TCPSegment, from source: Endpoint, to destination: Endpoint) -> [UInt8] {
        let bytes = segment.bytes(from: source, to: destination, checksummed: !offload.needsChecksum)
        return ip(.tcp, from: source.address, to: destination.address, bytes)
    }
}

extension TCPSegment {
    /// The segment as it travels.
    func bytes(from source: Endpoint, to destination: Endpoint, checksummed: Bool = true) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: headerLength)
        bytes.withUnsafeMutableBytes { write(from: source.port, to: destination.port, into: $0) }
        bytes += payload.first
        bytes += payload.second
        guard checksummed else { return bytes }
        var checksum = Checksum()
        checksum.addPseudoHeader(
            source: source.address, destination: destination.address, proto: .tcp, length: bytes.count)
        bytes.withUnsafeBytes { checksum.add($0) }
        bytes[16] = UInt8(checksum.value >> 8)
        bytes[17] = UInt8(checksum.value & 255)
        return bytes
    }
}

/// A frame to the guest, taken apart; checksums are verified unless the header leaves them open.
struct ReceivedFrame {
    let offload: VirtioNetHeader
    let destination: MACAddress
    let type: EtherType
    /// The IP packet's ends, if it is one.
    var source: IPAddress?
    var target: IPAddress?
    var proto: UInt8 = 0
    /// What the IP packet carries; for ARP the packet.
    var payload: [UInt8]

    init?(_ bytes: [UInt8]) {
        let parsed = bytes.withUnsafeBytes { raw -> ReceivedFrame? in
            guard let offload = VirtioNetHeader(raw),
                let frame = EthernetFrame(raw.from(VirtioNetHeader.length)),
                frame.source == AddressPlan.standard.gatewayMAC, let type = frame.type
            else { return nil }
            var result = ReceivedFrame(offload, frame.destination, type, Array(frame.payload))
            switch type {
            case .arp: break
            case .ipv4:
                guard let packet = IPv4Packet(frame.payload), packet.bytes.count == frame.payload.count else {
                    return nil
                }
                result.source = .v4(packet.source)
                result.target = .v4(packet.destination)
                (result.proto, result.payload) = (packet.proto, Array(packet.payload))
            case .ipv6:
                guard let packet = IPv6Packet(frame.payload), packet.bytes.count == frame.payload.count else {
                    return nil
                }
                result.source = .v6(packet.source)
                result.target = .v6(packet.destination)
                (result.proto, result.payload) = (packet.proto, Array(packet.payload))
            }
            return result
        }
        guard let parsed else { return nil }
        self = parsed
    }

    private init(_ offload: VirtioNetHeader, _ destination: MACAddress, _ type: EtherType, _ payload: [UInt8])
    {
        self.offload = offload
        self.destination = destination
        self.type = type
        self.payload = payload
    }

    /// Ports and data, if it is a UDP datagram with the right checksum.
    var udp: (source: Endpoint, target: Endpoint, data: [UInt8])? {
        guard proto == IPProtocol.udp.rawValue, let source, let target else { return nil }
        return payload.withUnsafeBytes { bytes in
            guard let datagram = UDPDatagram(bytes), datagram.isIntact(from: source, to: target) else {
                return nil
            }
            return (
                Endpoint(source, datagram.sourcePort), Endpoint(target, datagram.destinationPort),
                Array(datagram.payload)
            )
        }
    }

    /// Type, code and body, if it is an ICMP message of either family with the right checksum.
    var icmp: (type: UInt8, code: UInt8, rest: UInt32, body: [UInt8])? {
        guard proto == IPProtocol.icmp.rawValue || proto == IPProtocol.icmpv6.rawValue, let source, let target
        else { return nil }
        return payload.withUnsafeBytes { bytes in
            guard let message = ICMPMessage(bytes), message.isIntact(from: source, to: target) else {
                return nil
            }
            return (message.type, message.code, bytes.word32(at: 4), Array(message.body))
        }
    }

    /// Calls `body` with the TCP segment, if it is one and intact.
    func withTCP<Result>(_ body: (TCPHeader) -> Result) -> Result? {
        guard proto == IPProtocol.tcp.rawValue, let source, let target else { return nil }
        return payload.withUnsafeBytes { bytes in
            guard let segment = TCPHeader(bytes),
                offload.needsChecksum || segment.isIntact(from: source, to: target)
            else { return nil }
            return body(segment)
        }
    }
}

extension NAT {
    /// Feeds one frame.
    func receive(_ frame: [UInt8], now: UInt64 = 0) {
        frame.withUnsafeBytes { receive($0, now: now) }
    }

    /// Everything that waits for the guest.
    func frames(now: UInt64 = 0) -> [ReceivedFrame] {
        var frames: [ReceivedFrame] = []
        while let frame = nextFrame(now: now) {
            let bytes = Array(frame.head) + Array(frame.payload.first) + Array(frame.payload.second)
            if let parsed = ReceivedFrame(bytes) { frames.append(parsed) }
        }
        return frames
    }
}
