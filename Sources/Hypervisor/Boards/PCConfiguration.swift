import Devices
import Machine
import Model

/// What the `pc` board tells its firmware.
enum PCConfiguration {
    private static let ram: UInt64 = 1

    /// The configuration device: how much memory, how many processors, messages to the serial port, and whether to ask
    /// what to start from.
    static func device(_ spec: MachineSpec, memory: UInt64) -> FirmwareConfiguration {
        let (cores, asks) = (UInt64(spec.cpus), spec.showsBootMenu)
        var files: [(name: String, bytes: [UInt8])] = [
            ("etc/e820", entry(0, memory, ram)),
            ("etc/sercon-port", LittleEndian.bytes(PCMap.Port.firstSerial)),
            ("etc/show-boot-menu", LittleEndian.bytes(asks ? 1 : 0)),
        ]
        if asks { files.append(("etc/boot-menu-wait", LittleEndian.bytes(menuPatience))) }
        return FirmwareConfiguration(
            numbers: [
                FirmwareConfiguration.Item.memorySize: memory,
                FirmwareConfiguration.Item.hasNoGraphics: 1,
                FirmwareConfiguration.Item.processors: cores,
                FirmwareConfiguration.Item.mostProcessors: cores,
                FirmwareConfiguration.Item.bootMenu: asks ? 1 : 0,
                FirmwareConfiguration.Item.timerOverride: 1,
            ], files: files)
    }

    /// For how long firmware waits for the key that opens its menu, in milliseconds.
    private static let menuPatience: UInt64 = 10_000

    /// One line of the memory map: where it starts, its bytes, its kind in 32 bits.
    private static func entry(_ start: UInt64, _ size: UInt64, _ kind: UInt64) -> [UInt8] {
        LittleEndian.bytes(start) + LittleEndian.bytes(size)
            + LittleEndian.bytes(kind).prefix(4)
    }

    /// Bytes of CMOS RAM by which BIOSes know the size of memory (in KiB below and above 1 MiB, in 64 KiB above 16 MiB),
    /// that there is an FPU, and what to start from in which order.
    static func contents(of spec: MachineSpec, memory size: UInt64, floppySize: UInt64) -> [Int: UInt8] {
        let extended = min((size - (1 << 20)) >> 10, 0xFFFF)
        let upper = size > 16 << 20 ? min((size - (16 << 20)) >> 16, 0xFFFF) : 0
        var order = (spec.bootOrder.isEmpty ? BootDevice.standardOrder : spec.bootOrder).map(number)
        while order.count < 3 { order.append(0) }
        let floppy = spec.floppies.isEmpty ? nil : FloppyGeometry(size: floppySize)
        return [
            // Drive A; equipment: whether there are drives, and an FPU.
            0x10: (floppy?.kind ?? 0) << 4, 0x14: floppy == nil ? 0x02 : 0x03, 0x15: 0x80, 0x16: 0x02,
            0x17: UInt8(extended & 0xFF), 0x18: UInt8(extended >> 8),
            0x30: UInt8(extended & 0xFF), 0x31: UInt8(extended >> 8), 0x34: UInt8(upper & 0xFF),
            // The lowest bit: any first sector may be started, with a signature or without one.
            0x35: UInt8(upper >> 8), 0x38: 0x01 | order[2] << 4, 0x3D: order[0] | order[1] << 4,
            // For how many processors besides the first to wait.
            0x5F: UInt8(spec.cpus - 1),
        ]
    }

    private static func number(_ device: BootDevice) -> UInt8 {
        switch device {
        case .floppy: 1
        case .disk: 2
        case .cdrom: 3
        case .net: 4
        }
    }
}
