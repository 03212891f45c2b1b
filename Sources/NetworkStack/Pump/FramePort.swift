import Glibc
import Host

/// Our end of a frame socket, or a packet socket: whole frames in and out, never blocking.
final class FramePort {
    /// What a look into the socket found.
    enum Arrival {
        case frame(UnsafeRawBufferPointer)
        case nothing
        /// The machine's end is closed.
        case end
    }

    let socket: FileDescriptor
    /// A packet socket puts ten octets of virtio header before a frame: the number of buffers is not among them.
    private let isPacketSocket: Bool
    private static let shortHeader = VirtioNetHeader.length - 2
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: maximumFrameDatagram + 1, alignment: 64)
    /// A frame that the full socket did not take; it leaves before all others.
    private var stranded: [UInt8] = []

    init(socket: consuming FileDescriptor, isPacketSocket: Bool = false) throws(SystemError) {
        self.isPacketSocket = isPacketSocket
        try socket.setNonBlocking()
        if isPacketSocket { HostSocket.set(socket.raw, SOL_SOCKET, SO_RCVBUF, 4 << 20) }
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
            let count =
                isPacketSocket ? receivePacket() : recv(socket.raw, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .frame(UnsafeRawBufferPointer(buffer).first(count)) }
            if count == 0, !isPacketSocket { return .end }
            if errno == EAGAIN { return .nothing }
            // A link that went down reports it once and may come up again; a frame it could not describe is lost.
            if isPacketSocket, errno == ENETDOWN || errno == EINVAL { continue }
            if errno != EINTR { return .end }
        }
    }

    /// Receives header and frame with the gap that the contract of frame sockets has between them.
    private func receivePacket() -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        return withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { pieces in
            pieces[0] = iovec(iov_base: base, iov_len: Self.shortHeader)
            pieces[1] = iovec(
                iov_base: base + VirtioNetHeader.length, iov_len: buffer.count - VirtioNetHeader.length)
            var message = msghdr()
            message.msg_iov = pieces.baseAddress
            message.msg_iovlen = 2
            let count = recvmsg(socket.raw, &message, 0)
            return count > 0 ? count + VirtioNetHeader.length - Self.shortHeader : count
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
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: 4) { pieces in
            let head = UnsafeMutableRawPointer(mutating: frame.head.baseAddress)
            let (first, skipped) = isPacketSocket ? (Self.shortHeader, VirtioNetHeader.length) : (0, 0)
            pieces[0] = iovec(iov_base: head, iov_len: first)
            pieces[1] = iovec(iov_base: head.map { $0 + skipped }, iov_len: frame.head.count - skipped)
            pieces[2] = iovec(iov_base: frame.payload.first.baseAddress, iov_len: frame.payload.first.count)
            pieces[3] = iovec(iov_base: frame.payload.second.baseAddress, iov_len: frame.payload.second.count)
            var message = msghdr()
            message.msg_iov = pieces.baseAddress
            message.msg_iovlen = 4
            while sendmsg(socket.raw, &message, Int32(MSG_NOSIGNAL)) < 0 {
                if errno != EINTR { return errno != EAGAIN && (errno != ENOBUFS || isPacketSocket) }
            }
            return true
        }
    }
}
