import Testing
import X86

/// Outside 64-bit mode the interpreter does what Unicorn does: random instructions of real mode and of 32-bit protected
/// mode.
@Suite(
    .enabled(if: UnicornOracle.isInstalled, "PyPI's unicorn is not in .build/python: make test fetches it"))
struct UnicornTests {
    private static let cases = 2500

    @Test(arguments: [Decoder.Mode.bits16, .bits32]) func olderModesDoWhatUnicornDoes(_ mode: Decoder.Mode)
        throws
    {
        let seed = UInt64.random(in: 0...UInt64.max)
        let machine = try OldMachine(mode, seed: seed)
        var instructions = RandomInstructions(seed: seed, Self.isComparable)
        instructions.mode = mode
        var jobs: [UnicornOracle.Job] = []
        var encodings: [Encoding] = []
        for _ in 0..<Self.cases {
            let (bytes, encoding) = instructions.next()
            // How much of EBP is written when stack and operand differ in width, Unicorn and the manual disagree on.
            if encoding.op == .enter, bytes.contains(0x66) { continue }
            encodings.append(encoding)
            jobs.append(machine.job(bytes, &instructions.generator))
        }
        let answers = try UnicornOracle.run(
            jobs, code: OldMachine.code, data: OldMachine.data, bytes: machine.before)
        try #require(answers.count == jobs.count)
        var compared = 0
        var differences: [String] = []
        for (index, answer) in answers.enumerated() where answer.error == nil {
            // A segment's limit is not Unicorn's business.
            guard let own = machine.run(jobs[index]) else { continue }
            // Unicorn stops, without an error, before a store into the page that it executes.
            if answer.ip == UInt32(OldMachine.code), own.ip != UInt32(OldMachine.code) { continue }
            compared += 1
            let difference = Self.difference(answer, own, UndefinedFlags.of(encodings[index].op))
            if let difference { differences.append("\(encodings[index].op) \(jobs[index]): \(difference)") }
        }
        print("\(compared) cases, seed \(seed)")
        #expect(compared > Self.cases / 2)
        for difference in differences.prefix(12) { Issue.record("seed \(seed): \(difference)") }
    }

    /// What computes and moves. Extensions that Unicorn's processor lacks, and what leaves the case, are left out.
    private static func isComparable(_ encoding: Encoding) -> Bool {
        guard !encoding.flags.contains(.only64), !encoding.flags.contains(.vex) else { return false }
        switch encoding.chapter {
        case .arithmetic, .unary, .multiply, .move, .bits, .string, .branch: break
        default: return false
        }
        switch encoding.op {
        case .ud2, .ud1, .ud0, .int1, .int3, .int, .into, .bound, .pause, .movbe, .adcx, .adox, .crc32,
            .tzcnt,
            .lzcnt, .popcnt:
            return false
        // How far a jump reaches beyond its segment is for each to say.
        case .jmpIndirect, .callIndirect, .ret, .retImm: return false
        default: return true
        }
    }

    private static func difference(
        _ answer: UnicornOracle.Answer, _ own: OldMachine.Outcome, _ undefined: UInt64
    ) -> String? {
        var texts: [String] = []
        for (index, pair) in zip(answer.registers ?? [], own.registers).enumerated() where pair.0 != pair.1 {
            texts.append("register \(index): \(hex(pair.0)) is \(hex(pair.1))")
        }
        let mask = 0xCD5 & ~UInt32(undefined)
        let flags = answer.flags ?? 0
        if flags & mask != own.flags & mask {
            texts.append("flags \(hex(flags & mask)) is \(hex(own.flags & mask))")
        }
        if answer.ip != own.ip { texts.append("ip \(hex(answer.ip ?? 0)) is \(hex(own.ip))") }
        if answer.changes != own.changes {
            texts.append("data \((answer.changes ?? []).prefix(4)) is \(own.changes.prefix(4))")
        }
        return texts.isEmpty ? nil : texts.joined(separator: ", ")
    }

    private static func hex(_ value: UInt32) -> String { String(value, radix: 16) }
}
