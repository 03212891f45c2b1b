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
            try demandSupervisor()
            setRegister(i.pointee.destination, 3, s.pointee.debug[debugNumber(i.pointee.source)])
        case .movToDebug:
            try demandSupervisor()
            setDebug(debugNumber(i.pointee.destination), register(i.pointee.source))
        case .clts:
            try demandSupervisor()
            s.pointee.cr0 &= ~Control.taskSwitched
        case .smsw:
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

    /// DR4 and DR5 are other names of DR6 and DR7.
    private func debugNumber(_ number: UInt8) -> Int {
        Int(number == 4 || number == 5 ? number + 2 : number & 7)
    }

    private func setDebug(_ number: Int, _ value: UInt64) {
        switch number {
        case 6: s.pointee.debug[6] = value & 0xE00F | 0xFFFF_0FF0
        case 7: s.pointee.debug[7] = value & 0xFFFF_2BFF | 0x400
        default: s.pointee.debug[number] = value
        }
    }
}

extension Core {
    /// Bits of CR4 that mean something here.
    static let controlBits: UInt64 =
        1 << 0 | 1 << 1 | Control.cr4TSD | 1 << 3 | 1 << 4 | Control.cr4PAE | 1 << 6 | Control.cr4PGE
        | Control.cr4FXSR | 1 << 10 | Control.cr4FSGSBASE | Control.cr4SMEP | Control.cr4SMAP

    /// MOV to a control register, with its checks.
    func setControl(_ number: UInt8, _ value: UInt64) throws(Fault) {
        switch number {
        case 0: try setCR0(value)
        case 2: state.pointee.cr2 = value
        case 3:
            guard value >> PageWalker.physicalBits == 0 else { throw .protection }
            state.pointee.cr3 = value
            tlb.flushLocal()
        case 4:
            guard value & ~Self.controlBits == 0 else { throw .protection }
            if isLongMode, value & Control.cr4PAE == 0 { throw .protection }
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
            // 64-bit code cannot leave paging behind.
            guard state.pointee.mode != Decoder.Mode.bits64.rawValue else { throw .protection }
            state.pointee.efer &= ~Control.longModeActive
        }
        state.pointee.cr0 = value | Control.extensionType
        if value & Control.protection == 0 { state.pointee.privilege = 0 }
        tlb.flush()
        updateMode()
    }
}
