/// The comparison of one argument of a system call, in two halves of 32 bits.
struct ArgumentCheck {
    private let argument: RuntimeSpec.SystemCallArgument
    /// Whether the upper halves count: 32-bit programs have none.
    private let isWide: Bool

    init(_ argument: RuntimeSpec.SystemCallArgument, isWide: Bool) {
        self.argument = argument
        self.isWide = isWide
    }

    private static let operators: Set = [
        "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
        "SCMP_CMP_MASKED_EQ",
    ]

    static func validate(_ argument: RuntimeSpec.SystemCallArgument) throws(ContainerError) {
        guard argument.index < 6 else {
            throw ContainerError(.invalid, "linux.seccomp: a system call has no argument \(argument.index)")
        }
        guard operators.contains(argument.op) else {
            throw ContainerError(.invalid, "linux.seccomp: unknown operator \(argument.op)")
        }
    }

    typealias Place = FilterProgram.Place

    /// Writes the check in front of what was written.
    func write(to program: inout FilterProgram, matched: Place, failed: Place) -> Place {
        switch argument.op {
        case "SCMP_CMP_NE": equal(argument.value, mask: nil, &program, matched: failed, failed: matched)
        case "SCMP_CMP_MASKED_EQ":
            equal(argument.valueTwo ?? 0, mask: argument.value, &program, matched: matched, failed: failed)
        case "SCMP_CMP_GT": ordered(.greater, &program, matched: matched, failed: failed)
        case "SCMP_CMP_GE": ordered(.greaterOrEqual, &program, matched: matched, failed: failed)
        case "SCMP_CMP_LE": ordered(.greater, &program, matched: failed, failed: matched)
        case "SCMP_CMP_LT": ordered(.greaterOrEqual, &program, matched: failed, failed: matched)
        default: equal(argument.value, mask: nil, &program, matched: matched, failed: failed)
        }
    }

    private var low: UInt32 { FilterProgram.Field.argument(argument.index) }
    private var high: UInt32 { low + 4 }

    private func equal(
        _ value: UInt64, mask: UInt64?, _ program: inout FilterProgram, matched: Place, failed: Place
    ) -> Place {
        program.compares(.equal, UInt32(truncatingIfNeeded: value), then: matched, otherwise: failed)
        if let mask { program.masks(UInt32(truncatingIfNeeded: mask)) }
        let lower = program.loads(low)
        guard isWide else { return lower }
        program.compares(.equal, UInt32(truncatingIfNeeded: value >> 32), then: lower, otherwise: failed)
        if let mask { program.masks(UInt32(truncatingIfNeeded: mask >> 32)) }
        return program.loads(high)
    }

    /// The upper halves decide unless they are equal.
    private func ordered(
        _ comparison: FilterProgram.Comparison, _ program: inout FilterProgram, matched: Place, failed: Place
    ) -> Place {
        program.compares(
            comparison, UInt32(truncatingIfNeeded: argument.value), then: matched, otherwise: failed)
        let lower = program.loads(low)
        guard isWide else { return lower }
        let upper = UInt32(truncatingIfNeeded: argument.value >> 32)
        let same = program.compares(.equal, upper, then: lower, otherwise: failed)
        program.compares(.greater, upper, then: matched, otherwise: same)
        return program.loads(high)
    }
}
