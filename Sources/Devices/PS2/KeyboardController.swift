import Machine
import Synchronization

/// The 8042 of a PC: its data port, its command port, and the lines that it drives besides the keyboard's interrupt.
package final class KeyboardController: Sendable {
    private let core = Mutex(KeyboardControllerCore())
    private let interrupt: InterruptOutputs
    private let requestReset: @Sendable () -> Void
    private let setLine20: @Sendable (Bool) -> Void

    /// - Parameters:
    ///   - mouseInterrupt: asserted while the byte to be read is the mouse's.
    ///   - requestReset: the guest pulses the processor's reset line.
    ///   - setLine20: the guest opens or masks address line 20. Both are called on the thread of the vCPU that writes.
    package init(
        interrupt: InterruptLine, mouseInterrupt: InterruptLine = .unconnected,
        requestReset: @escaping @Sendable () -> Void, setLine20: @escaping @Sendable (Bool) -> Void
    ) {
        self.interrupt = InterruptOutputs([interrupt, mouseInterrupt])
        self.requestReset = requestReset
        self.setLine20 = setLine20
    }

    /// Port 0x60.
    package var dataPort: PortRegister {
        PortRegister(
            read: { [self] _, _ in
                let value = core.withLock { $0.readData() }
                // The next byte is an edge of its own.
                interrupt.drive { 0 }
                drive()
                return UInt64(value)
            },
            write: { [self] _, _, value in
                act(on: core.withLock { $0.writeData(UInt8(truncatingIfNeeded: value)) })
            },
            reset: { [self] in
                core.withLock { $0 = KeyboardControllerCore() }
                drive()
            })
    }

    /// Port 0x64.
    package var commandPort: PortRegister {
        PortRegister(
            read: { [self] _, _ in UInt64(core.withLock { $0.status }) },
            write: { [self] _, _, value in
                act(on: core.withLock { $0.writeCommand(UInt8(truncatingIfNeeded: value)) })
            })
    }

    private func act(on effect: KeyboardControllerCore.Effect) {
        drive()
        switch effect {
        case .none: break
        case .reset: requestReset()
        case .addressLine20(let isOpen): setLine20(isOpen)
        }
    }

    /// A key goes down or up. *Any thread.*
    ///
    /// - Parameter key: its number in Linux (input-event-codes.h); keys that a PC's keyboard lacks do nothing.
    /// - Returns: false when the guest has left so many unread that there is no room.
    package func press(_ key: UInt16, isDown: Bool) -> Bool {
        defer { drive() }
        return core.withLock { $0.press(key, isDown: isDown) }
    }

    /// Keys go down and up, one after the other; all of them, or none when there is no room. *Any thread.*
    package func press(_ keys: [(key: UInt16, isDown: Bool)]) -> Bool {
        defer { drive() }
        return core.withLock { core in
            var trial = core
            for (key, isDown) in keys where !trial.press(key, isDown: isDown) { return false }
            core = trial
            return true
        }
    }

    /// The mouse moves to the right and down, its wheel towards its user; buttons are bits: left, right, middle.
    /// *Any thread.*
    package func moveMouse(x: Int, y: Int, wheel: Int, buttons: UInt8) {
        core.withLock { $0.moveMouse(x: x, y: y, wheel: wheel, buttons: buttons) }
        drive()
    }

    private func drive() {
        interrupt.drive {
            core.withLock { ($0.interruptAsserted ? 1 : 0) | ($0.mouseInterruptAsserted ? 2 : 0) }
        }
    }
}
