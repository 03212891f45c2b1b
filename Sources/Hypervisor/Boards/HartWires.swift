import Machine

/// What the board drives on one hart.
package struct HartWires: Sendable {
    let machineSoftware: InterruptLine
    let machineExternal: InterruptLine
    let supervisorExternal: InterruptLine
    /// Sets the supervisor software interrupt, which the guest itself clears.
    let raiseSupervisorSoftware: @Sendable () -> Void
    /// From this tick of the clock on the machine timer interrupt is pending.
    let setTimerCompare: @Sendable (UInt64) -> Void

    package init(
        machineSoftware: InterruptLine, machineExternal: InterruptLine, supervisorExternal: InterruptLine,
        raiseSupervisorSoftware: @escaping @Sendable () -> Void,
        setTimerCompare: @escaping @Sendable (UInt64) -> Void
    ) {
        self.machineSoftware = machineSoftware
        self.machineExternal = machineExternal
        self.supervisorExternal = supervisorExternal
        self.raiseSupervisorSoftware = raiseSupervisorSoftware
        self.setTimerCompare = setTimerCompare
    }
}
