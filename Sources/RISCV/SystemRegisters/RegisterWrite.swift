// Every field is WARL: what is not legal leaves the field as it was, or becomes the nearest legal value.
extension Hart {
    /// Writes a register as the hart's own thread, whoever asks. Unknown and read-only registers ignore it.
    package func writeRegister(_ number: UInt16, _ value: UInt64) -> RegisterEffects {
        switch number >> 8 {
        case 0x0: writeFloatRegister(number, value)
        case 0x1: writeSupervisorRegister(number, value)
        case 0x3: writeMachineRegister(number, value)
        case 0xB: writeCounter(number, value)
        default: []
        }
    }

    private func writeFloatRegister(_ number: UInt16, _ value: UInt64) -> RegisterEffects {
        let bits = UInt32(truncatingIfNeeded: value)
        switch number {
        case RegisterNumber.fflags: state.pointee.fflags = bits & 0x1F
        case RegisterNumber.frm: state.pointee.frm = bits & 7
        case RegisterNumber.fcsr:
            state.pointee.fflags = bits & 0x1F
            state.pointee.frm = bits >> 5 & 7
        default: return []
        }
        state.pointee.mstatus |= Status.fs
        return .rounding
    }

    // MARK: Supervisor level

    private func writeSupervisorRegister(_ number: UInt16, _ value: UInt64) -> RegisterEffects {
        switch number {
        case RegisterNumber.sstatus: return writeStatus(value, mask: Status.supervisorWritable)
        case RegisterNumber.sie: return writeInterruptEnable(value, mask: state.pointee.mideleg)
        case RegisterNumber.stvec: state.pointee.stvec = value & ~2
        case RegisterNumber.scounteren:
            state.pointee.scounteren = value & 0xFFFF_FFFF
            return .counters
        case RegisterNumber.senvcfg:
            let legal = legalEnvironment(value, old: state.pointee.senvcfg)
            state.pointee.senvcfg = legal & EnvironmentConfiguration.supervisorWritable
        case RegisterNumber.sscratch: state.pointee.sscratch = value
        case RegisterNumber.sepc: state.pointee.sepc = value & ~1
        case RegisterNumber.scause: state.pointee.scause = value
        case RegisterNumber.stval: state.pointee.stval = value
        case RegisterNumber.sip:
            return modifyPending(clear: .max, set: value, mask: Interrupts.ssi & state.pointee.mideleg)
        case RegisterNumber.stimecmp: return writeTimerCompare(value)
        case RegisterNumber.satp: return writeTranslation(value)
        default: break
        }
        return []
    }

    /// The supervisor's timer, compared with `time` while `menvcfg.STCE` is set.
    private func writeTimerCompare(_ value: UInt64) -> RegisterEffects {
        state.pointee.stimecmp = value
        refreshTimers()
        return .interrupts
    }

    /// Bare, Sv39, Sv48 and Sv57; a write with another mode has no effect at all.
    private func writeTranslation(_ value: UInt64) -> RegisterEffects {
        let mode = value >> TranslationRegister.modeShift
        guard mode == 0 || (8...10).contains(mode) else { return [] }
        state.pointee.satp = value
        return .addressSpace
    }

    // MARK: Machine level

    private func writeMachineRegister(_ number: UInt16, _ value: UInt64) -> RegisterEffects {
        switch number {
        case RegisterNumber.mstatus: return writeStatus(value, mask: Status.writable)
        case RegisterNumber.medeleg: state.pointee.medeleg = value & 0xB3FF
        case RegisterNumber.mideleg:
            state.pointee.mideleg = value & Interrupts.supervisor
            return .interrupts
        case RegisterNumber.mie: return writeInterruptEnable(value, mask: Interrupts.all)
        case RegisterNumber.mtvec: state.pointee.mtvec = value & ~2
        case RegisterNumber.mcounteren:
            state.pointee.mcounteren = value & 0xFFFF_FFFF
            return .counters
        case RegisterNumber.menvcfg: return writeMachineEnvironment(value)
        case RegisterNumber.mcountinhibit: return writeInhibit(value)
        case RegisterNumber.mscratch: state.pointee.mscratch = value
        case RegisterNumber.mepc: state.pointee.mepc = value & ~1
        case RegisterNumber.mcause: state.pointee.mcause = value
        case RegisterNumber.mtval: state.pointee.mtval = value
        case RegisterNumber.mip: return modifyPending(clear: .max, set: value, mask: softwarePending)
        default: return writeProtection(number, value)
        }
        return []
    }

    private func writeStatus(_ value: UInt64, mask: UInt64) -> RegisterEffects {
        let old = state.pointee.mstatus
        var new = old & ~mask | value & mask
        // There is no mode 2.
        if new & Status.mpp == 2 << Status.mppShift { new = new & ~Status.mpp | old & Status.mpp }
        state.pointee.mstatus = new
        let changed = old ^ new
        var effects: RegisterEffects = []
        if new & changed & (Status.mie | Status.sie) != 0 { effects.insert(.interrupts) }
        if changed & (Status.mprv | Status.sum | Status.mxr) != 0 { effects.insert(.dataPrivilege) }
        if changed & Status.mpp != 0, new & Status.mprv != 0 { effects.insert(.dataPrivilege) }
        if changed & Status.fs != 0 { effects.insert(.floatingPoint) }
        return effects
    }

    private func writeInterruptEnable(_ value: UInt64, mask: UInt64) -> RegisterEffects {
        state.pointee.mie = state.pointee.mie & ~mask | value & mask
        return .interrupts
    }

    /// CBIE has no value 2.
    private func legalEnvironment(_ value: UInt64, old: UInt64) -> UInt64 {
        let cbie = EnvironmentConfiguration.cbie
        let legal = value & cbie == 2 << 4 ? value & ~cbie | old & cbie : value
        return legal & EnvironmentConfiguration.machineWritable
    }

    private func writeMachineEnvironment(_ value: UInt64) -> RegisterEffects {
        let old = state.pointee.menvcfg
        let new = legalEnvironment(value, old: old)
        state.pointee.menvcfg = new
        var effects: RegisterEffects = []
        if (old ^ new) & (EnvironmentConfiguration.adue | EnvironmentConfiguration.pbmte) != 0 {
            effects.insert(.protection)
        }
        if (old ^ new) & EnvironmentConfiguration.stce != 0 {
            // STIP changes hands between software and the comparator.
            _ = modifyPending(clear: Interrupts.sti, set: 0, mask: Interrupts.sti)
            refreshTimers()
            effects.insert(.interrupts)
        }
        return effects
    }

    private func writeProtection(_ number: UInt16, _ value: UInt64) -> RegisterEffects {
        switch number {
        case RegisterNumber.pmpcfg0, RegisterNumber.pmpcfg2:
            let first = number == RegisterNumber.pmpcfg0 ? 0 : 8
            for index in 0..<8 {
                PhysicalProtection.configure(
                    state, first + index, UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
            }
        case RegisterNumber.pmpaddr0...RegisterNumber.pmpaddr15:
            let entry = Int(number & 15)
            guard !PhysicalProtection.isLocked(state, entry, address: true) else { return [] }
            state.pointee.pmpaddr[entry] = value & (1 << 54 - 1)
        default: return []
        }
        return .protection
    }

    // MARK: Counters

    /// A value written is what the next instruction reads.
    private func writeCounter(_ number: UInt16, _ value: UInt64) -> RegisterEffects {
        let next = state.pointee.instructions &+ 1
        switch number {
        case RegisterNumber.mcycle:
            state.pointee.cycleOffset = state.pointee.mcountinhibit & 1 != 0 ? value : value &- next
        case RegisterNumber.minstret:
            state.pointee.instretOffset = state.pointee.mcountinhibit & 4 != 0 ? value : value &- next
        default: return []
        }
        return .counters
    }

    private func writeInhibit(_ value: UInt64) -> RegisterEffects {
        let changed = (state.pointee.mcountinhibit ^ value) & 5
        let next = state.pointee.instructions &+ 1
        if changed & 1 != 0 { state.pointee.cycleOffset &+= value & 1 != 0 ? next : 0 &- next }
        if changed & 4 != 0 { state.pointee.instretOffset &+= value & 4 != 0 ? next : 0 &- next }
        state.pointee.mcountinhibit = value & 5
        return .counters
    }
}
