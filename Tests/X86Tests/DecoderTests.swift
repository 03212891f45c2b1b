import Testing
import X86

struct DecoderTests {
    private func decode(_ bytes: [UInt8], _ mode: Decoder.Mode = .bits64) -> Instruction? {
        Decoder().decode(bytes, count: bytes.count, mode)
    }

    @Test func everyOperationHasALineAndEveryLineItsOperation() {
        let lines = encodingChapters.flatMap { "\($0.text)".split(separator: "\n") }
        let names = lines.map { String($0.prefix { $0 != " " }) }
        // Words of the language cannot be names.
        let cases = Operation.allCases.map { "\($0)" }.dropLast()
        #expect(names == Array(cases))
    }

    @Test func lengthsAndOperandsAreRight() throws {
        // mov rax, [rbx+rcx*4+0x10]
        let load = try #require(decode([0x48, 0x8B, 0x44, 0x8B, 0x10]))
        #expect(load.op == .mov)
        #expect((load.length, load.size) == (5, 3))
        #expect((load.base, load.index, load.scale, load.displacement) == (3, 1, 2, 0x10))
        #expect((load.destination, load.source) == (0, Operand.memory))
        // mov ah, 1; mov spl, 1
        #expect(decode([0xB4, 1])?.destination == 1)
        #expect(decode([0x40, 0xB4, 1])?.destination == 32)
        // movabs rax, imm64
        let wide = try #require(decode([0x48, 0xB8, 1, 2, 3, 4, 5, 6, 7, 8]))
        #expect((wide.length, wide.immediate) == (10, 0x0807_0605_0403_0201))
        // lea rdx, [rip-1]
        #expect(decode([0x48, 0x8D, 0x15, 0xFF, 0xFF, 0xFF, 0xFF])?.base == Slot.rip)
    }

    @Test func prefixesSelectTheEncoding() {
        #expect(decode([0x0F, 0x10, 0xC1])?.op == .movups)
        #expect(decode([0xF3, 0x0F, 0x10, 0xC1])?.op == .movss)
        #expect(decode([0xF2, 0x0F, 0x10, 0xC1])?.op == .movsd)
        #expect(decode([0xF3, 0x90])?.op == .pause)
        #expect(decode([0x0F, 0x01, 0xF8])?.op == .swapgs)
        #expect(decode([0xF3, 0x0F, 0x1E, 0xFA])?.op == .nop)
    }

    @Test func whatIsNoInstructionIsUndefined() {
        // LOCK before what cannot be locked, or without memory.
        #expect(decode([0xF0, 0x90])?.op == .undefined)
        #expect(decode([0xF0, 0x01, 0xC0])?.op == .undefined)
        #expect(decode([0x06])?.op == .undefined)
        #expect(decode([0x0F, 0x0B])?.op == .ud2)
        #expect(decode([0x0F, 0x20, 0xC8])?.op == .undefined)
        // INC by one byte is REX in 64-bit mode.
        #expect(decode([0x40], .bits32)?.op == .inc)
    }

    @Test func noInstructionIsLongerThanFifteenBytes() throws {
        let overlong = try #require(decode([UInt8](repeating: 0x66, count: 14) + [0x90, 0x90]))
        #expect((overlong.op, overlong.length) == (.xchg, 15))
        let tooLong = try #require(decode([UInt8](repeating: 0x66, count: 15) + [0x90]))
        #expect(tooLong.op == .undefined)
        #expect(tooLong.flags.contains(.overlong))
    }

    @Test func anyBytesDecodeAndPrefixesOfInstructionsAskForMore() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var generator = SplitMix64(state: seed)
        let decoder = Decoder()
        for _ in 0..<100_000 {
            var bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
            if generator.next() & 1 == 0 { bytes[0] = 0x0F }
            let mode = Decoder.Mode(rawValue: UInt8(generator.next() % 3)) ?? .bits64
            guard let whole = decoder.decode(bytes, count: 16, mode) else {
                Issue.record("seed \(seed): \(bytes) wants more than 16 bytes")
                return
            }
            #expect((1...15).contains(whole.length))
            // Fewer bytes give the same instruction, another that is undefined, or a wish for more.
            for count in 0..<Int(whole.length) where whole.op != .undefined {
                let part = decoder.decode(bytes, count: count, mode)
                #expect(part == nil, "seed \(seed): \(bytes) in \(count) bytes")
            }
            #expect(whole.op == .undefined || decoder.decode(bytes, count: Int(whole.length), mode) == whole)
        }
    }
}
