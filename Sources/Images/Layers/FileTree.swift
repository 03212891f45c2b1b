import CLinux
import Glibc
import Host

/// Operations on trees of files that are not trusted: by descriptors of their folders, never through links.
enum FileTree {
    /// Names in a folder without `.` and `..`, in no order.
    static func names(in folder: Int32) throws(ImageError) -> [String] {
        let copy = try call("open a folder") { viv_openat(folder, ".", O_RDONLY | O_DIRECTORY, 0) }
        guard let stream = fdopendir(copy) else {
            close(copy)
            throw ImageError(SystemError("read a folder"))
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { FileName.decode($0.prefix { $0 != 0 }) }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes `name` in `folder` with all below it; harmless when it is missing.
    static func remove(_ name: String, in folder: Int32) throws(ImageError) {
        if FileName.with(name, { unlinkat(folder, $0, 0) }) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw ImageError(SystemError("remove \(name)")) }
        let raw = try call("open \(name)") {
            FileName.with(name) { viv_openat(folder, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0) }
        }
        let inner = FileDescriptor(owning: raw)
        // Somebody without root's powers needs the right to look into what he may delete.
        if geteuid() != 0 { fchmod(inner.raw, 0o700) }
        for child in try names(in: inner.raw) { try remove(child, in: inner.raw) }
        try call("remove \(name)") { FileName.with(name) { unlinkat(folder, $0, AT_REMOVEDIR) } }
    }

    /// Removes the tree at `path`, of whatever depth; harmless when it is missing.
    static func remove(_ path: String) {
        try? remove(path, in: AT_FDCWD)
    }

    /// Bytes that the files below `path` hold, hard links counted once.
    static func size(of path: String) throws(ImageError) -> Int64 {
        var seen: Set<UInt64> = []
        let raw = try call("open \(path)") {
            viv_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0)
        }
        let root = FileDescriptor(owning: raw)
        return try size(in: root.raw, &seen)
    }

    private static func size(in folder: Int32, _ seen: inout Set<UInt64>) throws(ImageError) -> Int64 {
        var sum: Int64 = 0
        for name in try names(in: folder) {
            guard let info = status(name, in: folder) else { continue }
            switch info.st_mode & S_IFMT {
            case S_IFREG:
                if info.st_nlink > 1, !seen.insert(UInt64(info.st_ino)).inserted { continue }
                sum += Int64(info.st_size)
            case S_IFDIR:
                let raw = try call("open \(name)") {
                    FileName.with(name) { viv_openat(folder, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0) }
                }
                let inner = FileDescriptor(owning: raw)
                sum += try size(in: inner.raw, &seen)
            default: break
            }
        }
        return sum
    }

    /// The status of `name` itself; `nil` when it is missing.
    static func status(_ name: String, in folder: Int32) -> stat? {
        var info = stat()
        return FileName.with(name) { fstatat(folder, $0, &info, AT_SYMLINK_NOFOLLOW) } == 0 ? info : nil
    }

    /// The parts of a path of an archive, without empty ones and `.`; `nil` when one is `..`.
    static func components(_ path: String) -> [Substring]? {
        let parts = path.split(separator: "/").filter { $0 != "." }
        return parts.contains("..") ? nil : parts
    }
}
