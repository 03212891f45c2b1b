/// The host code for one x87 instruction: `(area, operand, environment) -> flags`.
enum X87Piece {
    /// Keys of their own, beyond those of vector pieces.
    static func key(_ opcode: UInt8, _ modRM: UInt8) -> UInt32 {
        1 << 30 | UInt32(opcode) << 8 | UInt32(modRM)
    }

    /// fxrstor [rdi]; push [rdx+8]; popf; ESC; pushf; pop rax; fxsave [rdi]; fninit; ldmxcsr [rdx+4]
    static func bytes(_ opcode: UInt8, _ modRM: UInt8) -> [UInt8] {
        [
            0x48, 0x0F, 0xAE, 0x0F, 0xFF, 0x72, 0x08, 0x9D, 0xD8 | opcode, modRM, 0x9C, 0x58, 0x48, 0x0F,
            0xAE, 0x07,
            0xDB, 0xE3, 0x0F, 0xAE, 0x52, 0x04, 0xC3,
        ]
    }

    /// FCOMI, FUCOMI and their popping forms.
    static func setsFlags(_ opcode: UInt8, _ modRM: UInt8) -> Bool {
        (opcode == 3 || opcode == 7) && (0xE8...0xF7).contains(modRM)
    }

    /// FCMOVcc.
    static func readsFlags(_ opcode: UInt8, _ modRM: UInt8) -> Bool {
        (opcode == 2 || opcode == 3) && (0xC0...0xDF).contains(modRM)
    }

    /// What an operand in memory is.
    struct Access {
        let bytes: Int
        let isWrite: Bool
    }

    private static let sizes: [[Int]] = [
        [4, 4, 4, 4, 4, 4, 4, 4], [4, 0, -4, -4, 0, 0, 0, 0], [4, 4, 4, 4, 4, 4, 4, 4],
        [4, -4, -4, -4, 0, 10, 0, -10],
        [8, 8, 8, 8, 8, 8, 8, 8], [8, -8, -8, -8, 0, 0, 0, 0], [2, 2, 2, 2, 2, 2, 2, 2],
        [2, -2, -2, -2, 10, 8, -10, -8],
    ]

    /// `nil` where nothing is encoded, or where the environment is meant.
    static func access(_ opcode: UInt8, _ digit: UInt8) -> Access? {
        let size = sizes[Int(opcode & 7)][Int(digit & 7)]
        return size == 0 ? nil : Access(bytes: abs(size), isWrite: size < 0)
    }

    /// Whether a register form is an instruction (SDM vol. 2, appendix A, tables ), or one of the second
    /// encodings that every processor has kept.
    static func isDefined(_ opcode: UInt8, _ modRM: UInt8) -> Bool {
        switch (opcode, modRM) {
        case (0, _), (4, _), (6, 0xC0...0xD7), (6, 0xD9), (6, 0xE0...0xFF): true
        case (1, 0xC0...0xD0), (1, 0xD8...0xE1), (1, 0xE4...0xE5), (1, 0xE8...0xEE), (1, 0xF0...0xFF): true
        case (2, 0xC0...0xDF), (2, 0xE9): true
        case (3, 0xC0...0xDF), (3, 0xE8...0xF7): true
        case (5, 0xC0...0xEF): true
        case (7, 0xC0...0xDF), (7, 0xE8...0xF7): true
        default: false
        }
    }
}
