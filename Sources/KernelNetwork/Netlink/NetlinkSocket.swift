import CLinux
import Glibc
import Host

/// Talks to the kernel about one net namespace: that of the thread which made the socket. One thread at a time.
struct NetlinkSocket: ~Copyable {
    private let descriptor: FileDescriptor
    private var sequence: UInt32 = 0

    private static let replyCapacity = 1 << 16
    /// Bounds what one question can bring.
    private static let maximumReplies = 1 << 16

    init() throws(SystemError) {
        descriptor = FileDescriptor(
            owning: try checked("talk to the kernel's network") { viv_route_socket() })
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(
            descriptor.raw, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Does what a message says. Throws the kernel's reason, `action` before it.
    mutating func perform(_ message: NetlinkMessage, _ action: @autoclosure () -> String) throws(SystemError)
    {
        _ = try exchange(message.acknowledged, action())
    }

    /// The messages that answer a question.
    mutating func ask(
        _ message: NetlinkMessage, _ action: @autoclosure () -> String
    ) throws(SystemError) -> [NetlinkReply] {
        try exchange(message, action())
    }

    private mutating func exchange(
        _ message: NetlinkMessage, _ action: String
    ) throws(SystemError) -> [NetlinkReply] {
        sequence &+= 1
        let bytes = message.bytes(sequence: sequence)
        let raw = descriptor.raw
        try checked(action) { bytes.withUnsafeBytes { send(raw, $0.baseAddress, $0.count, 0) } }
        let (errorType, doneType): (UInt16, UInt16) = (2, 3)
        let isSingle = !message.flags.contains(.dump) && !message.flags.contains(.acknowledge)
        var replies: [NetlinkReply] = []
        while replies.count < Self.maximumReplies {
            for reply in NetlinkReply.parse(try receive(action)) where reply.sequence == sequence {
                if reply.type == doneType { return replies }
                if reply.type == errorType {
                    let code = NetlinkReply.number(reply.body, 0, as: Int32.self)
                    guard code == 0 else { throw SystemError(action, code: code == .min ? EIO : -code) }
                    return replies
                }
                replies.append(reply)
                if isSingle { return replies }
            }
        }
        throw SystemError(action, code: EMSGSIZE)
    }

    private func receive(_ action: String) throws(SystemError) -> [UInt8] {
        let raw = descriptor.raw
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.replyCapacity) { buffer, count in
            var result: Int
            repeat {
                result = recv(raw, buffer.baseAddress, buffer.count, 0)
            } while result < 0 && errno == EINTR
            failure = result < 0 ? errno : 0
            count = max(result, 0)
        }
        guard failure == 0 else { throw SystemError(action, code: failure) }
        return bytes
    }
}
