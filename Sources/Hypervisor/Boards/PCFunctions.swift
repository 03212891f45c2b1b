import Devices

/// The PCI functions of the `pc` board: bridges of the 440FX and PIIX chip sets. Their registers can be written where
/// firmware does, and mean nothing: RAM is readable and writable everywhere below 1 MiB, and interrupts go their fixed
/// ways.
enum PCFunctions {
    private static let intel: UInt16 = 0x8086

    /// By eight times the device's number plus the function's.
    static var all: [UInt8: PCIFunction] { [0: hostBridge, 8: isaBridge, 9: ide, 11: powerManagement] }

    private static func identity(_ device: UInt16, _ classCode: UInt32) -> PCIFunction.Identity {
        var identity = PCIFunction.Identity(vendor: intel, device: device, classCode: classCode)
        // By the subsystem firmware knows which machine's conventions hold: those of QEMU.
        (identity.subsystemVendor, identity.subsystem) = (0x1AF4, 0x1100)
        return identity
    }

    /// 82441FX: PAM0 to PAM6 from 0x59, SMRAM at 0x72.
    private static var hostBridge: PCIFunction {
        var writable = Dictionary(uniqueKeysWithValues: (0x59...0x5F).map { ($0, UInt8(0x33)) })
        writable[0x72] = 0x78
        return PCIFunction(identity(0x1237, 0x06_0000), values: [0x72: 2], writable: writable)
    }

    /// 82371SB: the routes of PCI's interrupts from 0x60.
    private static var isaBridge: PCIFunction {
        var identity = identity(0x7000, 0x06_0100)
        identity.isMultifunction = true
        let routes = 0x60...0x63
        return PCIFunction(
            identity, values: Dictionary(uniqueKeysWithValues: routes.map { ($0, UInt8(0x80)) }),
            writable: Dictionary(uniqueKeysWithValues: routes.map { ($0, UInt8(0x8F)) }))
    }

    /// 82371SB: both channels at their old ports, no bus master.
    private static var ide: PCIFunction {
        PCIFunction(
            identity(0x7010, 0x01_0100), values: [0x41: 0x80, 0x43: 0x80],
            writable: [0x40: 0xFF, 0x41: 0xFF, 0x42: 0xFF, 0x43: 0xFF])
    }

    /// 82371AB: the ports of power management, which do not move; and that there is no system management mode to be
    /// set up (APMC_EN in DEVACTB is set already).
    private static var powerManagement: PCIFunction {
        let base = UInt8(PCMap.Port.powerManagement >> 8)
        return PCIFunction(
            identity(0x7113, 0x06_8000),
            values: [
                0x3C: UInt8(PCMap.Interrupt.powerManagement), 0x3D: 1, 0x40: 1, 0x41: base, 0x5B: 2, 0x80: 1,
            ])
    }
}
