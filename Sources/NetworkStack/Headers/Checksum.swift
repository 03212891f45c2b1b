/// The Internet checksum (RFC 1071), summed a machine word at a time.
///
/// The ones' complement sum does not care about byte order as long as all words are read alike, so memory is
/// summed as it lies and only the result is turned. 64 bits hold 2³² words: no carry is handled on the way.
package struct Checksum {
    private var sum: UInt64 = 0
    /// True after an odd number of bytes: the next buffer's bytes stand in swapped places.
    private var isOdd = false

    package init() {}

    /// Adds the bytes of one piece of a message; pieces may have any length, also odd ones.
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var part = Self.fold(Self.sum(bytes))
        if isOdd { part = part.byteSwapped }
        sum &+= UInt64(part)
        isOdd = isOdd != (bytes.count & 1 != 0)
    }

    /// Adds a 16-bit number; only between pieces of even length.
    package mutating func add(_ value: UInt16) {
        sum &+= UInt64(value.bigEndian)
    }

    /// Adds the pseudo header of TCP, UDP and ICMPv6 (RFC 9293 §3.1, RFC 8200 §8.1).
    package mutating func addPseudoHeader(
        source: IPAddress, destination: IPAddress, proto: IPProtocol, length: Int
    ) {
        add(source)
        add(destination)
        add(UInt16(proto.rawValue))
        add(UInt16(truncatingIfNeeded: length))
        add(UInt16(truncatingIfNeeded: length >> 16))
    }

    private mutating func add(_ address: IPAddress) {
        switch address {
        case .v4(let address): add(address.bits)
        case .v6(let address):
            add(UInt32(truncatingIfNeeded: address.high >> 32))
            add(UInt32(truncatingIfNeeded: address.high))
            add(UInt32(truncatingIfNeeded: address.low >> 32))
            add(UInt32(truncatingIfNeeded: address.low))
        }
    }

    private mutating func add(_ bits: UInt32) {
        add(UInt16(truncatingIfNeeded: bits >> 16))
        add(UInt16(truncatingIfNeeded: bits))
    }

    /// The folded sum, not inverted: what a partial checksum field holds (Virtio 1.2 §5.1.6.2).
    package var partial: UInt16 { UInt16(bigEndian: Self.fold(sum)) }

    /// The checksum to store; 0 when computed over data that contain their own valid checksum.
    package var value: UInt16 { ~partial }

    /// The checksum of one buffer.
    package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt16 {
        var checksum = Checksum()
        checksum.add(bytes)
        return checksum.value
    }

    private static func sum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        guard let base = bytes.baseAddress else { return 0 }
        let words = bytes.count / 4
        var (even, odd): (UInt64, UInt64) = (0, 0)
        var index = 0
        while index &+ 1 < words {
            let pair = base.loadUnaligned(fromByteOffset: index &* 4, as: UInt64.self)
            even &+= pair & 0xFFFF_FFFF
            odd &+= pair >> 32
            index &+= 2
        }
        var total = UInt64(fold(even)) &+ UInt64(fold(odd))
        var offset = index &* 4
        while offset &+ 1 < bytes.count {
            total &+= UInt64(base.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
            offset &+= 2
        }
        if offset < bytes.count {
            total &+= UInt64(UInt16(littleEndian: UInt16(bytes.byte(at: offset))))
        }
        return total
    }

    private static func fold(_ sum: UInt64) -> UInt16 {
        var sum = (sum & 0xFFFF_FFFF) &+ (sum >> 32)
        sum = (sum & 0xFFFF) &+ (sum >> 16)
        sum = (sum & 0xFFFF) &+ (sum >> 16)
        sum = (sum & 0xFFFF) &+ (sum >> 16)
        return UInt16(truncatingIfNeeded: sum)
    }
}
