// M: multiplication and division. Division by zero and overflow have results, not exceptions.
extension Interpreter {
    func multiply(_ instruction: Instruction) {
        let a = x(instruction.rs1)
        let b = x(instruction.rs2)
        let value =
            switch instruction.op {
            case .mul: a &* b
            case .mulh: Self.highProduct(Int64(bitPattern: a), Int64(bitPattern: b))
            case .mulhsu: a.multipliedFullWidth(by: b).high &- (Int64(bitPattern: a) < 0 ? b : 0)
            case .mulhu: a.multipliedFullWidth(by: b).high
            case .mulw: signExtended(a &* b)
            case .div, .divu, .rem, .remu: Self.divide(instruction.op, a, b)
            default:
                Self.divideWords(instruction.op, UInt32(truncatingIfNeeded: a), UInt32(truncatingIfNeeded: b))
            }
        setX(instruction.rd, value)
    }

    private static func highProduct(_ a: Int64, _ b: Int64) -> UInt64 {
        UInt64(bitPattern: a.multipliedFullWidth(by: b).high)
    }

    private static func divide(_ op: Opcode, _ a: UInt64, _ b: UInt64) -> UInt64 {
        let signedA = Int64(bitPattern: a)
        let signedB = Int64(bitPattern: b)
        // The partial values of an overflow and of a division by zero are what the manual asks for, except
        // for the quotient by zero.
        return switch op {
        case .div:
            b == 0 ? .max : UInt64(bitPattern: signedA.dividedReportingOverflow(by: signedB).partialValue)
        case .divu: b == 0 ? .max : a / b
        case .rem: UInt64(bitPattern: signedA.remainderReportingOverflow(dividingBy: signedB).partialValue)
        default: b == 0 ? a : a % b  // remu
        }
    }

    private static func divideWords(_ op: Opcode, _ a: UInt32, _ b: UInt32) -> UInt64 {
        let signedA = Int32(bitPattern: a)
        let signedB = Int32(bitPattern: b)
        return switch op {
        case .divw:
            b == 0
                ? .max
                : UInt64(bitPattern: Int64(signedA.dividedReportingOverflow(by: signedB).partialValue))
        case .divuw: b == 0 ? .max : signExtended(UInt64(a / b))
        case .remw:
            UInt64(bitPattern: Int64(signedA.remainderReportingOverflow(dividingBy: signedB).partialValue))
        default: signExtended(UInt64(b == 0 ? a : a % b))  // remuw
        }
    }
}
