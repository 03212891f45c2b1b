import CLinux
import Machine

// Interrupt lines, pending bits and timers.
extension Hart {
    /// Drives an interrupt from a controller, an ACLINT or the SBI. *Any thread.*
    ///
    /// SSIP is software's own bit: asserting sets it, as an SSWI device does, and the guest clears it.
    package func setInterrupt(_ source: InterruptSource, _ asserted: Bool) {
        state.drive(source, asserted)
        if asserted { kick() }
    }

    /// A wire to one of the hart's interrupts.
    package func line(_ source: InterruptSource) -> InterruptLine {
        InterruptLine { [unowned self] in setInterrupt(source, $0) }
    }

    /// Sets `mtimecmp`, in ticks of the clock. *Any thread.*
    package func setMachineTimer(_ compare: UInt64) {
        viv_store64(state.mtimecmp, compare)
        kick()
    }

    /// Sets `stimecmp`, as the SBI's timer does for a hart with Sstc.
    package func setSupervisorTimer(_ compare: UInt64) {
        _ = writeRegister(RegisterNumber.stimecmp, compare)
        viv_store32(state.exitRequest, 1)
    }

    /// The pending bits that software may write with `mip`.
    var softwarePending: UInt64 {
        let hasTimer = state.pointee.menvcfg & EnvironmentConfiguration.stce != 0
        return hasTimer ? Interrupts.ssi | Interrupts.sei : Interrupts.supervisor
    }

    /// `mip` as software reads it, timers brought up to date.
    var currentlyPending: UInt64 {
        refreshTimers()
        return state.pendingInterrupts
    }

    /// Changes software's pending bits without losing what other threads do to them.
    func modifyPending(clear: UInt64, set: UInt64, mask: UInt64) -> RegisterEffects {
        _ = viv_fetch_and64(state.mip, ~(clear & ~set & mask))
        _ = viv_fetch_or64(state.mip, set & mask)
        return .interrupts
    }

    /// Compares the timers with the clock and drives MTIP and STIP accordingly.
    ///
    /// - Returns: when the next of them comes due, in ticks; `UInt64.max` for never.
    @discardableResult
    package func refreshTimers() -> UInt64 {
        let machine = viv_load64(state.mtimecmp)
        let hasTimer = state.pointee.menvcfg & EnvironmentConfiguration.stce != 0
        let supervisor = hasTimer ? state.pointee.stimecmp : .max
        let now = clock.now()
        // A comparator at its highest value means "never": the counter does not get there.
        drive(.machineTimer, machine != .max && now >= machine)
        drive(.supervisorTimer, supervisor != .max && now >= supervisor)
        return min(machine > now ? machine : .max, supervisor > now ? supervisor : .max)
    }

    private func drive(_ source: InterruptSource, _ asserted: Bool) {
        let bit: UInt64 = 1 << UInt64(source.rawValue)
        guard (viv_load64(state.interruptLines) & bit != 0) != asserted else { return }
        state.drive(source, asserted)
    }
}
