/// A view of an IPv6 packet (RFC 8200 §3), cut to its payload length, its extension headers skipped.
package struct IPv6Packet {
    package static let headerLength = 40
    package let bytes: UnsafeRawBufferPointer
    /// The protocol after the extension headers.
    package let proto: UInt8
    /// What that protocol's header and data are.
    package let payload: UnsafeRawBufferPointer
    /// Present when the packet is one piece of a larger one; then `payload` is that piece.
    package let fragment: Fragment?

    /// The fragment header (RFC 8200 §4.5).
    package struct Fragment {
        package let identification: UInt32
        /// In octets.
        package let offset: Int
        package let moreFragments: Bool
    }

    /// Nil if the version or a length is wrong, or an extension header is one that must not be skipped.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.headerLength, bytes.byte(at: 0) >> 4 == 6 else { return nil }
        let length = Self.headerLength + Int(bytes.word16(at: 4))
        guard length <= bytes.count else { return nil }
        self.bytes = bytes.first(length)
        guard let upper = Self.skipExtensions(of: self.bytes) else { return nil }
        proto = upper.proto
        payload = upper.payload
        fragment = upper.fragment
    }

    package var hopLimit: UInt8 { bytes.byte(at: 7) }
    package var source: IPv6Address { IPv6Address(high: bytes.word64(at: 8), low: bytes.word64(at: 16)) }
    package var destination: IPv6Address {
        IPv6Address(high: bytes.word64(at: 24), low: bytes.word64(at: 32))
    }

    private static func skipExtensions(
        of bytes: UnsafeRawBufferPointer
    ) -> (proto: UInt8, payload: UnsafeRawBufferPointer, fragment: Fragment?)? {
        let (hopByHop, fragmentHeader, destinationOptions): (UInt8, UInt8, UInt8) = (0, 44, 60)
        var next = bytes.byte(at: 6)
        var rest = bytes.from(headerLength)
        while true {
            switch next {
            case hopByHop, destinationOptions:
                guard rest.count >= 8 else { return nil }
                let length = (Int(rest.byte(at: 1)) + 1) * 8
                guard rest.count >= length else { return nil }
                next = rest.byte(at: 0)
                rest = rest.from(length)
            case fragmentHeader:
                guard rest.count >= 8 else { return nil }
                let field = rest.word16(at: 2)
                let fragment = Fragment(
                    identification: rest.word32(at: 4), offset: Int(field & 0xFFF8),
                    moreFragments: field & 1 != 0)
                return (rest.byte(at: 0), rest.from(8), fragment)
            default:
                return (next, rest, nil)
            }
        }
    }
}

/// The fixed header of a packet of ours.
package struct IPv6Header {
    var source: IPv6Address
    var destination: IPv6Address
    /// The next header's number: a protocol, or 44 for a fragment header.
    var nextHeader: UInt8
    var payloadLength: Int
    /// 255 for neighbour discovery (RFC 4861 §7.1), else 64.
    var hopLimit: UInt8

    package init(
        source: IPv6Address, destination: IPv6Address, nextHeader: UInt8, payloadLength: Int,
        hopLimit: UInt8 = 64
    ) {
        self.source = source
        self.destination = destination
        self.nextHeader = nextHeader
        self.payloadLength = payloadLength
        self.hopLimit = hopLimit
    }

    package func write(to packet: inout PacketWriter) {
        packet.put(UInt32(6) << 28)
        packet.put(UInt16(truncatingIfNeeded: payloadLength))
        packet.put(nextHeader)
        packet.put(hopLimit)
        packet.put(IPAddress.v6(source))
        packet.put(IPAddress.v6(destination))
    }
}
