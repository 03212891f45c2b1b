import RISCV
import Testing

@testable import Translator

/// A region is given up when it is left again as soon as it was entered.
@Suite struct RegretTests {
    /// A loop of `turns` turns within one of many that is closed by an indirect jump, so that the region of the inner
    /// one ends with it.
    private func program(turns: UInt32) -> RandomProgram {
        let words: [UInt32] = [
            turns << 20 | 0x313,  // addi x6, x0, turns
            0x0035_0513,  // addi x10, x10, 3
            0xfff3_0313,  // addi x6, x6, -1
            0xfe03_1ce3,  // bne x6, x0, -8
            0xfff4_8493,  // addi x9, x9, -1
            0x0004_8463,  // beq x9, x0, 8
            0x0002_8067,  // jalr x0, 0(x5)
            RandomProgram.call,
        ]
        var registers = [UInt64](repeating: 0, count: 32)
        registers[5] = Bench.code
        registers[9] = 5000
        return RandomProgram(words: words, registers: registers, isLoop: true)
    }

    @Test(arguments: [(2, 0), (200, 1)] as [(UInt32, Int)])
    func shortStaysEndARegion(turns: UInt32, regions: Int) {
        let program = program(turns: turns)
        let expected = Bench().run(program, translating: false)
        let bench = Bench()
        #expect(bench.run(program, translating: true) == expected)
        #expect(bench.cache?.regionCount == regions)
    }
}
