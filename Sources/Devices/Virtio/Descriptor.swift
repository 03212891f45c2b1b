import CLinux

/// One entry of a descriptor table (Virtio 1.2, section 2.7.5), read once: the guest may change it
/// at any time, so decisions and accesses must see the same value.
struct Descriptor {
    /// Bytes of an entry in guest memory.
    static let size: UInt64 = 16

    /// Guest-physical address of the buffer, or of the indirect table.
    let address: UInt64
    /// Bytes of the buffer.
    let length: UInt32
    let flags: Flags
    /// The following entry's index; meaningful with `.next`.
    let next: UInt16

    struct Flags: OptionSet {
        let rawValue: UInt16
        /// VIRTQ_DESC_F_NEXT: the chain goes on.
        static let next = Flags(rawValue: 1)
        /// VIRTQ_DESC_F_WRITE: the device writes the buffer.
        static let write = Flags(rawValue: 2)
        /// VIRTQ_DESC_F_INDIRECT: the buffer is a table of descriptors.
        static let indirect = Flags(rawValue: 4)
    }

    /// Reads the entry at a host address, of any alignment.
    init(at entry: UnsafeRawPointer) {
        address = entry.loadUnaligned(as: UInt64.self)
        length = entry.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
        flags = Flags(rawValue: entry.loadUnaligned(fromByteOffset: 12, as: UInt16.self))
        next = entry.loadUnaligned(fromByteOffset: 14, as: UInt16.self)
    }
}
