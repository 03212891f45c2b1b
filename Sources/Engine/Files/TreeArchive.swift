import CLinux
import Glibc
import Host
import Images
import Model

/// Writes a file or folder of a container as a tar, the way `cp` wants it: every member begins with the item's name.
struct TreeArchive {
    private struct Inode: Hashable {
        let device: UInt64
        let number: UInt64
    }

    private let writer: TarWriter
    private var links: [Inode: String] = [:]

    init(_ sink: any ByteSink) { writer = TarWriter(sink) }

    /// Writes the item `name` of the open folder `parent`, and ends the archive.
    ///
    /// - Parameter title: what the item is called in the archive.
    mutating func write(_ name: String, in parent: Int32, as title: String) throws {
        try add(name, parent, title)
        try writer.finish()
    }

    private mutating func add(_ name: String, _ parent: Int32, _ title: String) throws {
        var info = stat()
        guard FileName.with(name, { fstatat(parent, $0, &info, AT_SYMLINK_NOFOLLOW) }) == 0 else {
            // It was removed while we were on the way to it.
            if errno == ENOENT { return }
            throw SystemError("read \(title)")
        }
        guard var entry = Self.entry(title, info) else { return }
        if entry.kind != .directory, info.st_nlink > 1 {
            let inode = Inode(device: UInt64(info.st_dev), number: UInt64(info.st_ino))
            if let first = links[inode] {
                entry.kind = .hardLink
                entry.link = first
                entry.size = 0
                return try writer.add(entry)
            }
            links[inode] = title
        }
        switch entry.kind {
        case .file: try addFile(entry, name, parent)
        case .directory: try addFolder(entry, name, parent, title)
        case .symbolicLink:
            entry.link = ContainerRoot.link("/proc/self/fd/\(parent)/\(name)")
            try writer.add(entry)
        default: try writer.add(entry)
        }
    }

    /// `nil` for sockets, which no archive can hold.
    private static func entry(_ title: String, _ info: stat) -> TarEntry? {
        let kind: TarEntry.Kind
        switch info.st_mode & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .directory
        case S_IFLNK: kind = .symbolicLink
        case S_IFCHR: kind = .characterDevice
        case S_IFBLK: kind = .blockDevice
        case S_IFIFO: kind = .fifo
        default: return nil
        }
        var entry = TarEntry(
            path: kind == .directory ? title + "/" : title, kind: kind, mode: UInt32(info.st_mode & 0o7777))
        entry.uid = info.st_uid
        entry.gid = info.st_gid
        entry.modified = TarTime(
            seconds: Int64(info.st_mtim.tv_sec), nanoseconds: Int64(info.st_mtim.tv_nsec))
        entry.size = kind == .file ? Int64(info.st_size) : 0
        if kind == .characterDevice || kind == .blockDevice {
            entry.deviceMajor = viv_device_major(info.st_rdev)
            entry.deviceMinor = viv_device_minor(info.st_rdev)
        }
        return entry
    }

    private func addFile(_ entry: TarEntry, _ name: String, _ parent: Int32) throws {
        let raw = FileName.with(name) { viv_openat(parent, $0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0) }
        guard raw >= 0 else { throw SystemError("read \(entry.path)") }
        let file = FileDescriptor(owning: raw)
        try writer.begin(entry)
        var rest = entry.size
        while rest > 0 {
            guard let bytes = try Descriptors.read(file.raw, limit: Int(min(rest, 256 << 10))) else { break }
            // A file that shrinks meanwhile is filled up: the header has promised its size.
            let piece = bytes.isEmpty ? [UInt8](repeating: 0, count: Int(min(rest, 256 << 10))) : bytes
            try writer.write(piece)
            rest -= Int64(piece.count)
        }
    }

    private mutating func addFolder(
        _ entry: TarEntry, _ name: String, _ parent: Int32, _ title: String
    ) throws {
        try writer.begin(entry)
        let raw = FileName.with(name) { viv_openat(parent, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0) }
        guard raw >= 0 else { throw SystemError("read \(title)") }
        let folder = FileDescriptor(owning: raw)
        for child in FileTree.names(in: "/proc/self/fd/\(folder.raw)") {
            try add(child, folder.raw, "\(title)/\(child)")
        }
    }
}
