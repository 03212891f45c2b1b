/// The C extension: 16-bit encodings, each the same as a 32-bit instruction (unprivileged spec, "C" chapter).
///
/// Reserved encodings, and those of extensions that the hart lacks (Zcb), are illegal. HINTs decode to the
/// instructions they look like, which then write x0.
enum CompressedDecoder {
    static func decode(_ half: UInt32) -> Instruction {
        switch half & 3 {
        case 0: quadrant0(half)
        case 1: quadrant1(half)
        default: quadrant2(half)
        }
    }

    // MARK: Quadrants

    private static func quadrant0(_ half: UInt32) -> Instruction {
        let data = small(half, 2)
        let base = small(half, 7)
        let word = Int32(bitPattern: half >> 7 & 0x38 | half >> 4 & 4 | half << 1 & 0x40)
        let double = Int32(bitPattern: half >> 7 & 0x38 | half << 1 & 0xC0)
        switch half >> 13 {
        case 0b000:
            let offset = half >> 7 & 0x30 | half >> 1 & 0x3C0 | half >> 4 & 4 | half >> 2 & 8
            guard offset != 0 else { return illegal(half) }
            return make(.addi, half, rd: data, rs1: 2, imm: Int32(bitPattern: offset))
        case 0b001: return make(.fld, half, rd: data, rs1: base, imm: double)
        case 0b010: return make(.lw, half, rd: data, rs1: base, imm: word)
        case 0b011: return make(.ld, half, rd: data, rs1: base, imm: double)
        case 0b101: return make(.fsd, half, rs1: base, rs2: data, imm: double)
        case 0b110: return make(.sw, half, rs1: base, rs2: data, imm: word)
        case 0b111: return make(.sd, half, rs1: base, rs2: data, imm: double)
        default: return illegal(half)
        }
    }

    private static func quadrant1(_ half: UInt32) -> Instruction {
        let rd = register(half, 7)
        let imm = signed6(half)
        switch half >> 13 {
        case 0b000: return make(.addi, half, rd: rd, rs1: rd, imm: imm)
        case 0b001: return rd == 0 ? illegal(half) : make(.addiw, half, rd: rd, rs1: rd, imm: imm)
        case 0b010: return make(.addi, half, rd: rd, imm: imm)
        case 0b011:
            guard imm != 0 else { return illegal(half) }
            return rd == 2
                ? make(.addi, half, rd: 2, rs1: 2, imm: stackAdjustment(half))
                : make(.lui, half, rd: rd, imm: imm << 12)
        case 0b100: return arithmetic(half)
        case 0b101: return make(.jal, half, imm: jumpOffset(half))
        case 0b110: return make(.beq, half, rs1: small(half, 7), imm: branchOffset(half))
        default: return make(.bne, half, rs1: small(half, 7), imm: branchOffset(half))
        }
    }

    private static func arithmetic(_ half: UInt32) -> Instruction {
        let rd = small(half, 7)
        let imm = signed6(half)
        switch half >> 10 & 3 {
        case 0: return make(.srli, half, rd: rd, rs1: rd, imm: imm & 0x3F)
        case 1: return make(.srai, half, rd: rd, rs1: rd, imm: imm & 0x3F)
        case 2: return make(.andi, half, rd: rd, rs1: rd, imm: imm)
        default: break
        }
        let op: Opcode =
            switch half >> 10 & 4 | half >> 5 & 3 {
            case 0: .sub
            case 1: .xor
            case 2: .or
            case 3: .and
            case 4: .subw
            case 5: .addw
            default: .illegal
            }
        return op == .illegal ? illegal(half) : make(op, half, rd: rd, rs1: rd, rs2: small(half, 2))
    }

    private static func quadrant2(_ half: UInt32) -> Instruction {
        let rd = register(half, 7)
        let source = register(half, 2)
        let word = Int32(bitPattern: half >> 7 & 0x20 | half >> 2 & 0x1C | half << 4 & 0xC0)
        let double = Int32(bitPattern: half >> 7 & 0x20 | half >> 2 & 0x18 | half << 4 & 0x1C0)
        let storeWord = Int32(bitPattern: half >> 7 & 0x3C | half >> 1 & 0xC0)
        let storeDouble = Int32(bitPattern: half >> 7 & 0x38 | half >> 1 & 0x1C0)
        switch half >> 13 {
        case 0b000: return make(.slli, half, rd: rd, rs1: rd, imm: signed6(half) & 0x3F)
        case 0b001: return make(.fld, half, rd: rd, rs1: 2, imm: double)
        case 0b010: return rd == 0 ? illegal(half) : make(.lw, half, rd: rd, rs1: 2, imm: word)
        case 0b011: return rd == 0 ? illegal(half) : make(.ld, half, rd: rd, rs1: 2, imm: double)
        case 0b100: return jumpOrMove(half, rd, source)
        case 0b101: return make(.fsd, half, rs1: 2, rs2: source, imm: storeDouble)
        case 0b110: return make(.sw, half, rs1: 2, rs2: source, imm: storeWord)
        default: return make(.sd, half, rs1: 2, rs2: source, imm: storeDouble)
        }
    }

    /// C.JR, C.MV, C.EBREAK, C.JALR and C.ADD share one place.
    private static func jumpOrMove(_ half: UInt32, _ rd: UInt8, _ source: UInt8) -> Instruction {
        switch (half >> 12 & 1, rd, source) {
        case (0, 0, 0): illegal(half)
        case (0, _, 0): make(.jalr, half, rs1: rd)
        case (0, _, _): make(.add, half, rd: rd, rs2: source)
        case (_, 0, 0): make(.ebreak, half)
        case (_, _, 0): make(.jalr, half, rd: 1, rs1: rd)
        default: make(.add, half, rd: rd, rs1: rd, rs2: source)
        }
    }

    // MARK: Fields

    private static func register(_ half: UInt32, _ shift: UInt32) -> UInt8 {
        UInt8(truncatingIfNeeded: half >> shift & 31)
    }

    /// A three-bit register number: x8 to x15.
    private static func small(_ half: UInt32, _ shift: UInt32) -> UInt8 {
        8 | UInt8(truncatingIfNeeded: half >> shift & 7)
    }

    private static func signed6(_ half: UInt32) -> Int32 {
        (Int32(bitPattern: half << 19) >> 31) << 5 | Int32(bitPattern: half >> 2 & 31)
    }

    private static func stackAdjustment(_ half: UInt32) -> Int32 {
        let low = half >> 2 & 0x10 | half << 1 & 0x40 | half << 4 & 0x180 | half << 3 & 0x20
        return (Int32(bitPattern: half << 19) >> 31) << 9 | Int32(bitPattern: low)
    }

    private static func branchOffset(_ half: UInt32) -> Int32 {
        let low = half >> 7 & 0x18 | half << 1 & 0xC0 | half >> 2 & 6 | half << 3 & 0x20
        return (Int32(bitPattern: half << 19) >> 31) << 8 | Int32(bitPattern: low)
    }

    private static func jumpOffset(_ half: UInt32) -> Int32 {
        let high = half >> 1 & 0x300 | half << 2 & 0x400 | half >> 1 & 0x40 | half << 1 & 0x80
        let low = half >> 7 & 0x10 | half >> 2 & 0xE | half << 3 & 0x20
        return (Int32(bitPattern: half << 19) >> 31) << 11 | Int32(bitPattern: high | low)
    }

    // MARK: Results

    private static func make(
        _ op: Opcode, _ half: UInt32, rd: UInt8 = 0, rs1: UInt8 = 0, rs2: UInt8 = 0, imm: Int32 = 0
    ) -> Instruction {
        var result = Instruction(op, length: 2, raw: half)
        result.rd = rd
        result.rs1 = rs1
        result.rs2 = rs2
        result.imm = imm
        return result
    }

    private static func illegal(_ half: UInt32) -> Instruction { Instruction(.illegal, length: 2, raw: half) }
}
