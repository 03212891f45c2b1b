import Machine
import Synchronization

/// How the interrupt pins of PCI functions come to inputs of the interrupt controllers in a PIIX (82371SB datasheet,
/// section 2.5.9): four wires that all pins share, and a register for each that says where it leads.
package final class PCIInterruptRoutes: Sendable {
    private static let wires = 4
    private static let disabled: UInt8 = 0x80

    private struct State {
        /// For each wire the sources that assert it, one bit each.
        var levels = [UInt64](repeating: 0, count: PCIInterruptRoutes.wires)
        var routes = [UInt8](repeating: PCIInterruptRoutes.disabled, count: PCIInterruptRoutes.wires)

        var inputs: UInt64 {
            var bits: UInt64 = 0
            for wire in 0..<PCIInterruptRoutes.wires
            where levels[wire] != 0 && routes[wire] & PCIInterruptRoutes.disabled == 0 {
                bits |= 1 << UInt64(routes[wire] & 15)
            }
            return bits
        }
    }

    private let state = Mutex(State())
    private let outputs: InterruptOutputs

    /// - Parameter lines: the 16 inputs of ISA's interrupts.
    package init(lines: [InterruptLine]) { outputs = InterruptOutputs(lines) }

    /// The wire from a device's pin, 1 being INTA: the devices' pins take turns.
    package func line(device: Int, pin: Int = 1) -> InterruptLine {
        let wire = (device + pin - 2) & (Self.wires - 1)
        let bit = UInt64(1) << UInt64((device * 4 + pin - 1) & 63)
        return InterruptLine { [self] asserted in
            state.withLock { state in
                if asserted { state.levels[wire] |= bit } else { state.levels[wire] &= ~bit }
            }
            drive()
        }
    }

    /// Sets the register of a wire.
    package func route(_ wire: Int, to value: UInt8) {
        state.withLock { $0.routes[wire & (Self.wires - 1)] = value }
        drive()
    }

    private func drive() { outputs.drive { state.withLock { $0.inputs } } }
}
