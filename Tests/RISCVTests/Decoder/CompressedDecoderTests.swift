import RISCV
import Testing

@Suite struct CompressedDecoderTests {
    private let decoder = Decoder()

    // Words are the GNU assembler's, one or more for every encoding, with every immediate bit set somewhere.
    private static let expansions: [(UInt32, String)] = [
        (0x1fe8, "addi 10 2 0 0 1020"),
        (0x0044, "addi 9 2 0 0 4"),
        (0x0024, "addi 9 2 0 0 8"),
        (0x0804, "addi 9 2 0 0 16"),
        (0x0084, "addi 9 2 0 0 64"),
        (0x3de8, "fld 10 11 0 0 248"),
        (0x21a8, "fld 10 11 0 0 64"),
        (0x5c7c, "lw 15 8 0 0 124"),
        (0x405c, "lw 15 8 0 0 4"),
        (0x403c, "lw 15 8 0 0 64"),
        (0x7c7c, "ld 15 8 0 0 248"),
        (0xa264, "fsd 0 12 9 0 192"),
        (0xc374, "sw 0 14 13 0 68"),
        (0xf714, "sd 0 14 13 0 40"),
        (0x0001, "addi 0 0 0 0 0"),
        (0x1f81, "addi 31 31 0 0 -32"),
        (0x02fd, "addi 5 5 0 0 31"),
        (0x32fd, "addiw 5 5 0 0 -1"),
        (0x53bd, "addi 7 0 0 0 -17"),
        (0x7101, "addi 2 2 0 0 -512"),
        (0x617d, "addi 2 2 0 0 496"),
        (0x6105, "addi 2 2 0 0 32"),
        (0x6141, "addi 2 2 0 0 16"),
        (0x6121, "addi 2 2 0 0 64"),
        (0x6109, "addi 2 2 0 0 128"),
        (0x7181, "lui 3 0 0 0 -131072"),
        (0x61fd, "lui 3 0 0 0 126976"),
        (0x907d, "srli 8 8 0 0 63"),
        (0x9785, "srai 15 15 0 0 33"),
        (0x9b01, "andi 14 14 0 0 -32"),
        (0x8c05, "sub 8 8 9 0 0"),
        (0x8d2d, "xor 10 10 11 0 0"),
        (0x8e55, "or 12 12 13 0 0"),
        (0x8f7d, "and 14 14 15 0 0"),
        (0x9c1d, "subw 8 8 15 0 0"),
        (0x9cb9, "addw 9 9 14 0 0"),
        (0xb001, "jal 0 0 0 0 -2048"),
        (0xaffd, "jal 0 0 0 0 2046"),
        (0xa801, "jal 0 0 0 0 16"),
        (0xa005, "jal 0 0 0 0 32"),
        (0xa081, "jal 0 0 0 0 64"),
        (0xa041, "jal 0 0 0 0 128"),
        (0xa201, "jal 0 0 0 0 256"),
        (0xa401, "jal 0 0 0 0 512"),
        (0xa101, "jal 0 0 0 0 1024"),
        (0xd001, "beq 0 8 0 0 -256"),
        (0xcc7d, "beq 0 8 0 0 254"),
        (0xe0a1, "bne 0 9 0 0 64"),
        (0xe085, "bne 0 9 0 0 32"),
        (0xe099, "bne 0 9 0 0 6"),
        (0x1ffe, "slli 31 31 0 0 63"),
        (0x1082, "slli 1 1 0 0 32"),
        (0x3ffe, "fld 31 2 0 0 504"),
        (0x2f86, "fld 31 2 0 0 64"),
        (0x5ffe, "lw 31 2 0 0 252"),
        (0x4f86, "lw 31 2 0 0 64"),
        (0x70fe, "ld 1 2 0 0 504"),
        (0x6086, "ld 1 2 0 0 64"),
        (0x8f82, "jalr 0 31 0 0 0"),
        (0x8ffa, "add 31 0 30 0 0"),
        (0x9002, "ebreak 0 0 0 0 0"),
        (0x9282, "jalr 1 5 0 0 0"),
        (0x931e, "add 6 6 7 0 0"),
        (0xbffe, "fsd 0 2 31 0 504"),
        (0xa0fe, "fsd 0 2 31 0 64"),
        (0xdffe, "sw 0 2 31 0 252"),
        (0xc0fe, "sw 0 2 31 0 64"),
        (0xfffe, "sd 0 2 31 0 504"),
        (0xe086, "sd 0 2 1 0 64"),
    ]

    @Test func compressedInstructionsExpandAsTheManualSays() {
        for (word, expected) in Self.expansions {
            let instruction = decoder.decode(word | 0xABCD_0000)
            #expect(instruction.summary == expected, "\(String(word, radix: 16))")
            #expect(instruction.length == 2 && instruction.raw == word)
        }
    }

    @Test(
        arguments: [
            0x0000,  // all zeros
            0x0008,  // C.ADDI4SPN with a zero immediate
            0x8000, 0x8C00,  // quadrant 0, function 4: Zcb's loads and stores
            0x2001,  // C.ADDIW to x0
            0x6101,  // C.ADDI16SP with a zero immediate
            0x6181,  // C.LUI with a zero immediate
            0x9C41, 0x9C61,  // Zcb's C.MUL and unary operations
            0x4002, 0x6002,  // C.LWSP and C.LDSP to x0
            0x8002,  // C.JR x0
        ] as [UInt32])
    func reservedCompressedEncodingsAreIllegal(_ word: UInt32) {
        #expect(decoder.decode(word).op == .illegal)
        #expect(decoder.decode(word).length == 2)
    }

    @Test func hintsWriteNothing() {
        // C.ADDI x0, C.LI x0, C.LUI x0, C.SLLI x0, C.MV x0 and C.ADD x0.
        for word: UInt32 in [0x0005, 0x4005, 0x6005, 0x0006, 0x802E, 0x902E] {
            let instruction = decoder.decode(word)
            #expect(instruction.op != .illegal && instruction.rd == 0)
        }
    }

    @Test func everyHalfwordDecodesToALegalShape() {
        for word: UInt32 in 0...0xFFFF where word & 3 != 3 {
            let instruction = decoder.decode(word)
            #expect(instruction.length == 2)
            #expect(max(instruction.rd, instruction.rs1, instruction.rs2) < 32)
        }
    }
}
