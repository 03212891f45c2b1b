import RISCV
import Testing

@Suite("Every TestFloat vector, in every rounding mode, with its flags")
struct FloatVectorTests {
    @Test func `The fixture is complete`() throws {
        #expect(try FloatVectors.groups.reduce(0) { $0 + $1.vectors.count } == 191_006)
    }

    @Test(arguments: try FloatVectors.groups)
    func `Reference arithmetic agrees`(group: FloatVectorGroup) {
        let mismatches = group.vectors.filter { vector in
            var flags: FloatFlags = []
            let result =
                group.isDouble
                ? evaluate(Binary64.self, group, vector, &flags)
                : evaluate(Binary32.self, group, vector, &flags)
            return result != vector.expected || flags != vector.flags
        }
        #expect(!group.vectors.isEmpty)
        #expect(
            mismatches.isEmpty, "\(mismatches.count) wrong, first \(String(describing: mismatches.first))")
    }
}

/// What the reference arithmetic makes of a vector, zero-extended as in `FloatVector`.
private func evaluate<Format: FloatFormat>(
    _: Format.Type, _ group: FloatVectorGroup, _ vector: FloatVector, _ flags: inout FloatFlags
) -> UInt64 {
    let a = Format.Bits(truncatingIfNeeded: vector.a)
    let b = Format.Bits(truncatingIfNeeded: vector.b)
    let c = Format.Bits(truncatingIfNeeded: vector.c)
    let rounding = group.rounding
    return switch group.operation {
    case .add: UInt64(Format.add(a, b, rounding, &flags))
    case .sub: UInt64(Format.subtract(a, b, rounding, &flags))
    case .mul: UInt64(Format.multiply(a, b, rounding, &flags))
    case .div: UInt64(Format.divide(a, b, rounding, &flags))
    case .sqrt: UInt64(Format.squareRoot(a, rounding, &flags))
    case .mulAdd: UInt64(Format.fusedMultiplyAdd(a, b, c, rounding, &flags))
    case .eq: Format.isEqual(a, b, &flags) ? 1 : 0
    case .lt: Format.isLess(a, b, &flags) ? 1 : 0
    case .le: Format.isLessOrEqual(a, b, &flags) ? 1 : 0
    case .toF32: UInt64(Binary32.convert(a, from: Format.self, rounding, &flags))
    case .toF64: Binary64.convert(a, from: Format.self, rounding, &flags)
    case .toI32: UInt64(UInt32(bitPattern: Format.toInteger(a, Int32.self, rounding, &flags)))
    case .toU32: UInt64(Format.toInteger(a, UInt32.self, rounding, &flags))
    case .toI64: UInt64(bitPattern: Format.toInteger(a, Int64.self, rounding, &flags))
    case .toU64: Format.toInteger(a, UInt64.self, rounding, &flags)
    case .fromI32: UInt64(Format.fromInteger(Int32(truncatingIfNeeded: vector.a), rounding, &flags))
    case .fromU32: UInt64(Format.fromInteger(UInt32(truncatingIfNeeded: vector.a), rounding, &flags))
    case .fromI64: UInt64(Format.fromInteger(Int64(bitPattern: vector.a), rounding, &flags))
    case .fromU64: UInt64(Format.fromInteger(vector.a, rounding, &flags))
    }
}
