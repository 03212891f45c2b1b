/// The control bits of a TCP header (RFC 9293 §3.1).
package struct TCPFlags: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let fin = TCPFlags(rawValue: 1)
    package static let syn = TCPFlags(rawValue: 2)
    package static let rst = TCPFlags(rawValue: 4)
    package static let psh = TCPFlags(rawValue: 8)
    package static let ack = TCPFlags(rawValue: 16)
}

/// A view of a TCP segment: header, options, data.
package struct TCPHeader {
    package static let minimumLength = 20
    package let bytes: UnsafeRawBufferPointer
    package let length: Int

    /// Nil if the data offset does not fit.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.minimumLength else { return nil }
        let length = Int(bytes.byte(at: 12) >> 4) * 4
        guard length >= Self.minimumLength, length <= bytes.count else { return nil }
        self.bytes = bytes
        self.length = length
    }

    package var sourcePort: UInt16 { bytes.word16(at: 0) }
    package var destinationPort: UInt16 { bytes.word16(at: 2) }
    package var sequence: SequenceNumber { SequenceNumber(bytes.word32(at: 4)) }
    package var acknowledgement: SequenceNumber { SequenceNumber(bytes.word32(at: 8)) }
    package var flags: TCPFlags { TCPFlags(rawValue: bytes.byte(at: 13)) }
    /// As it lies in the header, not yet scaled.
    package var window: UInt16 { bytes.word16(at: 14) }
    package var payload: UnsafeRawBufferPointer { bytes.from(length) }

    /// Whether the checksum is right.
    package func isIntact(from source: IPAddress, to destination: IPAddress) -> Bool {
        var checksum = Checksum()
        checksum.addPseudoHeader(source: source, destination: destination, proto: .tcp, length: bytes.count)
        checksum.add(bytes)
        return checksum.value == 0
    }

    /// The options that matter here; what is unknown is skipped, what is malformed ends the list.
    package var options: TCPOptions {
        var options = TCPOptions()
        var rest = bytes.first(length).from(Self.minimumLength)
        while let kind = rest.first, kind != 0 {
            if kind == 1 {
                rest = rest.from(1)
                continue
            }
            guard rest.count >= 2 else { break }
            let size = Int(rest.byte(at: 1))
            guard size >= 2, size <= rest.count else { break }
            if kind == 2, size == 4 { options.maximumSegmentSize = rest.word16(at: 2) }
            if kind == 3, size == 3 { options.windowShift = min(rest.byte(at: 2), 14) }
            rest = rest.from(size)
        }
        return options
    }
}

/// Options of a SYN (RFC 9293 §3.2, RFC 7323 §2).
package struct TCPOptions: Equatable, Sendable {
    package var maximumSegmentSize: UInt16?
    /// 0…14.
    package var windowShift: UInt8?

    package init(maximumSegmentSize: UInt16? = nil, windowShift: UInt8? = nil) {
        self.maximumSegmentSize = maximumSegmentSize
        self.windowShift = windowShift
    }
}

/// A segment that a connection wants to send. Its payload lies in the connection's send ring and stays valid until
/// that connection is touched again.
package struct TCPSegment {
    package var sequence: SequenceNumber
    package var acknowledgement: SequenceNumber
    package var flags: TCPFlags
    package var window: UInt16
    package var options: TCPOptions
    package var payload: RingSlices

    package init(
        sequence: SequenceNumber, acknowledgement: SequenceNumber, flags: TCPFlags, window: UInt16,
        options: TCPOptions = TCPOptions(), payload: RingSlices = .empty
    ) {
        self.sequence = sequence
        self.acknowledgement = acknowledgement
        self.flags = flags
        self.window = window
        self.options = options
        self.payload = payload
    }

    /// Header and options, without checksum: 20, 24 or 28 octets.
    package var headerLength: Int {
        TCPHeader.minimumLength + (options.maximumSegmentSize == nil ? 0 : 4)
            + (options.windowShift == nil ? 0 : 4)
    }

    /// Writes the header with checksum 0 at the start of `memory`, which has room for 28 octets.
    package func write(
        from source: UInt16, to destination: UInt16, into memory: UnsafeMutableRawBufferPointer
    ) {
        func store<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
            memory.storeBytes(of: number.bigEndian, toByteOffset: offset, as: Number.self)
        }
        store(source, at: 0)
        store(destination, at: 2)
        store(sequence.bits, at: 4)
        store(acknowledgement.bits, at: 8)
        store(UInt8(truncatingIfNeeded: headerLength / 4) << 4, at: 12)
        store(flags.rawValue, at: 13)
        store(window, at: 14)
        store(UInt32(0), at: 16)
        var offset = TCPHeader.minimumLength
        if let size = options.maximumSegmentSize {
            store(0x0204_0000 | UInt32(size), at: offset)
            offset += 4
        }
        if let shift = options.windowShift {
            store(0x0103_0300 | UInt32(shift), at: offset)
        }
    }
}
