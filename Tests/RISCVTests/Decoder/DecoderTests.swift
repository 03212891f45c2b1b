import RISCV
import Testing

@Suite struct DecoderTests {
    private let decoder = Decoder()

    @Test func everyOpcodeHasTheLineOfItsName() {
        let names = encodingText.description.split(separator: "\n").map { $0.split(separator: " ")[0] }
        #expect(names.count == Opcode.allCases.count - 1)
        for (name, op) in zip(names, Opcode.allCases) { #expect(name == "\(op)") }
        #expect(EncodingTable.shared.encodings.count == names.count)
    }

    @Test func everyLineDecodesToItsOwnOpcodeWithAnyFields() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("decoder round trip: seed \(seed)")
        var random = SplitMix64(state: seed)
        for encoding in EncodingTable.shared.encodings {
            for _ in 0..<200 {
                var word = encoding.match | UInt32(truncatingIfNeeded: random.next()) & ~encoding.mask
                if encoding.hasRounding, (5...6).contains(word >> 12 & 7) { word ^= 0x4000 }
                let instruction = decoder.decode(word)
                #expect(instruction.op == encoding.op, "\(encoding.op): \(String(word, radix: 16))")
                #expect(instruction.length == 4 && instruction.raw == word)
            }
        }
    }

    @Test func noTwoLinesClaimTheSameWord() {
        let all = EncodingTable.shared.encodings
        for (index, a) in all.enumerated() {
            for b in all[(index + 1)...] {
                #expect((a.match ^ b.match) & a.mask & b.mask != 0, "\(a.op) and \(b.op)")
            }
        }
    }

    @Test func reservedRoundingModesAreIllegal() {
        for mode: UInt32 in 0..<8 {
            let legal = mode != 5 && mode != 6
            #expect((decoder.decode(0x0020_80D3 | mode << 12).op == .faddS) == legal)
        }
    }

    // Words and texts are the GNU assembler's.
    @Test(arguments: [
        (0x0ff5_8513 as UInt32, "addi 10 11 0 0 255"),
        (0x8005_8513, "addi 10 11 0 0 -2048"),
        (0xfeb5_2e23, "sw 0 10 11 0 -4"),
        (0x7eb5_2fa3, "sw 0 10 11 0 2047"),
        (0xfeb5_0ee3, "beq 0 10 11 0 -4"),
        (0x8000_0063, "beq 0 0 0 0 -4096"),
        (0x7e00_0fe3, "beq 0 0 0 0 4094"),
        (0xffff_f0b7, "lui 1 0 0 0 -4096"),
        (0x1234_5117, "auipc 2 0 0 0 305418240"),
        (0x8000_00ef, "jal 1 0 0 0 -1048576"),
        (0x7fff_f06f, "jal 0 0 0 0 1048574"),
        (0xffdf_f06f, "jal 0 0 0 0 -4"),
        (0x43f5_d513, "srai 10 11 0 0 63"),
        (0x41f5_d51b, "sraiw 10 11 0 0 31"),
        (0x1a32_7043, "fmaddD 0 4 3 3 0"),
        (0xc014_2573, "csrrs 10 8 0 0 3073"),
        (0x3004_5573, "csrrwi 10 8 0 0 768"),
        (0x0005_200f, "cboInval 0 10 0 0 0"),
        (0x0105_200f, "illegal 0 0 0 0 0"),
        (0x0330_000f, "fence 0 0 0 0 0"),
        (0x8330_000f, "fence 0 0 0 0 0"),
        (0x0100_000f, "fence 0 0 0 0 0"),
    ])
    func knownWordsDecodeAsTheAssemblerMeantThem(_ word: UInt32, _ text: String) {
        #expect(decoder.decode(word).summary == text)
    }
}

extension Instruction {
    /// Opcode, rd, rs1, rs2, rs3 and immediate.
    var summary: String { "\(op) \(rd) \(rs1) \(rs2) \(rs3) \(imm)" }
}
