import RISCV

/// Random loops of floating point on few registers, most of which hold NaNs with payloads: arithmetic, which makes
/// them canonical, and copies, loads and stores, which must not.
///
/// x9 counts the turns, x8 walks, x7 stays; forward branches leave some steps out.
struct NaNProgram {
    private var random: SeededGenerator
    private var words: [UInt32] = []
    private let floats: [UInt32]
    /// How many of eight steps compute on singles.
    private let singles: UInt8

    static func make(seed: UInt64, turns: UInt64) -> RandomProgram {
        var maker = NaNProgram(seed: seed)
        return maker.program(turns)
    }

    private init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        floats = Array((0..<32 as Range<UInt32>).shuffled(using: &random).prefix(seed & 1 == 0 ? 3 : 6))
        singles = [0, 0, 1, 8].randomElement(using: &random) ?? 0
    }

    private mutating func program(_ turns: UInt64) -> RandomProgram {
        let length = Int.random(in: 3...14, using: &random)
        for step in 0..<length {
            words.append(step < length - 1 ? instruction(left: length - step) : arithmetic())
        }
        words.append(8 << 20 | 8 << 15 | 8 << 7 | 0x13)
        words.append(0xfff << 20 | 9 << 15 | 9 << 7 | 0x13)
        words.append(branch(1, 9, -4 * Int32(words.count)))
        words += [UInt32](repeating: RandomProgram.call, count: 4)
        var values = (0..<32).map { _ in random.next() }
        values[7] = Bench.data + 0x800
        values[9] = turns
        return RandomProgram(
            words: words, registers: values, floats: (0..<32).map { _ in value() },
            isLoop: true)
    }

    private mutating func value() -> UInt64 {
        let bits = random.next()
        switch bits & 7 {
        case 0, 1, 2: return bits | 0x7ff0_0000_0000_0000
        case 3, 4: return bits | 0xffff_ffff_7f80_0000
        case 5: return 0xffff_ffff_3f80_0000
        default: return 0x3ff0_0000_0000_0000
        }
    }

    private mutating func instruction(left: Int) -> UInt32 {
        switch UInt8.random(in: 0..<20, using: &random) {
        case 0..<8: return arithmetic()
        case 8..<10: return fused()
        case 10..<13: return memory(0x27)
        case 13..<15: return memory(0x07)
        case 15: return compute(0x10, rounding: UInt32.random(in: 0...2, using: &random))
        case 16: return integer()
        case 17: return isSingle() ? encode(0x20, 1, any(), 7, any()) : encode(0x21, 0, any(), 0, any())
        case 18: return compute(0x14, rounding: UInt32.random(in: 0...1, using: &random))
        default: return branch(1, 10, 4 * Int32.random(in: 1...Int32(min(left, 4)), using: &random))
        }
    }

    private mutating func any() -> UInt32 { floats.randomElement(using: &random) ?? 1 }

    private mutating func isSingle() -> Bool { UInt8.random(in: 0..<8, using: &random) < singles }

    private mutating func arithmetic() -> UInt32 {
        compute([0, 4, 8, 12].randomElement(using: &random) ?? 0, rounding: 7)
    }

    private mutating func compute(_ seven: UInt32, rounding: UInt32) -> UInt32 {
        encode(seven | (isSingle() ? 0 : 1), any(), any(), rounding, any())
    }

    private mutating func fused() -> UInt32 {
        let opcode = [0x43, 0x47, 0x4b, 0x4f].randomElement(using: &random) ?? 0x43 as UInt32
        let format: UInt32 = isSingle() ? 0 : 1
        return any() << 27 | format << 25 | any() << 20 | any() << 15 | 7 << 12 | any() << 7 | opcode
    }

    /// Comparisons and moves to x10.
    private mutating func integer() -> UInt32 {
        let format: UInt32 = isSingle() ? 0 : 1
        switch UInt8.random(in: 0...2, using: &random) {
        case 0: return encode(0x50 | format, any(), any(), UInt32.random(in: 0...2, using: &random), 10)
        case 1: return encode(0x60 | format, 0, any(), 1, 10)
        default: return encode(0x70 | format, 0, any(), 0, 10)
        }
    }

    private func encode(
        _ seven: UInt32, _ second: UInt32, _ first: UInt32, _ rounding: UInt32, _ to: UInt32
    ) -> UInt32 {
        seven << 25 | second << 20 | first << 15 | rounding << 12 | to << 7 | 0x53
    }

    private mutating func memory(_ opcode: UInt32) -> UInt32 {
        let width: UInt32 = isSingle() ? 2 : 3
        let base: UInt32 = random.next() & 1 == 0 ? 7 : 8
        let offset = UInt32.random(in: 0...15, using: &random) * 8
        let float = any()
        guard opcode == 0x27 else { return offset << 20 | base << 15 | width << 12 | float << 7 | opcode }
        return (offset >> 5) << 25 | float << 20 | base << 15 | width << 12 | (offset & 31) << 7 | opcode
    }

    private func branch(_ three: UInt32, _ first: UInt32, _ distance: Int32) -> UInt32 {
        let bits = UInt32(bitPattern: distance)
        let high = (bits >> 12 & 1) << 31 | (bits >> 5 & 0x3f) << 25
        return high | first << 15 | three << 12 | (bits >> 1 & 15) << 8 | (bits >> 11 & 1) << 7 | 0x63
    }
}
