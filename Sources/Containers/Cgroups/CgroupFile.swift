import CLinux
import Glibc
import Host

/// Reads and writes the small files of control groups and /proc.
enum CgroupFile {
    /// The whole file; `nil` where it cannot be read.
    static func bytes(_ path: String, limit: Int = 1 << 20) -> [UInt8]? {
        let fd = viv_open(path, O_RDONLY | O_CLOEXEC, 0)
        guard fd >= 0 else { return nil }
        defer { close(fd) }
        var all: [UInt8] = []
        while all.count < limit, let piece = try? Descriptors.read(fd, limit: 16384), !piece.isEmpty {
            all += piece
        }
        return all
    }

    static func text(_ folder: String, _ name: String) -> String? {
        bytes("\(folder)/\(name)").map { bytes in
            var end = bytes.endIndex
            while end > 0, bytes[end - 1] == 0x0A { end -= 1 }
            return String(decoding: bytes[..<end], as: UTF8.self)
        }
    }

    static func lines(_ folder: String, _ name: String) -> [Substring] {
        text(folder, name)?.split(separator: "\n") ?? []
    }

    /// A single number; `nil` for `max` and for what is missing.
    static func number(_ folder: String, _ name: String) -> UInt64? {
        text(folder, name).flatMap { UInt64($0) }
    }

    /// Lines of a name and a number.
    static func pairs(_ folder: String, _ name: String) -> [String: UInt64] {
        var result: [String: UInt64] = [:]
        for line in lines(folder, name) {
            let words = line.split(separator: " ")
            if words.count == 2, let value = UInt64(words[1]) { result[String(words[0])] = value }
        }
        return result
    }

    /// Writes all of `text` in one call: the kernel takes a file's value as a whole.
    static func write(_ path: String, _ text: String) throws(SystemError) {
        let fd = try checked("open \(path)") { viv_open(path, O_WRONLY | O_CLOEXEC, 0) }
        defer { close(fd) }
        let count = text.utf8.count
        try checked("write \(text) to \(path)") { Glibc.write(fd, text, count) }
    }
}
