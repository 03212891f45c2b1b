/// From bytes to instructions, for any bytes: what is no instruction decodes to `Operation.undefined`.
///
/// A decoder is a few pointers into the shared table: copy it freely, keep it in a local on hot paths.
package struct Decoder: @unchecked Sendable {
    // SAFETY: points to storage that is never written after set-up and never freed.

    /// The code segment's default sizes.
    package enum Mode: UInt8, Sendable {
        case bits16, bits32, bits64
    }

    /// No instruction is longer (SDM vol. 2, section 2.3.11).
    package static let longest = 15

    let candidates: UnsafePointer<Encoding>
    let starts: UnsafePointer<UInt16>
    let hasModRM: UnsafePointer<Bool>

    package init() {
        let table = EncodingTable.shared
        candidates = table.candidates
        starts = table.starts
        hasModRM = table.hasModRM
    }

    /// Decodes the instruction at the start of `count` bytes.
    ///
    /// - Returns: `nil` when the instruction goes on behind the bytes, which are fewer than 15 then.
    package func decode(_ bytes: UnsafePointer<UInt8>, count: Int, _ mode: Mode) -> Instruction? {
        var reader = InstructionReader(bytes, count: min(count, Self.longest), mode)
        reader.prefixes()
        reader.opcode()
        let key = Int(reader.map) << 8 | Int(reader.opcodeByte)
        if hasModRM[key] { reader.peekModRM() }
        let encoding = reader.hasRunOut ? nil : find(key, reader)
        if let encoding { reader.operands(encoding) }
        if reader.hasRunOut {
            guard count >= Self.longest else { return nil }
            return Self.undefined(length: Self.longest, [.overlong])
        }
        guard encoding != nil, reader.isSound else {
            return Self.undefined(length: max(reader.position, 1), [])
        }
        return reader.instruction
    }

    private static func undefined(length: Int, _ flags: Instruction.Flags) -> Instruction {
        var instruction = Instruction()
        instruction.length = UInt8(truncatingIfNeeded: length)
        instruction.flags = flags
        return instruction
    }

    private func find(_ key: Int, _ reader: InstructionReader) -> UnsafePointer<Encoding>? {
        var candidate = candidates + Int(starts[key])
        let end = candidates + Int(starts[key + 1])
        while candidate < end {
            if reader.matches(candidate) { return candidate }
            candidate += 1
        }
        return nil
    }
}
