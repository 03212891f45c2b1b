import Testing

/// No address hits a TLB entry that was never filled, whatever the entry holds: a hit would reach host
/// memory that belongs to nobody's guest.
@Suite struct EmptyTagTests {
    /// Addresses that a careless empty tag could equal: the ends of the address space, the borders of what
    /// is canonical, every index of the smallest set, and the empty tags themselves.
    static let addresses: [UInt64] = {
        let ends: [UInt64] = [0, 1 << 12, 1 << 38, 1 << 47, 1 << 56, 1 << 62, 1 << 63]
        let near = ends.flatMap { [$0, $0 &- 8, $0 &+ 4088, ~$0 & ~7] }
        let indexes = (0..<256).map { UInt64($0) << 12 }
        return near + indexes + indexes.map { $0 | 1 << 63 }
    }()

    /// `lb x11, 0(x10)`, `ld x11, 0(x10)`, `sb x11, 0(x10)`, `sd x11, 0(x10)`.
    static let accesses: [UInt32] = [0x0005_0583, 0x0005_3583, 0x00b5_0023, 0x00b5_3023]

    @Test(arguments: accesses)
    func nothingIsThere(_ access: UInt32) {
        for address in Self.addresses {
            var registers = [UInt64](repeating: 0, count: 32)
            registers[10] = address
            let program = RandomProgram(words: [access, RandomProgram.call], registers: registers)
            let expected = Bench().run(program, translating: false)
            let actual = Bench().run(program, translating: true)
            #expect(expected == actual, "at \(String(address, radix: 16))")
            // An access fault: 5 for loads, 7 for stores.
            #expect(actual.cause == 5 || actual.cause == 7, "at \(String(address, radix: 16))")
            #expect(actual.value == address)
        }
    }

    /// What a region remembers of a page is nothing before its first access, which may come late: here in the
    /// last of 2000 turns, by when the address has been reached by `step` a turn.
    @Test(arguments: accesses, [0, 8, -8] as [Int32])
    func regionsRememberNothing(_ access: UInt32, _ step: Int32) {
        for address in Self.addresses {
            var registers = [UInt64](repeating: 0, count: 32)
            registers[9] = 2000
            registers[10] = address &- UInt64(bitPattern: Int64(step) * 1999)
            registers[12] = 1
            // addi x9, x9, -1; addi x10, x10, step; bne x9, x12, +8; access; bne x9, x0, -16
            let words = [
                0xfff4_8493, UInt32(bitPattern: step) << 20 | 0x0005_0513, 0x00c4_9463, access, 0xfe04_98e3,
                RandomProgram.call,
            ]
            let program = RandomProgram(words: words, registers: registers, isLoop: true)
            let expected = Bench().run(program, translating: false)
            let actual = Bench().run(program, translating: true)
            #expect(expected == actual, "at \(String(address, radix: 16))")
            #expect(actual.cause == 5 || actual.cause == 7, "at \(String(address, radix: 16))")
            #expect(actual.value == address)
        }
    }
}

extension RandomProgram {
    /// A program that is not random at all.
    init(words: [UInt32], registers: [UInt64], floats: [UInt64]? = nil, isLoop: Bool = false) {
        self.words = words
        self.registers = registers
        self.floats = floats ?? [UInt64](repeating: 0, count: 32)
        self.isLoop = isLoop
    }
}
