import Machine
import Synchronization

/// The pair of 8259A interrupt controllers of a PC/AT, with the registers that make inputs level-triggered (PIIX3
/// datasheet, section 2.5.5: ELCR).
package final class PIC: Sendable {
    private let core = Mutex(PICCore())
    private let output: InterruptOutputs

    /// - Parameter interrupt: asserted while an interrupt waits for `acknowledge`.
    package init(interrupt: InterruptLine) { output = InterruptOutputs([interrupt]) }

    /// The wire into input 0 to 15, input 2 excepted.
    package func line(_ input: Int) -> InterruptLine {
        InterruptLine { [self] asserted in
            core.withLock { $0.set(input, asserted) }
            drive()
        }
    }

    /// Takes the most urgent interrupt; `nil` when there is none.
    package func acknowledge() -> UInt8? {
        let vector: UInt8? = core.withLock { $0.isAsserted ? $0.acknowledge() : nil }
        drive()
        return vector
    }

    /// Two ports: commands and status, then the mask.
    package var firstPorts: PortRegister { ports(\.first, reset: { [self] in reset() }) }

    package var secondPorts: PortRegister { ports(\.second, reset: {}) }

    /// Two ports with a bit for each input, which makes it level-triggered; some never are.
    package var triggerPorts: PortRegister {
        PortRegister(
            read: { [self] offset, _ in
                UInt64(core.withLock { offset == 0 ? $0.first.levelTriggered : $0.second.levelTriggered })
            },
            write: { [self] offset, _, value in
                let byte = UInt8(truncatingIfNeeded: value)
                core.withLock {
                    if offset == 0 {
                        $0.first.levelTriggered = byte & 0xF8
                    } else {
                        $0.second.levelTriggered = byte & 0xDE
                    }
                }
            })
    }

    private func ports(
        _ chip: WritableKeyPath<PICCore, PICChip> & Sendable, reset: @escaping @Sendable () -> Void
    ) -> PortRegister {
        PortRegister(
            read: { [self] offset, _ in
                let value = core.withLock { state in
                    defer { state.settle() }
                    return state[keyPath: chip].read(at: offset)
                }
                drive()
                return UInt64(value)
            },
            write: { [self] offset, _, value in
                core.withLock {
                    $0[keyPath: chip].write(at: offset, UInt8(truncatingIfNeeded: value))
                    $0.settle()
                }
                drive()
            }, reset: reset)
    }

    private func reset() {
        core.withLock { $0.reset() }
        drive()
    }

    private func drive() { output.drive { core.withLock { $0.isAsserted ? 1 : 0 } } }
}
