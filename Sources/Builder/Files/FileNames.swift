import Glibc
import Host
import Images

/// Files by names as the kernel has them: any bytes, kept in strings by `FileName`.
enum FileNames {
    /// The names in a folder without `.` and `..`, sorted by bytes; empty when it cannot be read.
    static func list(_ path: String) -> [String] {
        guard let folder = FileName.with(path, opendir) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                FileName.decode(bytes.prefix { $0 != 0 })
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return sorted(names)
    }

    /// In the order of their bytes: that of strings takes different spellings of a letter for equal.
    static func sorted(_ names: [String]) -> [String] {
        names.map { (bytes: ContiguousArray($0.utf8), name: $0) }
            .sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }.map(\.name)
    }

    static func readLink(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4097)
        let count = FileName.with(path) { readlink($0, &buffer, buffer.count) }
        guard count > 0, count <= 4096 else { return nil }
        return FileName.decode(buffer.prefix(count).map { UInt8(bitPattern: $0) })
    }

    /// Opens a file itself, not what it links to.
    static func open(_ path: String) throws(SystemError) -> FileDescriptor {
        let raw = try checked("open \(path)") {
            FileName.with(path) { Glibc.open($0, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) }
        }
        return FileDescriptor(owning: raw)
    }
}
