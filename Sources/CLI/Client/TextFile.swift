import Glibc
import Host

/// Small files, whole.
enum TextFile {
    /// The text of a file, `-` meaning standard input; at most `limit` bytes.
    static func read(_ path: String, limit: Int = 16 << 20) throws(Failure) -> String {
        String(decoding: try bytes(path, limit: limit), as: UTF8.self)
    }

    static func bytes(_ path: String, limit: Int = 16 << 20) throws(Failure) -> [UInt8] {
        do {
            if path == "-" { return try drain(STDIN_FILENO, limit) }
            let file = try FileDescriptor.open(path)
            return try drain(file.raw, limit)
        } catch let error as SystemError {
            throw .unusableFile("cannot read \(path): \(error.reason)")
        } catch {
            throw .unusableFile("\(path) has more than \(limit) bytes")
        }
    }

    private struct TooLong: Error {}

    private static func drain(_ descriptor: Int32, _ limit: Int) throws -> [UInt8] {
        var all: [UInt8] = []
        while let some = try Descriptors.read(descriptor), !some.isEmpty {
            all += some
            guard all.count <= limit else { throw TooLong() }
        }
        return all
    }

    /// Replaces `path` by a file with `text`, all of it or nothing.
    static func write(_ path: String, _ text: String, mode: mode_t = 0o644) throws(Failure) {
        let draft = path + ".new-\(getpid())"
        do throws(SystemError) {
            let file = try FileDescriptor.open(draft, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
            try Descriptors.writeAll(file.raw, Array(text.utf8))
            fsync(file.raw)
            guard rename(draft, path) == 0 else { throw SystemError("write \(path)") }
        } catch {
            unlink(draft)
            throw .unusableFile("cannot write \(path): \(error.reason)")
        }
    }
}
