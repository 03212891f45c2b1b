// Zba, Zbb, Zbs and Zicond.
extension Interpreter {
    func bits(_ instruction: Instruction) {
        let a = x(instruction.rs1)
        let b = operand(instruction)
        let value =
            Self.addressing(instruction.op, a, b) ?? Self.logic(instruction.op, a, b)
            ?? Self.counts(instruction.op, a) ?? Self.rotations(instruction.op, a, b)
        setX(instruction.rd, value)
    }

    /// Zba.
    private static func addressing(_ op: Opcode, _ a: UInt64, _ b: UInt64) -> UInt64? {
        let low = a & 0xFFFF_FFFF
        return switch op {
        case .addUW: low &+ b
        case .sh1add: a &<< 1 &+ b
        case .sh2add: a &<< 2 &+ b
        case .sh3add: a &<< 3 &+ b
        case .sh1addUW: low &<< 1 &+ b
        case .sh2addUW: low &<< 2 &+ b
        case .sh3addUW: low &<< 3 &+ b
        case .slliUW: low &<< b
        default: nil
        }
    }

    /// Negated logic, extrema, single bits (Zbs) and conditional zero (Zicond).
    private static func logic(_ op: Opcode, _ a: UInt64, _ b: UInt64) -> UInt64? {
        let isLess = Int64(bitPattern: a) < Int64(bitPattern: b)
        return switch op {
        case .andn: a & ~b
        case .orn: a | ~b
        case .xnor: ~(a ^ b)
        case .max: isLess ? b : a
        case .maxu: a < b ? b : a
        case .min: isLess ? a : b
        case .minu: a < b ? a : b
        case .bclr, .bclri: a & ~(1 &<< b)
        case .bext, .bexti: a &>> b & 1
        case .binv, .binvi: a ^ 1 &<< b
        case .bset, .bseti: a | 1 &<< b
        case .czeroEqz: b == 0 ? 0 : a
        case .czeroNez: b != 0 ? 0 : a
        default: nil
        }
    }

    /// Operations on one operand.
    private static func counts(_ op: Opcode, _ a: UInt64) -> UInt64? {
        let word = UInt32(truncatingIfNeeded: a)
        return switch op {
        case .clz: UInt64(a.leadingZeroBitCount)
        case .ctz: UInt64(a.trailingZeroBitCount)
        case .cpop: UInt64(a.nonzeroBitCount)
        case .clzw: UInt64(word.leadingZeroBitCount)
        case .ctzw: UInt64(word.trailingZeroBitCount)
        case .cpopw: UInt64(word.nonzeroBitCount)
        case .sextB: UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: a)))
        case .sextH: UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: a)))
        case .zextH: a & 0xFFFF
        case .rev8: a.byteSwapped
        case .orcB: orCombined(a)
        default: nil
        }
    }

    /// Every byte that is not zero, filled with ones.
    private static func orCombined(_ a: UInt64) -> UInt64 {
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 8) where a >> shift & 0xFF != 0 {
            result |= 0xFF << shift
        }
        return result
    }

    private static func rotations(_ op: Opcode, _ a: UInt64, _ b: UInt64) -> UInt64 {
        let word = UInt32(truncatingIfNeeded: a)
        let distance = UInt32(truncatingIfNeeded: b)
        return switch op {
        case .rol: a &<< b | a &>> (0 &- b)
        case .ror, .rori: a &>> b | a &<< (0 &- b)
        case .rolw: signExtended(UInt64(word &<< distance | word &>> (0 &- distance)))
        default: signExtended(UInt64(word &>> distance | word &<< (0 &- distance)))  // rorw, roriw
        }
    }
}
