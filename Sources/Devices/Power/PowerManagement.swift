import Machine
import Synchronization

/// ACPI's fixed registers as the PIIX4 has them (82371AB datasheet, section 7.2; ACPI 6.5, section 4.8.3): status,
/// enable and control of PM1, and the timer that counts 3.579545 MHz in 24 bits.
///
/// Nothing raises events: no button, no alarm, and the timer's carry is not told.
package final class PowerManagement: Device {
    package static let size: UInt64 = 0x40
    package static let eventOffset: UInt64 = 0
    package static let controlOffset: UInt64 = 4
    package static let timerOffset: UInt64 = 8
    package static let timerFrequency: UInt64 = 3_579_545
    /// The sleep type of S5, which the board's tables tell.
    package static let powerOffType: UInt8 = 0

    private static let sleepEnable: UInt16 = 1 << 13
    private static let sciEnable: UInt16 = 1
    /// What firmware's tables tell to write to the command port.
    private static let enableCommand: UInt8 = 0xF1
    private static let disableCommand: UInt8 = 0xF0

    private struct State {
        var enabled: UInt16 = 0
        var control: UInt16 = 0
    }

    private let state = Mutex(State())
    private let clock: any Clock
    private let request: @Sendable (PowerRequest) -> Void

    /// `request` is called on the thread of the vCPU that writes, which goes on until it is stopped.
    package init(clock: any Clock, request: @escaping @Sendable (PowerRequest) -> Void) {
        self.clock = clock
        self.request = request
    }

    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        let word: UInt64 =
            switch offset & ~3 {
            case 0: UInt64(state.withLock { $0.enabled }) << 16
            case Self.controlOffset: UInt64(state.withLock { $0.control })
            case Self.timerOffset: timer
            default: 0
            }
        let shifted = word >> (8 * (offset & 3))
        return width == .double ? shifted : shifted & (1 << (8 * UInt64(width.rawValue)) - 1)
    }

    private var timer: UInt64 {
        let (high, low) = clock.now().multipliedFullWidth(by: Self.timerFrequency)
        guard high < clock.frequency else { return 0 }
        return clock.frequency.dividingFullWidth((high, low)).quotient & 0xFF_FFFF
    }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        let half = UInt16(truncatingIfNeeded: value)
        switch offset {
        case 2: state.withLock { $0.enabled = half }
        case Self.controlOffset: writeControl(half)
        default: break
        }
    }

    /// Two ports, command and status (82371AB datasheet, section 7.3): there is no system management mode that would take
    /// a command, so this does what its handler would: ACPI mode on and off.
    package var commandPorts: PortRegister {
        PortRegister(
            read: { _, _ in 0 },
            write: { [self] offset, _, value in
                guard offset == 0 else { return }
                let byte = UInt8(truncatingIfNeeded: value)
                state.withLock {
                    if byte == Self.enableCommand { $0.control |= Self.sciEnable }
                    if byte == Self.disableCommand { $0.control &= ~Self.sciEnable }
                }
            })
    }

    /// Bits 10 to 12 are the sleep type, bit 13 lets it happen and reads as zero.
    private func writeControl(_ value: UInt16) {
        state.withLock { $0.control = value & ~Self.sleepEnable }
        if value & Self.sleepEnable != 0, value >> 10 & 7 == UInt16(Self.powerOffType) { request(.powerOff) }
    }

    package func reset() { state.withLock { $0 = State() } }
}
