import NetworkStack
import Testing

/// Fuzz entry: arbitrary bytes as one frame of the guest. Must not trap, whatever they are.
func fuzzNAT(_ bytes: UnsafeRawBufferPointer, into nat: NAT, now: UInt64) {
    nat.receive(bytes, now: now)
    for action in nat.takeActions() {
        switch action {
        case .connect(let flow, _): nat.connected(flow)
        case .serve(let flow):
            guard let connection = nat.connection(of: flow) else { continue }
            _ = connection.read()
            nat.served(flow)
        case .send(let flow, _, let datagram): nat.received(datagram, on: flow, now: now)
        case .close, .ask, .converse: continue
        }
    }
    while nat.nextFrame(now: now) != nil {}
    if nat.nextDeadline <= now { nat.tick(now: now) }
}

struct NATFuzzTests {
    private let guest = GuestFrames()
    private let local = Endpoint(GuestFrames.address, 4000)

    /// Well-formed frames, to be damaged.
    private func seeds() -> [[UInt8]] {
        let gateway = IPAddress.v4(AddressPlan.standard.gateway)
        let segment = TCPSegment(
            sequence: SequenceNumber(5), acknowledgement: SequenceNumber(9), flags: [.syn], window: 900,
            options: TCPOptions(maximumSegmentSize: 1460, windowShift: 7))
        let local6 = Endpoint(GuestFrames.address6, 4000)
        return [
            guest.arp(.request, asking: AddressPlan.standard.gateway),
            guest.echoRequest(to: gateway, identifier: 1, sequence: 1, pattern(64)),
            guest.echoRequest(
                to: .v6(AddressPlan.standard.gateway6), identifier: 1, sequence: 1, pattern(64)),
            guest.udp(from: local, to: Endpoint(.v4(AddressPlan.standard.nameServer), 53), pattern(40)),
            guest.udp(from: local, to: Endpoint(gateway, 67), pattern(300)),
            guest.udp(from: local6, to: Endpoint(.v6(AddressPlan.standard.gateway6), 9), pattern(40)),
            guest.tcp(segment, from: local, to: Endpoint(gateway, 80)),
            guest.tcp(segment, from: local6, to: Endpoint(.v6(AddressPlan.standard.gateway6), 80)),
        ]
    }

    @Test func `no frame of a hostile guest traps`() {
        let seed = UInt64.random(in: 0 ... .max)
        print("NAT fuzz seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let nat = NAT(configuration: NetworkConfiguration(resolvers: [.v4(.loopback)]))
        let seeds = seeds()
        for round in 0..<6000 {
            var frame =
                generator.chance(20)
                ? generator.bytes(Int.random(in: 0...200, using: &generator))
                : seeds[Int.random(in: 0..<seeds.count, using: &generator)]
            for _ in 0..<Int.random(in: 0...4, using: &generator) where !frame.isEmpty {
                frame[Int.random(in: 0..<frame.count, using: &generator)] = .random(
                    in: 0 ... .max, using: &generator)
            }
            if generator.chance(20) { frame.removeLast(Int.random(in: 0...frame.count, using: &generator)) }
            // Checksums of damaged frames would stop them at the door.
            if frame.count > 12, generator.chance(80) {
                frame[0] |= 1
                repairHeaderChecksum(&frame)
            }
            frame.withUnsafeBytes { fuzzNAT($0, into: nat, now: UInt64(round) * 50_000_000) }
        }
        #expect(nat.droppedFrames > 0)
    }

    private func repairHeaderChecksum(_ frame: inout [UInt8]) {
        let start = VirtioNetHeader.length + EthernetFrame.headerLength
        guard frame.count >= start + 20, frame[start] >> 4 == 4 else { return }
        let end = start + Int(frame[start] & 15) * 4
        guard end >= start + 20, end <= frame.count else { return }
        frame[start + 10] = 0
        frame[start + 11] = 0
        let checksum = frame[start..<end].withUnsafeBytes { Checksum.of($0) }
        frame[start + 10] = UInt8(checksum >> 8)
        frame[start + 11] = UInt8(checksum & 255)
    }
}
