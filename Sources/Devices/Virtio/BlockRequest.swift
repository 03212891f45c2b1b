import Disks
import Glibc

/// One request of a virtio block driver (Virtio 1.2, section 5.2.6), parsed: what to do, the data's
/// place, and where the answer goes. Carrying it out needs no look at descriptors.
struct BlockRequest {
    /// What the driver is told in the last byte.
    enum Status: UInt8 {
        case ok = 0
        case ioError = 1
        case unsupported = 2
    }

    enum Operation: Equatable {
        /// Fill the data from this byte of the disk on.
        case read(offset: UInt64)
        /// Store the data from this byte on.
        case write(offset: UInt64)
        case flush
        /// Fill the data with the disk's identifier.
        case identify
        case discard([BlockExtent])
        case writeZeroes([BlockExtent])
        /// Nothing to do but to answer.
        case refuse(Status)
    }

    private static let headerSize = 16

    let operation: Operation
    /// The driver's data without header and status, in the direction of the operation.
    let data: IOVectors
    /// The last writable byte.
    let status: UnsafeMutablePointer<UInt8>

    /// `nil` when there is no room for an answer, or no whole header.
    init?(_ chain: DescriptorChain) {
        var readable = chain.readable
        var writable = chain.writable
        var header: (kind: UInt32, reserved: UInt32, sector: UInt64) = (0, 0, 0)
        let copied = withUnsafeMutableBytes(of: &header) { readable.copy(to: $0) }
        guard copied == Self.headerSize, let status = writable.lastByte else { return nil }
        readable.removeFirst(Self.headerSize)
        writable.removeLast(1)
        self.status = status
        let isOutward = header.kind & 1 != 0
        data = isOutward ? readable : writable
        operation = Self.operation(header.kind, sector: header.sector, data)
    }

    private static func operation(_ kind: UInt32, sector: UInt64, _ data: IOVectors) -> Operation {
        switch kind {
        case 0, 1:
            let (offset, overflow) = sector.multipliedReportingOverflow(by: DiskImage.sectorSize)
            guard !overflow, data.byteCount % Int(DiskImage.sectorSize) == 0 else { return .refuse(.ioError) }
            return kind == 0 ? .read(offset: offset) : .write(offset: offset)
        case 4: return .flush
        case 8: return .identify
        case 11:
            let extents = BlockExtent.parse(data, sectorLimit: BlockExtent.discardLimit, allowsUnmap: false)
            return extents.map { .discard($0) } ?? .refuse(.unsupported)
        case 13:
            let extents = BlockExtent.parse(data, sectorLimit: BlockExtent.zeroLimit, allowsUnmap: true)
            return extents.map { .writeZeroes($0) } ?? .refuse(.unsupported)
        default: return .refuse(.unsupported)
        }
    }
}
