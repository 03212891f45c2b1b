import Disks
import Glibc

/// How an image of some size is divided.
package struct FloppyGeometry: Equatable, Sendable {
    package let cylinders: Int
    package let heads: Int
    package let sectors: Int
    /// What CMOS RAM calls the drive.
    package let kind: UInt8

    /// By the image's bytes; what fits no format counts as one of 1.44 MB.
    package init(size: UInt64) {
        let formats: [UInt64: (Int, Int, Int, UInt8)] = [
            160 << 10: (40, 1, 8, 1), 180 << 10: (40, 1, 9, 1), 320 << 10: (40, 2, 8, 1),
            360 << 10: (40, 2, 9, 1), 720 << 10: (80, 2, 9, 3), 1200 << 10: (80, 2, 15, 2),
            2880 << 10: (80, 2, 36, 5),
        ]
        (cylinders, heads, sectors, kind) = formats[size] ?? (80, 2, 18, 4)
    }
}

/// A floppy disk in its drive: cylinders, heads and sectors over an image.
struct FloppyDrive {
    static let sectorSize = 512

    let geometry: FloppyGeometry
    private let disk: any Disk
    private let reportError: @Sendable (DiskError) -> Void

    init(_ disk: any Disk, reportError: @escaping @Sendable (DiskError) -> Void) {
        self.disk = disk
        self.reportError = reportError
        geometry = FloppyGeometry(size: disk.capacity)
    }

    var isReadOnly: Bool { disk.isReadOnly }

    /// Where a sector lies in the image, counted from 1 as they are; `nil` where there is none.
    private func offset(_ cylinder: Int, _ head: Int, _ sector: Int) -> UInt64? {
        guard (0..<geometry.cylinders).contains(cylinder), (0..<geometry.heads).contains(head),
            (1...geometry.sectors).contains(sector)
        else { return nil }
        let number = (cylinder * geometry.heads + head) * geometry.sectors + sector - 1
        let offset = UInt64(number * Self.sectorSize)
        return offset + UInt64(Self.sectorSize) <= disk.capacity ? offset : nil
    }

    /// 512 bytes; `nil` when there is no such sector, or the host cannot read it.
    func read(_ cylinder: Int, _ head: Int, _ sector: Int) -> [UInt8]? {
        guard let offset = offset(cylinder, head, sector) else { return nil }
        var bytes = [UInt8](repeating: 0, count: Self.sectorSize)
        return transfer(&bytes) { (vectors) throws(DiskError) in try disk.read(at: offset, into: vectors) }
            ? bytes : nil
    }

    /// False when there is no such sector, or the host cannot write it.
    func write(_ cylinder: Int, _ head: Int, _ sector: Int, _ bytes: [UInt8]) -> Bool {
        guard let offset = offset(cylinder, head, sector) else { return false }
        var bytes = bytes + [UInt8](repeating: 0, count: max(0, Self.sectorSize - bytes.count))
        return transfer(&bytes) { (vectors) throws(DiskError) in try disk.write(at: offset, from: vectors) }
    }

    private func transfer(_ bytes: inout [UInt8], _ body: (IOVectors) throws(DiskError) -> Void) -> Bool {
        let failure: DiskError? = bytes.withUnsafeMutableBytes { bytes in
            var piece = iovec(iov_base: bytes.baseAddress, iov_len: Self.sectorSize)
            return withUnsafeMutablePointer(to: &piece) { piece in
                do throws(DiskError) {
                    try body(IOVectors(base: piece, count: 1))
                    return nil
                } catch {
                    return error
                }
            }
        }
        if let failure, failure != .readOnly { reportError(failure) }
        return failure == nil
    }
}
