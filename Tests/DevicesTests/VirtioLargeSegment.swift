import NetworkStack

/// A TCP segment as a network with offloads hands it over: partial checksum, more data than one
/// packet may have; and a check of the packets that it is cut into.
struct LargeSegment {
    static let segmentSize = 1400

    let datagram: [UInt8]
    let payload: [UInt8]
    let sequence: UInt32 = 0xffff_f000

    /// What one packet carries.
    struct Packet {
        let sequence: UInt32
        let payload: [UInt8]
        /// FIN and PSH are set.
        let isLast: Bool
    }

    init(version: Int, payload count: Int) {
        payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 3 &+ 7) }
        let ip = version == 4 ? Self.ipv4Header(20 + count) : Self.ipv6Header(20 + count)
        let ethernet = [UInt8](repeating: 2, count: 12) + (version == 4 ? [8, 0] : [0x86, 0xdd])
        let start = UInt8(14 + ip.count)
        let size = [UInt8(truncatingIfNeeded: Self.segmentSize), UInt8(Self.segmentSize >> 8)]
        let virtio: [UInt8] = [1, version == 4 ? 1 : 4, start + 20, 0] + size + [start, 0, 16, 0, 1, 0]
        // Ports, sequence, acknowledgement, offset and FIN|PSH|ACK, window, checksum, urgent.
        let tcp: [UInt8] = [0, 80, 31, 144, 0xff, 0xff, 0xf0, 0, 0, 0, 0, 9, 0x50, 0x19, 1, 0, 0, 0, 0, 0]
        datagram = virtio + ethernet + ip + tcp + payload
    }

    private static func ipv4Header(_ length: Int) -> [UInt8] {
        let total = 20 + length
        let start = [
            0x45, 0, UInt8(total >> 8), UInt8(truncatingIfNeeded: total), 0xff, 0xff, 0x40, 0, 64, 6,
        ]
        return start + [0, 0, 10, 0, 2, 2, 10, 0, 2, 15]
    }

    private static func ipv6Header(_ length: Int) -> [UInt8] {
        let start = [0x60, 0, 0, 0, UInt8(length >> 8), UInt8(truncatingIfNeeded: length), 6, 64]
        return start + (0..<16).map { UInt8($0) } + (0..<16).map { UInt8(0xf0 + $0) }
    }

    /// The packet in a virtio buffer; `nil` when a length or checksum in it is wrong.
    static func check(_ bytes: [UInt8], version: Int) -> Packet? {
        bytes.withUnsafeBytes { raw -> Packet? in
            let ip = raw.from(26)
            let length = version == 4 ? 20 : 40
            let tcp = ip.from(length)
            guard ip.count > length + 20 else { return nil }
            if version == 4 {
                guard ip.word16(at: 2) == UInt16(ip.count), Checksum.of(ip.first(20)) == 0 else { return nil }
            } else {
                guard ip.word16(at: 4) == UInt16(tcp.count) else { return nil }
            }
            var sum = Checksum()
            sum.add(version == 4 ? ip.from(12).first(8) : ip.from(8).first(32))
            sum.add(6)
            sum.add(UInt16(tcp.count))
            sum.add(tcp)
            guard sum.value == 0 else { return nil }
            let flags = tcp.byte(at: 13)
            guard flags == 0x19 || flags == 0x10 else { return nil }
            return Packet(sequence: tcp.word32(at: 4), payload: Array(tcp.from(20)), isLast: flags == 0x19)
        }
    }
}
