import Glibc

/// A block device's contents: what a virtual disk controller reads and writes.
///
/// Calls may come from several threads at once and block until the transfer is done. Offsets and
/// counts are bytes; a range that leaves the disk throws `outOfRange` and touches nothing.
package protocol Disk: AnyObject, Sendable {
    /// Length in bytes, a multiple of `DiskImage.sectorSize`; never changes.
    var capacity: UInt64 { get }
    /// Whether every kind of writing throws `readOnly`.
    var isReadOnly: Bool { get }
    /// Fills all of `vectors`.
    func read(at offset: UInt64, into vectors: IOVectors) throws(DiskError)
    /// Stores all of `vectors`. The bytes survive a crash of the machine at once, of the host after
    /// the next `flush`.
    func write(at offset: UInt64, from vectors: IOVectors) throws(DiskError)
    /// Returns when every write that has returned is on stable storage.
    func flush() throws(DiskError)
    /// The guest no longer needs the range: its bytes become what they were or zeroes.
    func discard(at offset: UInt64, count: UInt64) throws(DiskError)
    /// The range reads as zeroes from now on; `mayUnmap` allows the host to give its space back.
    func writeZeroes(at offset: UInt64, count: UInt64, mayUnmap: Bool) throws(DiskError)
}

/// Why a disk cannot be opened, or why a transfer failed.
package enum DiskError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The range is not all inside the disk.
    case outOfRange
    /// The disk may not be written to.
    case readOnly
    /// The host's file system or the user's quota is full.
    case noSpace
    /// The host reported another error: an errno.
    case io(Int32)
    /// Another machine holds the image.
    case inUse(path: String)
    /// The file cannot be a disk; `reason` also says what to do where something can be done.
    case unusable(path: String, reason: String)

    /// Sorts an errno of a transfer.
    init(transfer code: Int32) {
        switch code {
        case ENOSPC, EDQUOT, EFBIG: self = .noSpace
        default: self = .io(code)
        }
    }

    package var description: String {
        switch self {
        case .outOfRange: "access beyond the end of the disk"
        case .readOnly: "the disk is read-only"
        case .noSpace: "no space left on the host for the disk's data"
        case .io(let code): "disk input/output error: \(String(cString: strerror(code)))"
        case .inUse(let path): "disk image \(path) is in use by another machine"
        case .unusable(let path, let reason): "disk image \(path) \(reason)"
        }
    }
}

extension Disk {
    /// Throws `outOfRange` unless all of the range lies on the disk.
    func checkRange(_ offset: UInt64, _ count: UInt64) throws(DiskError) {
        guard offset <= capacity, count <= capacity - offset else { throw .outOfRange }
    }

    /// `checkRange`, and `readOnly` where the disk may not be written to.
    func checkWritable(_ offset: UInt64, _ count: UInt64) throws(DiskError) {
        guard !isReadOnly else { throw .readOnly }
        try checkRange(offset, count)
    }
}
