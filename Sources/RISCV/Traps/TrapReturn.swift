extension HartPointer {
    /// MRET: false where it is illegal.
    package func returnFromMachineTrap() -> Bool {
        guard privilege == .machine else { return false }
        let status = pointee.mstatus
        let mode = UInt8(truncatingIfNeeded: status >> Status.mppShift & 3)
        var new = status & ~(Status.mie | Status.mpp) | Status.mpie
        if status & Status.mpie != 0 { new |= Status.mie }
        if mode != Privilege.machine.rawValue { new &= ~Status.mprv }
        pointee.mstatus = new
        pointee.privilege = mode
        pointee.pc = pointee.mepc
        return true
    }

    /// SRET: false where it is illegal, which TSR makes it in supervisor mode.
    package func returnFromSupervisorTrap() -> Bool {
        let status = pointee.mstatus
        guard privilege == .machine || (privilege == .supervisor && status & Status.tsr == 0) else {
            return false
        }
        var new = status & ~(Status.sie | Status.spp | Status.mprv) | Status.spie
        if status & Status.spie != 0 { new |= Status.sie }
        pointee.mstatus = new
        pointee.privilege = status & Status.spp != 0 ? 1 : 0
        pointee.pc = pointee.sepc
        return true
    }
}
