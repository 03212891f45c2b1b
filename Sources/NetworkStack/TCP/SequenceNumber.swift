/// A place in a TCP byte stream, modulo 2³² (RFC 9293 §3.4). `<` means "earlier, by less than 2³¹".
package struct SequenceNumber: Equatable, Sendable {
    package var bits: UInt32

    package init(_ bits: UInt32) {
        self.bits = bits
    }

    @inline(__always)
    package static func + (left: SequenceNumber, right: Int) -> SequenceNumber {
        SequenceNumber(left.bits &+ UInt32(truncatingIfNeeded: right))
    }

    /// The distance from `right` to `left`, in −2³¹ ..< 2³¹.
    @inline(__always)
    package static func - (left: SequenceNumber, right: SequenceNumber) -> Int {
        Int(Int32(bitPattern: left.bits &- right.bits))
    }

    @inline(__always)
    package static func < (left: SequenceNumber, right: SequenceNumber) -> Bool { left - right < 0 }
    @inline(__always)
    package static func <= (left: SequenceNumber, right: SequenceNumber) -> Bool { left - right <= 0 }
    @inline(__always)
    package static func > (left: SequenceNumber, right: SequenceNumber) -> Bool { left - right > 0 }
    @inline(__always)
    package static func >= (left: SequenceNumber, right: SequenceNumber) -> Bool { left - right >= 0 }

    /// The later of the two.
    static func later(_ left: SequenceNumber, _ right: SequenceNumber) -> SequenceNumber {
        left < right ? right : left
    }
}
