import RISCV
import Testing

/// A result together with the flags that it raised.
private struct Outcome<Value: Equatable & Sendable>: Equatable, Sendable {
    let value: Value
    let flags: FloatFlags

    init(_ value: Value, _ flags: FloatFlags) {
        self.value = value
        self.flags = flags
    }
}

private func outcome<Value: Equatable & Sendable>(_ operation: (inout FloatFlags) -> Value) -> Outcome<Value>
{
    var flags: FloatFlags = []
    let value = operation(&flags)
    return Outcome(value, flags)
}

@Suite("What RISC-V adds to IEEE 754")
struct FloatTests {
    let minusZero: UInt32 = 0x8000_0000
    let quietNaN: UInt32 = 0xFFC0_1234
    let signalingNaN: UInt32 = 0x7F80_0001

    @Test func `Rounding modes have the codes of frm, and reserved codes are none`() {
        #expect(FloatRounding.allCases.map(\.rawValue) == [0, 1, 2, 3, 4])
        #expect((5...7).allSatisfy { FloatRounding(rawValue: $0) == nil })
    }

    @Test func `An unsigned conversion of -1 is invalid and not inexact, of -0.5 inexact and zero`() {
        func convert(_ number: Float, _ rounding: FloatRounding) -> Outcome<UInt32> {
            outcome { Binary32.toInteger(number.bitPattern, UInt32.self, rounding, &$0) }
        }
        #expect(convert(-1, .towardZero) == Outcome(0, .invalid))
        #expect(convert(-0.5, .towardZero) == Outcome(0, .inexact))
        #expect(convert(-0.5, .nearestMaxMagnitude) == Outcome(0, .invalid))
        #expect(convert(-0.5, .down) == Outcome(0, .invalid))
    }

    @Test func `Conversions saturate and take a NaN for the largest integer`() {
        func convert(_ number: Double) -> Outcome<Int32> {
            outcome { Binary64.toInteger(number.bitPattern, Int32.self, .nearestEven, &$0) }
        }
        #expect(convert(-.nan) == Outcome(.max, .invalid))
        #expect(convert(-.infinity) == Outcome(.min, .invalid))
        #expect(convert(2_147_483_647.25) == Outcome(.max, .inexact))
        #expect(convert(2_147_483_647.5) == Outcome(.max, .invalid))
        #expect(convert(-2_147_483_648.5) == Outcome(.min, .inexact))
        #expect(
            outcome { Binary64.toInteger(0x43F0 << 48, UInt64.self, .up, &$0) } == Outcome(.max, .invalid))
    }

    @Test func `RMM rounds ties away from zero`() {
        func convert(_ number: Float, _ rounding: FloatRounding) -> Outcome<Int64> {
            outcome { Binary32.toInteger(number.bitPattern, Int64.self, rounding, &$0) }
        }
        #expect(convert(2.5, .nearestEven) == Outcome(2, .inexact))
        #expect(convert(2.5, .nearestMaxMagnitude) == Outcome(3, .inexact))
        #expect(convert(-2.5, .nearestMaxMagnitude) == Outcome(-3, .inexact))
        #expect(convert(0.5, .nearestMaxMagnitude) == Outcome(1, .inexact))
        let tie = outcome { Binary32.fromInteger(-0x100_0001, .nearestMaxMagnitude, &$0) }
        #expect(tie == Outcome((-0x100_0002 as Float).bitPattern, .inexact))
    }

    @Test func `A register that holds no box reads as the canonical NaN`() {
        #expect(NaNBox.box(0x3F80_0000) == 0xFFFF_FFFF_3F80_0000)
        #expect(NaNBox.unbox(0xFFFF_FFFF_3F80_0000) == 0x3F80_0000)
        #expect(NaNBox.unbox(0xFFFF_FFFE_3F80_0000) == 0x7FC0_0000)
        #expect(NaNBox.unbox(0x3FF0_0000_0000_0000) == 0x7FC0_0000)
    }

    @Test func `Minimum and maximum order the zeros and prefer numbers to NaNs`() {
        #expect(outcome { Binary32.minimum(0, minusZero, &$0) } == Outcome(minusZero, []))
        #expect(outcome { Binary32.minimum(minusZero, 0, &$0) } == Outcome(minusZero, []))
        #expect(outcome { Binary32.maximum(0, minusZero, &$0) } == Outcome(0, []))
        #expect(outcome { Binary32.maximum(minusZero, 0, &$0) } == Outcome(0, []))
        #expect(outcome { Binary32.minimum(0xC000_0000, 0xBF80_0000, &$0) } == Outcome(0xC000_0000, []))
        #expect(outcome { Binary32.maximum(0xC000_0000, 0x3F80_0000, &$0) } == Outcome(0x3F80_0000, []))
        #expect(outcome { Binary32.maximum(quietNaN, minusZero, &$0) } == Outcome(minusZero, []))
        #expect(outcome { Binary32.minimum(1, signalingNaN, &$0) } == Outcome(1, .invalid))
        #expect(outcome { Binary32.minimum(quietNaN, quietNaN, &$0) } == Outcome(0x7FC0_0000, []))
    }

    @Test func `Every NaN result is the canonical one`() {
        #expect(outcome { Binary32.add(quietNaN, 0, .nearestEven, &$0) } == Outcome(0x7FC0_0000, []))
        #expect(outcome { Binary32.multiply(1, signalingNaN, .up, &$0) } == Outcome(0x7FC0_0000, .invalid))
        let widened = outcome { Binary64.convert(quietNaN, from: Binary32.self, .nearestEven, &$0) }
        #expect(widened == Outcome(0x7FF8_0000_0000_0000, []))
    }

    @Test func `Infinity times zero is invalid even when a quiet NaN is added`() {
        let result = outcome {
            Binary32.fusedMultiplyAdd(Binary32.infinity, 0, quietNaN, .nearestEven, &$0)
        }
        #expect(result == Outcome(0x7FC0_0000, .invalid))
    }

    @Test func `The fused family negates before the sum`() {
        func fused(_ c: Float, product: Bool, addend: Bool, _ rounding: FloatRounding) -> Outcome<UInt32> {
            outcome {
                Binary32.fusedMultiplyAdd(
                    (3 as Float).bitPattern, (5 as Float).bitPattern, c.bitPattern, negateProduct: product,
                    negateAddend: addend, rounding, &$0)
            }
        }
        #expect(fused(1, product: false, addend: true, .up) == Outcome((14 as Float).bitPattern, []))
        #expect(fused(1, product: true, addend: false, .up) == Outcome((-14 as Float).bitPattern, []))
        #expect(fused(1, product: true, addend: true, .up) == Outcome((-16 as Float).bitPattern, []))
        #expect(fused(-15, product: true, addend: true, .nearestEven) == Outcome(0, []))
        #expect(fused(-15, product: true, addend: true, .down) == Outcome(minusZero, []))
    }

    @Test func `Tininess is judged after rounding`() {
        // 2^-126 less a trifle: at full precision it rounds back to the smallest normal number, or not.
        func almostNormal(_ rounding: FloatRounding) -> Outcome<UInt32> {
            outcome { Binary32.fusedMultiplyAdd(1, 0x8000_0001, 0x0080_0000, rounding, &$0) }
        }
        #expect(almostNormal(.nearestEven) == Outcome(0x0080_0000, .inexact))
        #expect(almostNormal(.towardZero) == Outcome(0x007F_FFFF, [.inexact, .underflow]))
    }

    @Test func `Classes are ten bits in the order of the numbers, NaNs last`() {
        let singles: [UInt32] = [
            0xFF80_0000, 0xBF80_0000, 0x807F_FFFF, minusZero, 0, 1, 0x0080_0000, 0x7F80_0000, signalingNaN,
            quietNaN,
        ]
        #expect(singles.map(Binary32.classify) == (0..<10).map { 1 << $0 })
        let doubles: [Double] = [
            -.infinity, -1, -.leastNonzeroMagnitude, -0.0, 0, .leastNonzeroMagnitude, 1, .infinity,
            .signalingNaN, .nan,
        ]
        #expect(doubles.map { Binary64.classify($0.bitPattern) } == (0..<10).map { 1 << $0 })
    }

    @Test(arguments: FloatRounding.allCases)
    func `Narrowing chooses between the two neighbours`(rounding: FloatRounding) {
        var random = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0 ... .max, using: &random)
        var state = seed
        for _ in 0..<2_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            // Exponents from below the smallest single to above the largest; every second fraction is short.
            let fraction = state & 1 == 0 ? state >> 12 : state >> 12 & ~0x0FFF_FFFF
            let bits = state & 1 << 63 | (860 + state >> 32 % 310) << 52 | fraction
            let expected = neighbour(of: Double(bitPattern: bits), rounding)
            var flags: FloatFlags = []
            let result = Binary32.convert(bits, from: Binary64.self, rounding, &flags)
            #expect(result == expected.bitPattern, "seed \(seed), operand \(String(bits, radix: 16))")
            #expect(flags.contains(.inexact) == (Double(expected).bitPattern != bits), "seed \(seed)")
        }
    }

    /// The single-precision number that a finite double rounds to, by comparing distances.
    private func neighbour(of number: Double, _ rounding: FloatRounding) -> Float {
        let nearest = Float(number)
        let exact = Double(nearest)
        if exact == number || rounding == .nearestEven { return nearest }
        let below = exact < number ? nearest : nearest.nextDown
        let above = exact > number ? nearest : nearest.nextUp
        switch rounding {
        case .down: return below
        case .up: return above
        case .towardZero: return number < 0 ? above : below
        default: break
        }
        guard below.isFinite, above.isFinite else { return nearest }
        let (toBelow, toAbove) = (number - Double(below), Double(above) - number)
        if toBelow == toAbove { return number < 0 ? below : above }
        return nearest
    }
}
