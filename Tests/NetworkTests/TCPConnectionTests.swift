import NetworkStack
import Testing

struct TCPConnectionTests {
    private let second: UInt64 = 1_000_000_000

    private func connected(
        clientSends: [UInt8] = [], serverSends: [UInt8] = [],
        clientSettings: TCPConnection.Settings = .init(maximumSegmentSize: 1460),
        serverSettings: TCPConnection.Settings = .init(maximumSegmentSize: 1460)
    ) -> LossyLink {
        LossyLink(
            clientSends: clientSends, serverSends: serverSends, clientSettings: clientSettings,
            serverSettings: serverSettings)
    }

    /// Hands a segment that is made by hand to a connection.
    private func hand(_ segment: TCPSegment, to connection: TCPConnection, now: UInt64) {
        let end = Endpoint(.v4(.loopback), 1)
        segment.bytes(from: end, to: end).withUnsafeBytes { bytes in
            if let header = TCPHeader(bytes) { connection.receive(header, now: now) }
        }
    }

    @Test func `a handshake agrees on the smaller segment`() {
        let link = connected(clientSends: [1], serverSettings: .init(maximumSegmentSize: 536))
        #expect(link.run { link.server.received == [1] })
        #expect(link.client.connection?.segmentSize == 536)
        #expect(link.server.connection?.segmentSize == 536)
    }

    @Test func `an unanswered SYN is repeated with growing pauses, then given up`() {
        let connection = TCPConnection(opening: SequenceNumber(7), settings: .init(maximumSegmentSize: 1460))
        var times: [UInt64] = []
        var now: UInt64 = 0
        while connection.state != .closed {
            while let segment = connection.nextSegment(now: now) {
                #expect(segment.flags == [.syn])
                times.append(now / second)
            }
            now = connection.nextDeadline
            connection.tick(now: now)
        }
        #expect(times == [0, 1, 3, 7, 15, 31])
        #expect(connection.failure == .timedOut)
    }

    @Test func `a closed port's reset ends the attempt`() {
        let connection = TCPConnection(opening: SequenceNumber(7), settings: .init(maximumSegmentSize: 1460))
        _ = connection.nextSegment(now: 0)
        let stranger = TCPSegment(
            sequence: SequenceNumber(0), acknowledgement: SequenceNumber(99), flags: [.rst, .ack], window: 0)
        hand(stranger, to: connection, now: 1)
        #expect(connection.state == .synSent)
        var reset = stranger
        reset.acknowledgement = SequenceNumber(8)
        hand(reset, to: connection, now: 1)
        #expect(connection.state == .closed)
        #expect(connection.failure == .reset)
    }

    @Test func `slow start doubles the window every round trip`() {
        let link = connected(clientSends: pattern(400_000))
        #expect(link.run { link.isFinished })
        let rounds = Dictionary(grouping: link.client.sent.filter { $0.length > 0 }, by: \.at)
            .sorted { $0.key < $1.key }.map { $0.value.reduce(0) { $0 + $1.length } / 1460 }
        #expect(rounds.first == 10)
        #expect(rounds[1] == 20)
        #expect(rounds[2] == 40)
    }

    @Test func `three duplicate acknowledgements repair a loss without waiting for the timer`() {
        let link = connected(clientSends: pattern(200_000))
        #expect(link.run { link.server.received.count >= 20_000 })
        link.weather.loss = 100
        let before = link.client.sent.count
        #expect(link.run { link.client.sent.count > before })
        link.weather.loss = 0
        let start = link.now
        #expect(link.run { link.server.received.count == 200_000 })
        #expect(link.now - start < second / 5)
        #expect(link.server.received == pattern(200_000))
    }

    @Test func `lost tails are sent again after a time-out that doubles`() {
        let connection = TCPConnection(opening: SequenceNumber(7), settings: .init(maximumSegmentSize: 1460))
        _ = connection.nextSegment(now: 0)
        let answer = TCPSegment(
            sequence: SequenceNumber(0), acknowledgement: SequenceNumber(8), flags: [.syn, .ack],
            window: 65_535)
        hand(answer, to: connection, now: 1_000_000)
        #expect(connection.state == .established)
        #expect(connection.write([1, 2, 3]) == 3)
        var now: UInt64 = 1_000_000
        var times: [UInt64] = []
        while times.count < 5 {
            while let segment = connection.nextSegment(now: now) {
                #expect(segment.payload.count == 3)
                times.append(now)
            }
            now = connection.nextDeadline
            connection.tick(now: now)
        }
        let pauses = zip(times.dropFirst(), times).map { $0 - $1 }
        #expect(zip(pauses.dropFirst(), pauses).allSatisfy { $0 == 2 * $1 })
        #expect(pauses.count == 4)
    }

    @Test func `a closed window is probed and opens again`() {
        var small = TCPConnection.Settings(maximumSegmentSize: 1460)
        small.receiveCapacity = 4096
        let link = connected(clientSends: pattern(20_000), serverSettings: small)
        link.server.reads = false
        #expect(!link.run(seconds: 300) { link.server.received.count > 0 })
        #expect(link.server.connection?.readable.count == 4096)
        let probes = link.client.sent.filter { $0.length == 0 && $0.flags == [.ack] && $0.at > 10 * second }
        #expect((4...20).contains(probes.count))
        link.server.reads = true
        #expect(link.run { link.server.received.count == 20_000 })
        #expect(link.server.received == pattern(20_000))
    }

    @Test func `acknowledgements are delayed for a lone small segment, and sent for every second full one`() {
        let link = connected(clientSends: pattern(14_600))
        #expect(link.run { link.server.received.count == 14_600 })
        let acknowledgements = link.server.sent.filter { $0.flags == [.ack] && $0.length == 0 }
        #expect(acknowledgements.count <= 6)
    }

    @Test func `a half-closed connection still carries data the other way`() {
        let link = connected(clientSends: [1], serverSends: pattern(50_000))
        #expect(link.run { link.isFinished })
        #expect(link.client.received == pattern(50_000))
        #expect(link.server.received == [1])
    }

    @Test func `the side that closes first waits out TIME-WAIT and then goes`() {
        let link = connected(clientSends: [1])
        link.server.toSend = pattern(10)[...]
        #expect(link.run { link.isFinished })
        #expect(link.client.connection?.state == .timeWait || link.server.connection?.state == .timeWait)
        #expect(link.run { link.client.connection?.isOver == true && link.server.connection?.isOver == true })
        #expect(link.client.connection?.failure == nil)
    }

    @Test func `a reset with the exact number ends the connection, another gets a challenge`() throws {
        let link = connected(clientSends: pattern(100))
        link.server.toSend = pattern(10)[...]
        #expect(link.run { link.server.received.count == 100 })
        let connection = try #require(link.server.connection)
        while connection.nextSegment(now: link.now) != nil {}
        var reset = TCPSegment(
            sequence: connection.nextExpected + 5, acknowledgement: SequenceNumber(0), flags: [.rst],
            window: 0)
        hand(reset, to: connection, now: link.now)
        #expect(connection.failure == nil)
        #expect(connection.nextSegment(now: link.now)?.flags == [.ack])
        reset.sequence = connection.nextExpected
        hand(reset, to: connection, now: link.now)
        #expect(connection.failure == .reset)
        #expect(connection.isOver)
    }

    @Test func `an aborted connection resets its peer`() {
        let link = connected(clientSends: pattern(100), serverSends: pattern(100_000))
        #expect(link.run { link.client.received.count > 10_000 })
        link.server.connection?.abort()
        #expect(link.run { link.client.connection?.failure == .reset })
    }

    @Test func `what was written before a break is delivered before the reset`() throws {
        let connection = TCPConnection(opening: SequenceNumber(7), settings: .init(maximumSegmentSize: 1460))
        _ = connection.nextSegment(now: 0)
        let answer = TCPSegment(
            sequence: SequenceNumber(0), acknowledgement: SequenceNumber(8), flags: [.syn, .ack],
            window: 65_535, options: TCPOptions(maximumSegmentSize: 1460))
        hand(answer, to: connection, now: 1)
        #expect(connection.write(pattern(2000)[...]) == 2000)
        connection.breakOff()
        #expect(connection.writable.count == 0)
        #expect(connection.nextSegment(now: 1)?.payload.count == 1460)
        #expect(connection.nextSegment(now: 1)?.payload.count == 540)
        let reset = try #require(connection.nextSegment(now: 1))
        #expect(reset.flags == [.rst, .ack])
        #expect(reset.sequence == SequenceNumber(2008))
        #expect(connection.isOver)
    }

    @Test func `what arrived before a reset can still be read`() {
        let link = connected(clientSends: pattern(100))
        link.client.toSend = pattern(3000)[...]
        link.server.reads = false
        #expect(link.run { link.server.connection?.readable.count == 3000 })
        link.client.connection?.abort()
        #expect(link.run { link.server.connection?.failure == .reset })
        #expect(link.server.connection?.read() == pattern(3000))
    }

    @Test func `random segments never break a connection's bounds`() {
        let seed = UInt64.random(in: 0 ... .max)
        print("TCP segment fuzz seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            let link = connected(clientSends: pattern(5000))
            _ = link.run { link.server.received.count > 1000 }
            guard let connection = link.server.connection else { return }
            for _ in 0..<50 {
                var payload = generator.bytes(Int.random(in: 0...3000, using: &generator))
                payload.withUnsafeMutableBytes { raw in
                    let near = connection.nextExpected + Int.random(in: -70_000...600_000, using: &generator)
                    let segment = TCPSegment(
                        sequence: generator.chance(80)
                            ? near : SequenceNumber(.random(in: 0 ... .max, using: &generator)),
                        acknowledgement: SequenceNumber(.random(in: 0 ... .max, using: &generator)),
                        flags: TCPFlags(rawValue: .random(in: 0 ... .max, using: &generator)).subtracting(
                            .rst),
                        window: .random(in: 0 ... .max, using: &generator),
                        payload: RingSlices(
                            first: raw, second: UnsafeMutableRawBufferPointer(start: nil, count: 0)))
                    hand(segment, to: connection, now: link.now)
                }
                while connection.nextSegment(now: link.now) != nil {}
                #expect(connection.readable.count <= 512 * 1024)
                if generator.chance(30) { _ = connection.read() }
            }
        }
    }
}
