import Machine
import X86

/// One core in 32-bit protected mode with tables that a test fills in.
final class ProtectedMachine {
    static let gdt: UInt64 = 0x1000
    static let idt: UInt64 = 0x2000
    static let code: UInt64 = 0x8000

    /// Selectors of the descriptors that are always there.
    enum Selector {
        static let code0: UInt16 = 0x08
        static let data0: UInt16 = 0x10
        static let code3: UInt16 = 0x1B
        static let data3: UInt16 = 0x23
        static let task: UInt16 = 0x28
        static let code16: UInt16 = 0x30
        static let data16: UInt16 = 0x38
        static let otherTask: UInt16 = 0x40
        static let free: UInt16 = 0x48
        static let code64: UInt16 = 0x50
    }

    let memory: GuestMemory
    let core: Core
    let interpreter: Interpreter

    init() throws {
        guard let memory = GuestMemory(base: 0, size: 1 << 20) else { throw Fault.double }
        self.memory = memory
        core = Core(
            id: 0, memory: memory, bus: AddressSpace(), ports: AddressSpace(),
            clock: ManualClock(frequency: 1_000_000_000))
        interpreter = Interpreter(core)
        core.startRealMode()
        describe(Selector.code0, 0xC09B, limit: 0xF_FFFF)
        describe(Selector.data0, 0xC093, limit: 0xF_FFFF)
        describe(Selector.code3, 0xC0FB, limit: 0xF_FFFF)
        describe(Selector.data3, 0xC0F3, limit: 0xF_FFFF)
        describe(Selector.task, 0x0089, base: 0x3000, limit: 0x67)
        describe(Selector.code16, 0x009B, limit: 0xFFFF)
        describe(Selector.data16, 0x0093, limit: 0xFFFF)
        describe(Selector.otherTask, 0x0089, base: 0x4000, limit: 0x67)
        describe(Selector.code64, 0xA09B, limit: 0xF_FFFF)
        // The inner stack of the task.
        _ = memory.store32(0x3004, 0x7000)
        _ = memory.store16(0x3008, Selector.data0)
        core.state.pointee.gdt.base = Self.gdt
        core.state.pointee.gdt.limit = 0x7F
        core.state.pointee.idt.base = Self.idt
        core.state.pointee.idt.limit = 0x7FF
        core.state.pointee.cr0 |= 1
        enter(privilege: 0)
    }

    /// Writes a descriptor. The attributes are those of `Segment`.
    func describe(_ selector: UInt16, _ attributes: UInt64, base: UInt64 = 0, limit: UInt64) {
        let low = limit & 0xFFFF | (base & 0xFF_FFFF) << 16
        let high = (attributes << 8 | limit & 0xF_0000 | base & 0xFF00_0000) << 32
        _ = memory.store64(Self.gdt + UInt64(selector & ~7), low | high)
    }

    /// Writes a gate into a table; types are those of SDM vol. 3, table 3-2.
    func gate(
        at place: UInt64, _ selector: UInt16, _ offset: UInt64, type: UInt64, level: UInt64 = 0,
        count: UInt64 = 0
    ) {
        let flags = count | (type | level << 5 | 0x80) << 8
        _ = memory.store64(
            place, offset & 0xFFFF | UInt64(selector) << 16 | (flags | offset & 0xFFFF_0000) << 32)
    }

    /// Puts the core into flat segments of privilege 0 or 3, with its stack at 0x6000.
    func enter(privilege: UInt8) {
        let isUser = privilege == 3
        for slot in 0..<6 {
            core.state.pointee.segments[slot] = .flat(
                selector: isUser ? Selector.data3 : Selector.data0, attributes: isUser ? 0xC0F3 : 0xC093)
        }
        core.state.pointee.segments[1] = .flat(
            selector: isUser ? Selector.code3 : Selector.code0, attributes: isUser ? 0xC0FB : 0xC09B)
        core.state.pointee.privilege = privilege
        core.registers[4] = 0x6000
        core.updateMode()
    }

    /// Executes so many instructions of `bytes`, exceptions included.
    func run(_ bytes: [UInt8], count: Int = 1) {
        place(bytes, at: Self.code)
        core.registers[17] = Self.code
        _ = core.attend()
        for _ in 0..<count { interpreter.step() }
    }

    func place(_ bytes: [UInt8], at address: UInt64) {
        _ = bytes.withUnsafeBytes { memory.write(address, from: $0) }
    }

    func selector(_ slot: Int) -> UInt16 { core.state.pointee.segments[slot].selector }

    var ip: UInt64 { core.registers[17] }
    var sp: UInt64 { core.registers[4] }

    /// Words of the stack, from its top.
    func stack(_ count: Int) -> [UInt32] {
        (0..<count).map { memory.load32(sp + UInt64(4 * $0)) ?? 0 }
    }
}
