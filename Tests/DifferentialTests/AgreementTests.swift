import Foundation
import RISCV
import Testing

/// The translator does what the reference interpreter does, on random programs.
@Suite struct AgreementTests {
    /// How many times as many seeds are tried: `make test-long` searches further. Anything but 1 is the factor.
    static let reach: UInt64 = {
        guard let wish = ProcessInfo.processInfo.environment["VIV_LONG"] else { return 1 }
        return UInt64(wish).flatMap { $0 > 1 ? $0 : nil } ?? 50
    }()

    private func compare(
        _ name: String, seeds: Range<UInt64>, length: Int = 24, turns: UInt64 = 1, rounding: UInt32 = 0,
        pick: (Encoding) -> Bool
    ) {
        for seed in seeds.lowerBound..<seeds.upperBound * Self.reach {
            let program = RandomProgram(seed: seed, length: length, turns: turns, pick: pick)
            let expected = Bench().run(program, translating: false, rounding: rounding)
            let actual = Bench().run(program, translating: true, rounding: rounding)
            if expected == actual { continue }
            Issue.record("\(name), seed \(seed): \(Self.difference(expected, actual, program))")
            return
        }
    }

    static func difference(_ a: Outcome, _ b: Outcome, _ program: RandomProgram) -> String {
        var lines: [String] = []
        func hex(_ value: UInt64) -> String { String(value, radix: 16) }
        for i in 0..<32 where a.registers[i] != b.registers[i] {
            lines.append("x\(i) \(hex(a.registers[i])) != \(hex(b.registers[i]))")
        }
        for i in 0..<32 where a.floats[i] != b.floats[i] {
            lines.append("f\(i) \(hex(a.floats[i])) != \(hex(b.floats[i]))")
        }
        if a.flags != b.flags { lines.append("fflags \(a.flags) != \(b.flags)") }
        if a.pc != b.pc { lines.append("pc \(hex(a.pc)) != \(hex(b.pc))") }
        if a.instructions != b.instructions { lines.append("retired \(a.instructions) != \(b.instructions)") }
        if a.cause != b.cause { lines.append("scause \(a.cause) != \(b.cause)") }
        if a.value != b.value { lines.append("stval \(hex(a.value)) != \(hex(b.value))") }
        if a.memory != b.memory { lines.append("memory differs") }
        let decoder = Decoder()
        lines += program.words.map { word in
            let i = decoder.decode(word)
            let operands = "rd=\(i.rd) rs1=\(i.rs1) rs2=\(i.rs2) imm=\(i.imm) rm=\(i.rm)"
            return "  \(hex(UInt64(word))) \(i.op) \(operands)"
        }
        return lines.joined(separator: "\n")
    }

    private func between(_ encoding: Encoding, _ first: Opcode, _ last: Opcode) -> Bool {
        encoding.op.rawValue >= first.rawValue && encoding.op.rawValue <= last.rawValue
    }

    @Test func integerComputations() {
        compare("integer", seeds: 1..<400) {
            between($0, .addi, .and) || between($0, .addw, .sraw) || between($0, .lui, .auipc)
        }
    }

    @Test func multiplicationAndDivision() {
        compare("multiply", seeds: 1..<300) { between($0, .mul, .remuw) }
    }

    @Test func bitManipulation() {
        compare("bits", seeds: 1..<400) { between($0, .addUW, .czeroNez) }
    }

    @Test func loadsAndStores() {
        compare("memory", seeds: 1..<300) { between($0, .lb, .sd) || between($0, .addi, .addi) }
    }

    @Test func atomics() {
        compare("atomics", seeds: 1..<300) { between($0, .lrW, .amomaxuD) }
    }

    @Test func branches() {
        compare("branches", seeds: 1..<300) {
            between($0, .beq, .bgeu) || between($0, .addi, .sraiw) || $0.op == .jal
        }
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5] as [UInt32]) func floatingPoint(rounding: UInt32) {
        compare("float", seeds: 1..<300, rounding: rounding) { between($0, .flw, .fmvDX) }
    }

    @Test func loopsOfIntegers() {
        compare("integer loops", seeds: 1..<60, length: 12, turns: 1500) {
            between($0, .beq, .bgeu) || between($0, .lb, .and) || between($0, .addw, .sraw)
                || between($0, .mul, .remuw)
        }
    }

    @Test func loopsOfFloatingPoint() {
        compare("float loops", seeds: 1..<60, length: 12, turns: 1500) { between($0, .flw, .fmvDX) }
    }

    @Test func loopsOfEverything() {
        compare("mixed loops", seeds: 1..<120, length: 20, turns: 1500) { _ in true }
    }

    @Test func everythingTogether() {
        compare("mixed", seeds: 1..<1500, length: 48) { _ in true }
    }
}
