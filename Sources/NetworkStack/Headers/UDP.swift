/// A view of a UDP datagram (RFC 768), cut to its length field.
package struct UDPDatagram {
    package static let headerLength = 8
    package let bytes: UnsafeRawBufferPointer

    /// Nil if the length field does not fit.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.headerLength else { return nil }
        let length = Int(bytes.word16(at: 4))
        guard length >= Self.headerLength, length <= bytes.count else { return nil }
        self.bytes = bytes.first(length)
    }

    package var sourcePort: UInt16 { bytes.word16(at: 0) }
    package var destinationPort: UInt16 { bytes.word16(at: 2) }
    package var payload: UnsafeRawBufferPointer { bytes.from(Self.headerLength) }

    /// Whether the checksum is right; over IPv4 it may be absent (RFC 768), over IPv6 not (RFC 8200 §8.1).
    package func isIntact(from source: IPAddress, to destination: IPAddress) -> Bool {
        if bytes.word16(at: 6) == 0 { return source.isV4 }
        var checksum = Checksum()
        checksum.addPseudoHeader(source: source, destination: destination, proto: .udp, length: bytes.count)
        checksum.add(bytes)
        return checksum.value == 0
    }

    /// Header and data, checksummed. `data` must fit one datagram.
    package static func build(from source: Endpoint, to destination: Endpoint, _ data: [UInt8]) -> [UInt8] {
        let length = headerLength + data.count
        var packet = PacketWriter(capacity: length)
        packet.put(source.port)
        packet.put(destination.port)
        packet.put(UInt16(truncatingIfNeeded: length))
        packet.put(UInt16(0))
        packet.put(data)
        var checksum = Checksum()
        checksum.addPseudoHeader(
            source: source.address, destination: destination.address, proto: .udp, length: length)
        packet.bytes.withUnsafeBytes { checksum.add($0) }
        // A sum of zero is sent as all ones: zero means "none" (RFC 768).
        packet.patch(checksum.value == 0 ? 0xFFFF : checksum.value, at: 6)
        return packet.bytes
    }
}
