// Control and debug registers (SDM vol. 3, sections 2.5 and 17.2).
extension Interpreter {
    func controlMove(_ i: UnsafePointer<Instruction>) throws(Fault) {
        switch i.pointee.op {
        case .movFromControl:
            try demandSupervisor()
            setRegister(i.pointee.destination, cpu.isWide ? 3 : 2, controlRegister(i.pointee.source))
        case .movToControl:
            try demandSupervisor()
            try cpu.setControl(
                i.pointee.destination, truncate(register(i.pointee.source), cpu.isWide ? 3 : 2))
        case .movFromDebug:
            let number = try debugNumber(i.pointee.source)
            setRegister(i.pointee.destination, cpu.isWide ? 3 : 2, s.pointee.debug[number])
        case .movToDebug:
            let number = try debugNumber(i.pointee.destination)
            try setDebug(number, truncate(register(i.pointee.source), cpu.isWide ? 3 : 2))
        case .clts:
            try demandSupervisor()
            s.pointee.cr0 &= ~Control.taskSwitched
        case .smsw:
            try demandUnlessHidden()
            try setDestination(i, i.pointee.destination == Operand.memory ? 1 : i.pointee.size, s.pointee.cr0)
        default:
            try demandSupervisor()
            // Sets the low four bits, but never clears PE.
            let value = try destination(i, 1) & 0xF | s.pointee.cr0 & 1
            try cpu.setControl(0, s.pointee.cr0 & ~0xF | value)
        }
    }

    private func controlRegister(_ number: UInt8) -> UInt64 {
        switch number {
        case 0: s.pointee.cr0
        case 2: s.pointee.cr2
        case 3: s.pointee.cr3
        case 4: s.pointee.cr4
        default: UInt64(cpu.controller.taskPriority())
        }
    }

    /// DR4 and DR5 are other names of DR6 and DR7, unless debugging extensions are on.
    private func debugNumber(_ number: UInt8) throws(Fault) -> Int {
        let isOther = number == 4 || number == 5
        if number > 7 || isOther && s.pointee.cr4 & Control.cr4DE != 0 { throw .undefined }
        try demandSupervisor()
        if s.pointee.debug[7] & DebugControl.general != 0 {
            s.pointee.debug[6] |= DebugControl.detected
            s.pointee.debug[7] &= ~DebugControl.general
            throw Fault(1)
        }
        return Int(isOther ? number + 2 : number)
    }

    private func setDebug(_ number: Int, _ value: UInt64) throws(Fault) {
        switch number {
        case 6, 7:
            guard value >> 32 == 0 else { throw .protection }
            s.pointee.debug[number] = number == 6 ? value & 0xE00F | 0xFFFF_0FF0 : value & 0xFFFF_2BFF | 0x400
        default: s.pointee.debug[number] = value
        }
        // Pages may have become watched, or no longer be.
        cpu.tlb.flush()
    }

    /// UMIP: where the system's tables lie, and what CR0 says, is no user's business.
    func demandUnlessHidden() throws(Fault) {
        if s.pointee.cr4 & Control.cr4UMIP != 0 { try demandSupervisor() }
    }
}

extension Core {
    /// Bits of CR4 that mean something here.
    static let controlBits: UInt64 =
        Control.cr4VME | Control.cr4PVI | Control.cr4TSD | Control.cr4DE | 1 << 4 | Control.cr4PAE | 1 << 6
        | Control.cr4PGE | Control.cr4FXSR | 1 << 10 | Control.cr4UMIP | Control.cr4FSGSBASE
        | Control.cr4PCIDE | Control.cr4SMEP | Control.cr4SMAP

    /// MOV to a control register, with its checks.
    func setControl(_ number: UInt8, _ value: UInt64) throws(Fault) {
        switch number {
        case 0: try setCR0(value)
        case 2: state.pointee.cr2 = value
        case 3:
            // With identifiers of address spaces the highest bit says that nothing need be forgotten.
            let hasSpaces = state.pointee.cr4 & Control.cr4PCIDE != 0
            let value = hasSpaces ? value & ~(1 << 63) : value
            guard !isLongMode || value >> PageWalker.physicalBits == 0 else { throw .protection }
            state.pointee.cr3 = value
            // No entry tells its address space, so all of them go.
            tlb.flushLocal()
        case 4:
            guard value & ~Self.controlBits == 0 else { throw .protection }
            if isLongMode, value & Control.cr4PAE == 0 { throw .protection }
            let turnsOnSpaces = value & ~state.pointee.cr4 & Control.cr4PCIDE != 0
            if turnsOnSpaces, !isLongMode || state.pointee.cr3 & 0xFFF != 0 { throw .protection }
            state.pointee.cr4 = value
            tlb.flush()
            updateMode()
        default:
            guard value & ~0xF == 0 else { throw .protection }
            controller.setTaskPriority(UInt8(value))
        }
    }

    private func setCR0(_ value: UInt64) throws(Fault) {
        let isPaged = value & Control.paging != 0
        guard value >> 32 == 0, !isPaged || value & Control.protection != 0 else { throw .protection }
        if isPaged, state.pointee.efer & Control.longModeEnable != 0 {
            guard state.pointee.cr4 & Control.cr4PAE != 0 else { throw .protection }
            state.pointee.efer |= Control.longModeActive
        }
        if !isPaged {
            // 64-bit code cannot leave paging behind, nor can identified address spaces.
            guard state.pointee.mode != Decoder.Mode.bits64.rawValue,
                state.pointee.cr4 & Control.cr4PCIDE == 0
            else { throw .protection }
            state.pointee.efer &= ~Control.longModeActive
        }
        state.pointee.cr0 = value | Control.extensionType
        if value & Control.protection == 0 { state.pointee.privilege = 0 }
        tlb.flush()
        updateMode()
    }
}
