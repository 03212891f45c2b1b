import Glibc
import Host

/// A web server on the host's loopback interface that answers every request with one page.
final class PageServer {
    private let loop: EventLoop
    private let listener: FileDescriptor
    private let response: [UInt8]
    private var clients: [Int32: Client] = [:]

    private final class Client {
        let socket: FileDescriptor
        init(_ socket: consuming FileDescriptor) { self.socket = socket }
    }

    /// Where it listens; the host has chosen it.
    let port: UInt16

    init(page: String, loop: EventLoop) throws(SystemError) {
        let raw = try checked("make a socket") {
            socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        }
        listener = FileDescriptor(owning: raw)
        port = try Self.listen(raw)
        let header =
            "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(page.utf8.count)\r\n\r\n"
        response = Array((header + page).utf8)
        self.loop = loop
        try loop.add(raw, .read) { [unowned self] _ in self.accept() }
    }

    deinit {
        for client in clients.keys { loop.remove(client) }
        loop.remove(listener.raw)
    }

    private static func listen(_ raw: Int32) throws(SystemError) -> UInt16 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &address) { pointer throws(SystemError) in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic throws(SystemError) in
                try checked("bind a port of this host") { bind(raw, generic, length) }
                try checked("listen on this host") { Glibc.listen(raw, 4) }
                try checked("find the port") { getsockname(raw, generic, &length) }
            }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    private func accept() {
        guard let socket = UnixSocket.accept(listener.raw) else { return }
        let raw = socket.raw
        clients[raw] = Client(socket)
        try? loop.add(raw, .read) { [unowned self] _ in self.answer(raw) }
    }

    /// A request that fits into one read is all that a guest's wget sends.
    private func answer(_ raw: Int32) {
        guard let request = try? Descriptors.read(raw) else { return }
        if !request.isEmpty { _ = try? Descriptors.write(raw, response) }
        loop.remove(raw)
        clients[raw] = nil
    }
}
