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

    /// The next datagram, in the form that `send` takes; nil when none waits.
    func receive() throws(SystemError) -> [UInt8]? {
        guard let bytes = try Self.receive(from: socket.raw)?.bytes else { return nil }
        guard isEcho else { return bytes }
        guard bytes.count >= ICMPMessage.headerLength else { return [] }
        return Array(bytes[6...])
    }

    /// The next datagram at any UDP socket, and its sender where the socket is not connected.
    static func receive(from fd: Int32) throws(SystemError) -> (bytes: [UInt8], peer: Endpoint?)? {
        var (result, code): (Int, Int32) = (0, 0)
        var peer: Endpoint?
        let bytes = [UInt8](unsafeUninitializedCapacity: maximumDatagram) { memory, count in
            peer = HostSocket.endpoint { address, length in
                repeat {
                    result = recvfrom(fd, memory.baseAddress, memory.count, 0, address, length)
                } while result < 0 && errno == EINTR
                code = result < 0 ? errno : 0
                return result
            }
            count = max(0, result)
        }
        if code == EAGAIN { return nil }
        guard code == 0 else { throw SystemError("receive", code: code) }
        return (bytes, peer)
    }
}
