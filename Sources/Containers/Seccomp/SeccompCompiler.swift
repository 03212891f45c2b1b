import CLinux

/// Makes a filter for the kernel from a profile (§ Seccomp): a search by halving over the numbers of system calls for each
/// door into the kernel, then the comparisons of arguments.
///
/// As with libseccomp, unknown names are left out, a foreign architecture ends the thread, and numbers above all that the
/// profile names fail with ENOSYS where the default is an error number, so that C libraries can fall back. Rules with
/// arguments are looked at before one without.
struct SeccompCompiler {
    struct Filter {
        var program: [sock_filter]
        /// SECCOMP_FILTER_FLAG_…
        var flags: UInt64
        var usesListener: Bool
    }

    private let profile: RuntimeSpec.Seccomp
    private let defaultAction: UInt32
    private let doors: Set<SystemCalls.Door>

    static let x32Bit: UInt32 = 0x4000_0000
    private static let native: UInt32 = 0xC000_003E
    private static let compatible: UInt32 = 0x4000_0003
    private static let killThread: UInt32 = 0
    private static let noSuchCall: UInt32 = 0x0005_0026

    /// - Throws: `.invalid` for unknown actions, architectures, operators or flags.
    init(_ profile: RuntimeSpec.Seccomp) throws(ContainerError) {
        self.profile = profile
        defaultAction = try Self.action(profile.defaultAction, profile.defaultErrnoRet)
        guard defaultAction != Self.notify else {
            throw ContainerError(.invalid, "linux.seccomp: SCMP_ACT_NOTIFY cannot be the default action")
        }
        doors = try Self.doors(profile.architectures ?? [])
    }

    private static let notify: UInt32 = 0x7FC0_0000

    static func action(_ name: String, _ value: UInt32?) throws(ContainerError) -> UInt32 {
        let data = (value ?? 1) & 0xFFFF
        switch name {
        case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD": return killThread
        case "SCMP_ACT_KILL_PROCESS": return 0x8000_0000
        case "SCMP_ACT_TRAP": return 0x0003_0000
        case "SCMP_ACT_ERRNO": return 0x0005_0000 | data
        case "SCMP_ACT_TRACE": return 0x7FF0_0000 | data
        case "SCMP_ACT_LOG": return 0x7FFC_0000
        case "SCMP_ACT_ALLOW": return 0x7FFF_0000
        case "SCMP_ACT_NOTIFY": return notify
        default: throw ContainerError(.invalid, "linux.seccomp: unknown action \(name)")
        }
    }

    private static let foreign: Set = [
        "ARM", "AARCH64", "MIPS", "MIPS64", "MIPS64N32", "MIPSEL", "MIPSEL64", "MIPSEL64N32", "PPC", "PPC64",
        "PPC64LE",
        "S390", "S390X", "PARISC", "PARISC64", "RISCV64", "LOONGARCH64", "M68K", "SH", "SHEB", "NATIVE",
    ]

    private static func doors(_ names: [String]) throws(ContainerError) -> Set<SystemCalls.Door> {
        var doors: Set<SystemCalls.Door> = [.native]
        for name in names {
            switch name {
            case "SCMP_ARCH_X86_64": break
            case "SCMP_ARCH_X86": doors.insert(.compatible)
            case "SCMP_ARCH_X32": doors.insert(.x32)
            case _ where foreign.contains(String(name.dropFirst(10))) && name.hasPrefix("SCMP_ARCH_"): break
            default: throw ContainerError(.invalid, "linux.seccomp: unknown architecture \(name)")
            }
        }
        return doors
    }

    /// What is done with one system call.
    private struct Treatment {
        var conditional: [(arguments: [RuntimeSpec.SystemCallArgument], action: UInt32)] = []
        var unconditional: UInt32?

        /// All comparisons of a rule must hold; where two are about one argument, one of them is enough, as in runc.
        mutating func add(_ arguments: [RuntimeSpec.SystemCallArgument], _ action: UInt32) {
            guard !arguments.isEmpty else { return unconditional = action }
            if Set(arguments.map(\.index)).count == arguments.count {
                conditional.append((arguments, action))
            } else {
                conditional += arguments.map { ([$0], action) }
            }
        }
    }

    func compile() throws(ContainerError) -> Filter {
        let tables = try tables()
        var program = FilterProgram()
        let kill = program.returns(Self.killThread)
        var compatible = kill
        if doors.contains(.compatible) {
            compatible = try door(.compatible, tables[1], &program)
            compatible = program.loads(FilterProgram.Field.number)
        }
        var x32 = kill
        if doors.contains(.x32) { x32 = try door(.x32, tables[2], &program) }
        let native = try door(.native, tables[0], &program)
        program.compares(.greaterOrEqual, Self.x32Bit, then: x32, otherwise: native)
        let number = program.loads(FilterProgram.Field.number)
        let foreign =
            doors.contains(.compatible)
            ? program.compares(.equal, Self.compatible, then: compatible, otherwise: kill) : kill
        program.compares(.equal, Self.native, then: number, otherwise: foreign)
        program.loads(FilterProgram.Field.architecture)
        let notified = (profile.syscalls ?? []).filter { $0.action == "SCMP_ACT_NOTIFY" }
        let usesListener = !notified.isEmpty
        guard !notified.contains(where: { $0.names.contains("write") }) else {
            // The new process still has to tell of the listener when the filter is in force.
            throw ContainerError(.invalid, "SCMP_ACT_NOTIFY cannot be used for the write syscall")
        }
        guard !usesListener || profile.listenerPath?.isEmpty == false else {
            throw ContainerError(.invalid, "linux.seccomp: SCMP_ACT_NOTIFY needs a listenerPath")
        }
        return Filter(
            program: try program.instructions(), flags: try flags(usesListener), usesListener: usesListener)
    }

    /// Treatments by number, for each door.
    private func tables() throws(ContainerError) -> [[UInt32: Treatment]] {
        var tables = [[UInt32: Treatment]](repeating: [:], count: SystemCalls.Door.allCases.count)
        for rule in profile.syscalls ?? [] {
            let action = try Self.action(rule.action, rule.errnoRet)
            let arguments = rule.args ?? []
            for argument in arguments { try ArgumentCheck.validate(argument) }
            for name in rule.names {
                guard let entry = SystemCalls.entry(of: name) else { continue }
                for door in SystemCalls.Door.allCases where doors.contains(door) {
                    let value = viv_system_call_number(entry, door.rawValue)
                    guard let number = UInt32(exactly: value) else { continue }
                    let key = door == .x32 ? number | Self.x32Bit : number
                    tables[Int(door.rawValue)][key, default: Treatment()].add(arguments, action)
                }
            }
        }
        return tables
    }

    private func flags(_ usesListener: Bool) throws(ContainerError) -> UInt64 {
        let known: [String: UInt64] = [
            "SECCOMP_FILTER_FLAG_TSYNC": 0, "SECCOMP_FILTER_FLAG_LOG": 2, "SECCOMP_FILTER_FLAG_SPEC_ALLOW": 4,
            "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV": 32,
        ]
        var flags: UInt64 = usesListener ? 8 : 0
        for name in profile.flags ?? [] {
            // TSYNC speaks of other threads, of which there are none.
            guard let flag = known[name] else {
                throw ContainerError(.invalid, "linux.seccomp: unknown flag \(name)")
            }
            flags |= flag
        }
        return flags
    }

    // MARK: The search

    private enum Leaf: Equatable {
        case action(UInt32)
        case check(UInt32)
    }

    /// Numbers from `start` up to the next run get the same leaf.
    private typealias Run = (start: UInt32, leaf: Leaf)

    private func door(
        _ door: SystemCalls.Door, _ table: [UInt32: Treatment], _ program: inout FilterProgram
    ) throws(ContainerError) -> FilterProgram.Place {
        search(runs(table)[...], table, door, &program)
    }

    private func runs(_ table: [UInt32: Treatment]) -> [Run] {
        var runs: [Run] = []
        func add(_ start: UInt32, _ leaf: Leaf) {
            if runs.last?.start == start { runs.removeLast() }
            if runs.last?.leaf != leaf { runs.append((start, leaf)) }
        }
        add(0, .action(defaultAction))
        for (number, treatment) in table.sorted(by: { $0.key < $1.key }) {
            let plain = treatment.conditional.isEmpty
            add(number, plain ? .action(treatment.unconditional ?? defaultAction) : .check(number))
            let isLast = number == table.keys.max()
            let isError = defaultAction & 0x7FFF_0000 == 0x0005_0000
            add(number + 1, .action(isLast && isError ? Self.noSuchCall : defaultAction))
        }
        return runs
    }

    private func search(
        _ runs: ArraySlice<Run>, _ table: [UInt32: Treatment], _ door: SystemCalls.Door,
        _ program: inout FilterProgram
    ) -> FilterProgram.Place {
        guard runs.count > 1 else { return leaf(runs[runs.startIndex].leaf, table, door, &program) }
        let middle = runs.startIndex + runs.count / 2
        let upper = search(runs[middle...], table, door, &program)
        let lower = search(runs[..<middle], table, door, &program)
        return program.compares(.greaterOrEqual, runs[middle].start, then: upper, otherwise: lower)
    }

    private func leaf(
        _ leaf: Leaf, _ table: [UInt32: Treatment], _ door: SystemCalls.Door, _ program: inout FilterProgram
    ) -> FilterProgram.Place {
        guard case .check(let number) = leaf, let treatment = table[number] else {
            if case .action(let action) = leaf { return program.returns(action) }
            return program.returns(defaultAction)
        }
        var next = program.returns(treatment.unconditional ?? defaultAction)
        for rule in treatment.conditional.reversed() {
            var matched = program.returns(rule.action)
            for argument in rule.arguments.reversed() {
                matched = ArgumentCheck(argument, isWide: door != .compatible)
                    .write(to: &program, matched: matched, failed: next)
            }
            next = matched
        }
        return next
    }
}
