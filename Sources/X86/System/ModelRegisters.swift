// Model-specific registers (SDM vol. 4). Those that are not here raise #GP.
extension Core {
    func readMSR(_ number: UInt32) throws(Fault) -> UInt64 {
        if let value = controller.readMSR(number) ?? readMemoryRegister(number) { return value }
        switch number {
        case 0x10: return timeStamp
        case 0x3B: return state.pointee.tscOffset
        case 0x8B, 0x17, 0x34: return 0
        case 0x10A: return Identification.architectureCapabilities
        case 0x174...0x176: return state.pointee.sysenter[Int(number - 0x174)]
        case 0x1A0: return state.pointee.miscEnable
        case 0x277: return state.pointee.pat
        case 0xC000_0080: return state.pointee.efer
        case 0xC000_0081: return state.pointee.star
        case 0xC000_0082: return state.pointee.lstar
        case 0xC000_0083: return state.pointee.cstar
        case 0xC000_0084: return state.pointee.syscallMask
        case 0xC000_0100: return bases[4]
        case 0xC000_0101: return bases[5]
        case 0xC000_0102: return state.pointee.kernelGSBase
        case 0xC000_0103: return state.pointee.tscAux
        default: throw .protection
        }
    }

    func writeMSR(_ number: UInt32, _ value: UInt64) throws(Fault) {
        if controller.writeMSR(number, value) { return }
        switch number {
        case 0x10: state.pointee.tscOffset = value &- clock.now()
        case 0x3B: state.pointee.tscOffset = value
        case 0x8B: break
        case 0x174: state.pointee.sysenter[0] = value & 0xFFFF_FFFF
        case 0x175, 0x176: state.pointee.sysenter[Int(number - 0x174)] = try canonical(value)
        case 0x1A0: state.pointee.miscEnable = value
        case 0x277: try setMemoryTypes(value)
        case 0xC000_0080: try setEFER(value)
        case 0xC000_0081: state.pointee.star = value
        case 0xC000_0082: state.pointee.lstar = try canonical(value)
        case 0xC000_0083: state.pointee.cstar = try canonical(value)
        case 0xC000_0084: state.pointee.syscallMask = value & 0xFFFF_FFFF
        case 0xC000_0100: setBase(4, try canonical(value))
        case 0xC000_0101: setBase(5, try canonical(value))
        case 0xC000_0102: state.pointee.kernelGSBase = try canonical(value)
        case 0xC000_0103: state.pointee.tscAux = value & 0xFFFF_FFFF
        default: guard try writeMemoryRegister(number, value) else { throw .protection }
        }
    }

    private func canonical(_ value: UInt64) throws(Fault) -> UInt64 {
        guard Self.isCanonical(value) else { throw .protection }
        return value
    }

    /// PAT: eight memory types, of which 2 and 3 are reserved, as is all above 7.
    private func setMemoryTypes(_ value: UInt64) throws(Fault) {
        for index in 0..<8 {
            let type = value >> UInt64(8 * index) & 0xFF
            guard type < 8, type != 2, type != 3 else { throw .protection }
        }
        state.pointee.pat = value
    }

    private func setEFER(_ value: UInt64) throws(Fault) {
        let known =
            Control.syscallEnable | Control.longModeEnable | Control.longModeActive | Control.noExecute
        guard value & ~known == 0 else { throw .protection }
        let changesMode = (value ^ state.pointee.efer) & Control.longModeEnable != 0
        if changesMode, state.pointee.cr0 & Control.paging != 0 { throw .protection }
        let active = state.pointee.efer & Control.longModeActive
        state.pointee.efer = value & ~Control.longModeActive | active
        tlb.flush()
    }
}
