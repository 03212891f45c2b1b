import Machine

/// A virtio-mmio slot with nothing plugged in: the identification registers say so (Virtio 1.2,
/// section 4.2.2.2: device ID 0), and drivers pass on.
final class EmptySlot: Device {
    func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        switch (offset, width) {
        case (0, .word): 0x7472_6976
        case (4, .word): 2
        default: 0
        }
    }

    func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {}

    func reset() {}
}
