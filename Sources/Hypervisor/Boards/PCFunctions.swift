import Devices

/// The PCI functions of the `pc` board: bridges of the 440FX and PIIX chip sets. Their registers can be written where
/// firmware does, and mean nothing: RAM is readable and writable everywhere below 1 MiB.
enum PCFunctions {
    private static let intel: UInt16 = 0x8086

    private static func identity(_ device: UInt16, _ classCode: UInt32) -> PCIFunction.Identity {
        var identity = PCIFunction.Identity(vendor: intel, device: device, classCode: classCode)
        // By the subsystem firmware knows which machine's conventions hold: those of QEMU.
        (identity.subsystemVendor, identity.subsystem) = (0x1AF4, 0x1100)
        return identity
    }

    /// 82441FX: PAM0 to PAM6 from 0x59, SMRAM at 0x72.
    static var hostBridge: PCIFunction {
        var writable = Dictionary(uniqueKeysWithValues: (0x59...0x5F).map { ($0, UInt8(0x33)) })
        writable[0x72] = 0x78
        return PCIFunction(identity(0x1237, 0x06_0000), values: [0x72: 2], writable: writable)
    }

    /// 82371SB: the routes of PCI's interrupts from 0x60.
    static func isaBridge(_ interrupts: PCIInterruptRoutes) -> PCIFunction {
        var identity = identity(0x7000, 0x06_0100)
        identity.isMultifunction = true
        let routes = 0x60...0x63
        return PCIFunction(
            identity, values: Dictionary(uniqueKeysWithValues: routes.map { ($0, UInt8(0x80)) }),
            writable: Dictionary(uniqueKeysWithValues: routes.map { ($0, UInt8(0x8F)) }),
            written: { place, value in
                if routes.contains(place) { interrupts.route(place - 0x60, to: value) }
            })
    }

    /// 82371SB: both channels at their old ports, and the bus master of both at a base address.
    static func ide(_ first: IDEChannel, _ second: IDEChannel) -> PCIFunction {
        let (low, high) = (first.busMasterPorts, second.busMasterPorts)
        let master = PortRegister(
            read: { offset, width in (offset < 8 ? low : high).read(at: offset & 7, width: width) },
            write: { offset, width, value in
                (offset < 8 ? low : high).write(at: offset & 7, width: width, value)
            })
        return PCIFunction(
            identity(0x7010, 0x01_0180), values: [0x41: 0x80, 0x43: 0x80],
            writable: [0x40: 0xFF, 0x41: 0xFF, 0x42: 0xFF, 0x43: 0xFF],
            regions: [4: PCIFunction.Region(.ports, size: 16, master)])
    }

    /// 82371AB: the ports of power management, which do not move; and that there is no system management mode to be
    /// set up (APMC_EN in DEVACTB is set already).
    static var powerManagement: PCIFunction {
        let base = UInt8(PCMap.Port.powerManagement >> 8)
        return PCIFunction(
            identity(0x7113, 0x06_8000),
            values: [
                0x3C: UInt8(PCMap.Interrupt.powerManagement), 0x3D: 1, 0x40: 1, 0x41: base, 0x5B: 2, 0x80: 1,
            ])
    }
}
