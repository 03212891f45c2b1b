import Machine
import NativeRun
import X86

/// One core in user mode whose tables map what the native child maps: a page of code, two of data.
final class UserMachine {
    static let codePage: UInt64 = 0x10_0000
    static let dataPages: UInt64 = 0x11_0000
    private static let tables: UInt64 = 0x1000

    let memory: GuestMemory
    let core: Core
    let interpreter: Interpreter

    init() throws {
        guard let memory = GuestMemory(base: 0, size: 4 << 20) else { throw Fault.double }
        self.memory = memory
        core = Core(
            id: 0, memory: memory, bus: AddressSpace(), ports: AddressSpace(),
            clock: ManualClock(frequency: 1_000_000_000))
        interpreter = Interpreter(core)
        map()
        core.startLongMode(at: UInt64(NATIVE_CODE), pageTables: Self.tables, descriptors: (0, 0), argument: 0)
        core.state.pointee.efer |= Control.noExecute | Control.syscallEnable
        core.state.pointee.cr4 |= Control.cr4FXSR | 1 << 10
        core.state.pointee.privilege = 3
        core.updateMode()
    }

    /// Both regions lie in the first gigabyte: one table of each level above, one of pages for each region.
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
    }

    /// Runs a case as the child does: until an exception, INT3 among them.
    func run(_ test: UnsafeMutablePointer<native_case>) {
        load(test)
        for _ in 0..<2000 {
            do throws(Fault) {
                try interpreter.executeNext()
            } catch {
                return save(test, error)
            }
        }
        save(test, Fault(255))
    }

    private func load(_ test: UnsafeMutablePointer<native_case>) {
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

    private func save(_ test: UnsafeMutablePointer<native_case>, _ fault: Fault) {
        withUnsafeMutableBytes(of: &test.pointee.r) {
            for index in 0..<16 {
                $0.storeBytes(of: core.registers[index], toByteOffset: 8 * index, as: UInt64.self)
            }
        }
        withUnsafeMutableBytes(of: &test.pointee.data) { _ = memory.read(Self.dataPages, into: $0) }
        withUnsafeMutableBytes(of: &test.pointee.area) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: core.float, count: 416))
        }
        test.pointee.rip = core.registers[17]
        test.pointee.rflags = core.state.rflags
        test.pointee.vector = Int32(fault.vector)
        test.pointee.error = fault.code
        test.pointee.cr2 = core.state.pointee.cr2
    }
}
