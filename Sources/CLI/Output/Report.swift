import Glibc
import Host

/// Lines for the user.
enum Report {
    /// A result, on standard output.
    static func line(_ text: String) { write(STDOUT_FILENO, text) }

    /// A remark that is no result, on standard error.
    static func note(_ text: String) { write(STDERR_FILENO, "viv: \(text)") }

    /// Text without a newline, on standard output.
    static func text(_ text: String) { try? Descriptors.writeAll(STDOUT_FILENO, Array(text.utf8)) }

    // A reader that has gone is no reason to fail: the exit code still tells.
    private static func write(_ descriptor: Int32, _ text: String) {
        try? Descriptors.writeAll(descriptor, Array((text + "\n").utf8))
    }
}
