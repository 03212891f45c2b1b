import Devices

/// What the `pc` board tells its firmware.
enum PCConfiguration {
    private static let ram: UInt64 = 1

    /// The configuration device: how much memory, one processor, messages to the serial port, and no waiting for a key
    /// that nobody can press.
    static func device(memory: UInt64) -> FirmwareConfiguration {
        FirmwareConfiguration(
            numbers: [
                FirmwareConfiguration.Item.memorySize: memory, FirmwareConfiguration.Item.hasNoGraphics: 1,
                FirmwareConfiguration.Item.processors: 1, FirmwareConfiguration.Item.mostProcessors: 1,
                FirmwareConfiguration.Item.bootMenu: 0, FirmwareConfiguration.Item.timerOverride: 1,
            ],
            files: [
                ("etc/e820", entry(0, memory, ram)),
                ("etc/sercon-port", FirmwareConfiguration.little(PCMap.Port.firstSerial)),
                ("etc/show-boot-menu", FirmwareConfiguration.little(0)),
            ])
    }

    /// One line of the memory map: where it starts, its bytes, its kind in 32 bits.
    private static func entry(_ start: UInt64, _ size: UInt64, _ kind: UInt64) -> [UInt8] {
        FirmwareConfiguration.little(start) + FirmwareConfiguration.little(size)
            + FirmwareConfiguration.little(kind).prefix(4)
    }

    /// Bytes of CMOS RAM by which BIOSes know the size of memory (in KiB below and above 1 MiB, in 64 KiB above 16 MiB),
    /// that there is an FPU, and to start from a hard disk.
    static func memorySizes(_ size: UInt64) -> [Int: UInt8] {
        let extended = min((size - (1 << 20)) >> 10, 0xFFFF)
        let upper = size > 16 << 20 ? min((size - (16 << 20)) >> 16, 0xFFFF) : 0
        return [
            0x14: 0x02, 0x15: 0x80, 0x16: 0x02, 0x17: UInt8(extended & 0xFF), 0x18: UInt8(extended >> 8),
            0x30: UInt8(extended & 0xFF), 0x31: UInt8(extended >> 8), 0x34: UInt8(upper & 0xFF),
            0x35: UInt8(upper >> 8), 0x38: 0x01, 0x3D: 0x02,
        ]
    }
}
