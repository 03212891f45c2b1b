import Foundation
import RISCV
import Testing

/// Both engines do what Unicorn does, an emulator with nothing in common with ours.
///
/// Left to other oracles, because Unicorn 2.1 does not know them or knows an older edition of the manual: the
/// extensions after RV64GC (Tests/GuestPrograms, written after the manual and run on QEMU), singles that are not
/// NaN-boxed, minimum and maximum of signalling NaNs (the TestFloat vectors).
@Suite(
    .enabled(if: UnicornOracle.isInstalled, "PyPI's unicorn is not in .build/python: make test fetches it"))
struct UnicornTests {
    /// Programs of one kind.
    struct Group: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var seeds: Range<UInt64>
        var rounding: UInt32 = 0
        /// How often each program is run over: often enough, and the translator makes a region of it.
        var turns: UInt64 = 1
        /// What the addresses must be multiples of: Unicorn does not trap misaligned atomics.
        var alignment: UInt64 = 1
        var pick: @Sendable (Encoding) -> Bool

        var jobs: [UnicornOracle.Job] {
            seeds.compactMap { seed in
                let program = RandomProgram(
                    seed: seed, length: turns > 1 ? 12 : 32, turns: turns, pick: pick)
                let before = Bench().start(program)
                guard before.registers[8] % alignment == 0 else { return nil }
                return UnicornOracle.Job(program: program, before: before, rounding: rounding)
            }
        }
    }

    static let groups: [Group] =
        [
            Group(testDescription: "integers", seeds: 1..<150, pick: isInteger),
            Group(testDescription: "loops of integers", seeds: 200..<240, turns: 1500) {
                isInteger($0) || between($0, .mul, .remuw)
            },
            Group(testDescription: "loops of loads and stores", seeds: 300..<340, turns: 1500) {
                between($0, .lb, .sd) || isInteger($0)
            },
            Group(testDescription: "multiplication and division", seeds: 1..<100) {
                between($0, .mul, .remuw)
            },
            Group(testDescription: "branches", seeds: 1..<100) {
                between($0, .beq, .bgeu) || between($0, .addi, .sraiw) || $0.op == .jal
            },
            Group(testDescription: "loads and stores", seeds: 1..<100) {
                between($0, .lb, .sd) || between($0, .addi, .addi)
            },
            // SC may fail when it likes, so its result is no measure.
            Group(testDescription: "atomics", seeds: 1..<800, alignment: 8) {
                between($0, .lrW, .amomaxuD) && $0.op != .scW && $0.op != .scD
            },
        ]
        + (0...4 as ClosedRange<UInt32>).map {
            Group(testDescription: "doubles, rounding \($0)", seeds: 1..<60, rounding: $0) { isDouble($0.op) }
        }

    private static func between(_ encoding: Encoding, _ first: Opcode, _ last: Opcode) -> Bool {
        encoding.op.rawValue >= first.rawValue && encoding.op.rawValue <= last.rawValue
    }

    @Sendable private static func isInteger(_ encoding: Encoding) -> Bool {
        between(encoding, .addi, .and) || between(encoding, .addw, .sraw) || between(encoding, .lui, .auipc)
    }

    private static func isDouble(_ op: Opcode) -> Bool {
        [
            "faddD", "fsubD", "fmulD", "fdivD", "fsqrtD", "fsgnjD", "fsgnjnD", "fsgnjxD", "feqD", "fltD",
            "fleD",
            "fclassD", "fcvtWD", "fcvtWuD", "fcvtLD", "fcvtLuD", "fcvtDW", "fcvtDWu", "fcvtDL", "fcvtDLu",
            "fmaddD",
            "fmsubD", "fnmaddD", "fnmsubD", "fld", "fsd", "fmvXD", "fmvDX",
        ].contains("\(op)")
    }

    // MARK: Comparing

    /// The jobs of all groups, and what Unicorn makes of them.
    private static let answers = Result {
        let jobs = groups.map(\.jobs)
        let answers = try UnicornOracle.run(jobs.flatMap(\.self))
        #expect(answers.count == jobs.reduce(0) { $0 + $1.count })
        var left = answers[...]
        return jobs.map { jobs in
            defer { left = left.dropFirst(jobs.count) }
            return Array(zip(jobs, left))
        }
    }

    @Test(arguments: groups.indices) func bothEnginesAgreeWithUnicorn(_ group: Int) throws {
        for (job, answer) in try Self.answers.get()[group] {
            for translating in [false, true] {
                let ours = Bench().run(job.program, translating: translating, rounding: job.rounding)
                let differences = Self.differences(ours, answer, job.before)
                if differences.isEmpty { continue }
                let engine = translating ? "translator" : "interpreter"
                Issue.record(
                    "\(Self.groups[group].testDescription): the \(engine)'s, then Unicorn's:\n\(differences)")
                return
            }
        }
    }

    private static func differences(_ ours: Outcome, _ answer: UnicornOracle.Answer, _ before: Outcome)
        -> String
    {
        guard let x = answer.x, let f = answer.f, let changes = answer.changes, x.count == 32, f.count == 32
        else {
            return answer.error ?? "no answer"
        }
        func hex(_ value: UInt64) -> String { String(value, radix: 16) }
        var lines: [String] = []
        for i in 0..<32 where ours.registers[i] != x[i] {
            lines.append("x\(i) \(hex(ours.registers[i])) != \(hex(x[i]))")
        }
        for i in 0..<32 where ours.floats[i] != f[i] {
            lines.append("f\(i) \(hex(ours.floats[i])) != \(hex(f[i]))")
        }
        if UInt64(ours.flags) != answer.fflags { lines.append("fflags \(ours.flags)") }
        var memory = before.memory
        for change in changes where change.count == 2 {
            memory[change[0]] = UInt8(truncatingIfNeeded: change[1])
        }
        if ours.memory != memory { lines.append("memory differs") }
        return lines.joined(separator: "\n")
    }
}
