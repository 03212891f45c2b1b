import Glibc
import Host

/// A host socket that a guest's TCP connection is spliced to. Readiness is edge-triggered: it is remembered here
/// until a call says EAGAIN, so that waiting costs no system call.
final class Splice {
    let socket: FileDescriptor
    var isConnecting: Bool
    private var canRead = true
    private var canWrite = true
    private var didShutDown = false
    private var isAtEnd = false
    /// The host's connection was reset; what it said before is still read.
    private var isBroken = false

    init(socket: consuming FileDescriptor, isConnecting: Bool) {
        self.socket = socket
        self.isConnecting = isConnecting
    }

    func became(readable: Bool, writable: Bool) {
        canRead = canRead || readable
        canWrite = canWrite || writable
    }

    /// Moves what can be moved in both directions.
    func serve(_ connection: TCPConnection) {
        guard !isConnecting else { return }
        moveToHost(connection)
        moveToGuest(connection)
        if isBroken, !canRead || isAtEnd { connection.breakOff() }
    }

    /// True when neither side has anything to say any more.
    func isDone(_ connection: TCPConnection) -> Bool {
        isAtEnd && didShutDown && connection.state == .timeWait
    }

    private func moveToHost(_ connection: TCPConnection) {
        while canWrite, !isBroken {
            let bytes = connection.readable
            guard bytes.count > 0 else { break }
            let count = vectored(bytes) { sendmsg(socket.raw, &$0, Int32(MSG_NOSIGNAL)) }
            if count > 0 {
                connection.consume(count)
            } else if errno == EAGAIN {
                canWrite = false
            } else if errno != EINTR {
                isBroken = true
            }
        }
        if connection.isPeerFinished, connection.readable.count == 0, !didShutDown {
            didShutDown = true
            shutdown(socket.raw, Int32(SHUT_WR))
        }
    }

    private func moveToGuest(_ connection: TCPConnection) {
        while canRead, !isAtEnd {
            let room = connection.writable
            guard room.count > 0 else { return }
            let count = vectored(room) { recvmsg(socket.raw, &$0, 0) }
            if count > 0 {
                connection.commit(count)
            } else if count == 0 {
                isAtEnd = true
                if !isBroken { connection.finish() }
            } else if errno == EAGAIN {
                canRead = false
            } else if errno != EINTR {
                isBroken = true
                canRead = false
            }
        }
    }

    private func vectored(
        _ slices: RingSlices, _ call: (inout msghdr) -> Int
    ) -> Int {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { pieces in
            pieces[0] = iovec(iov_base: slices.first.baseAddress, iov_len: slices.first.count)
            pieces[1] = iovec(iov_base: slices.second.baseAddress, iov_len: slices.second.count)
            var message = msghdr()
            message.msg_iov = pieces.baseAddress
            message.msg_iovlen = slices.second.count > 0 ? 2 : 1
            return call(&message)
        }
    }
}
