import CLinux
import Testing

@testable import Containers

/// Filters are run by a simulator of the kernel's machine, not by the kernel: no root, and every answer is visible.
struct SeccompTests {
    typealias Rule = RuntimeSpec.SystemCallRule
    typealias Argument = RuntimeSpec.SystemCallArgument

    static let native: UInt32 = 0xC000_003E
    static let compatible: UInt32 = 0x4000_0003
    static let allow: UInt32 = 0x7FFF_0000
    static func errno(_ number: UInt32) -> UInt32 { 0x0005_0000 | number }

    private func profile(_ rules: [Rule], architectures: [String] = ["SCMP_ARCH_X86_64"])
        -> RuntimeSpec.Seccomp
    {
        var profile = RuntimeSpec.Seccomp(defaultAction: "SCMP_ACT_ERRNO")
        profile.architectures = architectures
        profile.syscalls = rules
        return profile
    }

    private func answer(
        _ profile: RuntimeSpec.Seccomp, _ name: String, _ arguments: [UInt64] = [],
        architecture: UInt32 = native
    ) throws -> UInt32 {
        let door: SystemCalls.Door = architecture == Self.native ? .native : .compatible
        let number = try #require(SystemCalls.number(of: name, door: door))
        return try run(profile, number, arguments, architecture)
    }

    private func run(
        _ profile: RuntimeSpec.Seccomp, _ number: UInt32, _ arguments: [UInt64] = [],
        _ architecture: UInt32 = native
    ) throws -> UInt32 {
        let filter = try SeccompCompiler(profile).compile()
        return try FilterMachine(number: number, architecture: architecture, arguments: arguments).run(
            filter.program)
    }

    @Test func theTableKnowsTheKernelsNumbers() {
        #expect(SystemCalls.number(of: "read", door: .native) == 0)
        #expect(SystemCalls.number(of: "read", door: .compatible) == 3)
        #expect(SystemCalls.number(of: "execve", door: .x32) == 520)
        #expect(SystemCalls.number(of: "socketcall", door: .native) == nil)
        #expect(SystemCalls.number(of: "no_such_call", door: .native) == nil)
        #expect(
            SystemCalls.names
                == SystemCalls.names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
    }

    @Test func namedCallsAreLetThroughAndOthersAreNot() throws {
        let profile = profile([Rule(names: ["read", "openat", "close", "bogus"], action: "SCMP_ACT_ALLOW")])
        #expect(try answer(profile, "read") == Self.allow)
        #expect(try answer(profile, "openat") == Self.allow)
        #expect(try answer(profile, "write") == Self.errno(1))
    }

    @Test func callsNewerThanTheProfileDoNotExist() throws {
        let profile = profile([Rule(names: ["openat2"], action: "SCMP_ACT_ALLOW")])
        #expect(try run(profile, 437) == Self.allow)
        #expect(try run(profile, 438) == Self.errno(38))
        #expect(try run(profile, 9999) == Self.errno(38))
    }

    @Test func foreignDoorsEndTheThread() throws {
        let profile = profile([Rule(names: ["read"], action: "SCMP_ACT_ALLOW")])
        #expect(try run(profile, 3, [], Self.compatible) == 0)
        #expect(try run(profile, 0 | SeccompCompiler.x32Bit) == 0)
        #expect(try run(profile, 0, [], 0xC000_00B7) == 0)
    }

    @Test func otherArchitecturesHaveTheirOwnNumbers() throws {
        let profile = profile(
            [Rule(names: ["socketcall", "read"], action: "SCMP_ACT_ALLOW")],
            architectures: ["SCMP_ARCH_X86", "SCMP_ARCH_X32"])
        #expect(try run(profile, 102, [], Self.compatible) == Self.allow)
        #expect(try run(profile, 102) == Self.errno(38))
        #expect(try run(profile, 0 | SeccompCompiler.x32Bit) == Self.allow)
    }

    static let comparisons: [(String, UInt64, UInt64?, UInt64, Bool)] = {
        let big: UInt64 = 0x1_0000_0005
        return [
            ("SCMP_CMP_EQ", 5, nil, 5, true), ("SCMP_CMP_EQ", 5, nil, big, false),
            ("SCMP_CMP_NE", 5, nil, big, true),
            ("SCMP_CMP_NE", big, nil, big, false), ("SCMP_CMP_LT", big, nil, 6, true),
            ("SCMP_CMP_LT", 5, nil, 5, false),
            ("SCMP_CMP_LT", 6, nil, big, false), ("SCMP_CMP_LE", 5, nil, 5, true),
            ("SCMP_CMP_LE", 5, nil, 6, false),
            ("SCMP_CMP_GT", 6, nil, big, true), ("SCMP_CMP_GT", big, nil, big, false),
            ("SCMP_CMP_GE", big, nil, big, true),
            ("SCMP_CMP_GE", big, nil, 7, false), ("SCMP_CMP_MASKED_EQ", 0xF0, 0x50, 0x5F, true),
            ("SCMP_CMP_MASKED_EQ", 0xF0, 0x50, 0x6F, false),
            ("SCMP_CMP_MASKED_EQ", 1 << 40, 1 << 40, 1 << 40, true),
            ("SCMP_CMP_MASKED_EQ", 1 << 40, 1 << 40, 0, false),
        ]
    }()

    @Test(arguments: comparisons)
    func everyOperatorComparesAllSixtyFourBits(
        _ comparison: (String, UInt64, UInt64?, UInt64, Bool)
    ) throws {
        let (name, value, second, actual, matches) = comparison
        let argument = Argument(index: 2, value: value, valueTwo: second, op: name)
        let profile = profile([Rule(names: ["ioctl"], action: "SCMP_ACT_ALLOW", args: [argument])])
        #expect(
            try answer(profile, "ioctl", [9, 9, actual, 9, 9, 9]) == (matches ? Self.allow : Self.errno(1)))
    }

    @Test func allArgumentsOfARuleMustMatchAndAnyRuleIsEnough() throws {
        let both = [
            Argument(index: 0, value: 1, op: "SCMP_CMP_EQ"), Argument(index: 1, value: 2, op: "SCMP_CMP_EQ"),
        ]
        let profile = profile([
            Rule(names: ["socket"], action: "SCMP_ACT_ALLOW", args: both),
            Rule(
                names: ["socket"], action: "SCMP_ACT_ERRNO", errnoRet: 97,
                args: [Argument(index: 0, value: 7, op: "SCMP_CMP_EQ")]),
            Rule(names: ["socket"], action: "SCMP_ACT_KILL_PROCESS"),
        ])
        #expect(try answer(profile, "socket", [1, 2]) == Self.allow)
        #expect(try answer(profile, "socket", [7, 2]) == Self.errno(97))
        #expect(try answer(profile, "socket", [1, 3]) == 0x8000_0000)
    }

    @Test func theDefaultProfileKeepsNamespacesAndTracingShut() throws {
        let profile = DefaultProfile.seccomp(capabilities: DefaultProfile.capabilities)
        let filter = try SeccompCompiler(profile).compile()
        #expect(filter.program.count < 1500)
        for name in ["read", "write", "execve", "openat", "futex", "mmap", "epoll_wait", "ptrace", "chroot"] {
            #expect(try answer(profile, name) == Self.allow, "\(name)")
        }
        for name in ["mount", "unshare", "setns", "bpf", "keyctl", "init_module", "reboot", "io_uring_setup"]
        {
            #expect(try answer(profile, name) == Self.errno(1), "\(name)")
        }
        #expect(try answer(profile, "clone3") == Self.errno(38))
        #expect(try answer(profile, "clone", [17]) == Self.allow)
        #expect(try answer(profile, "clone", [0x1000_0000 | 17]) == Self.errno(1))
        #expect(try answer(profile, "socket", [2]) == Self.allow)
        #expect(try answer(profile, "socket", [40]) == Self.errno(1))
        #expect(try answer(profile, "personality", [0xFFFF_FFFF]) == Self.allow)
        #expect(try answer(profile, "personality", [0x0400_0000]) == Self.errno(1))
        #expect(try answer(profile, "read", architecture: Self.compatible) == Self.allow)
    }

    @Test func aCapabilityOpensItsCalls() throws {
        let profile = DefaultProfile.seccomp(capabilities: ["CAP_SYS_ADMIN"])
        #expect(try answer(profile, "mount") == Self.allow)
        #expect(try answer(profile, "clone", [0x1000_0000]) == Self.allow)
    }

    @Test func nonsenseIsRefused() {
        for change: (inout RuntimeSpec.Seccomp) -> Void in [
            { $0.defaultAction = "ALLOW" }, { $0.architectures = ["SCMP_ARCH_Z80"] }, { $0.flags = ["X"] },
            { $0.syscalls = [Rule(names: ["read"], action: "NO")] },
            {
                $0.syscalls = [
                    Rule(
                        names: ["read"], action: "SCMP_ACT_LOG",
                        args: [.init(index: 6, value: 0, op: "SCMP_CMP_EQ")])
                ]
            },
            {
                $0.syscalls = [
                    Rule(names: ["read"], action: "SCMP_ACT_LOG", args: [.init(index: 0, value: 0, op: "EQ")])
                ]
            },
        ] {
            var profile = profile([])
            change(&profile)
            #expect(throws: ContainerError.self) { try SeccompCompiler(profile).compile() }
        }
    }
}

/// The part of the kernel's classic BPF machine that seccomp filters use.
struct FilterMachine {
    let number: UInt32
    let architecture: UInt32
    let arguments: [UInt64]

    struct Fault: Error {}

    func run(_ program: [sock_filter]) throws -> UInt32 {
        var accumulator: UInt32 = 0
        var position = 0
        while program.indices.contains(position) {
            let step = program[position]
            position += 1
            switch step.code {
            case 0x06: return step.k
            case 0x20: accumulator = try load(step.k)
            case 0x54: accumulator &= step.k
            case 0x05: position += Int(step.k)
            case 0x15: position += Int(accumulator == step.k ? step.jt : step.jf)
            case 0x25: position += Int(accumulator > step.k ? step.jt : step.jf)
            case 0x35: position += Int(accumulator >= step.k ? step.jt : step.jf)
            default: throw Fault()
            }
        }
        throw Fault()
    }

    private func load(_ offset: UInt32) throws -> UInt32 {
        switch offset {
        case 0: return number
        case 4: return architecture
        case 16..<64:
            let argument = (Int(offset) - 16) / 8
            let value = arguments.indices.contains(argument) ? arguments[argument] : 0
            return UInt32(truncatingIfNeeded: offset % 8 == 0 ? value : value >> 32)
        default: throw Fault()
        }
    }
}
