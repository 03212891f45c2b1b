import CLinux
import Glibc
import Host

/// Paths inside a tree that its users can write to.
enum Subpath {
    /// The path of `subpath` below `root`, with all links resolved as if `root` were "/".
    ///
    /// - Throws: `invalid` when it is not there.
    static func resolve(_ subpath: String, in root: String) throws -> String {
        let folder = try FileDescriptor.open(root, O_RDONLY | O_DIRECTORY)
        let raw = viv_open_in_root(folder.raw, subpath, VIV_PATH_ONLY, 0)
        guard raw >= 0 else {
            throw EngineError(
                .invalid, "cannot access path \(subpath) in the volume: \(String(cString: strerror(errno)))")
        }
        let file = FileDescriptor(owning: raw)
        var buffer = [CChar](repeating: 0, count: 4097)
        let length = readlink("/proc/self/fd/\(file.raw)", &buffer, 4096)
        guard length > 0 else { throw SystemError("resolve \(subpath)") }
        return String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
