/// Where everything lies on the `virt` board: the addresses of QEMU's riscv board of that name, so that
/// firmware, boot loaders and kernels built for it find what they expect.
package enum VirtMap {
    /// The reset vector, which every hart starts at when firmware is given.
    package static let resetROM: UInt64 = 0x1000
    static let resetROMSize: UInt64 = 0xf000
    static let finisher: UInt64 = 0x10_0000
    static let rtc: UInt64 = 0x10_1000
    static let clint: UInt64 = 0x200_0000
    static let supervisorSoftwareInterrupts: UInt64 = 0x2f0_0000
    static let plic: UInt64 = 0xc00_0000
    static let plicSize: UInt64 = 0x60_0000
    static let serial: UInt64 = 0x1000_0000
    static let virtio: UInt64 = 0x1000_1000
    static let virtioStride: UInt64 = 0x1000
    package static let ram: UInt64 = 0x8000_0000
    /// Where a boot loader or kernel behind resident firmware is loaded: the next superpage.
    static let payload: UInt64 = 0x8020_0000

    /// Inputs of the interrupt controller.
    enum Interrupt {
        static let firstVirtio: UInt32 = 1
        static let serial: UInt32 = 10
        static let rtc: UInt32 = 11
        static let count = 95
    }

    /// How many virtio devices fit.
    static let virtioSlots = 8
    /// Ticks a second of `time` and `mtime`.
    package static let timebase: UInt64 = 10_000_000
}
