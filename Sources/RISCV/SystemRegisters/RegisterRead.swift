extension Hart {
    /// The value of a register, whoever asks; `nil` when the hart has no such register.
    package func readRegister(_ number: UInt16) -> UInt64? {
        switch number >> 8 {
        case 0x0: readFloatRegister(number)
        case 0x1: readSupervisorRegister(number)
        case 0x3: readMachineRegister(number)
        case 0x7: RegisterNumber.tselect...RegisterNumber.tinfo ~= number ? 0 : nil
        case 0xB, 0xC: readCounter(number)
        case 0xF: readIdentity(number)
        default: nil
        }
    }

    private func readFloatRegister(_ number: UInt16) -> UInt64? {
        switch number {
        case RegisterNumber.fflags: UInt64(state.pointee.fflags)
        case RegisterNumber.frm: UInt64(state.pointee.frm)
        case RegisterNumber.fcsr: UInt64(state.pointee.frm << 5 | state.pointee.fflags)
        default: nil
        }
    }

    private func readSupervisorRegister(_ number: UInt16) -> UInt64? {
        switch number {
        case RegisterNumber.sstatus:
            statusWithSummary & (Status.supervisorWritable | Status.uxl | Status.sd)
        case RegisterNumber.sie: state.pointee.mie & state.pointee.mideleg
        case RegisterNumber.stvec: state.pointee.stvec
        case RegisterNumber.scounteren: state.pointee.scounteren
        case RegisterNumber.senvcfg: state.pointee.senvcfg
        case RegisterNumber.sscratch: state.pointee.sscratch
        case RegisterNumber.sepc: state.pointee.sepc
        case RegisterNumber.scause: state.pointee.scause
        case RegisterNumber.stval: state.pointee.stval
        case RegisterNumber.sip: currentlyPending & state.pointee.mideleg
        case RegisterNumber.stimecmp: state.pointee.stimecmp
        case RegisterNumber.satp: state.pointee.satp
        default: nil
        }
    }

    private func readMachineRegister(_ number: UInt16) -> UInt64? {
        switch number {
        case RegisterNumber.mstatus: statusWithSummary
        case RegisterNumber.misa: Self.misa
        case RegisterNumber.medeleg: state.pointee.medeleg
        case RegisterNumber.mideleg: state.pointee.mideleg
        case RegisterNumber.mie: state.pointee.mie
        case RegisterNumber.mtvec: state.pointee.mtvec
        case RegisterNumber.mcounteren: state.pointee.mcounteren
        case RegisterNumber.menvcfg: state.pointee.menvcfg
        case RegisterNumber.mcountinhibit: state.pointee.mcountinhibit
        case RegisterNumber.firstEvent...RegisterNumber.lastEvent: 0
        case RegisterNumber.mscratch: state.pointee.mscratch
        case RegisterNumber.mepc: state.pointee.mepc
        case RegisterNumber.mcause: state.pointee.mcause
        case RegisterNumber.mtval: state.pointee.mtval
        case RegisterNumber.mip: currentlyPending
        case RegisterNumber.pmpcfg0: protectionConfigurations(from: 0)
        case RegisterNumber.pmpcfg2: protectionConfigurations(from: 8)
        case RegisterNumber.pmpaddr0...RegisterNumber.pmpaddr15: state.pointee.pmpaddr[Int(number & 15)]
        default: nil
        }
    }

    private func readCounter(_ number: UInt16) -> UInt64? {
        switch number {
        case RegisterNumber.cycle, RegisterNumber.mcycle:
            state.pointee.mcountinhibit & 1 != 0
                ? state.pointee.cycleOffset : state.pointee.instructions &+ state.pointee.cycleOffset
        case RegisterNumber.instret, RegisterNumber.minstret:
            state.pointee.mcountinhibit & 4 != 0
                ? state.pointee.instretOffset : state.pointee.instructions &+ state.pointee.instretOffset
        case RegisterNumber.time: clock.now()
        // Hardware performance counters that never count.
        case RegisterNumber.firstMachineCounter...RegisterNumber.lastMachineCounter,
            RegisterNumber.instret...RegisterNumber.lastCounter:
            0
        default: nil
        }
    }

    private func readIdentity(_ number: UInt16) -> UInt64? {
        switch number {
        case RegisterNumber.mhartid: state.pointee.hartID
        // Zero: a non-commercial implementation without a configuration structure.
        case RegisterNumber.mvendorid...RegisterNumber.mconfigptr: 0
        default: nil
        }
    }

    /// 64 bits; A, B, C, D, F, I, M, S and U.
    private static let misa: UInt64 = {
        let letters: StaticString = "ABCDFIMSU"
        var value: UInt64 = 2 << 62
        for index in 0..<letters.utf8CodeUnitCount {
            value |= 1 << UInt64(letters.utf8Start[index] - UInt8(ascii: "A"))
        }
        return value
    }()

    private var statusWithSummary: UInt64 {
        let status = state.pointee.mstatus
        return status & Status.fs == Status.fs ? status | Status.sd : status
    }

    private func protectionConfigurations(from first: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(state.pointee.pmpcfg[first + index]) << UInt64(8 * index) }
        return value
    }
}
