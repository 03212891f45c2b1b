import Glibc
import Host

/// Small files, read and written as a whole.
enum WholeFile {
    /// All bytes of a file; more than `limit` is an error.
    static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        let file = try FileDescriptor.open(path)
        var bytes: [UInt8] = []
        while let part = try Descriptors.read(file.raw, limit: min(limit + 1, 1 << 16)), !part.isEmpty {
            bytes += part
            guard bytes.count <= limit else { throw SystemError("read \(path)", code: EFBIG) }
        }
        return bytes
    }

    /// Writes a file so that it is there whole or not at all, also after a crash.
    static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        let other = "\(path).\(UniqueName.make())"
        let file = try FileDescriptor.open(other, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        do throws(SystemError) {
            try Descriptors.writeAll(file.raw, bytes)
            try checked("write \(path)") { fsync(file.raw) }
            try checked("write \(path)") { rename(other, path) }
        } catch {
            unlink(other)
            throw error
        }
    }

    /// Seconds since 1970; 0 when it is missing.
    static func modified(_ path: String) -> Double {
        var info = stat()
        guard lstat(path, &info) == 0 else { return 0 }
        return Double(info.st_mtim.tv_sec) + Double(info.st_mtim.tv_nsec) / 1e9
    }
}

enum UniqueName {
    /// 16 hexadecimal digits that nobody else has.
    static func make() -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// Runs `body`; a failed system call becomes the build's error.
func system<Result: ~Copyable>(_ body: () throws(SystemError) -> Result) throws(BuildError) -> Result {
    do throws(SystemError) {
        return try body()
    } catch {
        throw BuildError(.system, error.description)
    }
}
