import Glibc
import Host

/// The socket at which viewers of a screen connect.
enum ViewerListener {
    static func open(_ place: DisplayOption.Place) throws -> FileDescriptor {
        do {
            switch place {
            case .unix(let path): return try UnixSocket.listen(path)
            case .port(let address, let port): return try listen(address, port)
            }
        } catch let error as SystemError {
            throw Failure.refused("viewers cannot be served: \(error)")
        }
    }

    private static func listen(_ text: String, _ port: UInt16) throws -> FileDescriptor {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, text, &address.sin_addr) == 1 else {
            throw Failure.badCommandLine("'\(text)' is no IPv4 address: use 127.0.0.1, or 0.0.0.0 for all")
        }
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let socket = FileDescriptor(owning: try checked("make a socket") { Glibc.socket(AF_INET, flags, 0) })
        let raw = socket.raw
        var reuses: Int32 = 1
        setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &reuses, socklen_t(MemoryLayout<Int32>.size))
        try withUnsafePointer(to: &address) { pointer throws(SystemError) in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic throws(SystemError) in
                let length = socklen_t(MemoryLayout<sockaddr_in>.size)
                try checked("listen at \(text):\(port)") { bind(raw, generic, length) }
                try checked("listen at \(text):\(port)") { Glibc.listen(raw, 16) }
            }
        }
        return socket
    }
}
