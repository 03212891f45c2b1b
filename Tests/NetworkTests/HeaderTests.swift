import NetworkStack
import Testing

struct HeaderTests {
    /// Calls `body` with `bytes` as raw memory.
    private func with<Result>(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes(body)
    }

    @Test func `the checksum of RFC 1071's example is right however it is cut`() {
        let bytes: [UInt8] = [0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7]
        #expect(with(bytes) { Checksum.of($0) } == ~0xDDF2)
        for cut in 0...bytes.count {
            var checksum = Checksum()
            with(bytes) { all in
                checksum.add(all.first(cut))
                checksum.add(all.from(cut))
            }
            #expect(checksum.value == ~0xDDF2)
        }
    }

    @Test func `the checksum of long odd buffers equals a sum by the book`() {
        var generator = SeededGenerator(seed: 3)
        for length in [0, 1, 2, 3, 7, 8, 9, 63, 1499, 65_535] {
            let bytes = generator.bytes(length)
            var sum: UInt64 = 0
            for (index, byte) in bytes.enumerated() { sum += UInt64(byte) << (index & 1 == 0 ? 8 : 0) }
            while sum >> 16 != 0 { sum = (sum & 0xFFFF) + (sum >> 16) }
            #expect(with(bytes) { Checksum.of($0) } == ~UInt16(sum))
        }
    }

    @Test func `a captured IPv4 header is read field by field`() {
        let bytes: [UInt8] = [
            0x45, 0x00, 0x00, 0x1C, 0x12, 0x34, 0x20, 0x03, 0x40, 0x11, 0x30, 0x89,
            10, 0, 2, 15, 10, 0, 2, 3, 1, 2, 3, 4, 5, 6, 7, 8, 99, 99,
        ]
        with(bytes) { raw in
            let packet = IPv4Packet(raw)
            #expect(packet?.source == IPv4Address(10, 0, 2, 15))
            #expect(packet?.destination == IPv4Address(10, 0, 2, 3))
            #expect(packet?.proto == 17)
            #expect(packet?.identification == 0x1234)
            #expect(packet?.fragmentOffset == 24)
            #expect(packet?.moreFragments == true)
            #expect(packet?.payload.count == 8)
        }
    }

    @Test(arguments: [
        (0, 0x55), (0, 0x44), (0, 0x4F), (2, 0xFF), (3, 0x10), (10, 0),
    ]) func `an IPv4 packet with a wrong version, length or checksum is refused`(offset: Int, value: UInt8) {
        var bytes: [UInt8] = [
            0x45, 0x00, 0x00, 0x1C, 0x12, 0x34, 0x20, 0x03, 0x40, 0x11, 0x30, 0x89,
            10, 0, 2, 15, 10, 0, 2, 3, 1, 2, 3, 4, 5, 6, 7, 8,
        ]
        bytes[offset] = value
        #expect(with(bytes) { IPv4Packet($0) == nil })
    }

    @Test func `IPv6 extension headers are skipped, cut ones refused`() {
        var bytes: [UInt8] = [0x60, 0, 0, 0, 0, 20, 0, 64] + [UInt8](repeating: 1, count: 32)
        bytes += [60, 0, 0, 0, 0, 0, 0, 0]
        bytes += [17, 0, 0, 0, 0, 0, 0, 0]
        bytes += [1, 2, 3, 4]
        with(bytes) { raw in
            #expect(IPv6Packet(raw)?.proto == 17)
            #expect(IPv6Packet(raw).map { Array($0.payload) } == [1, 2, 3, 4])
            #expect(IPv6Packet(raw.first(59)) == nil)
        }
        bytes[41] = 9
        #expect(with(bytes) { IPv6Packet($0) == nil })
    }

    @Test func `TCP options are read, malformed ones end the list`() {
        var bytes = [UInt8](repeating: 0, count: 20) + [1, 2, 4, 5, 180, 3, 3, 7, 8, 0, 3, 3]
        bytes[12] = 8 << 4
        let options = with(bytes) { TCPHeader($0)?.options }
        #expect(options == TCPOptions(maximumSegmentSize: 1460, windowShift: 7))
        bytes[22] = 40
        #expect(with(bytes) { TCPHeader($0)?.options } == TCPOptions())
        bytes[12] = 4 << 4
        #expect(with(bytes) { TCPHeader($0) == nil })
        bytes[12] = 15 << 4
        #expect(with(bytes) { TCPHeader($0) == nil })
    }

    @Test func `a UDP datagram's length must fit its packet`() {
        let bytes: [UInt8] = [0, 1, 0, 2, 0, 9, 0, 0, 42]
        #expect(with(bytes) { UDPDatagram($0)?.payload.first } == 42)
        #expect(with(bytes) { UDPDatagram($0.first(8)) == nil })
        #expect(with([0, 1, 0, 2, 0, 7, 0, 0]) { UDPDatagram($0) == nil })
    }

    @Test func `a virtio header survives the round trip`() {
        var header = VirtioNetHeader()
        header.needsChecksum = true
        header.segmentation = .tcpv6
        (header.headerLength, header.segmentSize) = (74, 1440)
        (header.checksumStart, header.checksumOffset) = (54, 16)
        var bytes = [UInt8](repeating: 0, count: 12)
        bytes.withUnsafeMutableBytes { header.write(into: $0) }
        #expect(bytes == [1, 4, 74, 0, 0xA0, 5, 54, 0, 16, 0, 1, 0])
        #expect(with(bytes) { VirtioNetHeader($0) } == header)
        #expect(with(bytes) { VirtioNetHeader($0.first(11)) == nil })
    }

    @Test func `no header view reads past random bytes`() {
        let seed = UInt64.random(in: 0 ... .max)
        print("header fuzz seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<3000 {
            var bytes = generator.bytes(Int.random(in: 0...90, using: &generator))
            if !bytes.isEmpty, generator.chance(70) { bytes[0] = generator.chance(50) ? 0x45 : 0x60 }
            with(bytes) { raw in
                #expect((IPv4Packet(raw)?.payload.count ?? 0) <= bytes.count)
                #expect((IPv6Packet(raw)?.payload.count ?? 0) <= bytes.count)
                #expect((TCPHeader(raw)?.payload.count ?? 0) <= bytes.count)
                _ = TCPHeader(raw)?.options
                #expect((UDPDatagram(raw)?.payload.count ?? 0) <= bytes.count)
                _ = ICMPMessage(raw)?.body
                _ = ARPPacket(raw)?.targetAddress
            }
        }
    }
}
