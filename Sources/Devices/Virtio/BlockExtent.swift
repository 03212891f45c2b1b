import Disks

/// Part of a disk that a driver wants discarded or cleared (Virtio 1.2, section 5.2.6,
/// `virtio_blk_discard_write_zeroes`).
struct BlockExtent: Equatable {
    /// Extents in one request.
    static let limit = 16
    /// Sectors in one extent: holes are cheap (2 GiB), zeroes may have to be written (16 MiB).
    static let discardLimit: UInt32 = 1 << 22
    static let zeroLimit: UInt32 = 1 << 15

    private static let size = 16
    private static let unmapFlag: UInt32 = 1

    /// First byte, and how many.
    let offset: UInt64
    let count: UInt64
    /// The host may give the space back.
    let mayUnmap: Bool

    /// The extents that `data` list; `nil` when they exceed a limit, carry a flag that does not
    /// belong there, or are cut off.
    static func parse(_ data: IOVectors, sectorLimit: UInt32, allowsUnmap: Bool) -> [BlockExtent]? {
        guard data.byteCount % size == 0, data.byteCount <= limit * size, !data.isEmpty else { return nil }
        var bytes = [UInt8](repeating: 0, count: data.byteCount)
        bytes.withUnsafeMutableBytes { _ = data.copy(to: $0) }
        var extents: [BlockExtent] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let extent = bytes.withUnsafeBytes { raw in
                BlockExtent(
                    sector: raw.loadUnaligned(fromByteOffset: start, as: UInt64.self),
                    sectors: raw.loadUnaligned(fromByteOffset: start + 8, as: UInt32.self),
                    flags: raw.loadUnaligned(fromByteOffset: start + 12, as: UInt32.self),
                    sectorLimit: sectorLimit, flagsAllowed: allowsUnmap ? unmapFlag : 0)
            }
            guard let extent else { return nil }
            extents.append(extent)
        }
        return extents
    }

    private init?(sector: UInt64, sectors: UInt32, flags: UInt32, sectorLimit: UInt32, flagsAllowed: UInt32) {
        let (offset, overflow) = sector.multipliedReportingOverflow(by: DiskImage.sectorSize)
        guard !overflow, sectors <= sectorLimit, flags & ~flagsAllowed == 0 else { return nil }
        self.init(
            offset: offset, count: UInt64(sectors) * DiskImage.sectorSize,
            mayUnmap: flags & Self.unmapFlag != 0)
    }

    init(offset: UInt64, count: UInt64, mayUnmap: Bool) {
        self.offset = offset
        self.count = count
        self.mayUnmap = mayUnmap
    }
}
