import Testing
import X86

/// A task in virtual-8086 mode that may not touch IF, but its own copy of it.
struct VirtualInterruptTests {
    private typealias Selector = ProtectedMachine.Selector
    private let machine: ProtectedMachine

    init() throws {
        machine = try ProtectedMachine()
        machine.run([0xB8, 0x28, 0, 0, 0, 0x0F, 0x00, 0xD8], count: 2)
        machine.gate(at: ProtectedMachine.idt + 8 * 13, Selector.code0, 0x90D0, type: 14)
        // The map of ports begins 32 bytes behind the fixed part, which the map of interrupts is in front of.
        machine.core.state.pointee.task.limit = 0xFF
        _ = machine.memory.store16(0x3066, 0x88)
        machine.core.state.pointee.cr4 |= 1
        enter()
    }

    /// Segments at 0, IOPL 0.
    private func enter() {
        let core = machine.core
        core.state.rflags = 0x2 | Flag.virtual8086
        for slot in 0..<6 {
            core.state.pointee.segments[slot] = .flat(selector: 0, attributes: 0xF3)
            core.state.pointee.segments[slot].limit = 0xFFFF
        }
        core.state.pointee.privilege = 3
        core.registers[4] = 0x6000
        core.updateMode()
    }

    private func has(_ flag: UInt64) -> Bool { machine.core.state.rflags & flag != 0 }

    @Test func interruptsAreTurnedOnAndOffVirtually() {
        machine.run([0xFB])
        #expect(machine.ip == ProtectedMachine.code + 1)
        #expect(has(Flag.virtualInterrupt) && !has(Flag.interrupt))
        machine.run([0x9C])
        #expect(machine.memory.load16(0x5FFE) == 0x3202)
        machine.run([0xFA])
        #expect(!has(Flag.virtualInterrupt))
        // popf of what was pushed
        machine.run([0x9D])
        #expect(has(Flag.virtualInterrupt) && !has(Flag.privilege))
        #expect(machine.sp == 0x6000)
    }

    @Test func aWaitingInterruptBringsTheMonitorIn() {
        machine.core.state.rflags |= Flag.virtualPending
        machine.run([0xFB])
        #expect(machine.ip == 0x90D0)
    }

    @Test func withoutTheExtensionTheMonitorSeesToAll() {
        machine.core.state.pointee.cr4 &= ~1
        machine.run([0xFA])
        #expect(machine.ip == 0x90D0)
    }

    @Test func anInterruptGoesByTheTasksTableUnlessItIsRedirected() {
        _ = machine.memory.store32(4 * 0x21, 0x0123_0456)
        machine.core.state.rflags |= Flag.virtualInterrupt
        machine.run([0xCD, 0x21])
        #expect(machine.ip == 0x456)
        #expect(machine.selector(1) == 0x123)
        #expect(!has(Flag.virtualInterrupt) && has(Flag.virtual8086))
        let words = (0..<3).map { machine.memory.load16(0x5FFA + 2 * UInt64($0)) }
        #expect(words == [UInt16(ProtectedMachine.code) + 2, 0, 0x3202])
        // iret
        machine.place([0xCF], at: 0x1230 + 0x456)
        machine.interpreter.step()
        #expect(machine.ip == ProtectedMachine.code + 2)
        #expect(has(Flag.virtualInterrupt))
        _ = machine.memory.store8(0x3068 + 0x21 / 8, 1 << 1)
        machine.run([0xCD, 0x21])
        #expect(machine.ip == 0x90D0)
    }

    @Test func usersOfProtectedModeHaveACopyToo() {
        machine.core.state.rflags = 2
        machine.enter(privilege: 3)
        machine.run([0xFB])
        #expect(machine.ip == 0x90D0)
        machine.core.state.pointee.cr4 |= 2
        machine.enter(privilege: 3)
        machine.core.state.rflags = 2
        machine.run([0xFB])
        #expect(machine.ip == ProtectedMachine.code + 1)
        #expect(has(Flag.virtualInterrupt) && !has(Flag.interrupt))
    }
}
