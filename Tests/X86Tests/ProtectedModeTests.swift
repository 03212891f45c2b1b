import Machine
import Testing
import X86

/// Modes before 64 bits: segments, gates, tasks, and the ways between them.
struct ProtectedModeTests {
    private typealias Selector = ProtectedMachine.Selector
    private let machine: ProtectedMachine

    init() throws {
        machine = try ProtectedMachine()
        // LTR.
        machine.run([0xB8, 0x28, 0, 0, 0, 0x0F, 0x00, 0xD8], count: 2)
        // Handlers of #TS, #NP, #SS and #GP, which stand still.
        for vector in [6, 10, 11, 12, 13] as [UInt64] {
            machine.gate(
                at: ProtectedMachine.idt + 8 * vector, Selector.code0, 0x9000 + vector * 16, type: 14)
        }
    }

    private func handler(_ vector: UInt64) -> UInt64 { 0x9000 + vector * 16 }

    // MARK: Real mode and back

    @Test func realModeBecomesProtectedModeByAJump() {
        let core = machine.core
        core.reset()
        core.startRealMode()
        core.state.pointee.segments[1].base = 0
        core.state.pointee.segments[1].selector = 0
        core.updateMode()
        _ = machine.memory.store16(0x500, 0x7F)
        _ = machine.memory.store32(0x502, UInt32(ProtectedMachine.gdt))
        machine.run(
            [
                0x66, 0x0F, 0x01, 0x16, 0x00, 0x05,  // lgdt [0x500]
                0x0F, 0x20, 0xC0, 0x0C, 0x01, 0x0F, 0x22, 0xC0,  // mov eax,cr0; or al,1; mov cr0,eax
                0x66, 0xEA, 0x00, 0xA0, 0, 0, 0x08, 0,  // jmp dword 8:0xA000
            ], count: 5)
        #expect(machine.ip == 0xA000)
        #expect(core.state.pointee.mode == Decoder.Mode.bits32.rawValue)
        #expect(machine.selector(1) == 8)
        machine.place([0xB8, 0x78, 0x56, 0x34, 0x12], at: 0xA000)
        machine.interpreter.step()
        #expect(core.registers[0] == 0x1234_5678)
    }

    @Test func realModeInterruptsPushThreeWords() {
        let core = machine.core
        core.reset()
        core.startRealMode()
        for slot in 0..<6 {
            core.state.pointee.segments[slot].base = 0
            core.state.pointee.segments[slot].selector = 0
        }
        core.registers[4] = 0xFFFF_2000
        core.updateMode()
        _ = machine.memory.store32(4 * 0x21, 0x1234_0056)
        machine.run([0xCD, 0x21])
        #expect(machine.selector(1) == 0x1234)
        #expect(core.state.pointee.segments[1].base == 0x1_2340)
        #expect((machine.ip, machine.sp) == (0x56, 0xFFFF_1FFA))
        #expect(machine.memory.load16(0x1FFA) == 0x8002)
        machine.place([0xCF], at: 0x1_2396)
        machine.interpreter.step()
        #expect((machine.ip, machine.sp) == (0x8002, 0xFFFF_2000))
    }

    // MARK: Segments

    @Test func limitsAndTypesHold() {
        machine.describe(Selector.free, 0x4093, base: 0x5000, limit: 0xF)
        // mov eax, 0x48; mov ds, ax; mov ecx, [12]; mov ecx, [13]
        machine.run(
            [0xB8, 0x48, 0, 0, 0, 0x8E, 0xD8, 0x8B, 0x0D, 12, 0, 0, 0, 0x8B, 0x0D, 13, 0, 0, 0], count: 3)
        #expect(machine.ip == ProtectedMachine.code + 13)
        machine.interpreter.step()
        #expect(machine.ip == handler(13))
        #expect(machine.stack(2) == [0, UInt32(ProtectedMachine.code + 13)])
    }

    @Test func aReadOnlySegmentIsNotWrittenTo() {
        machine.describe(Selector.free, 0xC091, limit: 0xF_FFFF)
        machine.run(
            [0xB8, 0x48, 0, 0, 0, 0x8E, 0xD8, 0x8B, 0x0D, 0, 0x50, 0, 0, 0x89, 0x0D, 0, 0x50, 0, 0], count: 4)
        #expect(machine.ip == handler(13))
    }

    @Test func anExpandDownSegmentBeginsBehindItsLimit() {
        machine.describe(Selector.free, 0x4097, limit: 0x4FFF)
        // mov eax, 0x48; mov ds, ax; mov ecx, [0x5000]; mov ecx, [0x4FFF]
        machine.run(
            [0xB8, 0x48, 0, 0, 0, 0x8E, 0xD8, 0x8B, 0x0D, 0, 0x50, 0, 0, 0x8B, 0x0D, 0xFF, 0x4F, 0, 0],
            count: 3)
        #expect(machine.ip == ProtectedMachine.code + 13)
        machine.interpreter.step()
        #expect(machine.ip == handler(13))
    }

    @Test func aSegmentThatIsNotPresentCannotBeLoaded() {
        machine.describe(Selector.free, 0x4013, limit: 0xF)
        machine.run([0xB8, 0x48, 0, 0, 0, 0x8E, 0xD8], count: 2)
        #expect(machine.ip == handler(11))
        #expect(machine.stack(1) == [0x48])
    }

    // MARK: Gates

    @Test func aCallGateLeadsInwardsWithParameters() {
        machine.gate(at: ProtectedMachine.gdt + 0x48, Selector.code0, 0xB000, type: 12, level: 3, count: 2)
        machine.enter(privilege: 3)
        // push 1; push 2; call 0x4B:0
        machine.run([0x6A, 1, 0x6A, 2, 0x9A, 0, 0, 0, 0, 0x4B, 0], count: 3)
        #expect(machine.ip == 0xB000)
        #expect(machine.core.state.pointee.privilege == 0)
        #expect(machine.stack(6) == [UInt32(ProtectedMachine.code + 11), 0x1B, 2, 1, 0x5FF8, 0x23])
        #expect(machine.sp == 0x7000 - 24)
        // retf 8
        machine.place([0xCA, 8, 0], at: 0xB000)
        machine.interpreter.step()
        #expect((machine.ip, machine.sp) == (ProtectedMachine.code + 11, 0x6000))
        #expect(machine.core.state.pointee.privilege == 3)
        #expect((machine.selector(1), machine.selector(2)) == (0x1B, 0x23))
        // Data segments of the inner ring do not come along.
        #expect(machine.selector(3) == 0x23)
    }

    @Test func aCallGateOfSixteenBitsPushesWords() {
        machine.gate(at: ProtectedMachine.gdt + 0x48, Selector.code16, 0xB000, type: 4, level: 0)
        machine.run([0x9A, 0, 0, 0, 0, 0x48, 0])
        #expect((machine.ip, machine.sp) == (0xB000, 0x6000 - 4))
        #expect(machine.core.state.pointee.mode == Decoder.Mode.bits16.rawValue)
    }

    @Test func interruptGatesSwitchStacksAndMaskInterrupts() {
        machine.gate(at: ProtectedMachine.idt + 8 * 0x40, Selector.code0, 0xC000, type: 14, level: 3)
        machine.enter(privilege: 3)
        machine.core.state.pointee.systemFlags |= Flag.interrupt
        machine.run([0xCD, 0x40])
        #expect((machine.ip, machine.sp) == (0xC000, 0x7000 - 20))
        let stack = machine.stack(5)
        #expect(stack[0] == UInt32(ProtectedMachine.code + 2))
        #expect(stack[1] == 0x1B)
        #expect(stack[2] & 0x200 != 0)
        #expect(stack[3...] == [0x6000, 0x23])
        #expect(machine.core.state.pointee.systemFlags & Flag.interrupt == 0)
        machine.place([0xCF], at: 0xC000)
        machine.interpreter.step()
        #expect((machine.ip, machine.sp) == (ProtectedMachine.code + 2, 0x6000))
        #expect(machine.core.state.pointee.privilege == 3)
        #expect(machine.core.state.pointee.systemFlags & Flag.interrupt != 0)
    }

    @Test func softwareMayNotUseEveryGate() {
        machine.gate(at: ProtectedMachine.idt + 8 * 0x40, Selector.code0, 0xC000, type: 14, level: 0)
        machine.enter(privilege: 3)
        machine.run([0xCD, 0x40])
        #expect(machine.ip == handler(13))
        #expect(machine.stack(1) == [0x40 << 3 | 2])
    }

    // MARK: Tasks

    @Test func aTaskIsCalledAndReturns() {
        let other: UInt64 = 0x4000
        for (offset, value) in [
            (0x20, 0xD000), (0x24, 2), (0x28, 0x1111), (0x38, 0x5000), (0x48, 0x10), (0x4C, 0x08),
            (0x50, 0x10),
            (0x54, 0x10), (0x58, 0), (0x5C, 0),
        ] as [(UInt64, UInt32)] { _ = machine.memory.store32(other + offset, value) }
        machine.core.registers[0] = 0x2222
        machine.run([0x9A, 0, 0, 0, 0, 0x40, 0])
        #expect(machine.ip == 0xD000)
        #expect((machine.core.registers[0], machine.sp) == (0x1111, 0x5000))
        #expect(machine.core.state.pointee.task.selector == 0x40)
        #expect(machine.core.state.pointee.systemFlags & Flag.nested != 0)
        #expect(machine.core.state.pointee.cr0 & Control.taskSwitched != 0)
        #expect(machine.memory.load16(other) == 0x28)
        machine.place([0xCF], at: 0xD000)
        machine.interpreter.step()
        #expect(machine.ip == ProtectedMachine.code + 7)
        #expect(machine.core.registers[0] == 0x2222)
        #expect(machine.core.state.pointee.task.selector == 0x28)
        // The other one is available again.
        #expect(machine.memory.load8(ProtectedMachine.gdt + 0x45) == 0x89)
    }

    // MARK: Virtual-8086 mode

    @Test func virtual8086ModeIsEnteredByIretAndLeftByAnException() {
        // GS, FS, DS, ES, SS, ESP, EFLAGS, CS, EIP.
        for word in [0x50, 0x40, 0x3000, 0x20, 0x600, 0x100, 0x2_0002, 0x700, 0x10] as [UInt32] {
            machine.core.registers[4] -= 4
            _ = machine.memory.store32(machine.sp, word)
        }
        machine.run([0xCF])
        #expect((machine.ip, machine.sp) == (0x10, 0x100))
        #expect(machine.core.state.pointee.privilege == 3)
        #expect(machine.core.state.pointee.segments[3].base == 0x3_0000)
        #expect(machine.core.state.pointee.mode == Decoder.Mode.bits16.rawValue)
        // CLI needs an IOPL of 3.
        machine.place([0xFA], at: 0x7010)
        machine.interpreter.step()
        #expect(machine.ip == handler(13))
        #expect(machine.stack(3) == [0, 0x10, 0x700])
        #expect(machine.stack(10)[5...] == [0x600, 0x20, 0x3000, 0x40, 0x50])
        #expect(machine.selector(3) == 0)
    }

    // MARK: Paging

    /// mov eax, [0x400010] through `tables`, whose root is at 0x10000.
    private func load(pae: Bool) -> UInt64 {
        machine.core.state.pointee.cr3 = 0x1_0000
        machine.core.state.pointee.cr4 = pae ? Control.cr4PAE : Control.cr4PSE
        machine.core.state.pointee.cr0 |= Control.paging
        machine.core.updateMode()
        _ = machine.memory.store32(0x5_0010, 0xCAFE_F00D)
        machine.run([0xA1, 0x10, 0x00, 0x40, 0x00])
        return machine.core.registers[0]
    }

    @Test func twoLevelsOfTables() {
        // A large page for the lowest 4 MiB, a table for the next.
        _ = machine.memory.store32(0x1_0000, 0x83)
        _ = machine.memory.store32(0x1_0004, 0x1_1003)
        _ = machine.memory.store32(0x1_1000, 0x5_0003)
        #expect(load(pae: false) == 0xCAFE_F00D)
        #expect(machine.memory.load32(0x1_1000) == 0x5_0023)
    }

    @Test func threeLevelsOfTables() {
        _ = machine.memory.store64(0x1_0000, 0x1_1001)
        _ = machine.memory.store64(0x1_1000, 0x83)
        _ = machine.memory.store64(0x1_1010, 0x1_2003)
        _ = machine.memory.store64(0x1_2000, 0x5_0003)
        #expect(load(pae: true) == 0xCAFE_F00D)
    }

    @Test func longModeHasACompatibilityModeInside() {
        // One gigabyte page for everything.
        _ = machine.memory.store64(0x1_0000, 0x1_1003)
        _ = machine.memory.store64(0x1_1000, 0x83)
        let state = machine.core.state
        state.pointee.cr3 = 0x1_0000
        state.pointee.cr4 = Control.cr4PAE
        state.pointee.efer = Control.longModeEnable
        // mov eax, cr0; bts eax, 31; mov cr0, eax: still 32 bits wide. jmp 0x50:0xE000
        machine.run(
            [
                0x0F, 0x20, 0xC0, 0x0F, 0xBA, 0xE8, 31, 0x0F, 0x22, 0xC0, 0x40, 0xEA, 0, 0xE0, 0, 0, 0x50, 0,
            ], count: 5)
        #expect(state.pointee.efer & Control.longModeActive != 0)
        #expect(machine.core.registers[0] == 0xE000_0012)
        #expect((machine.ip, state.pointee.mode) == (0xE000, Decoder.Mode.bits64.rawValue))
        // push 8; push 0xF000; retfq: back to compatibility mode.
        machine.place([0x6A, 0x08, 0x68, 0x00, 0xF0, 0, 0, 0x48, 0xCB], at: 0xE000)
        for _ in 0..<3 { machine.interpreter.step() }
        #expect((machine.ip, state.pointee.mode) == (0xF000, Decoder.Mode.bits32.rawValue))
    }

    // MARK: Code that changes

    @Test func codeThatAnInstructionChangesIsDecodedAnew() {
        // mov byte [0x800A], the code of inc ecx; five times nop
        let body: [UInt8] = [0xC6, 0x05, 0x0A, 0x80, 0, 0, 0x41, 0x90, 0x90, 0x90, 0x90, 0x90]
        machine.run(body, count: 5)
        #expect(machine.core.registers[1] == 1)
        #expect(machine.ip == ProtectedMachine.code + 11)
    }

    @Test func dataBesideCodeAreWrittenAndTheCodeGoesOn() {
        // mov byte [0x8100], 7; inc byte [0x8100]; inc byte [0x8100]
        machine.run(
            [0xC6, 0x05, 0, 0x81, 0, 0, 7, 0xFE, 0x05, 0, 0x81, 0, 0, 0xFE, 0x05, 0, 0x81, 0, 0], count: 3)
        #expect(machine.memory.load8(0x8100) == 9)
        #expect(machine.ip == ProtectedMachine.code + 19)
        // What was data is code now, and changes, too.
        machine.place([0x41, 0x90], at: 0x8100)
        machine.core.registers[17] = 0x8100
        _ = machine.core.attend()
        machine.interpreter.step()
        machine.run([0xC6, 0x05, 0, 0x81, 0, 0, 0x49])
        machine.core.registers[17] = 0x8100
        machine.interpreter.step()
        #expect(machine.core.registers[1] == 0)
    }

    // MARK: Instructions that 64-bit mode has not

    @Test func allRegistersArePushedAndPopped() {
        for register in 0..<8 where register != 4 { machine.core.registers[register] = UInt64(register + 1) }
        machine.run([0x60, 0x31, 0xC0, 0x61], count: 3)
        #expect(machine.core.registers[0] == 1)
        #expect(machine.sp == 0x6000)
        #expect(machine.memory.load32(0x6000 - 20) == 0x6000)
    }

    @Test func bytesOfAnMMXRegisterAreStoredByAMask() {
        machine.core.state.pointee.cr0 |= Control.numericError
        _ = machine.memory.store64(0x5000, 0x8877_6655_4433_2211)
        _ = machine.memory.store64(0x5008, 0x8000_FF00_007F_0080)
        // movq mm0,[0x5000]; movq mm1,[0x5008]; mov edi,0x5100; maskmovq mm0,mm1
        machine.run(
            [
                0x0F, 0x6F, 0x05, 0, 0x50, 0, 0, 0x0F, 0x6F, 0x0D, 8, 0x50, 0, 0, 0xBF, 0, 0x51, 0, 0, 0x0F,
                0xF7, 0xC1,
            ], count: 4)
        #expect(machine.memory.load64(0x5100) == 0x8800_6600_0000_0011)
        #expect(machine.core.float.pointee.tags == 0xFF)
    }

    @Test func anEnvironmentIsSavedAndRestored() {
        machine.core.state.pointee.cr0 |= Control.numericError
        // fninit; fld1; fldpi; fnsave [0x5000]; frstor [0x5000]; fstp dword [0x5100]; fstp dword [0x5104]
        machine.run(
            [
                0xDB, 0xE3, 0xD9, 0xE8, 0xD9, 0xEB, 0xDD, 0x35, 0, 0x50, 0, 0, 0xDD, 0x25, 0, 0x50, 0, 0,
                0xD9, 0x1D,
                0, 0x51, 0, 0, 0xD9, 0x1D, 4, 0x51, 0, 0,
            ], count: 4)
        #expect(machine.core.float.pointee.tags == 0)
        #expect(machine.memory.load16(0x5000) == 0x37F)
        for _ in 0..<3 { machine.interpreter.step() }
        #expect(machine.memory.load32(0x5100) == 0x4049_0FDB)
        #expect(machine.memory.load32(0x5104) == Float(1).bitPattern)
    }
}
