import Glibc
import Host

/// Small files that are replaced as a whole.
enum WholeFile {
    /// Writes `bytes` beside `path`, makes them last, and renames: readers see the old file or the new one.
    static func replace(_ path: String, with bytes: [UInt8], beforeRename: () -> Void = {}) throws(ImageError)
    {
        let temporary = path + ".new"
        do {
            let file = try FileDescriptor.open(temporary, O_WRONLY | O_CREAT | O_TRUNC)
            try Descriptors.writeAll(file.raw, bytes)
            let raw = file.raw
            try checked("write \(temporary) to disk") { fsync(raw) }
        } catch {
            unlink(temporary)
            throw ImageError(error)
        }
        beforeRename()
        try call("replace \(path)") { rename(temporary, path) }
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
            separator: "/")
        if let folder = try? FileDescriptor.open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY) {
            fsync(folder.raw)
        }
    }

    /// The whole file; `nil` when it is missing.
    static func read(_ path: String, limit: Int) throws(ImageError) -> [UInt8]? {
        guard FileTree.status(path, in: AT_FDCWD) != nil else { return nil }
        return try FileSource(path: path).readAll(limit: limit, as: path)
    }
}
