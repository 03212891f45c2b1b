/// The configuration space of a block device (Virtio 1.2, section 5.2.4).
struct BlockConfiguration {
    /// Where the driver chooses between write-back (1) and write-through (0).
    static let writeBackOffset = 32
    /// Data pieces in one request: the queue's entries but header and status.
    static let segmentLimit: UInt32 = 254

    private static let size = 60
    private static let sectorBytes: UInt32 = 512
    /// Discards of whole 4 KiB blocks make holes in every file system.
    private static let discardAlignment: UInt32 = 8

    let sectors: UInt64
    let queues: UInt16
    let isWriteBack: Bool

    var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        bytes.withUnsafeMutableBytes { raw in
            raw.storeBytes(of: sectors, toByteOffset: 0, as: UInt64.self)
            raw.storeBytes(of: Self.segmentLimit, toByteOffset: 12, as: UInt32.self)
            raw.storeBytes(of: Self.sectorBytes, toByteOffset: 20, as: UInt32.self)
            // One physical block is 2^3 sectors; transfers of 1 MiB are best.
            raw.storeBytes(of: 3, toByteOffset: 24, as: UInt8.self)
            raw.storeBytes(of: 8, toByteOffset: 26, as: UInt16.self)
            raw.storeBytes(of: 2048, toByteOffset: 28, as: UInt32.self)
            raw.storeBytes(of: isWriteBack ? 1 : 0, toByteOffset: Self.writeBackOffset, as: UInt8.self)
            raw.storeBytes(of: queues, toByteOffset: 34, as: UInt16.self)
            raw.storeBytes(of: BlockExtent.discardLimit, toByteOffset: 36, as: UInt32.self)
            raw.storeBytes(of: UInt32(BlockExtent.limit), toByteOffset: 40, as: UInt32.self)
            raw.storeBytes(of: Self.discardAlignment, toByteOffset: 44, as: UInt32.self)
            raw.storeBytes(of: BlockExtent.zeroLimit, toByteOffset: 48, as: UInt32.self)
            raw.storeBytes(of: UInt32(BlockExtent.limit), toByteOffset: 52, as: UInt32.self)
            raw.storeBytes(of: 1, toByteOffset: 56, as: UInt8.self)
        }
        return bytes
    }
}

extension VirtioFeatures {
    /// VIRTIO_BLK_F_FLUSH: the driver can flush, so writes may stay in the host's cache.
    static let blockFlush = VirtioFeatures(bit: 9)
    /// VIRTIO_BLK_F_CONFIG_WCE: the driver may choose the cache mode.
    static let blockConfigurableCache = VirtioFeatures(bit: 11)

    private static let blockSegmentLimit = VirtioFeatures(bit: 2)
    private static let blockReadOnlyBit = VirtioFeatures(bit: 5)
    private static let blockSize = VirtioFeatures(bit: 6)
    private static let blockTopology = VirtioFeatures(bit: 10)
    private static let blockQueues = VirtioFeatures(bit: 12)
    private static let blockDiscard = VirtioFeatures(bit: 13)
    private static let blockWriteZeroes = VirtioFeatures(bit: 14)

    private static let blockCommon: VirtioFeatures = [
        .blockSegmentLimit, .blockSize, .blockTopology, .blockQueues, .blockFlush,
    ]

    /// What a disk offers that may be written to.
    static let blockWritable = blockCommon.union([
        .blockConfigurableCache, .blockDiscard, .blockWriteZeroes,
    ])
    /// What one offers that may not.
    static let blockReadOnly = blockCommon.union(.blockReadOnlyBit)
}
