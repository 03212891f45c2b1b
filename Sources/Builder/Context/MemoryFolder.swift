import CLinux
import Glibc
import Host
import Images

/// Files of a small context, in memory for the time of one build: most builds read each of them once, for its digest.
/// The folder is mounted nowhere and ends with this value, also when the process is killed.
final class MemoryFolder: Sendable {
    /// Larger archives are unpacked to disk.
    private static let largestArchive: UInt64 = 16 << 20
    /// Bytes that an archive may unpack to before it is put on disk after all.
    private static let capacity = "134217728"

    private let descriptor: FileDescriptor

    /// Leads there in this process only.
    var path: String { "/proc/self/fd/\(descriptor.raw)/." }

    /// Unpacks an archive that is a small file. `nil`, with the archive at its start again, when it is none, when the
    /// kernel gives no such folder, or when something is wrong with the archive: the disk's turn says what.
    static func holding(archive: Int32) -> MemoryFolder? {
        let start = lseek(archive, 0, SEEK_CUR)
        guard start >= 0, let status = try? FileStatus(of: archive), status.kind == .regular,
            status.size <= largestArchive
        else { return nil }
        let raw = viv_memory_folder(capacity)
        guard raw >= 0 else { return nil }
        let folder = MemoryFolder(FileDescriptor(owning: raw))
        do {
            try Archive.unpackContext(archive, into: folder.path)
            return folder
        } catch {
            lseek(archive, start, SEEK_SET)
            return nil
        }
    }

    private init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }
}
