/// Which part of an instance's output is wanted.
package struct LogQuery: Codable, Equatable, Sendable {
    package var includesStdout = true
    package var includesStderr = true
    /// Whether output to come is wanted as well, until the instance ends.
    package var follows = false
    /// Nanoseconds since 1970: nothing earlier than this.
    package var since: Int64?
    /// Nanoseconds since 1970: nothing later than this.
    package var until: Int64?
    /// The last lines only; `nil` means all.
    package var tail: Int?

    package init() {}
}

/// A piece of an instance's output: a line with its newline, or a part of one that was longer than the log's bound.
package struct LogEntry: Equatable, Sendable {
    package var stream: OutputStream
    package var bytes: [UInt8]
    /// Nanoseconds since 1970.
    package var time: Int64

    package init(stream: OutputStream, bytes: [UInt8], time: Int64) {
        self.stream = stream
        self.bytes = bytes
        self.time = time
    }
}

/// Where a process has written.
package enum OutputStream: String, Codable, Sendable {
    case stdout, stderr
}
