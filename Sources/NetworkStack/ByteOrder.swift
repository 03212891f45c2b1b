/// Network byte order over raw memory. Offsets are the caller's promise: every header view checks its length
/// once, in its failable initialiser, and only then reads fields through these.
extension UnsafeRawBufferPointer {
    /// The byte at `offset`.
    @inline(__always)
    package func byte(at offset: Int) -> UInt8 {
        loadUnaligned(fromByteOffset: offset, as: UInt8.self)
    }

    /// The big-endian 16-bit number at `offset`.
    @inline(__always)
    package func word16(at offset: Int) -> UInt16 {
        UInt16(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// The big-endian 32-bit number at `offset`.
    @inline(__always)
    package func word32(at offset: Int) -> UInt32 {
        UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// The big-endian 64-bit number at `offset`.
    @inline(__always)
    package func word64(at offset: Int) -> UInt64 {
        UInt64(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Everything from `offset` on; empty where `offset` lies at or past the end.
    @inline(__always)
    package func from(_ offset: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[Swift.min(offset, count)...])
    }

    /// The first `length` bytes, or all of them if there are fewer.
    @inline(__always)
    package func first(_ length: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[..<Swift.min(length, count)])
    }
}

/// A growing packet in network byte order, for the small frames that are built by hand. Bulk data never pass
/// through it: `OutgoingFrame` refers to the send ring instead.
package struct PacketWriter {
    package private(set) var bytes: [UInt8] = []

    package init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    package var count: Int { bytes.count }

    package mutating func put(_ value: UInt8) {
        bytes.append(value)
    }

    package mutating func put(_ value: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    package mutating func put(_ value: UInt32) {
        put(UInt16(truncatingIfNeeded: value >> 16))
        put(UInt16(truncatingIfNeeded: value))
    }

    package mutating func put(_ value: UInt64) {
        put(UInt32(truncatingIfNeeded: value >> 32))
        put(UInt32(truncatingIfNeeded: value))
    }

    package mutating func put(_ value: MACAddress) {
        put(UInt16(truncatingIfNeeded: value.bits >> 32))
        put(UInt32(truncatingIfNeeded: value.bits))
    }

    package mutating func put(_ value: IPAddress) {
        switch value {
        case .v4(let address): put(address.bits)
        case .v6(let address):
            put(address.high)
            put(address.low)
        }
    }

    package mutating func put(_ values: some Sequence<UInt8>) {
        bytes.append(contentsOf: values)
    }

    package mutating func put(zeroes count: Int) {
        bytes.append(contentsOf: repeatElement(0, count: count))
    }

    /// Overwrites the 16-bit number at `offset`, which must have been written before.
    package mutating func patch(_ value: UInt16, at offset: Int) {
        bytes[offset] = UInt8(truncatingIfNeeded: value >> 8)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value)
    }
}
