import NetworkStack
import Testing

struct TCPPropertyTests {
    @Test func `bytes arrive intact and in order over a link that loses, repeats and reorders`() {
        let base = UInt64.random(in: 0 ... .max)
        print("TCP property seed \(base)")
        for round in 0..<24 { exchange(seed: base &+ UInt64(round)) }
    }

    private func exchange(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        func settings() -> TCPConnection.Settings {
            var settings = TCPConnection.Settings(
                maximumSegmentSize: Int.random(in: 88...1460, using: &generator))
            settings.sendCapacity = 1 << Int.random(in: 12...19, using: &generator)
            settings.receiveCapacity = 1 << Int.random(in: 12...19, using: &generator)
            return settings
        }
        let weather = LossyLink.Weather(
            loss: Int.random(in: 0...20, using: &generator),
            duplication: Int.random(in: 0...15, using: &generator),
            delay: 100_000...UInt64.random(in: 200_000...60_000_000, using: &generator))
        let request = generator.bytes(Int.random(in: 0...100_000, using: &generator))
        let answer = generator.bytes(Int.random(in: 0...100_000, using: &generator))
        let link = LossyLink(
            clientSends: request, serverSends: answer, weather: weather, seed: generator.next(),
            clientSettings: settings(), serverSettings: settings())
        if generator.chance(50) { link.client.connection?.largestPayload = 30_000 }
        let isFinished = link.run { link.isFinished }
        #expect(isFinished, "seed \(seed): \(String(describing: link.client.connection?.state))")
        let (isRequestIntact, isAnswerIntact) = (
            link.server.received == request, link.client.received == answer
        )
        #expect(isRequestIntact, "seed \(seed)")
        #expect(isAnswerIntact, "seed \(seed)")
    }
}
