/// The 12 octets before every frame on a frame socket: `struct virtio_net_hdr_v1`, little-endian
/// (Virtio 1.2 §5.1.6).
package struct VirtioNetHeader: Equatable, Sendable {
    package static let length = 12
    static let needsChecksumFlag: UInt8 = 1

    /// What `gsoType` says about a frame that is larger than the link's packets.
    package enum Segmentation: UInt8, Sendable {
        case none = 0
        case tcpv4 = 1
        case tcpv6 = 4
    }

    package var needsChecksum = false
    package var segmentation = Segmentation.none
    /// Octets of headers that each packet of a large segment repeats.
    package var headerLength: UInt16 = 0
    /// Octets of data per packet of a large segment.
    package var segmentSize: UInt16 = 0
    package var checksumStart: UInt16 = 0
    package var checksumOffset: UInt16 = 0

    package init() {}

    /// Nil if there is no whole header or it asks for a segmentation that is not offered.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.length,
            // The ECN bit asks for nothing that is done here.
            let segmentation = Segmentation(rawValue: bytes.byte(at: 1) & 0x7F)
        else { return nil }
        needsChecksum = bytes.byte(at: 0) & Self.needsChecksumFlag != 0
        self.segmentation = segmentation
        headerLength = bytes.word16(at: 2).byteSwapped
        segmentSize = bytes.word16(at: 4).byteSwapped
        checksumStart = bytes.word16(at: 6).byteSwapped
        checksumOffset = bytes.word16(at: 8).byteSwapped
    }

    /// Writes the 12 octets at the start of `memory`.
    package func write(into memory: UnsafeMutableRawBufferPointer) {
        memory.storeBytes(of: needsChecksum ? Self.needsChecksumFlag : 0, toByteOffset: 0, as: UInt8.self)
        memory.storeBytes(of: segmentation.rawValue, toByteOffset: 1, as: UInt8.self)
        let numberOfBuffers: UInt16 = 1
        let words = [headerLength, segmentSize, checksumStart, checksumOffset, numberOfBuffers]
        for (index, word) in words.enumerated() {
            memory.storeBytes(of: word.littleEndian, toByteOffset: 2 + 2 * index, as: UInt16.self)
        }
    }
}

/// A frame on its way to the guest: virtio header and protocol headers in one piece, then data where they lie.
/// Valid until the `NAT` that gave it out is touched again.
package struct OutgoingFrame {
    package let head: UnsafeRawBufferPointer
    package let payload: RingSlices

    package var count: Int { head.count + payload.count }
}

/// The largest datagram on a frame socket: virtio header, Ethernet header, 64 KB of IP packet.
package let maximumFrameDatagram = VirtioNetHeader.length + 65_549
