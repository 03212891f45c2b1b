import Glibc
import Host

/// A socket that listens for GDB. On TCP it is reached from this host only.
struct DebugSocket: ~Copyable {
    private let socket: FileDescriptor
    private let path: String?
    /// What the user tells GDB.
    let command: String

    var raw: Int32 { socket.raw }

    init(_ address: DebugAddress) throws(Failure) {
        do {
            switch address {
            case .tcp(let port):
                socket = try Self.listen(port)
                path = nil
                command = "target remote 127.0.0.1:\(Self.port(of: socket.raw))"
            case .unix(let path):
                socket = try UnixSocket.listen(path)
                self.path = path
                command = "target remote \(path)"
            }
        } catch {
            throw .refused("\(error)")
        }
    }

    deinit { if let path { unlink(path) } }

    private static func listen(_ port: UInt16) throws(SystemError) -> FileDescriptor {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let socket = FileDescriptor(owning: try checked("make a socket") { Glibc.socket(AF_INET, type, 0) })
        let raw = socket.raw
        var one: Int32 = 1
        setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        try checked("listen at port \(port)") {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        try checked("listen at port \(port)") { Glibc.listen(raw, 4) }
        return socket
    }

    private static func port(of raw: Int32) -> UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(raw, $0, &size) }
        }
        return UInt16(bigEndian: address.sin_port)
    }
}
