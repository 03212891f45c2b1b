import Host

/// A timer of the loop that any thread may set, and set again: the alarm of the real-time clock.
final class OneShot: @unchecked Sendable {
    // SAFETY: `timer` belongs to the loop's thread; `fire` is set once, before any hart runs.

    private let loop: EventLoop
    private var timer: EventLoop.Timer?
    var fire: () -> Void = {}

    init(loop: EventLoop) { self.loop = loop }

    /// Fires once after so many nanoseconds, instead of when asked for before; `nil` never.
    func set(_ nanoseconds: UInt64?) {
        loop.post { [self] in
            if let timer { loop.cancel(timer) }
            timer = nanoseconds.map { delay in loop.schedule(after: delay) { self.fire() } }
        }
    }
}
