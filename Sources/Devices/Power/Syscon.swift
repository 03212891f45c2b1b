import Machine

/// SiFive's test finisher, which boards also publish as `syscon` with power-off and reboot keys.
package final class Syscon: DescribedDevice {
    private let request: @Sendable (PowerRequest) -> Void

    /// `request` is called on the thread of the vCPU that writes, which goes on until it is stopped.
    package init(request: @escaping @Sendable (PowerRequest) -> Void) { self.request = request }

    /// The key that ends the machine well.
    package static let powerOffKey: UInt32 = 0x5555
    /// The key that starts it again.
    package static let resetKey: UInt32 = 0x7777
    private static let failKey: UInt32 = 0x3333

    package var description: DeviceDescription {
        DeviceDescription(
            name: "test", compatible: ["sifive,test1", "sifive,test0", "syscon"], size: 0x1000,
            interrupts: false)
    }

    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 { 0 }

    /// Bits 15–0 are the key, bits 31–16 the code that goes with a failure.
    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        guard offset == 0, width != .byte else { return }
        let word = UInt32(truncatingIfNeeded: value)
        switch word & 0xffff {
        case Self.powerOffKey: request(.powerOff)
        case Self.resetKey: request(.reset)
        case Self.failKey: request(.failed(code: width == .half ? 0 : word >> 16))
        default: break
        }
    }

    package func reset() {}
}
