import Machine
import Synchronization

/// The interrupt of one virtio device: why it is asserted, and the line itself.
///
/// Workers raise it and vCPUs acknowledge it without a lock between them. The line follows the
/// state: whoever changes the state drives the line and looks again, so that the last one to drive
/// it has driven what the state is.
final class VirtioInterrupt: Sendable {
    /// Reasons (Virtio 1.2, section 4.2.2, InterruptStatus), and our own note of failure.
    struct Reasons: OptionSet {
        let rawValue: UInt32
        /// A used buffer is there.
        static let used = Reasons(rawValue: 1)
        /// The configuration or the status has changed.
        static let configuration = Reasons(rawValue: 2)
        /// The device needs a reset; not visible in InterruptStatus.
        static let failed = Reasons(rawValue: 1 << 31)

        static let visible: Reasons = [.used, .configuration]

        /// Whether the line is high for these reasons.
        var isAsserting: Bool { !intersection(.visible).isEmpty }
    }

    private let line: InterruptLine
    /// Session number in the upper half, reasons in the lower. A worker that finishes after a reset
    /// carries an old number and raises nothing.
    private let state = Atomic<UInt64>(0)

    /// Takes reasons, and the queue that they are of, in the line's place; false to leave them to the line.
    private let divert: @Sendable (Reasons, Int?) -> Bool

    init(_ line: InterruptLine, divert: @escaping @Sendable (Reasons, Int?) -> Bool = { _, _ in false }) {
        self.line = line
        self.divert = divert
    }

    /// Counts the resets.
    var session: UInt32 { UInt32(state.load(ordering: .acquiring) >> 32) }

    /// What InterruptStatus reads as.
    var status: Reasons { reasons.intersection(.visible) }

    /// Whether the device has asked for a reset.
    var hasFailed: Bool { reasons.contains(.failed) }

    /// Adds reasons, unless the session is over.
    func raise(_ reasons: Reasons, of queue: Int? = nil, session: UInt32) {
        if session == self.session, divert(reasons.intersection(.visible), queue) {
            guard reasons.contains(.failed) else { return }
            return change { current, now in now == session ? current.union(.failed) : current }
        }
        change { current, now in
            now == session ? current.union(reasons) : current
        }
    }

    /// Takes back reasons that the driver has seen.
    func acknowledge(_ reasons: Reasons) {
        change { current, _ in current.subtracting(reasons.intersection(.visible)) }
    }

    /// Ends the session: no reasons, a new number. One caller at a time; `drive` must follow.
    func endSession() {
        let old = state.load(ordering: .acquiring)
        state.store((old >> 32 &+ 1) << 32, ordering: .sequentiallyConsistent)
    }

    /// Brings the line to the level of the state.
    func drive() {
        var level: Bool
        repeat {
            level = !status.isEmpty
            line.set(level)
        } while level != !status.isEmpty
    }

    private var reasons: Reasons {
        Reasons(rawValue: UInt32(truncatingIfNeeded: state.load(ordering: .sequentiallyConsistent)))
    }

    private func change(_ update: (Reasons, UInt32) -> Reasons) {
        var old = state.load(ordering: .acquiring)
        while true {
            let current = Reasons(rawValue: UInt32(truncatingIfNeeded: old))
            let updated = update(current, UInt32(old >> 32))
            guard updated != current else { return }
            let new = (old & ~0xffff_ffff) | UInt64(updated.rawValue)
            let result = state.compareExchange(
                expected: old, desired: new, ordering: .sequentiallyConsistent)
            if result.exchanged {
                if current.isAsserting != updated.isAsserting { drive() }
                return
            }
            old = result.original
        }
    }
}
