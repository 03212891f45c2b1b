import Disks
import Glibc
import NetworkStack

/// Does to frames on their way to the guest what its driver has not agreed to do: completes their
/// checksums and cuts large TCP segments into packets (Virtio 1.2, section 5.1.6.4).
struct SoftwareOffload: ~Copyable {
    /// Offsets in a datagram: the virtio header comes first.
    private static let ip = VirtioNetHeader.length + EthernetFrame.headerLength
    private static let tcpHeaderMinimum = 20
    /// No link has smaller segments (RFC 879 aside, RFC 6691): bounds the number of packets.
    private static let smallestSegment = 64

    private let completesChecksums: Bool
    private let splitsIPv4: Bool
    private let splitsIPv6: Bool
    private let memory: UnsafeMutableRawBufferPointer
    private let piece: UnsafeMutablePointer<iovec>

    /// `accepted` are the features that the driver has.
    init(accepted: VirtioFeatures) {
        completesChecksums = !accepted.contains(.netGuestChecksum)
        splitsIPv4 = !accepted.contains(.netGuestTSO4)
        splitsIPv6 = !accepted.contains(.netGuestTSO6)
        memory = .allocate(byteCount: maximumFrameDatagram, alignment: 64)
        piece = .allocate(capacity: 1)
        piece.initialize(to: iovec(iov_base: memory.baseAddress, iov_len: memory.count))
    }

    deinit {
        memory.deallocate()
        piece.deallocate()
    }

    /// Whether frames must pass through here at all.
    var isNeeded: Bool { completesChecksums || splitsIPv4 || splitsIPv6 }

    /// Where a datagram is received.
    var scratch: IOVectors { IOVectors(base: piece, count: 1) }

    /// What to deliver for the datagram in the scratch memory's first `count` bytes; nothing when it
    /// contradicts itself.
    func frames(count: Int) -> [[UInt8]] {
        let datagram = UnsafeRawBufferPointer(memory).first(count)
        guard count >= Self.ip, let header = VirtioNetHeader(datagram) else { return [] }
        switch header.segmentation {
        case .tcpv4 where splitsIPv4, .tcpv6 where splitsIPv6: return split(datagram, header)
        default: break
        }
        var frame = Array(datagram)
        guard completesChecksums else { return [frame] }
        if header.needsChecksum {
            let start = VirtioNetHeader.length + Int(header.checksumStart)
            guard Self.complete(&frame, from: start, at: start + Int(header.checksumOffset)) else {
                return []
            }
        }
        frame.replaceSubrange(
            0..<VirtioNetHeader.length, with: repeatElement(0, count: VirtioNetHeader.length))
        return [frame]
    }

    /// Replaces a partial checksum by that of everything from `start` on.
    private static func complete(_ frame: inout [UInt8], from start: Int, at field: Int) -> Bool {
        guard start < frame.count, field + 2 <= frame.count else { return false }
        let sum = frame.withUnsafeBytes { Checksum.of($0.from(start)) }
        // UDP's zero means "none"; the other form of zero is right for every protocol.
        put(sum == 0 ? 0xffff : sum, at: field, in: &frame)
        return true
    }

    private func split(_ datagram: UnsafeRawBufferPointer, _ header: VirtioNetHeader) -> [[UInt8]] {
        let isIPv4 = header.segmentation == .tcpv4
        let tcp = VirtioNetHeader.length + Int(header.checksumStart)
        let ipLength = isIPv4 ? Int(datagram.byte(at: Self.ip) & 15) * 4 : IPv6Packet.headerLength
        let size = Int(header.segmentSize)
        guard tcp == Self.ip + ipLength, ipLength >= IPv4Packet.minimumHeaderLength,
            size >= Self.smallestSegment, let view = TCPHeader(datagram.from(tcp))
        else { return [] }
        let data = tcp + view.length
        var frames: [[UInt8]] = []
        for start in stride(from: data, to: datagram.count, by: size) {
            let end = min(start + size, datagram.count)
            var frame = [UInt8](repeating: 0, count: VirtioNetHeader.length)
            frame += datagram[VirtioNetHeader.length..<data]
            frame += datagram[start..<end]
            let position = Position(
                number: frames.count, offset: start - data, isLast: end == datagram.count)
            Self.finishIP(&frame, isIPv4: isIPv4, ipLength: ipLength, number: position.number)
            Self.finishTCP(&frame, tcp, isIPv4: isIPv4, position, sequence: datagram.word32(at: tcp + 4))
            frames.append(frame)
        }
        return frames
    }

    /// Which packet of a large segment.
    private struct Position {
        let number: Int
        /// Of its first byte of data.
        let offset: Int
        let isLast: Bool
    }

    private static func finishIP(_ frame: inout [UInt8], isIPv4: Bool, ipLength: Int, number: Int) {
        guard isIPv4 else {
            return put(UInt16(truncatingIfNeeded: frame.count - ip - ipLength), at: ip + 4, in: &frame)
        }
        let identification = frame.withUnsafeBytes { $0.word16(at: ip + 4) }
        put(UInt16(truncatingIfNeeded: frame.count - ip), at: ip + 2, in: &frame)
        put(identification &+ UInt16(truncatingIfNeeded: number), at: ip + 4, in: &frame)
        put(0, at: ip + 10, in: &frame)
        let sum = frame.withUnsafeBytes { Checksum.of($0.from(ip).first(ipLength)) }
        put(sum, at: ip + 10, in: &frame)
    }

    private static func finishTCP(
        _ frame: inout [UInt8], _ tcp: Int, isIPv4: Bool, _ position: Position, sequence: UInt32
    ) {
        let number = sequence &+ UInt32(truncatingIfNeeded: position.offset)
        put(UInt16(truncatingIfNeeded: number >> 16), at: tcp + 4, in: &frame)
        put(UInt16(truncatingIfNeeded: number), at: tcp + 6, in: &frame)
        // FIN and PSH belong to the last packet, CWR to the first.
        if !position.isLast { frame[tcp + 13] &= ~(TCPFlags.fin.rawValue | TCPFlags.psh.rawValue) }
        if position.number > 0 { frame[tcp + 13] &= 0x7f }
        put(0, at: tcp + 16, in: &frame)
        let sum = frame.withUnsafeBytes { bytes in
            var sum = Checksum()
            // Source and destination lie side by side in both headers.
            sum.add(isIPv4 ? bytes.from(ip + 12).first(8) : bytes.from(ip + 8).first(32))
            sum.add(UInt16(IPProtocol.tcp.rawValue))
            sum.add(UInt16(truncatingIfNeeded: bytes.count - tcp))
            sum.add(bytes.from(tcp))
            return sum.value
        }
        put(sum, at: tcp + 16, in: &frame)
    }

    private static func put(_ value: UInt16, at offset: Int, in frame: inout [UInt8]) {
        frame[offset] = UInt8(truncatingIfNeeded: value >> 8)
        frame[offset + 1] = UInt8(truncatingIfNeeded: value)
    }
}
