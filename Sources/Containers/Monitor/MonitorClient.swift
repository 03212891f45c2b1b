import CLinux
import Glibc
import Host

/// One connection to a container's monitor. Calls block; the descriptor can be watched by an event loop or a
/// dispatch source, then `receive` is called when it is readable.
package struct MonitorClient: ~Copyable, Sendable {
    private let socket: FileDescriptor

    /// - Throws: `.notFound` when nobody listens at `path`: the monitor is gone.
    package init(path: String) throws(ContainerError) {
        self.init(owning: FileDescriptor(owning: try Self.connected(to: path)))
    }

    private static func connected(to path: String) throws(ContainerError) -> Int32 {
        let raw = viv_packet_socket()
        guard raw >= 0 else { throw ContainerError(.system, SystemError("make a socket").description) }
        guard viv_connect_unix(raw, path) == 0 else {
            let kind: ContainerError.Kind = errno == ENOENT || errno == ECONNREFUSED ? .notFound : .system
            let error = SystemError("reach the monitor at \(path)")
            close(raw)
            throw ContainerError(kind, error.description)
        }
        return raw
    }

    /// Takes over a connected socket.
    package init(owning socket: consuming FileDescriptor) { self.socket = socket }

    /// The kernel's number of the connection; valid while the client lives.
    package var raw: Int32 { socket.raw }

    /// Gives up the connection's descriptor without closing it.
    package consuming func release() -> Int32 { socket.release() }

    /// Sends a packet; waits while the monitor is slow. Safe to call from several threads.
    package func send(_ request: MonitorRequest) throws(ContainerError) {
        let bytes = request.bytes
        while true {
            let count = bytes.withUnsafeBytes {
                Glibc.send(socket.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count == bytes.count { return }
            guard errno == EINTR else {
                throw ContainerError(.system, SystemError("write to the monitor").description)
            }
        }
    }

    /// Waits for the next packet; `nil` once the monitor has closed the connection.
    ///
    /// - Throws: `.system` for a packet that no monitor sends.
    package func receive() throws(ContainerError) -> MonitorEvent? {
        var count = 0
        let packet = [UInt8](unsafeUninitializedCapacity: MonitorEvent.largestOutput + 1) { buffer, size in
            // A reset is told once, before what the monitor said last.
            repeat {
                count = recv(socket.raw, buffer.baseAddress, buffer.count, 0)
            } while count < 0 && (errno == EINTR || errno == ECONNRESET)
            size = max(count, 0)
        }
        if count == 0 { return nil }
        guard count > 0 else {
            throw ContainerError(.system, SystemError("read from the monitor").description)
        }
        guard let event = MonitorEvent(packet) else {
            throw ContainerError(.system, "the monitor sent a packet that cannot be understood")
        }
        return event
    }
}
