/// Names one flow of a NAT for as long as the NAT lives.
package struct FlowID: Hashable, Sendable {
    let number: UInt64
}

/// Where a guest's datagram leaves the host.
package enum DatagramRoute: Equatable, Sendable {
    /// A UDP socket connected to that endpoint.
    case udp(Endpoint)
    /// An echo request to that address, by a ping socket. The payload is the message from its sequence number on.
    case echo(IPAddress)
    /// An answer through the listener of a forward (its number) to a peer.
    case forward(Int, Endpoint)
}

/// What a NAT wants its driver to do with host sockets.
package enum Action: Equatable, Sendable {
    /// Open a TCP connection; answer with `connected` or `failed`.
    case connect(FlowID, Endpoint)
    /// Something changed for this TCP flow: move bytes between `connection(of:)` and its socket.
    case serve(FlowID)
    /// Send a datagram, opening a socket at the flow's first.
    case send(FlowID, DatagramRoute, [UInt8])
    /// Ask the name service for that asker; answer with `received`.
    case ask(FlowID, IPAddress, [UInt8])
    /// Connect the flow to the name service for that asker; answer with `connected` or `failed`.
    case converse(FlowID, IPAddress)
    /// The flow is gone: close its socket; `abruptly` by RST.
    case close(FlowID, abruptly: Bool)
}

/// Why the host could not do what a guest asked for.
package enum HostFailure: Equatable, Sendable {
    /// Nobody listens there.
    case refused
    case hostUnreachable
    case networkUnreachable
    /// The host does not let us.
    case prohibited

    /// Code of an ICMP (RFC 792, RFC 1812 §5.2.7.1) or ICMPv6 (RFC 4443 §3.1) unreachable message.
    func unreachableCode(isV4: Bool) -> UInt8 {
        switch self {
        case .refused: isV4 ? 3 : 4
        case .hostUnreachable: isV4 ? 1 : 3
        case .networkUnreachable: 0
        case .prohibited: isV4 ? 13 : 1
        }
    }
}
