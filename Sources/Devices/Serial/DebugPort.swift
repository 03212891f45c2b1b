import Machine

/// The port that firmware writes its messages to, byte by byte (0x402 in SeaBIOS and OVMF). Reading tells that it is
/// there.
package final class DebugPort: Device {
    private static let presence: UInt64 = 0xE9
    private let transmit: @Sendable (UInt8) -> Void

    /// `transmit` is called on the thread of the vCPU that writes.
    package init(transmit: @escaping @Sendable (UInt8) -> Void) { self.transmit = transmit }

    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 { Self.presence }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        transmit(UInt8(truncatingIfNeeded: value))
    }

    package func reset() {}
}
