import Machine

/// One of several places on the bus where a device shows itself, when these do not lie side by side.
package final class PortRegister: Device {
    private let reading: @Sendable (_ offset: UInt64, _ width: AccessWidth) -> UInt64
    private let writing: @Sendable (_ offset: UInt64, _ width: AccessWidth, _ value: UInt64) -> Void
    private let resetting: @Sendable () -> Void

    /// - Parameter reset: what a reset of the machine does; of a device with several places one has it.
    package init(
        read: @escaping @Sendable (_ offset: UInt64, _ width: AccessWidth) -> UInt64,
        write: @escaping @Sendable (_ offset: UInt64, _ width: AccessWidth, _ value: UInt64) -> Void = {
            _, _, _ in
        },
        reset: @escaping @Sendable () -> Void = {}
    ) {
        reading = read
        writing = write
        resetting = reset
    }

    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 { reading(offset, width) }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        writing(offset, width, value)
    }

    package func reset() { resetting() }
}
