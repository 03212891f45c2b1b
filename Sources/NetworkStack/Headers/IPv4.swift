/// The protocols above IP that are spoken here (IANA "Protocol Numbers").
package enum IPProtocol: UInt8, Sendable {
    case icmp = 1
    case tcp = 6
    case udp = 17
    case icmpv6 = 58
}

/// A view of an IPv4 packet (RFC 791 §3.1), cut to its total length.
package struct IPv4Packet {
    package static let minimumHeaderLength = 20
    package let bytes: UnsafeRawBufferPointer
    package let headerLength: Int

    /// Nil if the version, one of the lengths or the header checksum is wrong.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.minimumHeaderLength, bytes.byte(at: 0) >> 4 == 4 else { return nil }
        let headerLength = Int(bytes.byte(at: 0) & 15) * 4
        let totalLength = Int(bytes.word16(at: 2))
        guard headerLength >= Self.minimumHeaderLength, totalLength >= headerLength,
            totalLength <= bytes.count,
            Checksum.of(bytes.first(headerLength)) == 0
        else { return nil }
        self.bytes = bytes.first(totalLength)
        self.headerLength = headerLength
    }

    package var identification: UInt16 { bytes.word16(at: 4) }
    package var moreFragments: Bool { bytes.word16(at: 6) & 0x2000 != 0 }
    /// In octets.
    package var fragmentOffset: Int { Int(bytes.word16(at: 6) & 0x1FFF) * 8 }
    package var isFragment: Bool { moreFragments || fragmentOffset != 0 }
    package var timeToLive: UInt8 { bytes.byte(at: 8) }
    package var proto: UInt8 { bytes.byte(at: 9) }
    package var source: IPv4Address { IPv4Address(bits: bytes.word32(at: 12)) }
    package var destination: IPv4Address { IPv4Address(bits: bytes.word32(at: 16)) }
    package var payload: UnsafeRawBufferPointer { bytes.from(headerLength) }
}

/// The header of a packet of ours: 20 octets, checksummed.
package struct IPv4Header {
    var source: IPv4Address
    var destination: IPv4Address
    var proto: IPProtocol
    var payloadLength: Int
    var identification: UInt16
    /// Flags and fragment offset as they lie in the packet; 0x4000 is "don't fragment".
    var fragment: UInt16

    package init(
        source: IPv4Address, destination: IPv4Address, proto: IPProtocol, payloadLength: Int,
        identification: UInt16 = 0, fragment: UInt16 = 0x4000
    ) {
        self.source = source
        self.destination = destination
        self.proto = proto
        self.payloadLength = payloadLength
        self.identification = identification
        self.fragment = fragment
    }

    package func write(to packet: inout PacketWriter) {
        let start = packet.count
        packet.put(UInt16(0x4500))
        packet.put(UInt16(truncatingIfNeeded: IPv4Packet.minimumHeaderLength + payloadLength))
        packet.put(identification)
        packet.put(fragment)
        packet.put(UInt8(64))
        packet.put(proto.rawValue)
        packet.put(UInt16(0))
        packet.put(source.bits)
        packet.put(destination.bits)
        let checksum = packet.bytes.withUnsafeBytes { Checksum.of($0.from(start)) }
        packet.patch(checksum, at: start + 10)
    }
}
