import CLinux
import Glibc
import Host

/// A container's output as Docker's json-file: one object a line, rotated by size.
struct ContainerLog {
    private let path: String
    /// Bytes of one file; 0 for no bound.
    private let largest: Int
    /// Files that are kept, the current one among them.
    private let files: Int
    private var descriptor: Int32 = -1
    private var size = 0
    /// Lines that have not ended.
    private var partial: [[UInt8]] = [[], []]

    /// A line that is longer is cut, as Docker does.
    private static let longestLine = 16 << 10

    init(path: String, largest: Int, files: Int) {
        self.path = path
        self.largest = max(largest, 0)
        self.files = max(files, 1)
        open()
    }

    private mutating func open() {
        descriptor = viv_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        size = (try? FileStatus(of: descriptor)).map { Int($0.size) } ?? 0
    }

    mutating func append(_ bytes: [UInt8], isError: Bool) {
        let stream = isError ? 1 : 0
        var lines: [UInt8] = []
        let time = Timestamp.now()
        for byte in bytes {
            partial[stream].append(byte)
            if byte == 0x0A || partial[stream].count >= Self.longestLine { cut(stream, time, into: &lines) }
        }
        write(lines)
    }

    /// Writes what has no end of line.
    mutating func finish() {
        var lines: [UInt8] = []
        let time = Timestamp.now()
        for stream in 0..<2 where !partial[stream].isEmpty { cut(stream, time, into: &lines) }
        write(lines)
        close(descriptor)
        descriptor = -1
    }

    private mutating func cut(_ stream: Int, _ time: String, into lines: inout [UInt8]) {
        var text = "{\"log\":"
        JSONValue.quote(String(decoding: partial[stream], as: UTF8.self), into: &text)
        text += ",\"stream\":\"\(stream == 0 ? "stdout" : "stderr")\",\"time\":\"\(time)\"}\n"
        lines += text.utf8
        partial[stream].removeAll(keepingCapacity: true)
        if largest > 0, size + lines.count >= largest {
            write(lines)
            lines = []
            rotate()
        }
    }

    private mutating func write(_ lines: [UInt8]) {
        guard !lines.isEmpty else { return }
        // A full disk loses lines, not the container.
        try? Descriptors.writeAll(descriptor, lines)
        size += lines.count
    }

    private mutating func rotate() {
        close(descriptor)
        if files == 1 { unlink(path) }
        for number in stride(from: files - 1, to: 0, by: -1) {
            rename(number == 1 ? path : "\(path).\(number - 1)", "\(path).\(number)")
        }
        open()
    }
}
