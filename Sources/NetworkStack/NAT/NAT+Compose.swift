// Building frames for the guest.
extension NAT {
    /// Queues a frame without offloads.
    func sendEthernet(to mac: MACAddress, _ type: EtherType, _ payload: [UInt8]) {
        var frame = PacketWriter(
            capacity: VirtioNetHeader.length + EthernetFrame.headerLength + payload.count)
        putFrameHead(to: mac, type, into: &frame)
        frame.put(payload)
        enqueue(frame.bytes)
    }

    private func putFrameHead(to mac: MACAddress, _ type: EtherType, into frame: inout PacketWriter) {
        frame.put(zeroes: VirtioNetHeader.length - 2)
        // num_buffers, little-endian.
        frame.put([1, 0])
        frame.put(mac)
        frame.put(plan.gatewayMAC)
        frame.put(type.rawValue)
    }

    /// Sends an IP packet to a guest's address, in fragments if it is too large for the link.
    func sendIP(
        _ proto: IPProtocol, from source: IPAddress, to destination: IPAddress, _ payload: [UInt8],
        hopLimit: UInt8 = 64, mac: MACAddress? = nil
    ) {
        guard let mac = mac ?? neighbours.find(destination) else {
            solicit(destination)
            return drop()
        }
        switch (source, destination) {
        case (.v4(let source), .v4(let destination)):
            sendIPv4(proto, from: source, to: destination, payload, mac)
        case (.v6(let source), .v6(let destination)):
            sendIPv6(proto, from: source, to: destination, payload, hopLimit, mac)
        default:
            drop()
        }
    }

    private func sendIPv4(
        _ proto: IPProtocol, from source: IPv4Address, to destination: IPv4Address, _ payload: [UInt8],
        _ mac: MACAddress
    ) {
        identification &+= 1
        let room = (plan.maximumTransmissionUnit - IPv4Packet.minimumHeaderLength) & ~7
        let isWhole = payload.count <= plan.maximumTransmissionUnit - IPv4Packet.minimumHeaderLength
        var offset = 0
        repeat {
            let length = isWhole ? payload.count : min(room, payload.count - offset)
            let isLast = offset + length == payload.count
            let fragment = UInt16(truncatingIfNeeded: offset / 8) | (isLast ? 0 : 0x2000)
            let header = IPv4Header(
                source: source, destination: destination, proto: proto, payloadLength: length,
                identification: identification, fragment: isWhole ? 0x4000 : fragment)
            var frame = PacketWriter(capacity: 64 + length)
            putFrameHead(to: mac, .ipv4, into: &frame)
            header.write(to: &frame)
            frame.put(payload[offset..<offset + length])
            enqueue(frame.bytes)
            offset += length
        } while offset < payload.count
    }

    private func sendIPv6(
        _ proto: IPProtocol, from source: IPv6Address, to destination: IPv6Address, _ payload: [UInt8],
        _ hopLimit: UInt8, _ mac: MACAddress
    ) {
        let (fragmentHeader, fragmentHeaderLength): (UInt8, Int) = (44, 8)
        let whole = plan.maximumTransmissionUnit - IPv6Packet.headerLength
        let room = (whole - fragmentHeaderLength) & ~7
        identification &+= 1
        let isWhole = payload.count <= whole
        var offset = 0
        repeat {
            let length = isWhole ? payload.count : min(room, payload.count - offset)
            let header = IPv6Header(
                source: source, destination: destination,
                nextHeader: isWhole ? proto.rawValue : fragmentHeader,
                payloadLength: length + (isWhole ? 0 : fragmentHeaderLength), hopLimit: hopLimit)
            var frame = PacketWriter(capacity: 96 + length)
            putFrameHead(to: mac, .ipv6, into: &frame)
            header.write(to: &frame)
            if !isWhole {
                frame.put([proto.rawValue, 0])
                frame.put(UInt16(truncatingIfNeeded: offset) | (offset + length == payload.count ? 0 : 1))
                frame.put(UInt32(identification))
            }
            frame.put(payload[offset..<offset + length])
            enqueue(frame.bytes)
            offset += length
        } while offset < payload.count
    }

    /// Tells a guest that its packet did not arrive (RFC 792, RFC 4443 §3.1). `original` is the packet from its IP
    /// header on, or as much as is known of it.
    func sendUnreachable(
        _ failure: HostFailure, to guest: IPAddress, about original: some Sequence<UInt8>
    ) {
        let code = failure.unreachableCode(isV4: guest.isV4)
        if guest.isV4 {
            let gateway = IPAddress.v4(plan.gateway)
            let message = ICMPMessage.build(
                type: ICMPType.unreachable, code: code, rest: 0, body: original.prefix(548), from: gateway,
                to: guest)
            sendIP(.icmp, from: gateway, to: guest, message)
        } else {
            let gateway = IPAddress.v6(plan.gateway6)
            let message = ICMPMessage.build(
                type: ICMPv6Type.unreachable, code: code, rest: 0, body: original.prefix(1232),
                from: gateway, to: guest)
            sendIP(.icmpv6, from: gateway, to: guest, message)
        }
    }

    /// The start of a packet that the guest must have sent on a flow, for an error message about it.
    func reconstruct(_ proto: IPProtocol, from guest: Endpoint, to remote: Endpoint, word: UInt32) -> [UInt8]
    {
        var packet = PacketWriter(capacity: 48)
        switch (guest.address, remote.address) {
        case (.v4(let source), .v4(let destination)):
            IPv4Header(source: source, destination: destination, proto: proto, payloadLength: 8).write(
                to: &packet)
        case (.v6(let source), .v6(let destination)):
            IPv6Header(
                source: source, destination: destination, nextHeader: proto.rawValue, payloadLength: 8
            ).write(to: &packet)
        default:
            break
        }
        packet.put(guest.port)
        packet.put(remote.port)
        packet.put(word)
        return packet.bytes
    }
}

// MARK: - TCP segments

extension NAT {
    /// Writes a segment's headers into the scratch memory; its data stay where they are. Nil, and the segment lost,
    /// while the guest's hardware address is unknown; then it is asked for.
    func compose(_ segment: TCPSegment, of flow: TCPFlow) -> OutgoingFrame? {
        guard let mac = neighbours.find(flow.key.guest.address) else {
            solicit(flow.key.guest.address)
            return nil
        }
        let (source, destination) = (flow.key.remote, flow.key.guest)
        let ipLength = source.address.isV4 ? IPv4Packet.minimumHeaderLength : IPv6Packet.headerLength
        let tcpLength = segment.headerLength + segment.payload.count
        var head = PacketWriter(capacity: 96)
        head.put(mac)
        head.put(plan.gatewayMAC)
        putIPHeader(.tcp, from: source.address, to: destination.address, tcpLength, into: &head)
        let tcpStart = VirtioNetHeader.length + head.count
        UnsafeMutableRawBufferPointer(rebasing: scratch[VirtioNetHeader.length...]).copyBytes(
            from: head.bytes)
        let tcp = UnsafeMutableRawBufferPointer(rebasing: scratch[tcpStart...])
        segment.write(from: source.port, to: destination.port, into: tcp)
        var checksum = Checksum()
        checksum.addPseudoHeader(
            source: source.address, destination: destination.address, proto: .tcp, length: tcpLength)
        var header = VirtioNetHeader()
        if flow.offloads {
            describeOffload(
                of: segment, ipLength: ipLength, segmentSize: flow.connection.segmentSize, in: &header)
            tcp.storeBytes(of: checksum.partial.bigEndian, toByteOffset: 16, as: UInt16.self)
        } else {
            checksum.add(UnsafeRawBufferPointer(tcp).first(segment.headerLength))
            checksum.add(UnsafeRawBufferPointer(segment.payload.first))
            checksum.add(UnsafeRawBufferPointer(segment.payload.second))
            tcp.storeBytes(of: checksum.value.bigEndian, toByteOffset: 16, as: UInt16.self)
        }
        header.write(into: scratch)
        return OutgoingFrame(
            head: UnsafeRawBufferPointer(scratch).first(tcpStart + segment.headerLength),
            payload: segment.payload)
    }

    private func putIPHeader(
        _ proto: IPProtocol, from source: IPAddress, to destination: IPAddress, _ length: Int,
        into head: inout PacketWriter
    ) {
        switch (source, destination) {
        case (.v4(let source), .v4(let destination)):
            head.put(EtherType.ipv4.rawValue)
            IPv4Header(source: source, destination: destination, proto: proto, payloadLength: length).write(
                to: &head)
        case (.v6(let source), .v6(let destination)):
            head.put(EtherType.ipv6.rawValue)
            IPv6Header(
                source: source, destination: destination, nextHeader: proto.rawValue, payloadLength: length
            ).write(to: &head)
        default:
            preconditionFailure("the two ends of a flow are of one family")
        }
    }

    private func describeOffload(
        of segment: TCPSegment, ipLength: Int, segmentSize: Int, in header: inout VirtioNetHeader
    ) {
        let start = EthernetFrame.headerLength + ipLength
        header.needsChecksum = true
        header.checksumStart = UInt16(start)
        header.checksumOffset = 16
        guard segment.payload.count > segmentSize else { return }
        header.segmentation = ipLength == IPv6Packet.headerLength ? .tcpv6 : .tcpv4
        header.headerLength = UInt16(start + segment.headerLength)
        header.segmentSize = UInt16(truncatingIfNeeded: segmentSize)
    }
}
