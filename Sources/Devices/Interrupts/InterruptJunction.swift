import Machine
import Synchronization

/// Where several wires come together in one: it is asserted while any of them is.
package final class InterruptJunction: Sendable {
    private struct State {
        var levels: UInt64 = 0
        var sources: UInt64 = 0
    }

    private let state = Mutex(State())
    private let output: InterruptOutputs

    package init(_ line: InterruptLine) { output = InterruptOutputs([line]) }

    /// One more wire in, of 64 at most.
    package func source() -> InterruptLine {
        let bit = state.withLock { state in
            defer { state.sources += 1 }
            return UInt64(1) << min(state.sources, 63)
        }
        return InterruptLine { [self] asserted in
            state.withLock { state in
                if asserted { state.levels |= bit } else { state.levels &= ~bit }
            }
            output.drive { state.withLock { $0.levels != 0 ? 1 : 0 } }
        }
    }
}
