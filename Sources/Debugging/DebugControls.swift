import Machine

/// What a session needs of the machine around its vCPUs. All are called on the session's thread.
package struct DebugControls {
    /// Makes all vCPUs, devices and the clock stand still.
    package let stop: () -> Void
    /// Lets time and devices go on, and these vCPUs.
    package let resume: ([Int]) -> Void
    /// The points of all vCPUs have changed; they stand still.
    package let pointsChanged: () -> Void
    /// Starts the guest again; its vCPUs stay where they begin.
    package let reset: () -> Void
    /// Ends the machine.
    package let kill: () -> Void
    /// The debugger takes its leave: nothing more is sent.
    package let detached: () -> Void

    package init(
        stop: @escaping () -> Void, resume: @escaping ([Int]) -> Void,
        pointsChanged: @escaping () -> Void,
        reset: @escaping () -> Void, kill: @escaping () -> Void, detached: @escaping () -> Void
    ) {
        self.stop = stop
        self.resume = resume
        self.pointsChanged = pointsChanged
        self.reset = reset
        self.kill = kill
        self.detached = detached
    }
}
