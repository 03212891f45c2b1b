/// One parsed line of `encodingText`.
package struct Encoding: Sendable {
    /// How the immediate is laid out in the word.
    package enum Immediate: UInt8, Sendable {
        case none, i, s, b, u, j, shift, csr
    }

    package let op: Opcode
    package let immediate: Immediate
    /// Bits that are fixed, and what they are.
    package let mask: UInt32
    package let match: UInt32
    /// Bits that belong to a register number or a rounding mode.
    package let fields: UInt32

    /// Whether the instruction has a rounding mode.
    package var hasRounding: Bool { mask & 0x7000 == 0 && fields & 0x7000 == 0x7000 }
}

/// The table parsed: every encoding, and for each bucket of the decoder the encodings that may match.
///
/// A bucket is chosen by the major opcode (bits 6 to 2) and by a selector, five bits from a place that
/// depends on the major opcode: `funct3`, or `funct5` where `funct3` says little (atomics, floating-point
/// arithmetic).
package struct EncodingTable: @unchecked Sendable {
    // SAFETY: the storage is written in `init` only and never freed.

    /// The one table.
    package static let shared = EncodingTable(encodingText)

    /// Every encoding, in the order of `Opcode`.
    package let encodings: UnsafeBufferPointer<Encoding>
    let candidates: UnsafePointer<Encoding>
    /// Where each bucket's candidates start; one more entry than buckets.
    let starts: UnsafePointer<UInt16>

    private static let buckets = 1024
    private static let majorAMO: UInt32 = 0b01011
    private static let majorFloat: UInt32 = 0b10100

    /// The bucket of a 32-bit encoding.
    @inline(__always)
    static func bucket(_ word: UInt32) -> Int {
        let major = word >> 2 & 31
        return Int(major << 5 | selector(word, major: major))
    }

    /// The selector bits of a word whose major opcode is known.
    @inline(__always)
    fileprivate static func selector(_ word: UInt32, major: UInt32) -> UInt32 {
        major == majorAMO || major == majorFloat ? word >> 27 : word >> 12 & 7
    }

    private init(_ text: StaticString) {
        let parsed = UnsafeMutableBufferPointer<Encoding>.allocate(capacity: Opcode.allCases.count - 1)
        let count = Self.parse(text, into: parsed)
        encodings = UnsafeBufferPointer(rebasing: parsed[..<count])
        let starts = UnsafeMutablePointer<UInt16>.allocate(capacity: Self.buckets + 1)
        let candidates = UnsafeMutablePointer<Encoding>.allocate(capacity: count * 8)
        Self.fill(candidates, starts, from: encodings)
        self.starts = UnsafePointer(starts)
        self.candidates = UnsafePointer(candidates)
    }

    /// Parses up to as many lines as there are opcodes; returns how many.
    private static func parse(_ text: StaticString, into encodings: UnsafeMutableBufferPointer<Encoding>)
        -> Int
    {
        let end = text.utf8Start + text.utf8CodeUnitCount
        var cursor = text.utf8Start
        var count = 0
        while cursor < end, count < encodings.count,
            let op = Opcode(rawValue: UInt8(truncatingIfNeeded: count))
        {
            while cursor < end, cursor.pointee != UInt8(ascii: " ") { cursor += 1 }
            while cursor < end, cursor.pointee == UInt8(ascii: " ") { cursor += 1 }
            guard end - cursor >= 32 else { break }
            (encodings.baseAddress.unsafelyUnwrapped + count).initialize(to: Encoding(op, pattern: cursor))
            count += 1
            cursor += 33
        }
        return count
    }

    private static func fill(
        _ candidates: UnsafeMutablePointer<Encoding>, _ starts: UnsafeMutablePointer<UInt16>,
        from encodings: UnsafeBufferPointer<Encoding>
    ) {
        var counts = InlineArray<1024, UInt16>(repeating: 0)
        for encoding in encodings { encoding.forEachBucket { counts[$0] &+= 1 } }
        var total: UInt16 = 0
        for bucket in 0..<buckets {
            starts[bucket] = total
            total &+= counts[bucket]
            counts[bucket] = starts[bucket]
        }
        starts[buckets] = total
        for encoding in encodings {
            encoding.forEachBucket {
                (candidates + Int(counts[$0])).initialize(to: encoding)
                counts[$0] &+= 1
            }
        }
    }
}

extension Encoding {
    /// Reads 32 characters of a pattern.
    fileprivate init(_ op: Opcode, pattern: UnsafePointer<UInt8>) {
        var mask: UInt32 = 0
        var match: UInt32 = 0
        var fields: UInt32 = 0
        var immediate = Immediate.none
        for index in 0..<32 {
            let bit: UInt32 = 1 << (31 - index)
            switch pattern[index] {
            case UInt8(ascii: "0"): mask |= bit
            case UInt8(ascii: "1"):
                mask |= bit
                match |= bit
            case UInt8(ascii: "d"), UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "r"),
                UInt8(ascii: "m"):
                fields |= bit
            case UInt8(ascii: "i"): immediate = .i
            case UInt8(ascii: "w"): immediate = .s
            case UInt8(ascii: "b"): immediate = .b
            case UInt8(ascii: "u"): immediate = .u
            case UInt8(ascii: "j"): immediate = .j
            case UInt8(ascii: "h"): immediate = .shift
            case UInt8(ascii: "c"): immediate = .csr
            default: break
            }
        }
        self.op = op
        self.immediate = immediate
        self.mask = mask
        self.match = match
        self.fields = fields
    }

    /// Every bucket in which a word of this encoding may fall: one per value of the selector bits it leaves
    /// open.
    fileprivate func forEachBucket(_ body: (Int) -> Void) {
        let first = EncodingTable.bucket(match)
        let open = Int(EncodingTable.selector(~mask, major: match >> 2 & 31))
        var subset = open
        while true {
            body(first | subset)
            if subset == 0 { return }
            subset = (subset &- 1) & open
        }
    }
}
