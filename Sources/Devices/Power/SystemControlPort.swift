import Machine
import Synchronization

/// System control port A of a PS/2, port 0x92 (PIIX3 datasheet, section 2.5.4.4): bit 0 resets the processor, bit 1
/// opens address line 20.
package final class SystemControlPort: Device {
    private let value = Mutex<UInt8>(2)
    private let requestReset: @Sendable () -> Void
    private let setLine20: @Sendable (Bool) -> Void

    /// Both are called on the thread of the vCPU that writes.
    package init(
        requestReset: @escaping @Sendable () -> Void, setLine20: @escaping @Sendable (Bool) -> Void
    ) {
        self.requestReset = requestReset
        self.setLine20 = setLine20
    }

    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 { UInt64(value.withLock { $0 }) }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        let byte = UInt8(truncatingIfNeeded: value)
        let isRising = self.value.withLock { old in
            defer { old = byte & 2 }
            return byte & 1 != 0
        }
        setLine20(byte & 2 != 0)
        if isRising { requestReset() }
    }

    package func reset() { value.withLock { $0 = 2 } }
}
