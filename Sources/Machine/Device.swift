/// The width of one access to a device, in bytes.
package enum AccessWidth: UInt8, Sendable {
    case byte = 1
    case half = 2
    case word = 4
    case double = 8
}

/// What every emulated device offers to the bus: MMIO today, ports and PCI BARs later.
///
/// A device is handed offsets into its own range and never knows where it lives. Calls come from
/// several vCPU threads at once: a device guards its registers with one `Mutex`, and raises
/// interrupts, calls back ends and wakes loops only after releasing it.
///
/// A device never traps on what a guest does: unknown offsets and widths read as zero, writes to
/// them are ignored.
package protocol Device: AnyObject, Sendable {
    /// Reads `width` bytes at `offset`; the value is zero-extended.
    func read(at offset: UInt64, width: AccessWidth) -> UInt64
    /// Writes the low `width` bytes of `value` at `offset`.
    func write(at offset: UInt64, width: AccessWidth, _ value: UInt64)
    /// Returns to the state after power-on. No vCPU runs meanwhile.
    func reset()
}
