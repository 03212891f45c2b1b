import RISCV

/// Random loops of the kind that compilers write: several basic blocks, chains of word operations, pairs of
/// shifts and of divisions, and pointers that walk through memory until, perhaps, they fall off its end.
///
/// x9 counts the turns, x8 walks, x7 stays, x6 counts an inner loop; few other registers or many are in play.
struct LoopProgram {
    private var random: SeededGenerator
    private var words: [UInt32] = []
    private let registers: [UInt32]
    private let stride: Int32

    /// The loop that belongs to `seed`, which runs `turns` times if nothing ends it before.
    static func make(seed: UInt64, turns: UInt64) -> RandomProgram {
        var maker = LoopProgram(seed: seed)
        return maker.program(turns)
    }

    private init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        let usable = ([1, 2, 3, 4, 5] + Array(10...31)).shuffled(using: &random) as [UInt32]
        registers = Array(usable.prefix([4, 8, 12, 26].randomElement(using: &random) ?? 8))
        stride = [0, 1, 4, 8, -8, 20, 136, 1032, 2040].randomElement(using: &random) ?? 0
    }

    private mutating func program(_ turns: UInt64) -> RandomProgram {
        let length = Int.random(in: 4...28, using: &random)
        let walk = Int.random(in: 0..<length, using: &random)
        for step in 0..<length {
            if step == walk { words.append(immediate(0, 8, 8, stride)) }
            append(left: length - step)
        }
        words.append(immediate(0, 9, 9, -1))
        words.append(branch(1, 9, 0, -4 * Int32(words.count)))
        words += [UInt32](repeating: RandomProgram.call, count: 4)
        var values = (0..<32).map { _ in value() }
        values[9] = turns
        values[6] = 3
        values[7] = Bench.data + 0x800 + UInt64.random(in: 0..<64, using: &random) * 8
        return RandomProgram(words: words, registers: values, isLoop: true)
    }

    /// Mostly words, as programs have them.
    private mutating func value() -> UInt64 {
        let value = random.next()
        switch value >> 61 {
        case 0: return value
        case 1: return value & 0xffff_ffff
        case 2: return value & 0xff
        default: return UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
        }
    }

    // MARK: Steps

    private mutating func append(left: Int) {
        switch UInt8.random(in: 0..<33, using: &random) {
        case 0..<12: words.append(computation())
        case 12..<16: words.append(withConstant())
        case 16..<19: rotation()
        case 19..<21: zeroExtension()
        case 21..<22: divisions()
        case 22..<26: words.append(load())
        case 26..<29: words.append(store())
        case 29: innerLoop()
        case 30: indexing()
        default: words.append(forward(left))
        }
    }

    private mutating func any() -> UInt32 { registers.randomElement(using: &random) ?? 10 }

    /// A source: sometimes zero.
    private mutating func source() -> UInt32 { random.next() & 15 == 0 ? 0 : any() }

    private mutating func computation() -> UInt32 {
        let choices: [(UInt32, UInt32, UInt32)] = [
            (0x33, 0, 0), (0x33, 0, 0x20), (0x33, 1, 0), (0x33, 2, 0), (0x33, 3, 0), (0x33, 4, 0),
            (0x33, 5, 0),
            (0x33, 5, 0x20), (0x33, 6, 0), (0x33, 7, 0), (0x3b, 0, 0), (0x3b, 0, 0), (0x3b, 0, 0x20),
            (0x3b, 1, 0), (0x3b, 5, 0), (0x3b, 5, 0x20), (0x3b, 0, 1), (0x33, 0, 1), (0x33, 3, 1),
            (0x3b, 5, 0x30), (0x3b, 1, 0x30), (0x33, 2, 0x10), (0x3b, 0, 4), (0x3b, 4, 0x10), (0x33, 7, 0x20),
            (0x33, 6, 0x20), (0x33, 4, 0x20), (0x33, 4, 5), (0x33, 7, 5), (0x33, 5, 7), (0x33, 1, 0x24),
        ]
        let (opcode, three, seven) = choices.randomElement(using: &random) ?? choices[0]
        return register(opcode, three, seven, any(), source(), source())
    }

    private mutating func withConstant() -> UInt32 {
        let constant = Int32.random(in: -2048...2047, using: &random)
        switch UInt8.random(in: 0..<8, using: &random) {
        case 0: return immediate(0, any(), source(), constant)
        case 1, 2: return immediate(0, any(), source(), random.next() & 1 == 0 ? 0 : constant, 0x1b)
        case 3:
            return immediate(7, any(), source(), [255, 1, 2047, -1, -16].randomElement(using: &random) ?? 1)
        case 4: return immediate(random.next() & 1 == 0 ? 4 : 6, any(), source(), constant)
        case 5: return immediate(random.next() & 1 == 0 ? 2 : 3, any(), source(), constant)
        case 6: return shift(random.next() & 1 == 0, any(), any(), UInt32.random(in: 0...63, using: &random))
        default: return UInt32(truncatingIfNeeded: random.next()) & 0xffff_f000 | any() << 7 | 0x37
        }
    }

    private mutating func rotation() {
        let isWord = random.next() & 3 != 0
        let size: UInt32 = isWord ? 32 : 64
        let amount = UInt32.random(in: 1..<size, using: &random)
        let (from, a, b) = (any(), any(), any())
        let opcode: UInt32 = isWord ? 0x1b : 0x13
        let shifts = [
            immediate(1, a, from, Int32(amount), opcode), immediate(5, b, from, Int32(size - amount), opcode),
        ]
        words += random.next() & 1 == 0 ? shifts : shifts.reversed()
        if random.next() & 1 == 0 { words.append(computation()) }
        words.append(register(0x33, random.next() & 3 == 0 ? 4 : 6, 0, any(), a, b))
    }

    private mutating func zeroExtension() {
        let from = any()
        let middle = random.next() & 1 == 0 ? from : any()
        words.append(shift(true, middle, from, 32))
        if random.next() & 3 == 0 { words.append(load()) }
        let to = random.next() & 3 == 0 ? any() : middle
        words.append(shift(false, to, middle, UInt32.random(in: 28...33, using: &random)))
    }

    private mutating func indexing() {
        let from = any()
        let middle = random.next() & 1 == 0 ? from : any()
        words.append(shift(true, middle, from, UInt32.random(in: 1...4, using: &random)))
        if random.next() & 3 == 0 { words.append(computation()) }
        let other = any()
        let to = random.next() & 1 == 0 ? middle : any()
        words.append(
            random.next() & 1 == 0
                ? register(0x33, 0, 0, to, middle, other) : register(0x33, 0, 0, to, other, middle))
    }

    private mutating func divisions() {
        let opcode: UInt32 = random.next() & 1 == 0 ? 0x33 : 0x3b
        let (a, b) = (any(), any())
        let unsigned: UInt32 = random.next() & 1 == 0 ? 1 : 0
        words.append(register(opcode, 4 | unsigned, 1, any(), a, b))
        for _ in 0..<Int.random(in: 0...2, using: &random) { words.append(computation()) }
        words.append(register(opcode, 6 | unsigned, 1, any(), a, b))
    }

    private mutating func base() -> UInt32 { random.next() & 1 == 0 ? 8 : 7 }

    private mutating func offset() -> Int32 {
        let offset = Int32.random(in: -64...255, using: &random)
        return random.next() & 3 == 0 ? offset : offset & ~7
    }

    private mutating func load() -> UInt32 {
        immediate([0, 1, 2, 2, 3, 4, 5, 6].randomElement(using: &random) ?? 2, any(), base(), offset(), 3)
    }

    private mutating func store() -> UInt32 {
        let (at, offset) = (base(), UInt32(bitPattern: offset()))
        let three = UInt32.random(in: 0...3, using: &random)
        return (offset >> 5 & 0x7f) << 25 | source() << 20 | at << 15 | three << 12 | (offset & 31) << 7
            | 0x23
    }

    /// A few computations that run several times in each turn.
    private mutating func innerLoop() {
        words.append(immediate(0, 6, 0, Int32.random(in: 1...5, using: &random)))
        let start = words.count
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            words.append(random.next() & 3 == 0 ? load() : computation())
        }
        words.append(immediate(0, 6, 6, -1))
        // While it is positive: a branch into the middle must not make it endless.
        words.append(branch(4, 0, 6, Int32(start - words.count) * 4))
    }

    /// Over a few steps, which may have several instructions each: never behind the end.
    private mutating func forward(_ left: Int) -> UInt32 {
        let distance = Int32.random(in: 1...Int32(max(1, min(left, 5))), using: &random) * 4
        let condition: UInt32 = [0, 1, 4, 5, 6, 7].randomElement(using: &random) ?? 0
        return branch(condition, source(), source(), distance)
    }

    // MARK: Encodings

    private func register(
        _ opcode: UInt32, _ three: UInt32, _ seven: UInt32, _ rd: UInt32, _ a: UInt32, _ b: UInt32
    ) -> UInt32 {
        seven << 25 | b << 20 | a << 15 | three << 12 | rd << 7 | opcode
    }

    private func immediate(
        _ three: UInt32, _ rd: UInt32, _ a: UInt32, _ value: Int32, _ opcode: UInt32 = 0x13
    ) -> UInt32 {
        UInt32(bitPattern: value) << 20 | a << 15 | three << 12 | rd << 7 | opcode
    }

    private func shift(_ left: Bool, _ rd: UInt32, _ a: UInt32, _ amount: UInt32) -> UInt32 {
        immediate(left ? 1 : 5, rd, a, Int32(amount))
    }

    private func branch(_ three: UInt32, _ a: UInt32, _ b: UInt32, _ distance: Int32) -> UInt32 {
        let bits = UInt32(bitPattern: distance)
        let high = (bits >> 12 & 1) << 31 | (bits >> 5 & 0x3f) << 25
        return high | b << 20 | a << 15 | three << 12 | (bits >> 1 & 15) << 8 | (bits >> 11 & 1) << 7 | 0x63
    }
}
