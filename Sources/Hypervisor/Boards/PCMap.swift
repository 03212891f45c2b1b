import Devices

/// Where everything lies on the `pc` board: an i440FX with a PIIX4, as firmware for QEMU knows it. RAM starts at 0,
/// and reaches over the ROMs below 1 MiB.
enum PCMap {
    static let ioAPIC: UInt64 = 0xFEC0_0000
    static let localAPIC: UInt64 = LocalAPIC.address
    /// Firmware ends at 4 GiB, where the processor starts, and its last part is seen below 1 MiB, too.
    static let firmwareEnd: UInt64 = 1 << 32
    static let shadowEnd: UInt64 = 1 << 20
    static let shadowSize = 128 << 10
    static let smallestFirmware = 64 << 10
    static let largestFirmware = 16 << 20

    /// Ports.
    enum Port {
        static let firstDMA: UInt64 = 0x00
        static let firstPIC: UInt64 = 0x20
        static let counters: UInt64 = 0x40
        static let keyboardData: UInt64 = 0x60
        static let speaker: UInt64 = 0x61
        static let keyboardCommand: UInt64 = 0x64
        static let clock: UInt64 = 0x70
        static let pagesDMA: UInt64 = 0x80
        static let systemControl: UInt64 = 0x92
        static let secondPIC: UInt64 = 0xA0
        static let managementCommand: UInt64 = 0xB2
        static let secondDMA: UInt64 = 0xC0
        static let secondIDE: UInt64 = 0x170
        static let firstIDE: UInt64 = 0x1F0
        static let secondSerial: UInt64 = 0x2F8
        static let secondIDEControl: UInt64 = 0x376
        static let firstSerial: UInt64 = 0x3F8
        static let floppy: UInt64 = 0x3F0
        static let floppyRate: UInt64 = 0x3F7
        static let firstIDEControl: UInt64 = 0x3F6
        static let debug: UInt64 = 0x402
        static let trigger: UInt64 = 0x4D0
        static let configuration: UInt64 = 0x510
        static let pci: UInt64 = 0xCF8
        static let powerManagement: UInt64 = 0xB000
    }

    /// Interrupts of the ISA bus.
    enum Interrupt {
        static let timer = 0
        static let keyboard = 1
        static let secondSerial = 3
        static let firstSerial = 4
        static let floppy = 6
        static let clock = 8
        static let powerManagement = 9
        static let mouse = 12
        static let firstIDE = 14
        static let secondIDE = 15
    }
}
