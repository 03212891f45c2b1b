/// From encodings to instructions.
///
/// A decoder is two pointers into the shared table: copy it freely, keep it in a local on hot paths.
package struct Decoder: @unchecked Sendable {
    // SAFETY: points to storage that is never written after set-up and never freed.

    private let candidates: UnsafePointer<Encoding>
    private let starts: UnsafePointer<UInt16>

    package init() {
        candidates = EncodingTable.shared.candidates
        starts = EncodingTable.shared.starts
    }

    /// Decodes what was fetched: all 32 bits, or in the lower half a 16-bit encoding (whose two lowest bits
    /// are not both one), the upper half being ignored. What is not an instruction decodes to `.illegal`.
    @inline(__always)
    package func decode(_ word: UInt32) -> Instruction {
        word & 3 == 3 ? decodeFull(word) : CompressedDecoder.decode(word & 0xFFFF)
    }

    private func decodeFull(_ word: UInt32) -> Instruction {
        let bucket = EncodingTable.bucket(word)
        var candidate = candidates + Int(starts[bucket])
        let end = candidates + Int(starts[bucket &+ 1])
        while candidate < end {
            if word & candidate.pointee.mask == candidate.pointee.match {
                return fields(of: word, candidate.pointee)
            }
            candidate += 1
        }
        return Instruction(.illegal, length: 4, raw: word)
    }

    @inline(__always)
    private func fields(of word: UInt32, _ encoding: Encoding) -> Instruction {
        let fields = word & encoding.fields
        var result = Instruction(encoding.op, length: 4, raw: word)
        result.rd = UInt8(truncatingIfNeeded: fields >> 7 & 31)
        result.rs1 = UInt8(truncatingIfNeeded: fields >> 15 & 31)
        result.rs2 = UInt8(truncatingIfNeeded: fields >> 20 & 31)
        result.rs3 = UInt8(truncatingIfNeeded: fields >> 27)
        result.rm = UInt8(truncatingIfNeeded: fields >> 12 & 7)
        result.imm = Self.immediate(of: word, encoding.immediate)
        // Reserved rounding modes (unprivileged spec, "Floating-Point Control and Status Register").
        if result.rm == 5 || result.rm == 6 { return Instruction(.illegal, length: 4, raw: word) }
        return result
    }

    /// Unprivileged spec, "Immediate Encoding Variants".
    @inline(__always)
    private static func immediate(of word: UInt32, _ form: Encoding.Immediate) -> Int32 {
        let signed = Int32(bitPattern: word)
        switch form {
        case .none: return 0
        case .i: return signed >> 20
        case .s: return (signed >> 25) << 5 | Int32(bitPattern: word >> 7 & 0x1F)
        case .b:
            let low = word >> 7 & 0x1E | word >> 20 & 0x7E0 | word << 4 & 0x800
            return (signed >> 31) << 12 | Int32(bitPattern: low)
        case .u: return Int32(bitPattern: word & 0xFFFF_F000)
        case .j:
            let low = word >> 20 & 0x7FE | word >> 9 & 0x800 | word & 0xF_F000
            return (signed >> 31) << 20 | Int32(bitPattern: low)
        case .shift: return Int32(bitPattern: word >> 20 & 0x3F)
        case .csr: return Int32(bitPattern: word >> 20)
        }
    }
}
