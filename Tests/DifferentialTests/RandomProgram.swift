import RISCV

/// A repeatable source of random numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}

/// A program of random instructions from the encoding table, tame enough to end: memory accesses
/// go through x8 and x9, which no instruction writes, branches lead forward, and the last
/// instruction is a call that ends the run.
struct RandomProgram {
    let words: [UInt32]
    let registers: [UInt64]
    let floats: [UInt64]
    let isLoop: Bool

    static let call: UInt32 = 0x0000_0073

    /// - Parameter turns: how often the program is run over before it ends: often enough, and the
    ///   translator makes a region of it.
    init(seed: UInt64, length: Int, turns: UInt64 = 1, pick: (Encoding) -> Bool) {
        var random = SeededGenerator(seed: seed)
        let choices = EncodingTable.shared.encodings.filter { Self.isTame($0.op) && pick($0) }
        var body = (0..<length).map { position in
            guard let choice = choices.randomElement(using: &random) else { fatalError("nothing to pick") }
            return Self.word(choice, left: length - position, &random)
        }
        isLoop = turns > 1
        if isLoop {
            body = body.map { Self.usesSecondBase($0) ? $0 & ~(1 << 15) : $0 }
            body += Self.closing(length)
        }
        words = body + [UInt32](repeating: Self.call, count: 4)
        var registers = (0..<32).map { _ in Self.interesting(&random) }
        if isLoop { registers[9] = turns }
        self.registers = registers
        floats = (0..<32).map { _ in Self.interestingFloat(&random) }
    }

    /// ADDI x9, x9, -1 and BNE x9, x0 to the start of a body of `length` instructions.
    private static func closing(_ length: Int) -> [UInt32] {
        let distance = UInt32(bitPattern: Int32(-4 * (length + 1)))
        let high = (distance >> 12 & 1) << 31 | (distance >> 5 & 0x3f) << 25
        let low = (distance >> 1 & 15) << 8 | (distance >> 11 & 1) << 7
        return [0xfff4_8493, high | low | 0x0004_9063]
    }

    /// x9 counts the turns of a loop, so it cannot be the base of an access there.
    private static func usesSecondBase(_ word: UInt32) -> Bool {
        usesAddress(Decoder().decode(word).op) && word >> 15 & 31 == 9
    }

    /// Left out: what leaves the straight line for good, or reads clocks and counters.
    private static func isTame(_ op: Opcode) -> Bool {
        switch op {
        case .ecall, .ebreak, .mret, .sret, .wfi, .illegal, .jalr, .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi,
            .csrrci, .sfenceVMA, .sinvalVMA, .sfenceWInval, .sfenceInvalIR, .wrsNto, .wrsSto, .cboInval:
            false
        default: true
        }
    }

    private static func word(_ encoding: Encoding, left: Int, _ random: inout SeededGenerator) -> UInt32 {
        let noise = UInt32(truncatingIfNeeded: random.next())
        var word = encoding.match | noise & ~encoding.mask
        // Destinations x8 and x9 become x10 and x11.
        if word >> 7 & 0x1e == 8 { word ^= 2 << 7 }
        if encoding.hasRounding, word >> 12 & 7 == 5 || word >> 12 & 7 == 6 { word |= 7 << 12 }
        switch encoding.immediate {
        case .b: word = encoding.match | noise & 0x01ff_f000 | forward(left, 15) << 8
        case .j:
            word = encoding.match | noise & 0xf80 | forward(left, 15) << 21
            if word >> 7 & 0x1e == 8 { word ^= 2 << 7 }
        default: break
        }
        if usesAddress(encoding.op) { word = word & ~(0x1e << 15) | 8 << 15 }
        return word
    }

    private static func usesAddress(_ op: Opcode) -> Bool {
        Opcode.lb.rawValue...Opcode.sd.rawValue ~= op.rawValue
            || Opcode.lrW.rawValue...Opcode.amomaxuD.rawValue ~= op.rawValue
            || [.flw, .fsw, .fld, .fsd, .cboClean, .cboFlush, .cboZero].contains(op)
    }

    /// A distance in half-words over 1 to 7 instructions, at most to the end.
    private static func forward(_ left: Int, _ limit: UInt32) -> UInt32 {
        UInt32(min(max(left, 1), 7)) * 2 & limit
    }

    private static func interesting(_ random: inout SeededGenerator) -> UInt64 {
        let value = random.next()
        switch value >> 60 {
        case 0: return 0
        case 1: return .max
        case 2: return 1 << 63
        case 3: return 0x7fff_ffff
        case 4: return 0xffff_ffff_8000_0000
        case 5: return value & 0xff
        default: return value
        }
    }

    private static func interestingFloat(_ random: inout SeededGenerator) -> UInt64 {
        let specials: [UInt64] = [
            0x7ff8_0000_0000_0000, 0x7ff0_0000_0000_0001, 0x8000_0000_0000_0000, 0x7ff0_0000_0000_0000,
            0xffff_ffff_7f80_0001, 0xffff_ffff_8000_0000, 0xffff_ffff_7fc0_0000, 1, 0xffff_ffff_0000_0001,
            0x41ef_ffff_ffff_ffff, 0xc3e0_0000_0000_0000, 0xffff_ffff_4f80_0000,
        ]
        let value = random.next()
        switch value >> 61 {
        case 0, 1: return specials[Int(value % UInt64(specials.count))]
        case 2, 3: return 0xffff_ffff_0000_0000 | value & 0x7fff_ffff
        case 4: return Double(Int64(bitPattern: random.next()) >> Int64(value & 63)).bitPattern
        case 5: return 0xffff_ffff_0000_0000 | UInt64(Float(Int32(truncatingIfNeeded: value) >> 8).bitPattern)
        default: return value
        }
    }
}
