extension HartPointer {
    /// Enters the handler of an exception that the instruction at `pc` raised.
    package func take(_ trap: Trap) {
        let delegated = privilege < .machine && pointee.medeleg >> UInt64(trap.cause.rawValue) & 1 != 0
        enter(UInt64(trap.cause.rawValue), value: trap.value, isInterrupt: false, supervisor: delegated)
    }

    /// Enters the handler of an interrupt that `interruptToTake` chose; `pc` is where the hart will go on.
    package func takeInterrupt(_ code: UInt8) {
        let delegated = privilege < .machine && pointee.mideleg >> UInt64(code) & 1 != 0
        enter(UInt64(code), value: 0, isInterrupt: true, supervisor: delegated)
    }

    /// Privileged spec, "Privilege and Global Interrupt-Enable Stack in mstatus register".
    private func enter(_ code: UInt64, value: UInt64, isInterrupt: Bool, supervisor: Bool) {
        let cause = isInterrupt ? code | 1 << 63 : code
        let status = pointee.mstatus
        let vector: UInt64
        if supervisor {
            pointee.scause = cause
            pointee.sepc = pointee.pc
            pointee.stval = value
            let previous = status & Status.sie != 0 ? Status.spie : 0
            let mode = pointee.privilege == 0 ? 0 : Status.spp
            pointee.mstatus = status & ~(Status.sie | Status.spie | Status.spp) | previous | mode
            pointee.privilege = Privilege.supervisor.rawValue
            vector = pointee.stvec
        } else {
            pointee.mcause = cause
            pointee.mepc = pointee.pc
            pointee.mtval = value
            let previous = status & Status.mie != 0 ? Status.mpie : 0
            let mode = UInt64(pointee.privilege) << Status.mppShift
            pointee.mstatus = status & ~(Status.mie | Status.mpie | Status.mpp) | previous | mode
            pointee.privilege = Privilege.machine.rawValue
            vector = pointee.mtvec
        }
        let isVectored = isInterrupt && vector & 3 == 1
        pointee.pc = (vector & ~3) &+ (isVectored ? code &* 4 : 0)
    }
}
