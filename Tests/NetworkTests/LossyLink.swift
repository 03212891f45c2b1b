import NetworkStack

/// Two connections joined by a link that loses, repeats and reorders segments, with a clock that a test turns.
final class LossyLink {
    /// What the link does to segments, in percent, and how long they travel, in nanoseconds.
    struct Weather {
        var loss = 0
        var duplication = 0
        var delay: ClosedRange<UInt64> = 1_000_000...1_000_000
        static let calm = Weather()
    }

    /// One end: the connection and what its application has yet to send and has received.
    final class End {
        var connection: TCPConnection?
        let address: Endpoint
        var toSend: ArraySlice<UInt8>
        var received: [UInt8] = []
        var losses = 0
        /// Segments that left, for tests that look at them.
        var sent: [(at: UInt64, sequence: SequenceNumber, length: Int, flags: TCPFlags)] = []
        /// Whether the application takes what has arrived.
        var reads = true
        var settings: TCPConnection.Settings

        init(_ address: Endpoint, _ toSend: [UInt8], _ settings: TCPConnection.Settings) {
            self.address = address
            self.toSend = toSend[...]
            self.settings = settings
        }
    }

    private struct Flight {
        let arrival: UInt64
        let order: Int
        let towardsClient: Bool
        let bytes: [UInt8]
    }

    let client: End
    let server: End
    var weather: Weather
    private(set) var now: UInt64 = 1_000_000_000
    private var flights: [Flight] = []
    private var order = 0
    var generator: SeededGenerator

    init(
        clientSends: [UInt8] = [], serverSends: [UInt8] = [], weather: Weather = .calm, seed: UInt64 = 1,
        clientSettings: TCPConnection.Settings = .init(maximumSegmentSize: 1460),
        serverSettings: TCPConnection.Settings = .init(maximumSegmentSize: 1460)
    ) {
        client = End(Endpoint(.v4(IPv4Address(10, 0, 2, 15)), 40_000), clientSends, clientSettings)
        server = End(Endpoint(.v4(IPv4Address(10, 0, 2, 2)), 80), serverSends, serverSettings)
        self.weather = weather
        generator = SeededGenerator(seed: seed)
        client.connection = TCPConnection(
            opening: SequenceNumber(UInt32.random(in: 0 ... .max, using: &generator)),
            settings: clientSettings)
    }

    /// Lets time pass until `condition` holds; false if `seconds` went by without that, or nothing is left to happen.
    func run(seconds: UInt64 = 7200, until condition: () -> Bool) -> Bool {
        let end = now + seconds * 1_000_000_000
        while true {
            work(client)
            work(server)
            if condition() { return true }
            let deadlines =
                [client, server].compactMap { $0.connection?.nextDeadline } + flights.map(\.arrival)
            guard let next = deadlines.min(), next < end else {
                now = end
                return false
            }
            now = max(now, next)
            deliver()
            client.connection?.tick(now: now)
            server.connection?.tick(now: now)
        }
    }

    private func work(_ end: End) {
        guard let connection = end.connection else { return }
        end.toSend = end.toSend.dropFirst(connection.write(end.toSend))
        if end.toSend.isEmpty { connection.finish() }
        if end.reads { end.received += connection.read() }
        while let segment = connection.nextSegment(now: now) { put(segment, from: end) }
    }

    private func put(_ segment: TCPSegment, from end: End) {
        end.sent.append((now, segment.sequence, segment.payload.count, segment.flags))
        let isClient = end === client
        let bytes = segment.bytes(from: end.address, to: (isClient ? server : client).address)
        // Never more than three in a row: else a handshake may rightly give up.
        if end.losses < 3, generator.chance(weather.loss) {
            end.losses += 1
            return
        }
        end.losses = 0
        for _ in 0...(generator.chance(weather.duplication) ? 1 : 0) {
            order += 1
            let arrival = now + UInt64.random(in: weather.delay, using: &generator)
            flights.append(Flight(arrival: arrival, order: order, towardsClient: !isClient, bytes: bytes))
        }
    }

    private func deliver() {
        let due = flights.filter { $0.arrival <= now }.sorted {
            ($0.arrival, $0.order) < ($1.arrival, $1.order)
        }
        flights.removeAll { $0.arrival <= now }
        for flight in due {
            flight.bytes.withUnsafeBytes { bytes in
                guard let segment = TCPHeader(bytes) else { return }
                if flight.towardsClient {
                    client.connection?.receive(segment, now: now)
                } else {
                    arrive(segment)
                }
            }
        }
    }

    private func arrive(_ segment: TCPHeader) {
        guard let connection = server.connection else {
            guard segment.flags == [.syn] else { return }
            let initial = SequenceNumber(UInt32.random(in: 0 ... .max, using: &generator))
            let connection = TCPConnection(answering: segment, initial: initial, settings: server.settings)
            connection.accept()
            server.connection = connection
            return
        }
        connection.receive(segment, now: now)
    }

    /// Whether both applications have seen the other's end and all is acknowledged.
    var isFinished: Bool {
        [client, server].allSatisfy { end in
            guard let connection = end.connection else { return false }
            return connection.isPeerFinished && connection.readable.count == 0
                && (connection.state == .timeWait || connection.state == .closed)
        }
    }
}
