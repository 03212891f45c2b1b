import Machine
import Synchronization

/// An interrupt line that remembers: its level, and how often it rose.
package final class RecordingInterrupt: Sendable {
    private let state = Mutex((level: false, rises: 0))

    package init() {}

    package var line: InterruptLine { InterruptLine { [self] in record($0) } }

    /// Whether the wire is asserted now.
    package var level: Bool { state.withLock { $0.level } }

    /// How often the wire has gone from low to high.
    package var rises: Int { state.withLock { $0.rises } }

    private func record(_ level: Bool) {
        state.withLock {
            if level, !$0.level { $0.rises += 1 }
            $0.level = level
        }
    }
}
