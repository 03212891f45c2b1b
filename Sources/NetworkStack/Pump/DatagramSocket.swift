import Glibc
import Host

/// A connected host socket of one datagram flow: UDP, or ping.
final class DatagramSocket {
    static let maximumDatagram = 65_535
    let socket: FileDescriptor
    private let isEcho: Bool
    private let isV4: Bool

    /// Opens and connects a socket for a flow. Forwards have none of their own.
    init(_ route: DatagramRoute) throws(SystemError) {
        let peer: Endpoint
        switch route {
        case .udp(let endpoint), .forward(_, let endpoint):
            (peer, isEcho) = (endpoint, false)
            socket = try HostSocket.udp(isV4: peer.address.isV4)
        case .echo(let address):
            (peer, isEcho) = (Endpoint(address, 0), true)
            socket = try HostSocket.echo(isV4: address.isV4)
        }
        isV4 = peer.address.isV4
        let code = HostSocket.connect(socket.raw, to: peer)
        guard code == 0 else { throw SystemError("connect", code: code) }
    }

    /// Sends a datagram; of a ping socket, the message from its sequence number on. Full buffers lose it, as networks
    /// do.
    func send(_ bytes: [UInt8]) throws(SystemError) {
        let message = isEcho ? echoRequest(bytes) : bytes
        let sent = message.withUnsafeBytes { Glibc.send(socket.raw, $0.baseAddress, $0.count, 0) }
        guard sent < 0, errno != EAGAIN, errno != ENOBUFS else { return }
        throw SystemError("send")
    }

    /// The kernel puts in identifier and checksum.
    private func echoRequest(_ rest: [UInt8]) -> [UInt8] {
        [isV4 ? ICMPType.echoRequest : ICMPv6Type.echoRequest, 0, 0, 0, 0, 0] + rest
    }

    /// The next datagram, in the form that `send` takes; nil when none waits. `buffer` is where it arrives.
    func receive(through buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> [UInt8]? {
        guard let (bytes, _) = try Self.receive(from: socket.raw, into: buffer) else { return nil }
        return Array(isEcho ? bytes.from(ICMPMessage.headerLength - 2) : bytes)
    }

    /// The next datagram at any UDP socket, and its sender where the socket is not connected. The bytes lie in
    /// `buffer`.
    static func receive(
        from fd: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> (bytes: UnsafeRawBufferPointer, peer: Endpoint?)? {
        var count = 0
        let peer = HostSocket.endpoint { address, length in
            repeat {
                count = recvfrom(fd, buffer.baseAddress, buffer.count, 0, address, length)
            } while count < 0 && errno == EINTR
            return count
        }
        guard count < 0 else { return (UnsafeRawBufferPointer(buffer).first(count), peer) }
        if errno == EAGAIN { return nil }
        throw SystemError("receive")
    }
}
