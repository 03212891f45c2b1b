import CLinux
import Glibc
import Host

/// Opening disk images: done by the process that owns the user's files, outside the jail.
package enum DiskImage {
    /// Disks are addressed in sectors of 512 bytes, whatever their physical block.
    package static let sectorSize: UInt64 = 512

    /// Opens and locks the image at `path`.
    ///
    /// The lock belongs to the open file (F_OFD_SETLK), so it travels with the descriptor into the
    /// machine's process and ends with its last copy: one writer, or any number of readers.
    ///
    /// - Throws: `inUse`, or `unusable` with a reason for the user.
    package static func open(_ path: String, readOnly: Bool) throws(DiskError) -> FileDescriptor {
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(path, (readOnly ? O_RDONLY : O_RDWR) | O_NONBLOCK)
        } catch {
            throw .unusable(path: path, reason: reason(error.code, readOnly: readOnly))
        }
        _ = try capacity(of: file.raw, path: path)
        try lock(file.raw, path: path, exclusive: !readOnly)
        return file
    }

    /// An empty unnamed file in `folder`, to take the writes of an ephemeral disk.
    package static func scratch(in folder: String) throws(DiskError) -> FileDescriptor {
        let raw = viv_unnamed_file(folder)
        if raw >= 0 { return FileDescriptor(owning: raw) }
        var template = Array("\(folder)/vivarium-scratch-XXXXXX".utf8CString)
        let fallback = mkstemp(&template)
        guard fallback >= 0 else {
            let reason = String(cString: strerror(errno))
            throw .unusable(path: folder, reason: "cannot hold an ephemeral disk's writes: \(reason)")
        }
        unlink(template)
        return FileDescriptor(owning: fallback)
    }

    /// The bytes of whole sectors behind an open descriptor.
    static func capacity(of raw: Int32, path: String) throws(DiskError) -> UInt64 {
        var status = stat()
        guard fstat(raw, &status) == 0 else { throw .unusable(path: path, reason: "cannot be examined") }
        switch status.st_mode & S_IFMT {
        case S_IFREG, S_IFBLK: break
        case S_IFDIR: throw .unusable(path: path, reason: "is a directory; give a file")
        default: throw .unusable(path: path, reason: "is neither a file nor a block device")
        }
        // The end of a block device is its size; `st_size` is zero there.
        let end = lseek(raw, 0, SEEK_END)
        guard end >= off_t(sectorSize) else {
            throw .unusable(path: path, reason: "is smaller than one sector of \(sectorSize) bytes")
        }
        return UInt64(end) / sectorSize * sectorSize
    }

    private static func lock(_ raw: Int32, path: String, exclusive: Bool) throws(DiskError) {
        guard viv_lock_file(raw, exclusive) != 0 else { return }
        switch errno {
        case EAGAIN, EACCES: throw .inUse(path: path)
        case EINVAL, ENOLCK, EOPNOTSUPP, ENOSYS: return  // a file system without locks
        default:
            throw .unusable(path: path, reason: "cannot be locked: \(String(cString: strerror(errno)))")
        }
    }

    private static func reason(_ code: Int32, readOnly: Bool) -> String {
        switch code {
        case ENOENT: "does not exist"
        case EISDIR: "is a directory; give a file"
        case EACCES, EPERM, EROFS:
            readOnly ? "is not readable by you" : "is not writable; attach it with ,readonly or --ephemeral"
        default: "cannot be opened: \(String(cString: strerror(code)))"
        }
    }
}
