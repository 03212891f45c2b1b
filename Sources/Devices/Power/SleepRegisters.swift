import Machine

/// The sleep and reset registers of a hardware-reduced ACPI board (ACPI 6.5, sections 4.8.3.6 and 4.8.3.7): three
/// ports for sleep control, sleep status and reset.
package final class SleepRegisters: Device {
    package static let size: UInt64 = 3
    package static let controlOffset: UInt64 = 0
    package static let statusOffset: UInt64 = 1
    package static let resetOffset: UInt64 = 2
    /// The sleep type of S5, which the board's tables tell.
    package static let powerOffType: UInt8 = 5
    package static let resetValue: UInt8 = 1

    private let request: @Sendable (PowerRequest) -> Void

    /// `request` is called on the thread of the vCPU that writes, which goes on until it is stopped.
    package init(request: @escaping @Sendable (PowerRequest) -> Void) { self.request = request }

    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 { 0 }

    /// Bits 2 to 4 of the control register are the sleep type, bit 5 lets it happen.
    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        let byte = UInt8(truncatingIfNeeded: value)
        switch offset {
        case Self.controlOffset:
            if byte & 0x20 != 0, byte >> 2 & 7 == Self.powerOffType { request(.powerOff) }
        case Self.resetOffset: if byte == Self.resetValue { request(.reset) }
        default: break
        }
    }

    package func reset() {}
}
