import Host
import Machine

/// Where harts and devices report what the whole machine must act on. It is acted on by the loop's thread, in
/// order.
package final class FrontPanel: @unchecked Sendable {
    // SAFETY: `act` is set once, before any hart runs.

    package enum Notice: Sendable, Equatable {
        /// The guest asks its power supply for something.
        case power(PowerRequest)
        /// A hart sleeps with nothing left to wake it.
        case dormant
        /// The guest has written its first byte to the console.
        case consoleReady
        /// The host could not carry out a disk request.
        case diskError(String)
        /// What executes guest code cannot go on; why.
        case engineFailed(String)
        /// A vCPU has stopped for the debugger.
        case debugStop
    }

    private let loop: EventLoop
    package var act: (Notice) -> Void = { _ in }

    package init(loop: EventLoop) { self.loop = loop }

    /// From any thread.
    package func report(_ notice: Notice) {
        loop.post { [self] in act(notice) }
    }
}
