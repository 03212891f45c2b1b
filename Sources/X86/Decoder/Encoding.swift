/// One encoding of one operation, parsed.
package struct Encoding: Sendable {
    /// What kind of thing an operand is, by the letters of `encodingChapters`.
    package enum Kind: UInt8, Sendable {
        case none
        case registerOrMemory, memory, register, reg, opcodeRegister, accumulator, countCL
        case vectorReg, vectorOrMemory, vectorRM
        case mmxReg, mmxOrMemory, mmxRM
        case segment, control, debug, offset, relative, immediate, implicit, anything, vexRegister
    }

    /// The size of an operand, by the letters of `encodingChapters`.
    package enum Size: UInt8, Sendable {
        case byte, word, double, quad, vector16, operand, wide, limited, signedByte, one, pointer, none
    }

    package struct Operand: Sendable {
        package var kind = Kind.none
        package var size = Size.none
    }

    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }
        package static let lockable = Flags(rawValue: 1)
        package static let default64 = Flags(rawValue: 2)
        package static let force64 = Flags(rawValue: 4)
        package static let not64 = Flags(rawValue: 8)
        package static let only64 = Flags(rawValue: 16)
        package static let float = Flags(rawValue: 32)
        package static let usesXMM0 = Flags(rawValue: 64)
        package static let unaligned = Flags(rawValue: 128)
        /// Coded by a VEX prefix of 128 bits.
        package static let vex = Flags(rawValue: 256)
        /// An operand is an MMX register, as the operands' kinds tell; asked at every execution, so kept.
        package static let mmx = Flags(rawValue: 512)
        /// An operand is a vector register.
        package static let vector = Flags(rawValue: 1024)
    }

    /// A demanded prefix.
    package enum Prefix: UInt8, Sendable {
        case any, none, p66, pF3, pF2
    }

    package var op = Operation.undefined
    package var chapter = Chapter.undefined
    package var prefix = Prefix.any
    /// 0: one byte, 1: 0F, 2: 0F 38, 3: 0F 3A.
    package var map: UInt8 = 0
    package var opcode: UInt8 = 0
    /// How many consecutive opcodes it takes: 1, 8 or 16.
    package var span: UInt8 = 1
    /// ModRM.reg demanded; 0xFF any.
    package var digit: UInt8 = 0xFF
    /// The whole ModRM byte demanded; 0 any (no encoding demands ModRM to be 0).
    package var exactModRM: UInt8 = 0
    package var first = Operand()
    package var second = Operand()
    package var third = Operand()
    package var flags: Flags = []
    /// Its place in `EncodingTable.encodings`.
    package var row: UInt16 = 0

    package init() {}

    /// Whether a ModRM byte follows the opcode.
    package var hasModRM: Bool {
        digit != 0xFF || exactModRM != 0 || [first, second].contains { Self.modRMKinds.contains($0.kind) }
    }

    private static let modRMKinds: [Kind] = [
        .registerOrMemory, .memory, .register, .reg, .vectorReg, .vectorOrMemory, .vectorRM, .mmxReg,
        .mmxOrMemory, .mmxRM, .segment, .control, .debug, .anything,
    ]

    /// The operand that ModRM.rm names.
    package var rm: Operand? {
        let kinds: [Kind] = [
            .registerOrMemory, .memory, .register, .vectorOrMemory, .vectorRM, .mmxOrMemory, .mmxRM,
            .anything,
        ]
        return [first, second].first { kinds.contains($0.kind) }
    }

    /// Of two encodings that fit, the more specific one counts.
    var specificity: Int {
        (exactModRM != 0 ? 4 : 0) + (prefix != .any ? 2 : 0) + (digit != 0xFF ? 1 : 0)
    }
}
