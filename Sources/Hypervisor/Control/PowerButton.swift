/// How a board without a power button asks its guest to power down: the magic SysRq keys of Linux, typed on the
/// serial console after a break (Linux, admin-guide/sysrq): write everything to disk, mount read-only, power off.
extension VirtualMachine {
    private static let keys: [(key: UInt8, after: UInt64)] = [
        (UInt8(ascii: "s"), 0), (UInt8(ascii: "u"), 400_000_000), (UInt8(ascii: "o"), 1_200_000_000),
    ]
    /// A kernel that is still starting does not listen yet, so it is asked again.
    private static let period: UInt64 = 3_000_000_000
    private static let attempts = 5

    func askToPowerDown() {
        for attempt in 0..<UInt64(Self.attempts) {
            for (key, delay) in Self.keys {
                loop.schedule(after: attempt * Self.period + delay) { [port = platform.serialPort] in
                    port.receiveBreak()
                    _ = withUnsafeBytes(of: key, port.receive)
                }
            }
        }
    }
}
