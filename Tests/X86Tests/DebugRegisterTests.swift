import Testing
import X86

/// Single steps and breakpoints that the guest asks for, and what else the system's registers allow.
struct DebugRegisterTests {
    private typealias Selector = ProtectedMachine.Selector
    private static let code = ProtectedMachine.code
    private let machine: ProtectedMachine

    init() throws {
        machine = try ProtectedMachine()
        machine.run([0xB8, 0x28, 0, 0, 0, 0x0F, 0x00, 0xD8], count: 2)
        for vector in [1, 6, 13] as [UInt64] {
            machine.gate(
                at: ProtectedMachine.idt + 8 * vector, Selector.code0, 0x9000 + vector * 16, type: 14,
                level: 3)
        }
    }

    private func handler(_ vector: UInt64) -> UInt64 { 0x9000 + vector * 16 }

    private var status: UInt64 { machine.core.state.pointee.debug[6] & 0xE00F }

    private func setBreakpoint(_ number: Int, _ address: UInt64, _ condition: UInt64, length: UInt64) {
        machine.core.state.pointee.debug[number] = address
        machine.core.state.pointee.debug[7] |=
            2 << UInt64(2 * number) | (condition | length << 2) << UInt64(16 + 4 * number)
    }

    // MARK: Single steps

    @Test func theTrapFlagTrapsBehindTheNextInstruction() {
        machine.core.state.rflags |= Flag.trap
        machine.run([0x90, 0x90])
        #expect(machine.ip == handler(1))
        #expect(machine.stack(3) == [UInt32(Self.code) + 1, 8, 0x102])
        #expect(status == 1 << 14)
        #expect(machine.core.state.rflags & Flag.trap == 0)
    }

    @Test func poppedFlagsCountFromTheInstructionAfter() {
        // push $0x102; popf; nop; nop
        machine.run([0x68, 0x02, 0x01, 0, 0, 0x9D, 0x90, 0x90], count: 2)
        #expect(machine.ip == Self.code + 6)
        machine.interpreter.step()
        #expect(machine.ip == handler(1))
        #expect(machine.stack(1) == [UInt32(Self.code) + 7])
    }

    @Test func aRepeatedInstructionTrapsBehindEachTurn() {
        let core = machine.core
        (core.registers[1], core.registers[6], core.registers[7]) = (3, 0x2_0000, 0x2_1000)
        core.state.rflags |= Flag.trap
        machine.run([0xF3, 0xA4])
        #expect(machine.ip == handler(1))
        #expect(core.registers[1] == 2)
        #expect(machine.stack(1) == [UInt32(Self.code)])
    }

    @Test func aLoadOfTheStackSegmentHoldsTheTrapOff() {
        machine.core.registers[0] = UInt64(Selector.data0)
        machine.core.state.rflags |= Flag.trap
        // mov %eax, %ss; nop
        machine.run([0x8E, 0xD0, 0x90])
        #expect(machine.ip == Self.code + 2)
        machine.interpreter.step()
        #expect(machine.ip == handler(1))
        #expect(machine.stack(1) == [UInt32(Self.code) + 3])
    }

    @Test func aFaultComesBeforeTheTrap() {
        machine.core.state.rflags |= Flag.trap
        machine.run([0x0F, 0x0B])
        #expect(machine.ip == handler(6))
        #expect(machine.stack(3)[2] & 0x1_0100 == 0x1_0100)
    }

    @Test func theOneByteInterruptTellsNothing() {
        machine.run([0xF1])
        #expect(machine.ip == handler(1))
        #expect(machine.stack(1) == [UInt32(Self.code) + 1])
        #expect(status == 0)
    }

    // MARK: Breakpoints

    @Test func anInstructionBreakpointFaultsBeforeItUnlessResumed() {
        setBreakpoint(2, Self.code + 1, 0, length: 0)
        machine.run([0x90, 0x40, 0x90], count: 2)
        #expect(machine.ip == handler(1))
        #expect(status == 4)
        // The flags that are pushed resume.
        #expect(machine.stack(3)[2] & 0x1_0000 != 0)
        machine.place([0xCF], at: handler(1))
        machine.interpreter.step()
        machine.interpreter.step()
        #expect(machine.ip == Self.code + 2)
        #expect(machine.core.state.rflags & Flag.resume == 0)
    }

    @Test(arguments: [
        (0x2_0001 as UInt32, 1 as UInt64, 1 as UInt64), (0x2_0004, 1, 0), (0x1_FFFF, 1, 0), (0x2_0003, 3, 1),
    ])
    func aDataBreakpointTrapsBehindTheAccess(_ address: UInt32, _ condition: UInt64, _ hits: UInt64) {
        setBreakpoint(0, 0x2_0000, condition, length: 3)
        let bytes = withUnsafeBytes(of: address.littleEndian) { Array($0) }
        // movb $1, address; movb address, %al
        machine.run([0xC6, 0x05] + bytes + [1, 0x90])
        #expect(status == hits)
        #expect(machine.ip == (hits != 0 ? handler(1) : Self.code + 7))
        guard condition == 3 else { return }
        machine.core.state.pointee.debug[6] = 0xFFFF_0FF0
        machine.run([0xA0] + bytes)
        #expect(status == 1)
        #expect(machine.stack(1) == [UInt32(Self.code) + 5])
    }

    @Test func debugRegistersCanBeGuarded() {
        machine.core.state.pointee.debug[7] |= 1 << 13
        // mov %eax, %dr0
        machine.run([0x0F, 0x23, 0xC0])
        #expect(machine.ip == handler(1))
        #expect(status == 1 << 13)
        #expect(machine.core.state.pointee.debug[7] & 1 << 13 == 0)
    }

    @Test func theOtherNamesGoWithDebuggingExtensions() {
        // mov %eax, %dr4
        machine.run([0x0F, 0x23, 0xE0])
        #expect(machine.ip == Self.code + 3)
        machine.core.state.pointee.cr4 |= 1 << 3
        machine.run([0x0F, 0x23, 0xE0])
        #expect(machine.ip == handler(6))
    }

    // MARK: Other registers of the system

    @Test func fastSystemCallsTakeSegmentsFromTheirRegister() {
        let core = machine.core
        core.state.pointee.sysenter[0] = UInt64(Selector.code0)
        (core.state.pointee.sysenter[1], core.state.pointee.sysenter[2]) = (0x5000, 0xA000)
        core.state.rflags |= Flag.interrupt
        machine.enter(privilege: 3)
        machine.run([0x0F, 0x34])
        #expect(machine.ip == 0xA000)
        #expect(machine.sp == 0x5000)
        #expect(machine.selector(1) == Selector.code0)
        #expect(core.state.pointee.privilege == 0)
        #expect(core.state.rflags & Flag.interrupt == 0)
        (core.registers[1], core.registers[2]) = (0x6000, 0xB000)
        machine.run([0x0F, 0x35])
        #expect(machine.ip == 0xB000)
        #expect(machine.sp == 0x6000)
        #expect(machine.selector(1) == Selector.code3)
        #expect(machine.selector(2) == Selector.data3)
        machine.run([0x0F, 0x35])
        #expect(machine.ip == handler(13))
    }

    @Test(
        arguments: [[0x0F, 0x01, 0xE0], [0x0F, 0x00, 0xC8], [0x0F, 0x01, 0x05, 0, 0, 2, 0]] as [[UInt8]])
    func tablesCanBeHiddenFromUsers(_ code: [UInt8]) {
        machine.enter(privilege: 3)
        machine.run(code)
        #expect(machine.ip == Self.code + UInt64(code.count))
        machine.core.state.pointee.cr4 |= 1 << 11
        machine.run(code)
        #expect(machine.ip == handler(13))
        machine.enter(privilege: 0)
        machine.run(code)
        #expect(machine.ip == Self.code + UInt64(code.count))
    }

    @Test func memoryTypesAndMachineChecksAreChecked() {
        /// mov $number, %ecx; mov $value, %eax; xor %edx, %edx; wrmsr; rdmsr
        func write(_ number: UInt32, _ value: UInt32) -> Bool {
            func bytes(_ word: UInt32) -> [UInt8] { withUnsafeBytes(of: word.littleEndian) { Array($0) } }
            machine.enter(privilege: 0)
            machine.run(
                [0xB9] + bytes(number) + [0xB8] + bytes(value) + [0x31, 0xD2, 0x0F, 0x30, 0x0F, 0x32],
                count: 4)
            guard machine.ip != handler(13) else { return false }
            machine.interpreter.step()
            return machine.core.registers[0] == UInt64(value)
        }
        #expect(write(0x2FF, 0xC06))
        #expect(!write(0x2FF, 0xC02))
        #expect(write(0x200, 0x1000_0006))
        #expect(write(0x201, 0x800))
        #expect(!write(0x201, 0x801))
        #expect(write(0x26F, 0x0606_0006))
        #expect(!write(0x250, 0x0606_0306))
        #expect(write(0x400, 0xFF))
        #expect(write(0x401, 0))
        #expect(!write(0x401, 1))
        #expect(!write(0x0FE, 0))
    }
}
