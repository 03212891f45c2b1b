/// The two ends of a flow as the guest sees them.
struct FlowKey: Hashable {
    let guest: Endpoint
    let remote: Endpoint
}

/// A TCP connection of the guest and what the NAT has to remember of it.
final class TCPFlow {
    let id: FlowID
    let key: FlowKey
    let connection: TCPConnection
    /// Whether this connection's segments may leave checksum and segmentation to the guest's driver.
    private(set) var offloads = false
    /// Whether the host's side has answered; until then failures are reported by ICMP.
    var isConnected: Bool
    /// When the guest last sent a segment, in nanoseconds.
    var heardAt: UInt64 = 0
    var isQueued = false
    var isAwaitingService = false
    /// The deadline that is entered for it, or `UInt64.max`.
    var scheduled = UInt64.max

    init(id: FlowID, key: FlowKey, connection: TCPConnection, isConnected: Bool) {
        self.id = id
        self.key = key
        self.connection = connection
        self.isConnected = isConnected
    }

    /// From now on, many segments leave in one piece.
    func enableOffloads() {
        offloads = true
        connection.largestPayload = Self.offloadedPayload
    }

    /// As many whole segments as fit comfortably into one 64 KB packet.
    private static let offloadedPayload = 61_440
}

/// Datagrams between one guest port (or echo identifier) and one remote endpoint.
final class DatagramFlow {
    enum Kind: Hashable {
        case udp
        case echo
        /// A query to the name server: gone when it is answered.
        case query
        /// Entered from a forward's listener, by its index.
        case forward(Int)
    }

    struct Key: Hashable {
        let kind: Kind
        let guest: Endpoint
        let remote: Endpoint
        /// Tells queries from one port apart; 0 for the others.
        let query: UInt16
    }

    let id: FlowID
    let key: Key
    /// Where it leads on the host; of queries, the name server being asked.
    var route: DatagramRoute
    /// When it is idle for too long or, for a query, when the next name server is asked.
    var deadline: UInt64
    var scheduled = UInt64.max
    /// The query itself and how many name servers were asked.
    var query: [UInt8] = []
    var attempts = 0

    init(id: FlowID, key: Key, route: DatagramRoute, deadline: UInt64) {
        self.id = id
        self.key = key
        self.route = route
        self.deadline = deadline
    }
}
