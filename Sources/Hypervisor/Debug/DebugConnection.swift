import CLinux
import Glibc
import Host

/// The byte stream between one debugger and its session: a socket that a process outside the jail has connected.
///
/// Belongs to the loop's thread.
final class DebugConnection {
    private let socket: FileDescriptor
    private let loop: EventLoop
    private var unsent: [UInt8] = []
    /// Takes what the debugger sends.
    var received: ([UInt8]) -> Void = { _ in }
    /// The debugger has gone.
    var ended: () -> Void = {}

    init(_ socket: consuming FileDescriptor, loop: EventLoop) {
        self.socket = socket
        self.loop = loop
    }

    deinit { loop.remove(socket.raw) }

    func start() throws(SystemError) {
        try loop.add(socket.raw, .read) { [unowned self] readiness in
            if readiness.canWrite, !unsent.isEmpty { flush() }
            if readiness.canRead { read() }
        }
    }

    /// A debugger that does not read its answers is not listened to either, so that they cannot pile up.
    private func read() {
        guard unsent.isEmpty else { return }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(socket.raw, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0 else { return ended() }
        received(Array(buffer.prefix(count)))
    }

    func send(_ bytes: [UInt8]) {
        unsent += bytes
        flush()
    }

    private func flush() {
        let count = unsent.withUnsafeBytes {
            Glibc.send(socket.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        }
        // A debugger that has gone is noticed by `read`.
        if count < 0, errno != EAGAIN, errno != EINTR { unsent = [] }
        if count > 0 { unsent.removeFirst(count) }
        loop.modify(socket.raw, unsent.isEmpty ? .read : .write)
    }
}
