import Devices
import Machine

/// What is plugged into bus 0 of a PC: chips of the board in devices 0 and 1, a display in device 2, and from 3 on what
/// the machine was given besides.
struct PCISlots {
    static let display = 2
    private static let first = 3
    /// 31 is the last device of a bus.
    private static let last = 31

    /// By eight times the device's number plus the function's.
    private(set) var functions: [UInt8: PCIFunction] = [:]
    private var next = PCISlots.first

    mutating func plug(_ function: PCIFunction, device: Int, function number: Int = 0) {
        functions[UInt8(device * 8 + number)] = function
    }

    /// The number of a device that is free so far; `nil` when none is left.
    mutating func take() -> Int? {
        guard next <= Self.last else { return nil }
        defer { next += 1 }
        return next
    }
}
