import Machine
import Testing
import X86

/// What cores do to each other's memory and code.
struct ManyCoresTests {
    private static let pairs: [[ManyCores.Engine]] = [
        [.interpreter, .interpreter], [.translator, .translator], [.interpreter, .translator],
    ]
    private static let data: UInt64 = 0x1_0000
    private static let turns: UInt32 = 20_000

    /// mov $data, %edi; mov $turns, %ebp; the body; dec %ebp; jnz back; hlt
    private static func loop(_ body: [UInt8], turns: UInt32 = turns) -> [UInt8] {
        let back = Int32(-(body.count + 8))
        return [0xBF] + bytes(UInt32(data)) + [0xBD] + bytes(turns) + body + [0xFF, 0xCD, 0x0F, 0x85]
            + bytes(UInt32(bitPattern: back)) + [0xF4]
    }

    private static func bytes(_ value: UInt32) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    private func run(_ program: [UInt8], _ engines: [ManyCores.Engine]) throws -> GuestMemory {
        let machine = try ManyCores(2)
        try machine.run([program, program], engines)
        return machine.memory
    }

    /// A locked instruction whose sum over all turns of both cores is `sum` in the word at the data.
    struct Counting: Sendable {
        let name: String
        let body: [UInt8]
        let sum: UInt64
    }

    private static let countings: [Counting] = [
        Counting(name: "inc", body: [0xF0, 0x48, 0xFF, 0x07], sum: 2),
        Counting(name: "incb", body: [0xF0, 0xFE, 0x07], sum: 2),
        Counting(name: "addw", body: [0x66, 0xF0, 0x83, 0x07, 3], sum: 6),
        Counting(name: "adcl", body: [0xF9, 0xF0, 0x83, 0x17, 1], sum: 4),
        Counting(name: "subl", body: [0xF0, 0x83, 0x2F, 0xFE], sum: 4),
        // mov $3, %eax; lock xadd %rax, (%rdi)
        Counting(name: "xadd", body: [0xB8, 3, 0, 0, 0, 0xF0, 0x48, 0x0F, 0xC1, 0x07], sum: 6),
        // mov (%rdi), %rax; lea 1(%rax), %rcx; lock cmpxchg %rcx, (%rdi); jnz back
        Counting(
            name: "cmpxchg",
            body: [
                0x48, 0x8B, 0x07, 0x48, 0x8D, 0x48, 0x01, 0xF0, 0x48, 0x0F, 0xB1, 0x0F, 0x75, 0xF2,
            ], sum: 2),
        // mov (%rdi), %rax; mov 8(%rdi), %rdx; lea 1(%rax), %rbx; lea 1(%rdx), %rcx; lock cmpxchg16b (%rdi); jnz back
        Counting(
            name: "cmpxchg16b",
            body: [
                0x48, 0x8B, 0x07, 0x48, 0x8B, 0x57, 0x08, 0x48, 0x8D, 0x58, 0x01, 0x48, 0x8D, 0x4A, 0x01,
                0xF0,
                0x48, 0x0F, 0xC7, 0x0F, 0x75, 0xEA,
            ], sum: 2),
        // mov (%rdi), %eax; mov 4(%rdi), %edx; lea 1(%rax), %ebx; mov %edx, %ecx; lock cmpxchg8b (%rdi); jnz back
        Counting(
            name: "cmpxchg8b",
            body: [
                0x8B, 0x07, 0x8B, 0x57, 0x04, 0x8D, 0x58, 0x01, 0x89, 0xD1, 0xF0, 0x0F, 0xC7, 0x0F, 0x75,
                0xF0,
            ], sum: 2),
        // A spin lock by xchg in the next word around an increment that is not locked:
        // mov $1, %eax; xchg %eax, 64(%rdi); test %eax, %eax; jnz back; incq (%rdi); movl $0, 64(%rdi)
        Counting(
            name: "xchg",
            body: [
                0xB8, 1, 0, 0, 0, 0x87, 0x47, 0x40, 0x85, 0xC0, 0x75, 0xF4, 0x48, 0xFF, 0x07, 0xC7, 0x47,
                0x40, 0,
                0, 0, 0,
            ], sum: 2),
        // The same by lock bts and lock btr: lock btsq $0, 64(%rdi); jc back; incq (%rdi); lock btrq $0, 64(%rdi)
        Counting(
            name: "bts",
            body: [
                0xF0, 0x48, 0x0F, 0xBA, 0x6F, 0x40, 0x00, 0x72, 0xF7, 0x48, 0xFF, 0x07, 0xF0, 0x48, 0x0F,
                0xBA,
                0x77, 0x40, 0x00,
            ], sum: 2),
    ]

    @Test(arguments: countings, pairs)
    func nothingIsLostBetweenTwoCores(_ counting: Counting, _ engines: [ManyCores.Engine]) throws {
        let memory = try run(Self.loop(counting.body), engines)
        let mask: UInt64 = counting.name == "incb" ? 0xFF : counting.name == "addw" ? 0xFFFF : .max
        let sum = counting.sum * UInt64(Self.turns) & mask
        #expect(memory.load64(Self.data) == sum, "\(counting.name)")
        if counting.name == "cmpxchg16b" { #expect(memory.load64(Self.data + 8) == sum) }
    }

    /// One core changes an instruction of a function, and says so; the other serialises itself, and calls.
    @Test(arguments: pairs)
    func changedCodeIsExecutedByTheOtherCore(_ engines: [ManyCores.Engine]) throws {
        let machine = try ManyCores(2)
        // At data + 0x2000: mov $0, %eax; ret. At data the number of the change, at data + 8 that of the last call.
        let function = Self.data + 0x2000
        let bytes: [UInt8] = [0xB8, 0, 0, 0, 0, 0xC3]
        _ = bytes.withUnsafeBytes { machine.memory.write(function, from: $0) }
        // mov %ebp, 0x2001(%rdi); mov %ebp, (%rdi); wait: cmp %ebp, 8(%rdi); jne wait
        let writer = Self.loop(
            [0x89, 0xAF, 0x01, 0x20, 0, 0, 0x89, 0x2F, 0x39, 0x6F, 0x08, 0x75, 0xFB], turns: 3000)
        // wait: cmp %ebp, (%rdi); jne wait; cpuid; call function; mov %eax, 8(%rdi)
        // A stale function answers with another number, and the writer waits for ever.
        let body: [UInt8] = [0x39, 0x2F, 0x75, 0xFC, 0x31, 0xC0, 0x0F, 0xA2, 0xE8]
        let next = ManyCores.code(1) + 10 + UInt64(body.count) + 4
        let distance = UInt32(truncatingIfNeeded: function &- next)
        let reader = Self.loop(body + Self.bytes(distance) + [0x89, 0x47, 0x08], turns: 3000)
        try machine.run([writer, reader], engines)
        #expect(machine.memory.load32(Self.data + 8) == 1)
    }

    @Test func aCoreOfSeveralWaitsUntilItIsStarted() throws {
        let machine = try ManyCores(2)
        let core = machine.cores[1]
        core.reset()
        #expect(core.state.pointee.waitsForStart)
        core.signal(CoreSignal.initialise, true)
        core.startUp(page: 0x9A)
        #expect(core.attend())
        #expect(core.state.pointee.segments[1].base == 0x9A000)
        #expect(core.registers[17] == 0)
        #expect(core.state.pointee.cr0 & 1 == 0)
    }
}
