import CLinux
import Glibc
import Host
import Images

/// The bytes of files, in parts of bounded size.
enum FileContent {
    private static let part = 1 << 18

    /// Copies everything; shares the blocks where the file system can.
    static func copy(from source: Int32, to target: Int32, name: String) throws(SystemError) {
        if viv_clone_file(target, source) == 0 { return }
        var (from, to): (Int64, Int64) = (0, 0)
        while try checked("copy \(name)", { viv_copy_range(source, &from, target, &to, 1 << 30) }) > 0 {}
    }

    /// The digest of a file.
    ///
    /// - Parameter size: how large it is, as far as it is known: a hint only.
    static func digest(_ path: String, size: Int64? = nil) throws(SystemError) -> Digest {
        let file = try FileNames.open(path)
        var hash = ContentHash()
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(part, Int(max(size ?? .max, 0) | 4095)), alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let raw = file.raw
            let count = try checked("read \(path)") { read(raw, buffer.baseAddress, buffer.count) }
            if count == 0 { return hash.finish() }
            hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}

extension FileContent {
    /// The first bytes of a file, as many as tell an archive.
    static func start(of path: String) throws(BuildError) -> [UInt8] {
        try system { () throws(SystemError) in
            let file = try FileNames.open(path)
            return try Descriptors.read(file.raw, limit: 512) ?? []
        }
    }
}
