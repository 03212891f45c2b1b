import Glibc
import NetworkStack

/// A server on the host's loopback that serves one connection (or all datagrams) on a thread of its own.
final class HostServer: Sendable {
    let port: UInt16
    /// A duplicate, to end the thread with; the thread closes its own, so that no number is used after it is free.
    private let control: Int32

    /// Accepts one TCP connection and hands it to `serve`; the connection is closed after it.
    init(tcp serve: @escaping @Sendable (Int32) -> Void) throws {
        let (fd, port) = try Self.bound(Int32(SOCK_STREAM.rawValue))
        (self.port, control) = (port, dup(fd))
        listen(fd, 4)
        Self.spawn {
            let connection = accept(fd, nil, nil)
            close(fd)
            guard connection >= 0 else { return }
            serve(connection)
            close(connection)
        }
    }

    /// Sends every datagram back to where it came from.
    init(udpEcho: Void) throws {
        let (fd, port) = try Self.bound(Int32(SOCK_DGRAM.rawValue))
        (self.port, control) = (port, dup(fd))
        Self.spawn {
            defer { close(fd) }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                var address = sockaddr_in()
                var length = socklen_t(MemoryLayout<sockaddr_in>.size)
                let isOpen = withUnsafeMutablePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                        let count = recvfrom(fd, &buffer, buffer.count, 0, address, &length)
                        return count > 0 && sendto(fd, buffer, count, 0, address, length) >= 0
                    }
                }
                if !isOpen { return }
            }
        }
    }

    deinit {
        shutdown(control, Int32(SHUT_RDWR))
        close(control)
    }

    /// A port of the loopback where nobody listens.
    static func unusedPort() throws -> UInt16 {
        let (socket, port) = try bound(Int32(SOCK_STREAM.rawValue))
        close(socket)
        return port
    }

    /// A socket that is connected to a TCP port of the loopback.
    static func connect(to port: UInt16) throws -> Int32 {
        let fd = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard withLoopback(port, { Glibc.connect(fd, $0, $1) }) == 0 else { throw TestFailure("connect") }
        return fd
    }

    static func withLoopback<Result>(
        _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func bound(_ type: Int32) throws -> (Int32, UInt16) {
        let fd = Glibc.socket(AF_INET, type, 0)
        guard withLoopback(0, { bind(fd, $0, $1) }) == 0 else { throw TestFailure("bind") }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(fd, $0, &length) }
        }
        return (fd, UInt16(bigEndian: address.sin_port))
    }

    private static func spawn(_ body: @escaping @Sendable () -> Void) {
        final class Start {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            }, Unmanaged.passRetained(Start(body)).toOpaque())
        pthread_detach(thread)
    }

    /// Reads until the other side ends.
    static func readAll(_ fd: Int32) -> [UInt8] {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(fd, &buffer, buffer.count)
            guard count > 0 else { return result }
            result += buffer[..<count]
        }
    }

    /// Closing `fd` will send RST.
    static func resetOnClose(_ fd: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    static func writeAll(_ fd: Int32, _ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(fd, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// Bytes that repeat with no power of two.
func pattern(_ count: Int, seed: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 &+ seed) % 251) }
}
