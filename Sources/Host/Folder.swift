import Glibc

/// Folders of the file system: making, listing, measuring, removing.
package enum Folder {
    /// Makes `path` and every missing folder above it.
    package static func create(_ path: String, mode: mode_t = 0o755) throws(SystemError) {
        if mkdir(path, mode) == 0 || errno == EEXIST { return }
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        guard errno == ENOENT, !parent.isEmpty else { throw SystemError("make the folder \(path)") }
        try create((path.hasPrefix("/") ? "/" : "") + parent, mode: mode)
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw SystemError("make the folder \(path)") }
    }

    /// The names in a folder, sorted, without `.` and `..`; empty when it cannot be read.
    package static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Whether `path` itself, not what it may link to, is a folder.
    package static func exists(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// The paths of all files below `path` that are not folders.
    package static func files(below path: String) -> [String] {
        names(in: path).flatMap { name in
            let item = "\(path)/\(name)"
            return exists(item) ? files(below: item) : [item]
        }
    }

    /// Bytes of disk that everything below `path` occupies.
    package static func allocated(below path: String) -> UInt64 {
        files(below: path).reduce(0) { $0 + ((try? FileStatus(path: $1))?.allocated ?? 0) }
    }

    /// Removes a file or a whole tree; harmless when it is missing. Symbolic links are not followed.
    package static func remove(_ path: String) {
        guard exists(path) else {
            unlink(path)
            return
        }
        for name in names(in: path) { remove("\(path)/\(name)") }
        rmdir(path)
    }
}
