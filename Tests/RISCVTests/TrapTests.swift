import RISCV
import Testing

@Suite struct TrapTests {
    private let machine = TestMachine()
    private var state: HartPointer { machine.state }

    @Test func anExceptionGoesToMachineModeUnlessDelegated() {
        state.pointee.privilege = 1
        state.pointee.mtvec = 0x100
        state.pointee.mstatus |= Status.mie
        state.take(Trap(.loadPageFault, 0x1234))
        #expect(state.pointee.mcause == 13 && state.pointee.mtval == 0x1234)
        #expect(state.pointee.mepc == TestMachine.base && state.pointee.pc == 0x100)
        #expect(state.pointee.privilege == 3)
        #expect(state.pointee.mstatus & (Status.mie | Status.mpie | Status.mpp) == Status.mpie | 1 << 11)
    }

    @Test func aDelegatedExceptionGoesToSupervisorMode() {
        state.pointee.privilege = 0
        state.pointee.stvec = 0x200
        state.pointee.medeleg = 1 << 8
        state.pointee.mstatus |= Status.sie | Status.spp
        state.take(Trap(.callFromUser, 0))
        #expect(state.pointee.scause == 8 && state.pointee.sepc == TestMachine.base)
        #expect(state.pointee.pc == 0x200 && state.pointee.privilege == 1)
        #expect(state.pointee.mstatus & (Status.sie | Status.spie | Status.spp) == Status.spie)
    }

    @Test func whatHappensInMachineModeIsNeverDelegated() {
        state.pointee.medeleg = .max
        state.take(Trap(.breakpoint, 0))
        #expect(state.pointee.mcause == 3 && state.pointee.scause == 0)
    }

    @Test func interruptsAreVectoredAndExceptionsAreNot() {
        state.pointee.mtvec = 0x101
        state.takeInterrupt(7)
        #expect(state.pointee.pc == 0x100 + 4 * 7 && state.pointee.mcause == 1 << 63 | 7)
        state.take(Trap(.illegalInstruction, 0))
        #expect(state.pointee.pc == 0x100)
    }

    @Test func interruptsComeInTheOrderOfTheManual() {
        state.pointee.mie = Interrupts.all
        state.pointee.mstatus |= Status.mie
        var pending = Interrupts.all
        for code: UInt8 in [11, 3, 7, 9, 1, 5] {
            state.pointee.interruptLines = pending
            #expect(state.interruptToTake == code)
            pending &= ~(1 << UInt64(code))
        }
    }

    @Test func anInterruptNeedsItsModeToBeOpen() {
        state.pointee.mie = Interrupts.all
        state.pointee.interruptLines = Interrupts.sei
        state.pointee.mideleg = Interrupts.supervisor
        let cases: [(UInt8, UInt64, UInt8?)] = [
            (3, Status.mie | Status.sie, nil), (1, 0, nil), (1, Status.sie, 9), (0, 0, 9),
        ]
        for (privilege, status, expected) in cases {
            state.pointee.privilege = privilege
            state.pointee.mstatus = status
            #expect(state.interruptToTake == expected)
        }
        state.pointee.mideleg = 0
        state.pointee.privilege = 1
        #expect(state.interruptToTake == 9)
    }

    @Test func returningFromMachineModeRestoresWhatWasThere() {
        state.pointee.mstatus = Status.mpie | Status.mprv | 1 << 11
        state.pointee.mepc = 0x4000
        #expect(state.returnFromMachineTrap())
        #expect(state.pointee.mstatus == Status.mie | Status.mpie)
        #expect(state.pointee.privilege == 1 && state.pointee.pc == 0x4000)
        #expect(!state.returnFromMachineTrap())
    }

    @Test func returningToMachineModeKeepsItsLoadPrivilege() {
        state.pointee.mstatus = Status.mprv | Status.mpp
        #expect(state.returnFromMachineTrap())
        #expect(state.pointee.mstatus & (Status.mprv | Status.mpp) == Status.mprv)
        #expect(state.pointee.privilege == 3)
    }

    @Test func returningFromSupervisorModeObeysTheTrapBit() {
        state.pointee.privilege = 1
        state.pointee.sepc = 0x5000
        state.pointee.mstatus = Status.tsr | Status.spie | Status.mprv
        #expect(!state.returnFromSupervisorTrap())
        state.pointee.mstatus &= ~Status.tsr
        #expect(state.returnFromSupervisorTrap())
        #expect(state.pointee.mstatus == Status.sie | Status.spie)
        #expect(state.pointee.privilege == 0 && state.pointee.pc == 0x5000)
        #expect(!state.returnFromSupervisorTrap())
    }

    @Test func trapValuesTellWhatTheManualAsks() {
        let ebreak = Assemble.encoding(.ebreak).match
        #expect(machine.trap(ebreak) == Trap(.breakpoint, TestMachine.base))
        #expect(machine.trap(Assemble.encoding(.ecall).match) == Trap(.callFromMachine, 0))
        #expect(machine.trap(0xFFFF_FFFF) == Trap(.illegalInstruction, 0xFFFF_FFFF))
        #expect(machine.trap(0xFFFF_0000) == Trap(.illegalInstruction, 0))
        machine[x: 1] = 0x4000_0000
        #expect(machine.trap(Assemble.i(.lw, 2, 1, 4)) == Trap(.loadAccessFault, 0x4000_0004))
        #expect(machine.trap(Assemble.s(.sd, 2, 1, -8)) == Trap(.storeAccessFault, 0x3FFF_FFF8))
    }

    @Test func privilegedInstructionsAreIllegalBelowTheirMode() {
        let cases: [(Opcode, UInt8, UInt64, Bool)] = [
            (.mret, 1, 0, false), (.sret, 0, 0, false), (.wfi, 0, 0, false), (.wfi, 1, Status.tw, false),
            (.wfi, 1, 0, true), (.sfenceVMA, 0, 0, false), (.sfenceVMA, 1, Status.tvm, false),
            (.sinvalVMA, 1, Status.tvm, false), (.sfenceWInval, 1, Status.tvm, true),
            (.sfenceInvalIR, 0, 0, false), (.wrsNto, 0, Status.tw, true), (.wrsSto, 0, Status.tw, true),
        ]
        for (op, privilege, status, legal) in cases {
            state.pointee.privilege = privilege
            state.pointee.mstatus = status
            #expect((machine.trap(Assemble.encoding(op).match) == nil) == legal, "\(op)")
        }
    }

    @Test func theBuiltInFirmwareAnswersSupervisorCallsOnly() {
        machine.hart.environmentCall = { hart in
            hart.state.pointee.x[10] &+= 1
            return hart.state.pointee.x[17] == 0
        }
        let ecall = Assemble.encoding(.ecall).match
        state.pointee.privilege = 1
        #expect(machine.trap(ecall) == nil && machine[x: 10] == 1)
        machine[x: 17] = 1
        #expect(machine.trap(ecall) == Trap(.callFromSupervisor, 0))
        state.pointee.privilege = 0
        #expect(machine.trap(ecall) == Trap(.callFromUser, 0))
    }
}
