import Foundation
import RISCV
import Testing

/// The reference interpreter does what Unicorn does, an emulator with nothing in common with ours.
///
/// Left to other oracles, because Unicorn 2.1 does not know them or knows an older edition of the manual: the
/// extensions after RV64GC (Tests/GuestPrograms, written after the manual and run on QEMU), singles that are not
/// NaN-boxed, minimum and maximum of signalling NaNs (the TestFloat vectors).
@Suite(
    .serialized, .enabled(if: UnicornOracle.isInstalled, "PyPI's unicorn is not in .build/python")
)
struct UnicornTests {
    private func compare(
        _ name: String, seeds: Range<UInt64>, length: Int = 32, rounding: UInt32 = 0, alignment: UInt64 = 1,
        pick: (Encoding) -> Bool
    ) throws {
        let oracle = try UnicornOracle()
        defer { oracle.end() }
        for seed in seeds {
            let program = RandomProgram(seed: seed, length: length, pick: pick)
            let bench = Bench()
            let before = bench.start(program, rounding: rounding)
            guard before.registers[8] % alignment == 0 else { continue }
            let expected = try oracle.run(program, from: before, rounding: rounding)
            let actual = bench.run(program, translating: false, rounding: rounding)
            let differences = Self.differences(actual, expected)
            if differences.isEmpty { continue }
            Issue.record(
                "\(name), seed \(seed): ours, then Unicorn's:\n\(differences.joined(separator: "\n"))")
            return
        }
    }

    private static func differences(_ a: Outcome, _ b: UnicornOracle.Answer) -> [String] {
        if let error = b.error { return [error] }
        func hex(_ value: UInt64) -> String { String(value, radix: 16) }
        var lines: [String] = []
        for i in 0..<32 where a.registers[i] != b.x[i] {
            lines.append("x\(i) \(hex(a.registers[i])) != \(hex(b.x[i]))")
        }
        for i in 0..<32 where a.floats[i] != b.f[i] {
            lines.append("f\(i) \(hex(a.floats[i])) != \(hex(b.f[i]))")
        }
        if UInt64(a.flags) != b.fflags { lines.append("fflags \(a.flags) != \(b.fflags)") }
        if a.memory != b.memory { lines.append("memory differs") }
        return lines
    }

    private func between(_ encoding: Encoding, _ first: Opcode, _ last: Opcode) -> Bool {
        encoding.op.rawValue >= first.rawValue && encoding.op.rawValue <= last.rawValue
    }

    @Test func integers() throws {
        try compare("integer", seeds: 1..<150) {
            between($0, .addi, .and) || between($0, .addw, .sraw) || between($0, .lui, .auipc)
        }
    }

    @Test func multiplicationAndDivision() throws {
        try compare("multiply", seeds: 1..<100) { between($0, .mul, .remuw) }
    }

    @Test func branches() throws {
        try compare("branches", seeds: 1..<100) {
            between($0, .beq, .bgeu) || between($0, .addi, .sraiw) || $0.op == .jal
        }
    }

    @Test func loadsAndStores() throws {
        try compare("memory", seeds: 1..<100) { between($0, .lb, .sd) || between($0, .addi, .addi) }
    }

    /// Aligned ones: Unicorn does not trap the others. SC may fail when it likes, so its result is no measure.
    @Test func atomics() throws {
        try compare("atomics", seeds: 1..<800, alignment: 8) {
            between($0, .lrW, .amomaxuD) && $0.op != .scW && $0.op != .scD
        }
    }

    @Test(arguments: [0, 1, 2, 3, 4] as [UInt32]) func doubles(rounding: UInt32) throws {
        try compare("double", seeds: 1..<60, rounding: rounding) { Self.isDouble($0.op) }
    }

    private static func isDouble(_ op: Opcode) -> Bool {
        [
            "faddD", "fsubD", "fmulD", "fdivD", "fsqrtD", "fsgnjD", "fsgnjnD", "fsgnjxD", "feqD", "fltD",
            "fleD",
            "fclassD", "fcvtWD", "fcvtWuD", "fcvtLD", "fcvtLuD", "fcvtDW", "fcvtDWu", "fcvtDL", "fcvtDLu",
            "fmaddD", "fmsubD", "fnmaddD", "fnmsubD", "fld", "fsd", "fmvXD", "fmvDX",
        ].contains("\(op)")
    }
}
