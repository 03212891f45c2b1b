import Glibc
import Host

/// Small files, whole.
enum TextFile {
    static func read(_ path: String) throws(SystemError) -> String {
        String(decoding: try bytes(path), as: UTF8.self)
    }

    static func bytes(_ path: String) throws(SystemError) -> [UInt8] {
        let file = try FileDescriptor.open(path)
        var bytes: [UInt8] = []
        while let more = try Descriptors.read(file.raw, limit: 1 << 20), !more.isEmpty { bytes += more }
        return bytes
    }

    static func write(_ text: String, to path: String) throws(SystemError) {
        try write(Array(text.utf8), to: path)
    }

    static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
        try Descriptors.writeAll(file.raw, bytes)
    }
}
