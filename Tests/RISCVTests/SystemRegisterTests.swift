import RISCV
import Testing

@Suite struct SystemRegisterTests {
    private let machine = TestMachine()
    private var hart: Hart { machine.hart }

    /// What a register holds after `value` was written over zero.
    private func written(_ number: UInt16, _ value: UInt64, over old: UInt64 = 0) -> UInt64? {
        _ = hart.writeRegister(number, old)
        _ = hart.writeRegister(number, value)
        return hart.readRegister(number)
    }

    private static let legalBits: [(UInt16, UInt64)] = [
        (RegisterNumber.mtvec, 0xFFFF_FFFF_FFFF_FFFD),
        (RegisterNumber.stvec, 0xFFFF_FFFF_FFFF_FFFD),
        (RegisterNumber.mepc, 0xFFFF_FFFF_FFFF_FFFE),
        (RegisterNumber.sepc, 0xFFFF_FFFF_FFFF_FFFE),
        (RegisterNumber.medeleg, 0xB3FF),
        (RegisterNumber.mideleg, 0x222),
        (RegisterNumber.mie, 0xAAA),
        (RegisterNumber.mcounteren, 0xFFFF_FFFF),
        (RegisterNumber.scounteren, 0xFFFF_FFFF),
        (RegisterNumber.mcountinhibit, 5),
        (RegisterNumber.menvcfg, 0xE000_0000_0000_00F1),
        (RegisterNumber.senvcfg, 0xF1),
        (RegisterNumber.mstatus, 0x8000_000A_007E_79AA),
        (RegisterNumber.sstatus, 0x8000_0002_000C_6122),
        (RegisterNumber.mscratch, .max), (RegisterNumber.sscratch, .max),
        (RegisterNumber.mcause, .max), (RegisterNumber.scause, .max),
        (RegisterNumber.mtval, .max), (RegisterNumber.stval, .max),
        (RegisterNumber.stimecmp, .max),
        (RegisterNumber.fflags, 0x1F), (RegisterNumber.frm, 7), (RegisterNumber.fcsr, 0xFF),
        (RegisterNumber.pmpaddr15, 0x003F_FFFF_FFFF_FFFF),
        (RegisterNumber.mhartid, 0), (RegisterNumber.mvendorid, 0), (RegisterNumber.mconfigptr, 0),
        (RegisterNumber.tselect, 0), (0x7A1, 0),
        (RegisterNumber.firstEvent, 0), (RegisterNumber.firstMachineCounter, 0),
        (RegisterNumber.misa, 0x8000_0000_0014_112F),
    ]

    @Test func registersKeepOnlyTheirLegalBits() {
        for (number, expected) in Self.legalBits {
            #expect(written(number, .max) == expected, "\(String(number, radix: 16))")
        }
    }

    @Test func addressTranslationKeepsItsOldValueWhenTheModeIsUnknown() {
        for mode: UInt64 in 0..<16 {
            let old: UInt64 = 0x8000_0000_0000_0007
            let new: UInt64 = mode << 60 | 5
            let isKnown = mode == 0 || (8...10).contains(mode)
            #expect(written(RegisterNumber.satp, new, over: old) == (isKnown ? new : old))
        }
    }

    @Test func modeTwoIsNoPreviousPrivilege() {
        #expect(written(RegisterNumber.mstatus, 2 << 11, over: 3 << 11)! & Status.mpp == 3 << 11)
        #expect(written(RegisterNumber.menvcfg, 2 << 4, over: 1 << 4) == 1 << 4)
    }

    @Test func supervisorViewsShowOnlyWhatIsDelegated() {
        _ = hart.writeRegister(RegisterNumber.mideleg, Interrupts.ssi)
        _ = hart.writeRegister(RegisterNumber.mie, Interrupts.all)
        _ = hart.writeRegister(RegisterNumber.mip, Interrupts.all)
        #expect(hart.readRegister(RegisterNumber.sie) == Interrupts.ssi)
        #expect(hart.readRegister(RegisterNumber.sip) == Interrupts.ssi)
        #expect(hart.readRegister(RegisterNumber.mip) == Interrupts.supervisor)
        _ = hart.writeRegister(RegisterNumber.sie, 0)
        #expect(hart.readRegister(RegisterNumber.mie) == Interrupts.all & ~Interrupts.ssi)
        _ = hart.writeRegister(RegisterNumber.sip, 0)
        #expect(hart.readRegister(RegisterNumber.mip) == Interrupts.sti | Interrupts.sei)
    }

    @Test func theExternalLineIsReadButNotWrittenBack() {
        hart.setInterrupt(.supervisorExternal, true)
        machine[x: 1] = Interrupts.ssi
        machine.run(Assemble.csr(.csrrs, 2, RegisterNumber.mip, 1))
        #expect(machine[x: 2] == Interrupts.sei)
        hart.setInterrupt(.supervisorExternal, false)
        #expect(hart.readRegister(RegisterNumber.mip) == Interrupts.ssi)
    }

    @Test func theTimerComparatorOwnsItsPendingBitOnlyWhenEnabled() {
        machine.clock.advance(by: 100)
        _ = hart.writeRegister(RegisterNumber.stimecmp, 50)
        #expect(hart.readRegister(RegisterNumber.mip)! & Interrupts.sti == 0)
        _ = hart.writeRegister(RegisterNumber.menvcfg, EnvironmentConfiguration.stce)
        #expect(hart.readRegister(RegisterNumber.mip)! & Interrupts.sti != 0)
        _ = hart.writeRegister(RegisterNumber.mip, 0)
        #expect(hart.readRegister(RegisterNumber.mip)! & Interrupts.sti != 0)
        _ = hart.writeRegister(RegisterNumber.stimecmp, 200)
        #expect(hart.readRegister(RegisterNumber.mip)! & Interrupts.sti == 0)
    }

    @Test func aWrittenCounterIsWhatTheNextInstructionReads() {
        machine[x: 1] = 1000
        machine.run(Assemble.csr(.csrrw, 0, RegisterNumber.minstret, 1))
        machine.run(Assemble.csr(.csrrs, 2, RegisterNumber.minstret, 0))
        machine.run(Assemble.csr(.csrrs, 3, RegisterNumber.instret, 0))
        #expect(machine[x: 2] == 1000)
        #expect(machine[x: 3] == 1001)
    }

    @Test func inhibitedCountersStandStill() {
        machine.run(Assemble.csr(.csrrwi, 0, RegisterNumber.mcountinhibit, 5))
        let before = hart.readRegister(RegisterNumber.minstret)
        machine.run(Assemble.i(.addi, 0, 0, 0))
        #expect(hart.readRegister(RegisterNumber.minstret) == before)
        machine.run(Assemble.csr(.csrrwi, 0, RegisterNumber.mcountinhibit, 0))
        #expect(hart.readRegister(RegisterNumber.minstret) == before)
        machine.run(Assemble.i(.addi, 0, 0, 0))
        #expect(hart.readRegister(RegisterNumber.minstret) == before! + 1)
    }

    @Test func accessFollowsPrivilegeAndEnableBits() {
        let user: [(UInt16, Bool)] = [
            (RegisterNumber.mstatus, false), (RegisterNumber.sstatus, false), (RegisterNumber.fcsr, true),
            (RegisterNumber.time, false), (RegisterNumber.cycle, false),
        ]
        machine.state.pointee.privilege = 0
        for (number, allowed) in user { #expect(hart.mayAccess(number, writing: false) == allowed) }
        _ = hart.writeRegister(RegisterNumber.mcounteren, 2)
        #expect(!hart.mayAccess(RegisterNumber.time, writing: false))
        _ = hart.writeRegister(RegisterNumber.scounteren, 2)
        #expect(hart.mayAccess(RegisterNumber.time, writing: false))
        #expect(!hart.mayAccess(RegisterNumber.time, writing: true))
        machine.state.pointee.privilege = 1
        #expect(hart.mayAccess(RegisterNumber.satp, writing: true))
        #expect(!hart.mayAccess(RegisterNumber.stimecmp, writing: true))
        _ = hart.writeRegister(RegisterNumber.menvcfg, EnvironmentConfiguration.stce)
        #expect(hart.mayAccess(RegisterNumber.stimecmp, writing: true))
        _ = hart.writeRegister(RegisterNumber.mstatus, Status.tvm)
        #expect(!hart.mayAccess(RegisterNumber.satp, writing: false))
        #expect(!hart.mayAccess(RegisterNumber.fcsr, writing: false))
    }

    @Test func registersThatDoNotExistAreIllegal() {
        for number: UInt16 in [0, 0x200, 0x3A1, 0x3C0, 0x600, 0x747, 0xB01, 0xC20, 0xF16, 0xFFF] {
            let word = Assemble.csr(.csrrs, 1, number, 0)
            #expect(machine.trap(word) == Trap(.illegalInstruction, UInt64(word)))
        }
    }

    @Test func readingOnlyRegistersMayBeReadBySetAndClear() {
        #expect(machine.trap(Assemble.csr(.csrrs, 1, RegisterNumber.mhartid, 0)) == nil)
        #expect(machine.trap(Assemble.csr(.csrrci, 1, RegisterNumber.mhartid, 0)) == nil)
        #expect(machine.trap(Assemble.csr(.csrrs, 1, RegisterNumber.mhartid, 2)) != nil)
        #expect(machine.trap(Assemble.csr(.csrrw, 0, RegisterNumber.mhartid, 0)) != nil)
    }

    @Test func writesReportWhatTheyChange() {
        #expect(hart.writeRegister(RegisterNumber.satp, 8 << 60) == .addressSpace)
        #expect(hart.writeRegister(RegisterNumber.sstatus, Status.sum | Status.fs) == .dataPrivilege)
        #expect(hart.writeRegister(RegisterNumber.sstatus, Status.sum) == .floatingPoint)
        #expect(hart.writeRegister(RegisterNumber.sstatus, Status.sum | Status.sie) == .interrupts)
        #expect(hart.writeRegister(RegisterNumber.frm, 1) == .rounding)
        #expect(hart.writeRegister(RegisterNumber.pmpaddr0, 1) == .protection)
        #expect(hart.writeRegister(RegisterNumber.mscratch, 1) == [])
    }

    @Test func aDirtyFloatingPointUnitIsSummarised() {
        #expect(written(RegisterNumber.mstatus, Status.fs)! & Status.sd != 0)
        #expect(written(RegisterNumber.mstatus, 2 << 13)! & Status.sd == 0)
        machine.run(Assemble.csr(.csrrwi, 0, RegisterNumber.frm, 1))
        #expect(hart.readRegister(RegisterNumber.sstatus)! & Status.sd != 0)
    }
}
