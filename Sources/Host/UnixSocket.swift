import CLinux
import Glibc

/// Stream sockets that have a path in the file system.
package enum UnixSocket {
    /// Connects to the socket at `path`.
    package static func connect(_ path: String) throws(SystemError) -> FileDescriptor {
        let socket = FileDescriptor(owning: try checked("make a socket") { viv_unix_socket() })
        let raw = socket.raw
        try checked("connect to \(path)") { viv_connect_unix(raw, path) }
        return socket
    }

    /// Listens at `path`, for this user only (rights 0600). A socket left by a dead process is replaced.
    package static func listen(_ path: String) throws(SystemError) -> FileDescriptor {
        if let stale = try? FileStatus(path: path), stale.kind == .other, (try? connect(path)) == nil {
            unlink(path)
        }
        let socket = FileDescriptor(owning: try checked("make a socket") { viv_unix_socket() })
        let raw = socket.raw
        let before = umask(0o177)
        defer { umask(before) }
        try checked("make socket \(path)") { viv_bind_unix(raw, path) }
        try checked("listen at \(path)") { Glibc.listen(raw, 16) }
        try socket.setNonBlocking()
        return socket
    }

    /// The next connection, non-blocking; `nil` when none waits.
    package static func accept(_ listener: Int32) -> FileDescriptor? {
        let raw = viv_accept(listener)
        return raw >= 0 ? FileDescriptor(owning: raw) : nil
    }
}
