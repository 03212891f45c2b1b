import Machine
import NativeRun
import Testing
import X86

/// System calls and what kernels do in them: emitted code against the interpreter.
struct PrivilegeTests {
    /// What can be seen after the user's program has ended with INT3.
    private struct Outcome: Equatable {
        var registers: [UInt64] = []
        var flags: UInt64 = 0
        var stackSelector: UInt16 = 0
        var data: [UInt64] = []
    }

    private static let handler: UInt64 = 0x3_2000
    private static let stack: UInt64 = 0x2_6000

    /// syscall; dec %r9; jne back; int3
    private static let user: [UInt8] = [0x0F, 0x05, 0x49, 0xFF, 0xC9, 0x75, 0xF9, 0xCC]

    /// Runs until the handler of an exception is entered.
    private func run(_ handler: [UInt8], smap: Bool, until vector: UInt64, translated: Bool) throws -> Outcome
    {
        let machine = try UserMachine(translated: translated)
        let (core, system) = (machine.core, UserMachine.system)
        _ = Self.user.withUnsafeBytes { machine.memory.write(UserMachine.codePage, from: $0) }
        _ = handler.withUnsafeBytes { machine.memory.write(Self.handler, from: $0) }
        core.state.pointee.star = 0x0008 << 32 | 0x0023 << 48
        core.state.pointee.lstar = system + Self.handler
        core.state.pointee.syscallMask = 0x4_7700
        if smap { core.state.pointee.cr4 |= Control.cr4SMAP }
        core.registers[4] = system + Self.stack
        core.registers[9] = 5
        core.registers[17] = UInt64(NATIVE_CODE)
        core.state.rflags = 0x202 | Flag.carry | Flag.overflow | Flag.identification
        core.updateMode()
        let end = system + UserMachine.handlers + vector << 4
        for _ in 0..<1000 where core.registers[17] != end {
            if let translated = machine.translated {
                translated.runUnits()
            } else {
                machine.interpreter.step()
            }
        }
        var outcome = Outcome()
        outcome.registers = (0..<18).map { core.registers[$0] }
        outcome.flags = core.state.rflags
        outcome.stackSelector = core.state.pointee.segments[2].selector
        outcome.data = (0..<8 as Range<UInt64>).map { machine.memory.load64(Self.stack - 8 * ($0 + 1)) ?? 0 }
        return outcome
    }

    @Test(arguments: [false, true])
    func systemCallsDoWhatTheInterpreterDoes(smap: Bool) throws {
        // mov %rcx, %rbx; mov %r11, %rsi; mov %cs, %eax; mov %eax, %edi; mov %ss, %edx; pushfq; pop %r8; stac;
        // pushfq; pop %r10; clac; sti; nop; pushfq; pop %r12; cli; xor %edx, %edx; sysretq
        let handler: [UInt8] = [
            0x48, 0x89, 0xCB, 0x4C, 0x89, 0xDE, 0x8C, 0xC8, 0x89, 0xC7, 0x8C, 0xD2, 0x9C, 0x41, 0x58, 0x0F,
            0x01,
            0xCB, 0x9C, 0x41, 0x5A, 0x0F, 0x01, 0xCA, 0xFB, 0x90, 0x9C, 0x41, 0x5C, 0xFA, 0x31, 0xD2, 0x48,
            0x0F,
            0x07,
        ]
        let expected = try run(handler, smap: smap, until: 3, translated: false)
        #expect(expected.registers[9] == 0)
        #expect(expected.registers[10] & Flag.alignment != 0)
        #expect(expected.registers[12] & Flag.interrupt != 0)
        #expect(try run(handler, smap: smap, until: 3, translated: true) == expected)
    }

    @Test func returnsThatTheProcessorRefusesAreRefused() throws {
        // mov $1 << 47, %rcx; sysretq
        let handler: [UInt8] = [0x48, 0xB9, 0, 0, 0, 0, 0, 0x80, 0, 0, 0x48, 0x0F, 0x07]
        let expected = try run(handler, smap: false, until: 13, translated: false)
        #expect(expected.registers[9] == 5)
        #expect(expected.registers[17] == UserMachine.system + UserMachine.handlers + 13 << 4)
        #expect(try run(handler, smap: false, until: 13, translated: true) == expected)
    }
}
