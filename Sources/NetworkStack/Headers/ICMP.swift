/// A view of an ICMP (RFC 792) or ICMPv6 (RFC 4443) message: they share their first eight octets.
package struct ICMPMessage {
    package static let headerLength = 8
    package let bytes: UnsafeRawBufferPointer

    /// Nil if there is no whole header.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.headerLength else { return nil }
        self.bytes = bytes
    }

    package var type: UInt8 { bytes.byte(at: 0) }
    package var code: UInt8 { bytes.byte(at: 1) }
    /// Of echo messages.
    package var identifier: UInt16 { bytes.word16(at: 4) }
    /// Of echo messages.
    package var sequence: UInt16 { bytes.word16(at: 6) }
    package var body: UnsafeRawBufferPointer { bytes.from(Self.headerLength) }

    /// Whether the checksum is right; ICMPv6 covers a pseudo header too.
    package func isIntact(from source: IPAddress, to destination: IPAddress) -> Bool {
        var checksum = Checksum()
        if !source.isV4 {
            checksum.addPseudoHeader(
                source: source, destination: destination, proto: .icmpv6, length: bytes.count)
        }
        checksum.add(bytes)
        return checksum.value == 0
    }

    /// A checksummed message: type, code, the four octets after the checksum, body.
    package static func build(
        type: UInt8, code: UInt8 = 0, rest: UInt32, body: some Sequence<UInt8>,
        from source: IPAddress, to destination: IPAddress
    ) -> [UInt8] {
        var packet = PacketWriter(capacity: headerLength + body.underestimatedCount)
        packet.put(type)
        packet.put(code)
        packet.put(UInt16(0))
        packet.put(rest)
        packet.put(body)
        var checksum = Checksum()
        if !source.isV4 {
            checksum.addPseudoHeader(
                source: source, destination: destination, proto: .icmpv6, length: packet.count)
        }
        packet.bytes.withUnsafeBytes { checksum.add($0) }
        packet.patch(checksum.value, at: 2)
        return packet.bytes
    }
}

/// Numbers of ICMP messages.
package enum ICMPType {
    package static let echoReply: UInt8 = 0
    package static let unreachable: UInt8 = 3
    package static let echoRequest: UInt8 = 8
}

/// Numbers of ICMPv6 messages.
package enum ICMPv6Type {
    package static let unreachable: UInt8 = 1
    package static let echoRequest: UInt8 = 128
    package static let echoReply: UInt8 = 129
    package static let routerSolicitation: UInt8 = 133
    package static let routerAdvertisement: UInt8 = 134
    package static let neighbourSolicitation: UInt8 = 135
    package static let neighbourAdvertisement: UInt8 = 136
}
