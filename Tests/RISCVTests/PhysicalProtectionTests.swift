import RISCV
import Testing

@Suite struct PhysicalProtectionTests {
    private let machine = TestMachine()
    private var state: HartPointer { machine.state }

    /// One entry at a time, above an all-closed rest.
    private func set(_ entry: Int, _ configuration: UInt8, _ address: UInt64) {
        state.pointee.pmpcfg[entry] = configuration
        state.pointee.pmpaddr[entry] = address >> 2
    }

    private func rights(_ address: UInt64, _ count: UInt64, _ mode: Privilege = .user) -> Rights? {
        PhysicalProtection.rights(state, address, count, mode)
    }

    init() {
        state.pointee.pmpcfg[0] = 0
    }

    @Test func withoutAnEntryOnlyMachineModeMayDoAnything() {
        #expect(rights(0x1000, 8, .machine) == .all)
        #expect(rights(0x1000, 8, .supervisor) == [])
    }

    @Test func topOfRangeEntriesReachFromTheOneBelow() {
        set(0, 0, 0x1000)
        set(1, 0x09, 0x1010)
        #expect(rights(0x1000, 8) == .read)
        #expect(rights(0x1008, 8) == .read)
        #expect(rights(0x100C, 8) == nil)
        #expect(rights(0xFFC, 8) == nil)
        #expect(rights(0x1010, 4) == [])
        set(1, 0x09, 0x1000)
        #expect(rights(0x1000, 4) == [])
    }

    @Test func fourBytesAndPowersOfTwo() {
        set(0, 0x12, 0x2004)
        #expect(rights(0x2004, 4) == .write)
        #expect(rights(0x2004, 8) == nil)
        state.pointee.pmpcfg[0] = 0x1C
        state.pointee.pmpaddr[0] = 0x3000 >> 2 | 0x1FF
        #expect(rights(0x3000, 4096) == .execute)
        #expect(rights(0x3FFF, 2) == nil)
        #expect(rights(0x2FFF, 1) == [])
        state.pointee.pmpaddr[0] = 1 << 54 - 1
        #expect(rights(0, 1) == .execute && rights(0xFF_FFFF_FFFF_FFFF, 1) == .execute)
    }

    @Test func theFirstMatchDecides() {
        set(0, 0x10, 0x2000)
        state.pointee.pmpcfg[1] = 0x1F
        state.pointee.pmpaddr[1] = 0x2000 >> 2 | 0x1FF
        #expect(rights(0x2000, 4) == [])
        #expect(rights(0x2004, 4) == .all)
        #expect(rights(0x2000, 4096) == nil)
    }

    @Test func lockedEntriesBindMachineModeToo() {
        set(0, 0x11, 0x2000)
        #expect(rights(0x2000, 4, .machine) == .all)
        set(0, 0x91, 0x2000)
        #expect(rights(0x2000, 4, .machine) == .read)
    }

    @Test func lockedEntriesKeepTheirValues() {
        let hart = machine.hart
        _ = hart.writeRegister(RegisterNumber.pmpaddr0, 0x100)
        _ = hart.writeRegister(RegisterNumber.pmpaddr0 + 1, 0x200)
        _ = hart.writeRegister(RegisterNumber.pmpcfg0, 0x8900)
        _ = hart.writeRegister(RegisterNumber.pmpcfg0, 0)
        _ = hart.writeRegister(RegisterNumber.pmpaddr0, 0)
        _ = hart.writeRegister(RegisterNumber.pmpaddr0 + 1, 0)
        #expect(hart.readRegister(RegisterNumber.pmpcfg0) == 0x8900)
        #expect(hart.readRegister(RegisterNumber.pmpaddr0) == 0x100)
        #expect(hart.readRegister(RegisterNumber.pmpaddr0 + 1) == 0x200)
    }

    @Test func writeWithoutReadIsNotKept() {
        _ = machine.hart.writeRegister(RegisterNumber.pmpcfg0, 0x1F_1E_1A_7F)
        #expect(machine.hart.readRegister(RegisterNumber.pmpcfg0) == 0x1F_1C_18_1F)
    }

    @Test func rangesThatWrapAreRefused() {
        #expect(rights(.max, 8, .machine) == nil)
    }

    @Test func aPageUnderSeveralRulesIsNotUniform() throws {
        set(0, 0x11, TestMachine.base + 8)
        state.pointee.pmpcfg[1] = 0x1F
        state.pointee.pmpaddr[1] = 1 << 54 - 1
        state.pointee.privilege = 1
        let base = TestMachine.base
        let mapping = try PageWalker.walk(state, machine.memory, base, count: 8, .write, .supervisor)
        #expect(!mapping.isUniform && !mapping.readable && !mapping.writable)
        #expect(throws: Trap(.storeAccessFault, base + 8)) {
            try PageWalker.walk(state, machine.memory, base + 8, count: 4, .write, .supervisor)
        }
        #expect(throws: Trap(.loadAccessFault, base + 4)) {
            try PageWalker.walk(state, machine.memory, base + 4, count: 8, .read, .supervisor)
        }
        let other = try PageWalker.walk(state, machine.memory, base + 4096, count: 8, .write, .supervisor)
        #expect(other.isUniform && other.writable)
    }
}
