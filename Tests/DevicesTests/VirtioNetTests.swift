import Devices
import Glibc
import Host
import Machine
import NetworkStack
import TestSupport
import Testing

@Suite("A virtio network device")
struct VirtioNetTests {
    private static let receive = 0
    private static let transmit = 1
    private static let mergeable: UInt64 = 1 << 15
    private static let headerLength = VirtioNetHeader.length

    /// A device with the far end of its frame socket.
    private final class Bench {
        let driver: GuestDriver
        let interrupt = RecordingInterrupt()
        let far: FileDescriptor

        init(accepting mask: UInt64 = .max) throws {
            var pair = try SocketPair(.messages)
            let near = pair.takeNear()
            far = pair.takeFar()
            let memory = try #require(GuestMemory(base: 0x8000_0000, size: 16 << 20))
            let device = VirtioNet(socket: near, hardwareAddress: [2, 0, 0, 0, 0, 9])
            let transport = try VirtioMMIO(device, memory: memory, interrupt: interrupt.line)
            driver = GuestDriver(transport, memory: memory, queueSize: 64)
            driver.start(queues: 2, accepting: mask)
        }

        func sendToGuest(_ datagram: [UInt8]) -> Int {
            datagram.withUnsafeBytes { send(far.raw, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT)) }
        }

        func datagramFromGuest() throws -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: 70_000)
            var count = -1
            try driver.wait {
                count = recv(far.raw, &bytes, bytes.count, Int32(MSG_DONTWAIT))
                return count >= 0
            }
            return Array(bytes[..<count])
        }

        func post(buffers: Int, of size: Int) {
            for _ in 0..<buffers { driver.post([.input(size)], queue: 0) }
            driver.ring(0)
        }
    }

    /// A virtio header and `count` bytes of pattern.
    private func datagram(_ count: Int, header: [UInt8] = [UInt8](repeating: 0, count: 12)) -> [UInt8] {
        header + (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 5 &+ 1) }
    }

    @Test("introduces itself by its hardware address")
    func configuration() throws {
        let bench = try Bench()
        #expect(bench.driver.register(0x100) == 0x0000_0002)
        #expect(bench.driver.transport.read(at: 0x105, width: .byte) == 9)
        #expect(bench.driver.transport.read(at: 0x106, width: .half) == 1)
    }

    @Test(
        "sends what the guest's buffers hold as one datagram, whatever their shape",
        arguments: [60, 1514, 65_549])
    func transmit(count: Int) throws {
        let bench = try Bench()
        let frame = datagram(count)
        let answer = try bench.driver.request(
            [.output(Array(frame[..<12])), .output(Array(frame[12..<30])), .output(Array(frame[30...]))],
            queue: Self.transmit, indirect: true)
        #expect(answer.length == 0)
        #expect(try bench.datagramFromGuest() == frame)
    }

    @Test("loses frames that are too short or too long, and sends the next")
    func badFrames() throws {
        let bench = try Bench()
        _ = try bench.driver.request([.output(datagram(5))], queue: Self.transmit)
        _ = try bench.driver.request([.output(datagram(65_550))], queue: Self.transmit)
        _ = try bench.driver.request([.output(datagram(100))], queue: Self.transmit)
        #expect(try bench.datagramFromGuest() == datagram(100))
    }

    @Test("waits for a full socket and loses nothing")
    func transmitBackPressure() throws {
        let bench = try Bench()
        for _ in 0..<30 { bench.driver.post([.output(datagram(60_000))], queue: Self.transmit) }
        bench.driver.ring(Self.transmit)
        for _ in 0..<30 { #expect(try bench.datagramFromGuest().count == 60_012) }
        for _ in 0..<30 { _ = try bench.driver.answer(queue: Self.transmit) }
    }

    @Test("spreads a large frame over merged buffers and counts them in the header")
    func mergedReceive() throws {
        let bench = try Bench()
        bench.post(buffers: 60, of: 1536)
        let frame = datagram(65_549)
        #expect(bench.sendToGuest(frame) == frame.count)
        var received: [UInt8] = []
        let expected = (frame.count + 1535) / 1536
        for _ in 0..<expected {
            let answer = try bench.driver.answer(queue: Self.receive)
            received += answer.bytes.prefix(Int(answer.length))
        }
        #expect(received[10] == UInt8(expected))
        received[10] = 0
        #expect(received == frame)
        // The next frame takes the next buffer.
        #expect(bench.sendToGuest(datagram(64)) == 76)
        #expect(try bench.driver.answer(queue: Self.receive).length == 76)
        try bench.driver.wait { bench.interrupt.level }
    }

    @Test("leaves frames in the socket until the guest has room for them")
    func receiveBackPressure() throws {
        let bench = try Bench()
        bench.post(buffers: 2, of: 1536)
        var sent = 0
        while bench.sendToGuest(datagram(4000 + sent)) > 0 { sent += 1 }
        #expect(sent > 3)
        // 4,012 bytes do not fit into two buffers: nothing moves until there are three.
        #expect(bench.driver.takeAnswer(queue: Self.receive) == nil)
        for index in 0..<sent {
            bench.post(buffers: index == 0 ? 1 : (4012 + index + 1535) / 1536, of: 1536)
            var received = 0
            while received < 4012 + index {
                received += Int(try bench.driver.answer(queue: Self.receive).length)
            }
            #expect(received == 4012 + index)
        }
    }

    @Test("drops a frame that no single buffer can hold where buffers are not merged")
    func unmergedReceive() throws {
        let bench = try Bench(accepting: ~Self.mergeable)
        bench.post(buffers: 3, of: 1536)
        #expect(bench.sendToGuest(datagram(3000)) > 0)
        #expect(bench.sendToGuest(datagram(1000)) > 0)
        let answer = try bench.driver.answer(queue: Self.receive)
        #expect(answer.length == 1012)
        #expect(answer.bytes[10] == 1)
    }

    @Test("sleeps in peace when the other end is gone")
    func closedLink() throws {
        var pair = try SocketPair(.messages)
        let memory = try #require(GuestMemory(base: 0x8000_0000, size: 4 << 20))
        let device = VirtioNet(socket: pair.takeNear(), hardwareAddress: [2, 0, 0, 0, 0, 9])
        let transport = try VirtioMMIO(device, memory: memory, interrupt: .unconnected)
        let driver = GuestDriver(transport, memory: memory)
        close(pair.takeFar().release())
        driver.start(queues: 2)
        driver.post([.input(2000)], queue: Self.receive)
        driver.ring(Self.receive)
        // What the guest says is lost, and its buffers come back.
        #expect(try driver.request([.output(datagram(100))], queue: Self.transmit).length == 0)
        #expect(driver.status == 15)
    }

    @Test("completes checksums and cuts segments for a driver that does neither", arguments: [4, 6])
    func softwareOffload(version: Int) throws {
        let offloads: UInt64 = 1 << 1 | 1 << 7 | 1 << 8
        let bench = try Bench(accepting: ~offloads)
        bench.post(buffers: 20, of: 2000)
        let packet = LargeSegment(version: version, payload: 5000)
        #expect(bench.sendToGuest(packet.datagram) == packet.datagram.count)
        var data: [UInt8] = []
        for index in 0..<4 {
            let answer = try bench.driver.answer(queue: Self.receive)
            let frame = Array(answer.bytes.prefix(Int(answer.length)))
            #expect(frame[..<10].allSatisfy { $0 == 0 })
            let view = try #require(LargeSegment.check(frame, version: version), "packet \(index)")
            #expect(view.sequence == packet.sequence &+ UInt32(data.count))
            #expect(view.isLast == (index == 3))
            data += view.payload
        }
        #expect(data == packet.payload)
    }
}
