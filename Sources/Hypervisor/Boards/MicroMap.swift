import Devices

/// Where everything lies on the `micro` board: a PC without its past. RAM starts at 0, devices begin at 3 GiB.
enum MicroMap {
    static let ioAPIC: UInt64 = 0xFEC0_0000
    static let localAPIC: UInt64 = LocalAPIC.address
    static let virtio: UInt64 = 0xFEB0_0000
    static let virtioStride: UInt64 = 0x1000
    static let virtioSlots = 8

    /// Ports.
    static let serial: UInt64 = 0x3F8
    static let serialSize: UInt64 = 8
    static let clock: UInt64 = 0x70
    static let power: UInt64 = 0x600

    /// Inputs of the I/O APIC.
    enum Interrupt {
        static let serial = 4
        static let clock = 8
        static let firstVirtio = 16
    }
}
