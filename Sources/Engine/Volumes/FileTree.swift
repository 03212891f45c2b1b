import CLinux
import Glibc
import Host
import Images

/// Copies whole trees with everything that belongs to them: owners, rights, times, attributes, links, holes.
struct FileTree {
    /// Where the first name of a file with several names has gone.
    private var seen: [Inode: String] = [:]

    private struct Inode: Hashable {
        let device: UInt
        let number: UInt
    }

    /// Copies the tree at `source` to `target`, which must not exist. Blocks are shared where the file system can
    /// (FICLONE), copied otherwise.
    ///
    /// - Throws: the first failure; what was copied so far is left for the caller to remove.
    static func copy(_ source: String, to target: String) throws(SystemError) {
        var tree = FileTree()
        try tree.copyItem(source, target)
    }

    /// Removes a tree, whatever rights its folders have.
    static func remove(_ path: String) { Folder.remove(path) }

    mutating func copyItem(_ source: String, _ target: String) throws(SystemError) {
        var info = stat()
        try checked("read \(source)") { FileName.with(source) { lstat($0, &info) } }
        let inode = Inode(device: UInt(info.st_dev), number: UInt(info.st_ino))
        let isFolder = info.st_mode & S_IFMT == S_IFDIR
        if !isFolder, info.st_nlink > 1, let first = seen[inode] {
            try checked("link \(target)") {
                FileName.with(first) { old in FileName.with(target) { link(old, $0) } }
            }
            return
        }
        switch info.st_mode & S_IFMT {
        case S_IFDIR: try checked("make \(target)") { FileName.with(target) { mkdir($0, 0o700) } }
        case S_IFREG: try Self.copyFile(source, target, info)
        case S_IFLNK: try Self.copyLink(source, target)
        default:
            try checked("make \(target)") { FileName.with(target) { mknod($0, info.st_mode, info.st_rdev) } }
        }
        if !isFolder, info.st_nlink > 1 { seen[inode] = target }
        if isFolder {
            for name in Self.names(in: source) { try copyItem("\(source)/\(name)", "\(target)/\(name)") }
        }
        try Self.copyProperties(source, target, info)
    }

    private static func copyLink(_ source: String, _ target: String) throws(SystemError) {
        var buffer = [CChar](repeating: 0, count: 4097)
        let length = try checked("read \(source)") { FileName.with(source) { readlink($0, &buffer, 4096) } }
        buffer[length] = 0
        try checked("link \(target)") { FileName.with(target) { symlink(buffer, $0) } }
    }

    /// Owner before rights: changing the owner takes setuid away. Times last.
    static func copyProperties(_ source: String, _ target: String, _ info: stat) throws(SystemError) {
        try checked("set the owner of \(target)") {
            FileName.with(target) { lchown($0, info.st_uid, info.st_gid) }
        }
        try copyAttributes(source, target)
        if info.st_mode & S_IFMT != S_IFLNK {
            try checked("set the rights of \(target)") {
                FileName.with(target) { chmod($0, info.st_mode & 0o7777) }
            }
        }
        let times = [info.st_atim, info.st_mtim]
        try checked("set the times of \(target)") {
            FileName.with(target) { utimensat(AT_FDCWD, $0, times, AT_SYMLINK_NOFOLLOW) }
        }
    }

    private static func copyAttributes(_ source: String, _ target: String) throws(SystemError) {
        var list = [CChar](repeating: 0, count: 64 << 10)
        let length = FileName.with(source) { viv_list_attributes($0, &list, list.count) }
        guard length > 0 else { return }
        for name in list[..<length].split(separator: 0) {
            let name = Array(name) + [0]
            var value = [UInt8](repeating: 0, count: 64 << 10)
            let size = FileName.with(source) { viv_get_attribute($0, name, &value, value.count) }
            guard size >= 0 else { continue }
            // Attributes that the other file system or our rights do not allow stay behind, as with cp -a.
            _ = FileName.with(target) { viv_set_link_attribute($0, name, value, size) }
        }
    }

    private static func copyFile(_ source: String, _ target: String, _ info: stat) throws(SystemError) {
        let input = try open(source, O_RDONLY | O_NOFOLLOW)
        let output = try open(target, O_WRONLY | O_CREAT | O_EXCL)
        if viv_clone_file(output.raw, input.raw) == 0 { return }
        try copyData(input.raw, output.raw, source, target)
        let raw = output.raw
        try checked("write \(target)") { ftruncate(raw, info.st_size) }
    }

    private static func open(_ path: String, _ flags: Int32) throws(SystemError) -> FileDescriptor {
        let raw = try checked("open \(path)") {
            FileName.with(path) { viv_open($0, flags | O_CLOEXEC, 0o600) }
        }
        return FileDescriptor(owning: raw)
    }

    /// The names in a folder, also those that are no UTF-8; empty when it cannot be read.
    static func names(in path: String) -> [String] {
        guard let directory = FileName.with(path, { opendir($0) }) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { FileName.decode($0.prefix { $0 != 0 }) }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Copies the stretches that hold data; holes stay holes.
    private static func copyData(
        _ input: Int32, _ output: Int32, _ source: String, _ target: String
    ) throws(SystemError) {
        var offset = viv_seek_data(input, 0)
        while offset >= 0 {
            let end = try checked("read \(source)") { viv_seek_hole(input, offset) }
            var from = offset
            var to = offset
            while from < end {
                let count = try checked("write \(target)") {
                    viv_copy_range(input, &from, output, &to, Int(end - from))
                }
                if count == 0 { break }
            }
            offset = viv_seek_data(input, end)
        }
    }
}
