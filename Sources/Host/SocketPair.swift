import CLinux
import Glibc

/// Two connected Unix sockets: one to keep, one to give away.
package struct SocketPair: ~Copyable {
    /// How bytes travel.
    package enum Kind: Sendable {
        /// A stream of bytes in both directions.
        case stream
        /// Whole messages, in order; a reader sees the end when the writer is gone. For frames.
        case messages
    }

    // Two numbers and not two owners: other modules cannot take one field out of a ~Copyable pair.
    private var near: Int32
    private var far: Int32

    package init(_ kind: Kind) throws(SystemError) {
        var pair: [Int32] = [-1, -1]
        let type = kind == .stream ? SOCK_STREAM : SOCK_SEQPACKET
        try checked("make a socket pair") { viv_socket_pair(Int32(type.rawValue), &pair) }
        near = pair[0]
        far = pair[1]
    }

    deinit {
        for end in [near, far] where end >= 0 { close(end) }
    }

    /// Hands out the first end; call it once. Both ends are alike.
    package mutating func takeNear() -> FileDescriptor {
        defer { near = -1 }
        return FileDescriptor(owning: near)
    }

    /// Hands out the second end; call it once.
    package mutating func takeFar() -> FileDescriptor {
        defer { far = -1 }
        return FileDescriptor(owning: far)
    }
}

/// Open descriptors that travel over Unix sockets.
package enum DescriptorPassing {
    /// Sends a copy of `fd`, carried by one zero byte.
    package static func send(_ fd: Int32, over socket: Int32) throws(SystemError) {
        try checked("pass a descriptor") { viv_send_descriptor(socket, fd) }
    }

    /// The descriptor that the next byte carries; `nil` when it carries none or the stream has ended.
    package static func receive(from socket: Int32) -> FileDescriptor? {
        let fd = viv_receive_descriptor(socket)
        return fd >= 0 ? FileDescriptor(owning: fd) : nil
    }
}
