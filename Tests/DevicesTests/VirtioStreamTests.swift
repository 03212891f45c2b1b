import Devices
import Glibc
import Host
import Machine
import TestSupport
import Testing

@Suite("A virtio console and a virtio entropy device")
struct VirtioStreamTests {
    private final class Console {
        let driver: GuestDriver
        let far: FileDescriptor

        init() throws {
            var pair = try SocketPair(.stream)
            let memory = try #require(GuestMemory(base: 0x8000_0000, size: 8 << 20))
            let device = try VirtioConsole(stream: pair.takeNear())
            far = pair.takeFar()
            driver = GuestDriver(
                try VirtioMMIO(device, memory: memory, interrupt: .unconnected), memory: memory)
            driver.start(queues: 2)
        }
    }

    @Test("hands the guest what is typed and the host what is printed")
    func bothWays() throws {
        let console = try Console()
        #expect(
            try console.driver.request([.output(Array("hel".utf8)), .output(Array("lo".utf8))], queue: 1)
                .length == 0)
        #expect(try Descriptors.read(console.far.raw) == Array("hello".utf8))
        try Descriptors.writeAll(console.far.raw, Array("typed".utf8))
        let answer = try console.driver.request([.input(3), .input(100)], queue: 0)
        #expect(answer.length == 5)
        #expect(answer.bytes.prefix(5).elementsEqual("typed".utf8))
    }

    @Test("keeps every byte of output that a slow reader leaves in the stream")
    func slowReader() throws {
        let console = try Console()
        let chunk = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for _ in 0..<8 { console.driver.post([.output(chunk)], queue: 1) }
        console.driver.ring(1)
        var received: [UInt8] = []
        while received.count < 800_000 { received += try Descriptors.read(console.far.raw) ?? [] }
        for index in 0..<8 { #expect(Array(received[index * 100_000..<(index + 1) * 100_000]) == chunk) }
    }

    @Test("leaves input in the stream until the guest has a buffer, and wakes for it then")
    func waitingInput() throws {
        let console = try Console()
        try Descriptors.writeAll(console.far.raw, Array("abc".utf8))
        #expect(try console.driver.request([.input(2)], queue: 0).bytes == Array("ab".utf8))
        console.driver.post([.input(8)], queue: 0)
        console.driver.ring(0)
        #expect(try console.driver.answer(queue: 0).length == 1)
        // With a buffer waiting, input arrives without a doorbell.
        console.driver.post([.input(8)], queue: 0)
        console.driver.ring(0)
        try Descriptors.writeAll(console.far.raw, Array("late".utf8))
        #expect(try console.driver.answer(queue: 0).length == 4)
    }

    @Test("fills buffers with bytes that differ")
    func entropy() throws {
        let memory = try #require(GuestMemory(base: 0x8000_0000, size: 4 << 20))
        let transport = try VirtioMMIO(VirtioEntropy(), memory: memory, interrupt: .unconnected)
        let driver = GuestDriver(transport, memory: memory)
        driver.start(queues: 1)
        let first = try driver.request([.input(40), .input(24)])
        let second = try driver.request([.input(64)])
        #expect(first.length == 64)
        #expect(first.bytes != second.bytes)
        #expect(Set(first.bytes).count > 16)
        // A huge request is answered in part.
        #expect(try driver.request([.input(200_000)]).length == 64 << 10)
    }
}
