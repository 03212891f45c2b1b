/// What a debugger has told one vCPU, and what the vCPU has to tell.
///
/// Belongs to the vCPU's own thread while that runs, and to the debugger's while it is parked.
package final class DebugLatch: @unchecked Sendable {
    // SAFETY: parking and unparking a vCPU hands the latch over from one thread to the other; `reached` is set once,
    // before the vCPU runs.

    /// Where to stop.
    package var points = DebugPoints() {
        didSet { hasPoints = !points.isEmpty }
    }
    /// Whether to stop after one instruction. No interrupt is taken before it.
    package var isStepping = false
    /// Why the vCPU stands still, if it has found that out by itself.
    package var stop: DebugStop?
    /// Called on the vCPU's thread when it has stopped by itself.
    package var reached: () -> Void = {}

    private var hasPoints = false

    package init() {}

    /// Whether the engine has to look at instructions one by one.
    package var isActive: Bool { hasPoints || isStepping }
}
