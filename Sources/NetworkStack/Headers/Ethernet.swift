/// What an Ethernet frame carries (IEEE 802.3 §3.2.6; RFC 5342).
package enum EtherType: UInt16, Sendable {
    case ipv4 = 0x0800
    case arp = 0x0806
    case ipv6 = 0x86DD
}

/// A view of an Ethernet II frame.
package struct EthernetFrame {
    package static let headerLength = 14
    package let bytes: UnsafeRawBufferPointer

    /// Nil if there is no whole header.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.headerLength else { return nil }
        self.bytes = bytes
    }

    package var destination: MACAddress { MACAddress(bits: bytes.word64(at: 0) >> 16) }
    package var source: MACAddress { MACAddress(bits: bytes.word64(at: 4)) }
    /// Nil for protocols that nobody here speaks.
    package var type: EtherType? { EtherType(rawValue: bytes.word16(at: 12)) }
    package var payload: UnsafeRawBufferPointer { bytes.from(Self.headerLength) }
}
