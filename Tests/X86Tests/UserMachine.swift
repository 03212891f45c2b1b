import Machine
import NativeRun
import X86

/// One core in user mode whose tables map what the native child maps: a page of code, two of data.
final class UserMachine {
    static let codePage: UInt64 = 0x10_0000
    static let dataPages: UInt64 = 0x11_0000
    private static let tables: UInt64 = 0x1000

    /// Where physical addresses lie for the supervisor.
    static let system: UInt64 = 0xFFFF_8000_0000_0000
    private static let interrupts: UInt64 = 0x2_0000
    private static let descriptors: UInt64 = 0x2_1000
    private static let task: UInt64 = 0x2_2000
    private static let stack: UInt64 = 0x2_4000
    static let handlers: UInt64 = 0x3_0000

    let memory: GuestMemory
    let core: Core
    let interpreter: Interpreter
    let translated: TranslatedCore?

    init(translated: Bool = false) throws {
        guard let memory = GuestMemory(base: 0, size: 4 << 20) else { throw Fault.double }
        self.memory = memory
        core = Core(
            id: 0, memory: memory, bus: AddressSpace(), ports: AddressSpace(),
            clock: ManualClock(frequency: 1_000_000_000))
        interpreter = Interpreter(core)
        self.translated = translated ? TranslatedCore(core, isAlone: true) : nil
        map()
        describe()
        core.startLongMode(at: UInt64(NATIVE_CODE), pageTables: Self.tables, descriptors: (0, 0), argument: 0)
        core.state.pointee.efer |= Control.noExecute | Control.syscallEnable
        core.state.pointee.cr4 |= Control.cr4FXSR | 1 << 10
        core.state.pointee.idt.base = Self.system + Self.interrupts
        core.state.pointee.idt.limit = 0xFFF
        core.state.pointee.gdt.base = Self.system + Self.descriptors
        core.state.pointee.gdt.limit = 0xFF
        core.state.pointee.task.base = Self.system + Self.task
        core.state.pointee.task.limit = 103
        enterUserMode()
    }

    private func enterUserMode() {
        core.state.pointee.segments[1] = .flat(selector: 0x33, attributes: 0xA0FB)
        core.state.pointee.segments[2] = .flat(selector: 0x2B, attributes: 0xC0F3)
        core.state.pointee.privilege = 3
        core.updateMode()
    }

    /// Both regions lie in the first gigabyte: one table of each level above, one of pages for each region. The
    /// supervisor sees all of RAM in the upper half of the address space.
    private func map() {
        _ = memory.store64(Self.tables, Self.tables + 0x1000 | 7)
        _ = memory.store64(Self.tables + 0x1000, Self.tables + 0x2000 | 7)
        let directory = Self.tables + 0x2000
        _ = memory.store64(directory + 8 * 0x80, Self.tables + 0x3000 | 7)
        _ = memory.store64(directory + 8 * 0x100, Self.tables + 0x4000 | 7)
        _ = memory.store64(Self.tables + 0x3000, Self.codePage | 7)
        for page in 0..<UInt64(2) {
            _ = memory.store64(Self.tables + 0x4000 + 8 * page, (Self.dataPages + page << 12) | 7 | 1 << 63)
        }
        _ = memory.store64(Self.tables + 8 * 256, Self.tables + 0x5000 | 3)
        _ = memory.store64(Self.tables + 0x5000, Self.tables + 0x6000 | 3)
        _ = memory.store64(Self.tables + 0x6000, 1 << 7 | 3)
    }

    /// A code segment, the stack of handlers, and a handler for each vector, which users may ask for.
    private func describe() {
        _ = memory.store64(Self.descriptors + 8, 0x00AF_9B00_0000_FFFF)
        _ = memory.store64(Self.task + 4, Self.system + Self.stack)
        for vector in 0..<UInt64(256) {
            let handler = Self.system + Self.handlers + vector << 4
            let low = handler & 0xFFFF | 8 << 16 | 0xEE00 << 32 | (handler >> 16 & 0xFFFF) << 48
            _ = memory.store64(Self.interrupts + vector << 4, low)
            _ = memory.store64(Self.interrupts + vector << 4 + 8, handler >> 32)
        }
    }

    /// Runs a case as the child does: until an exception, INT3 among them, which a handler is entered for.
    func run(_ test: UnsafeMutablePointer<native_case>) {
        load(test)
        for _ in 0..<2000 where core.state.pointee.privilege == 3 {
            if let translated { translated.runUnits() } else { interpreter.step() }
        }
        save(test)
    }

    private func load(_ test: UnsafeMutablePointer<native_case>) {
        enterUserMode()
        var code = [UInt8](repeating: 0xCC, count: 4096)
        withUnsafeBytes(of: &test.pointee.code) { code.replaceSubrange(0..<$0.count, with: $0) }
        _ = code.withUnsafeBytes { memory.write(Self.codePage, from: $0) }
        withUnsafeBytes(of: &test.pointee.data) { _ = memory.write(Self.dataPages, from: $0) }
        withUnsafeBytes(of: &test.pointee.r) {
            for index in 0..<16 {
                core.registers[index] = $0.load(fromByteOffset: 8 * index, as: UInt64.self)
            }
        }
        withUnsafeBytes(of: &test.pointee.area) {
            UnsafeMutableRawPointer(core.float).copyMemory(
                from: $0.baseAddress.unsafelyUnwrapped, byteCount: 416)
        }
        core.registers[17] = test.pointee.rip
        core.state.rflags = test.pointee.rflags
        // What a device writes to code is noticed here.
        _ = core.attend()
    }

    private func save(_ test: UnsafeMutablePointer<native_case>) {
        // SS, RSP, RFLAGS, CS and RIP, and for some vectors an error code.
        let top = core.registers[4] &- Self.system
        let hasCode = core.state.pointee.privilege == 0 && Self.stack - top == 48
        let frame = hasCode ? top + 8 : top
        withUnsafeMutableBytes(of: &test.pointee.data) { _ = memory.read(Self.dataPages, into: $0) }
        withUnsafeMutableBytes(of: &test.pointee.area) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: core.float, count: 416))
        }
        test.pointee.vector = 255
        if core.state.pointee.privilege == 0 {
            let handler = core.registers[17] &- Self.system &- Self.handlers
            test.pointee.vector = Int32(truncatingIfNeeded: handler >> 4)
            test.pointee.error = UInt32(truncatingIfNeeded: hasCode ? memory.load64(top) ?? 0 : 0)
            test.pointee.rip = memory.load64(frame) ?? 0
            test.pointee.rflags = memory.load64(frame + 16) ?? 0
            core.registers[4] = memory.load64(frame + 24) ?? 0
        }
        withUnsafeMutableBytes(of: &test.pointee.r) {
            for index in 0..<16 {
                $0.storeBytes(of: core.registers[index], toByteOffset: 8 * index, as: UInt64.self)
            }
        }
        test.pointee.cr2 = core.state.pointee.cr2
    }
}
