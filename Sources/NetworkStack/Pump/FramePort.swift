import Glibc
import Host

/// Our end of a frame socket: whole frames in and out, never blocking.
final class FramePort {
    /// What a look into the socket found.
    enum Arrival {
        case frame(UnsafeRawBufferPointer)
        case nothing
        /// The machine's end is closed.
        case end
    }

    let socket: FileDescriptor
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: maximumFrameDatagram + 1, alignment: 64)
    /// A frame that the full socket did not take; it leaves before all others.
    private var stranded: [UInt8] = []

    init(socket: consuming FileDescriptor) throws(SystemError) {
        try socket.setNonBlocking()
        // Room for some dozens of large segments, as far as the host's limits allow.
        HostSocket.set(socket.raw, SOL_SOCKET, SO_SNDBUF, 4 << 20)
        self.socket = socket
    }

    deinit {
        buffer.deallocate()
    }

    /// Whether the socket was full when last written to.
    var isBlocked: Bool { !stranded.isEmpty }

    /// The next frame; valid until the next call. Longer datagrams than the contract allows come cut, and fail the
    /// NAT's length check.
    func receive() -> Arrival {
        while true {
            let count = recv(socket.raw, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .frame(UnsafeRawBufferPointer(buffer).first(count)) }
            if count == 0 { return .end }
            if errno == EAGAIN { return .nothing }
            if errno != EINTR { return .end }
        }
    }

    /// Sends a frame, or keeps a copy of it when the socket is full: then `isBlocked` until `retry` succeeds.
    func send(_ frame: OutgoingFrame) {
        guard write(frame) else {
            stranded.reserveCapacity(frame.count)
            stranded += frame.head
            stranded += frame.payload.first
            stranded += frame.payload.second
            return
        }
    }

    /// Sends what is stranded, if the socket takes it now.
    func retry() {
        guard isBlocked else { return }
        let sent = stranded.withUnsafeBytes { write(OutgoingFrame(head: $0, payload: .empty)) }
        if sent { stranded.removeAll(keepingCapacity: true) }
    }

    /// False if the socket is full. Other errors lose the frame: the machine is going away.
    private func write(_ frame: OutgoingFrame) -> Bool {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: 3) { pieces in
            pieces[0] = iovec(
                iov_base: UnsafeMutableRawPointer(mutating: frame.head.baseAddress), iov_len: frame.head.count
            )
            pieces[1] = iovec(iov_base: frame.payload.first.baseAddress, iov_len: frame.payload.first.count)
            pieces[2] = iovec(iov_base: frame.payload.second.baseAddress, iov_len: frame.payload.second.count)
            var message = msghdr()
            message.msg_iov = pieces.baseAddress
            message.msg_iovlen = 3
            while sendmsg(socket.raw, &message, Int32(MSG_NOSIGNAL)) < 0 {
                if errno != EINTR { return errno != EAGAIN && errno != ENOBUFS }
            }
            return true
        }
    }
}
