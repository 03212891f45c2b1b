// Zicsr, and who may touch which register (privileged spec, "Control and Status Registers").
extension Hart {
    /// Executes one of the six CSR instructions, `rd` included. The program counter stays where it is.
    ///
    /// `instructions` must count what retired before this one.
    ///
    /// - Returns: what changed.
    /// - Throws: an illegal-instruction exception; then nothing has changed.
    package func executeRegisterAccess(_ instruction: Instruction) throws(Trap) -> RegisterEffects {
        let number = UInt16(truncatingIfNeeded: instruction.imm)
        let isImmediate = instruction.op.rawValue >= Opcode.csrrwi.rawValue
        let operand = isImmediate ? UInt64(instruction.rs1) : state.pointee.x[Int(instruction.rs1 & 31)]
        let replaces = instruction.op == .csrrw || instruction.op == .csrrwi
        let clears = instruction.op == .csrrc || instruction.op == .csrrci
        let writes = replaces || instruction.rs1 != 0
        guard mayAccess(number, writing: writes), let old = readRegister(number) else {
            throw .illegal(instruction)
        }
        var effects: RegisterEffects = []
        if writes {
            let clear = replaces ? UInt64.max : clears ? operand : 0
            effects = modifyRegister(number, old: old, clear: clear, set: clears ? 0 : operand)
        }
        if instruction.rd != 0 { state.pointee.x[Int(instruction.rd & 31)] = old }
        return effects
    }

    /// Whether the current mode may read (and write, if `writing`) the register with this number, should it
    /// exist.
    package func mayAccess(_ number: UInt16, writing: Bool) -> Bool {
        let privilege = state.privilege
        guard privilege.rawValue >= UInt8(truncatingIfNeeded: number >> 8 & 3), !writing || number >> 10 != 3
        else {
            return false
        }
        switch number {
        case RegisterNumber.fflags...RegisterNumber.fcsr:
            return state.pointee.mstatus & Status.fs != 0
        case RegisterNumber.cycle...RegisterNumber.lastCounter:
            return mayReadCounter(number & 31, privilege)
        case RegisterNumber.satp:
            return privilege == .machine || state.pointee.mstatus & Status.tvm == 0
        case RegisterNumber.stimecmp:
            let enabled = state.pointee.menvcfg & EnvironmentConfiguration.stce != 0
            return privilege == .machine || (enabled && state.pointee.mcounteren & 2 != 0)
        default:
            return true
        }
    }

    private func mayReadCounter(_ index: UInt16, _ privilege: Privilege) -> Bool {
        let bit: UInt64 = 1 << UInt64(index)
        if privilege < .machine, state.pointee.mcounteren & bit == 0 { return false }
        return privilege > .user || state.pointee.scounteren & bit != 0
    }

    /// Sets and clears bits of a register that may be written.
    private func modifyRegister(_ number: UInt16, old: UInt64, clear: UInt64, set: UInt64) -> RegisterEffects
    {
        switch number {
        case RegisterNumber.mip:
            return modifyPending(clear: clear, set: set, mask: softwarePending)
        case RegisterNumber.sip:
            return modifyPending(clear: clear, set: set, mask: Interrupts.ssi & state.pointee.mideleg)
        default:
            return writeRegister(number, old & ~clear | set)
        }
    }
}
