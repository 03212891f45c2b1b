/// A view of an ARP packet for IPv4 over Ethernet (RFC 826).
package struct ARPPacket {
    package enum Operation: UInt16 {
        case request = 1
        case reply = 2
    }

    package static let length = 28
    package let bytes: UnsafeRawBufferPointer
    package let operation: Operation

    /// Nil unless it is a whole request or reply with 6-octet hardware and 4-octet protocol addresses.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.length, bytes.word16(at: 0) == 1,
            bytes.word16(at: 2) == EtherType.ipv4.rawValue,
            bytes.byte(at: 4) == 6, bytes.byte(at: 5) == 4,
            let operation = Operation(rawValue: bytes.word16(at: 6))
        else { return nil }
        self.bytes = bytes
        self.operation = operation
    }

    package var senderMAC: MACAddress { MACAddress(bits: bytes.word64(at: 8) >> 16) }
    package var senderAddress: IPv4Address { IPv4Address(bits: bytes.word32(at: 14)) }
    package var targetAddress: IPv4Address { IPv4Address(bits: bytes.word32(at: 24)) }

    /// The packet's bytes, to be put into an Ethernet frame.
    package static func build(
        _ operation: Operation, sender: MACAddress, _ senderAddress: IPv4Address,
        target: MACAddress, _ targetAddress: IPv4Address
    ) -> [UInt8] {
        var packet = PacketWriter(capacity: length)
        packet.put(UInt16(1))
        packet.put(EtherType.ipv4.rawValue)
        packet.put(UInt16(0x0604))
        packet.put(operation.rawValue)
        packet.put(sender)
        packet.put(senderAddress.bits)
        packet.put(target)
        packet.put(targetAddress.bits)
        return packet.bytes
    }
}
