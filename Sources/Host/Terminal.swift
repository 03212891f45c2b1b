import CLinux
import Glibc

/// The user's terminal. At most one is raw at a time; its settings come back on `restore`, at a
/// normal exit and on every fatal signal that can be caught.
package enum Terminal {
    /// Columns and rows.
    package struct Size: Equatable, Sendable {
        package let columns: Int
        package let rows: Int

        package init(columns: Int, rows: Int) {
            self.columns = columns
            self.rows = rows
        }
    }

    /// Whether `fd` is a terminal.
    package static func isTerminal(_ fd: Int32) -> Bool { isatty(fd) == 1 }

    /// Keys arrive at once, unechoed, and none is a signal. Call it again after a stop (SIGCONT).
    package static func makeRaw(_ fd: Int32) throws(SystemError) {
        try checked("set up the terminal") { viv_terminal_raw(fd) }
    }

    /// Puts the settings back as they were before `makeRaw`; harmless when they are.
    package static func restore() { viv_terminal_restore() }

    /// The size of the terminal; `nil` when `fd` is none or does not know.
    package static func size(of fd: Int32) -> Size? {
        var size = winsize()
        guard viv_window_size(fd, &size) == 0, size.ws_col > 0 else { return nil }
        return Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }
}

/// A new pseudo-terminal: what is written to one side is read from the other.
package struct PseudoTerminal: ~Copyable {
    /// The side of the program that plays the terminal.
    package let master: FileDescriptor
    /// The other side, kept open so that the master sees no hang-up between two users of `path`.
    package let slave: FileDescriptor
    /// Where others open the slave side.
    package let path: String

    package init() throws(SystemError) {
        var master: Int32 = -1
        var slave: Int32 = -1
        var name = [CChar](repeating: 0, count: 64)
        try checked("open a pseudo-terminal") { viv_open_pty(&master, &slave, &name) }
        self.master = FileDescriptor(owning: master)
        self.slave = FileDescriptor(owning: slave)
        path = name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        for fd in [master, slave] { _ = fcntl(fd, F_SETFD, FD_CLOEXEC) }
    }
}
