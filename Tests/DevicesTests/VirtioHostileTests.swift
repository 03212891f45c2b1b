import Devices
import Disks
import Glibc
import Host
import Machine
import TestSupport
import Testing

/// Guests that do everything wrong at random, beside inaccessible memory: a device that reaches
/// outside RAM, or that traps on a number, ends the test process.
@Suite("Hostile virtio drivers")
struct VirtioHostileTests {
    private static let queueSize: UInt16 = 16

    @Test("cannot harm a block device", arguments: 0..<2)
    func block(round: Int) throws {
        try attack { _ in VirtioBlock(MemoryDisk(size: 256 << 10), identifier: "h", queues: 2) { _ in } }
    }

    @Test("cannot harm a network device", arguments: 0..<2)
    func network(round: Int) throws {
        var pair = try SocketPair(.messages)
        let far = pair.takeFar()
        let raw = far.raw
        let near = pair.takeNear().release()
        try attack { random in
            send(to: raw, &random)
            return VirtioNet(
                socket: FileDescriptor(owning: near), hardwareAddress: [2, 0, 0, 0, 0, 1])
        } between: { random in
            send(to: raw, &random)
            drain(raw)
        }
        _ = consume far
    }

    @Test("cannot harm a console")
    func console() throws {
        var pair = try SocketPair(.stream)
        let far = pair.takeFar()
        let raw = far.raw
        let near = pair.takeNear().release()
        try attack { _ in
            try VirtioConsole(stream: FileDescriptor(owning: near))
        } between: { random in
            send(to: raw, &random)
            drain(raw)
        }
        _ = consume far
    }

    @Test("cannot harm an entropy device")
    func entropy() throws {
        try attack { _ in VirtioEntropy() }
    }

    private func attack(
        _ makeDevice: (inout SeededGenerator) throws -> any VirtioDevice,
        between: (inout SeededGenerator) -> Void = { _ in }
    ) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("hostile virtio seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let guarded = try #require(GuardedMemory())
        let device = try makeDevice(&random)
        let queues = device.traits.queueSizes.count
        let interrupt = RecordingInterrupt()
        let transport = try VirtioMMIO(device, memory: guarded.memory, interrupt: interrupt.line)
        for _ in 0..<20 {
            let driver = GuestDriver(transport, memory: guarded.memory, queueSize: Self.queueSize)
            driver.start(queues: queues, accepting: random.next() | 1 << 32)
            for _ in 0..<8 {
                for queue in 0..<queues { scribble(driver, queue, &random) }
                between(&random)
                for queue in 0..<queues { driver.ring(queue) }
                if Bool.random(using: &random) { pokeRegisters(transport, &random) }
            }
        }
        // A guest that behaves is served again: the device has survived.
        transport.reset()
        let driver = GuestDriver(transport, memory: guarded.memory, queueSize: Self.queueSize)
        driver.start(queues: queues)
        #expect(driver.status == 15, "seed \(seed)")
    }

    /// Random descriptors and ring entries: from wholly legal ones, which the device carries out, to
    /// wholly wrong ones.
    private func scribble(_ driver: GuestDriver, _ queue: Int, _ random: inout SeededGenerator) {
        let layout = driver.layout(of: queue)
        let memory = driver.memory
        let mischief = [0, 1, 10, 80].randomElement(using: &random) ?? 0
        func errs() -> Bool { Int.random(in: 0..<100, using: &random) < mischief }
        for index in 0..<Self.queueSize {
            let goesOn = index + 1 < Self.queueSize && Int.random(in: 0..<4, using: &random) > 0
            let legalFlags: UInt16 = (goesOn ? 1 : 0) | (index < Self.queueSize / 2 ? 0 : 2)
            let legalAddress = memory.base + 0x8000 + UInt64.random(in: 0..<memory.size / 2, using: &random)
            let address = errs() ? address(memory, &random) : legalAddress
            let length =
                errs()
                ? UInt32.random(in: 0 ... .max, using: &random) : UInt32.random(in: 0...600, using: &random)
            let flags = errs() ? UInt16.random(in: 0...7, using: &random) : legalFlags
            let next = errs() ? UInt16.random(in: 0...Self.queueSize + 1, using: &random) : index + 1
            driver.write(layout.descriptors, index, address, length, flags, next)
        }
        for slot in 0..<UInt64(Self.queueSize) {
            let head = UInt16.random(in: 0..<Self.queueSize + (errs() ? 1 : 0), using: &random)
            _ = memory.store16(layout.available + 4 + 2 * slot, head)
        }
        // The index never moves back, nor further than the ring is long.
        let used = memory.load16(layout.used + 2) ?? 0
        let inFlight = (memory.load16(layout.available + 2) ?? 0) &- used
        let step =
            errs()
            ? UInt16(truncatingIfNeeded: random.next())
            : UInt16.random(in: 0...Self.queueSize, using: &random)
        _ = memory.store16(layout.available + 2, used &+ max(step, min(inFlight, Self.queueSize)))
    }

    /// Mostly addresses in RAM, with a liking for its edges.
    private func address(_ memory: GuestMemory, _ random: inout SeededGenerator) -> UInt64 {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: random.next()
        case 1: memory.base &+ memory.size &- UInt64.random(in: 0...64, using: &random)
        case 2: memory.base &- UInt64.random(in: 0...64, using: &random)
        case 3: UInt64.max &- UInt64.random(in: 0...64, using: &random)
        default: memory.base &+ UInt64.random(in: 0..<memory.size, using: &random)
        }
    }

    private func pokeRegisters(_ transport: VirtioMMIO, _ random: inout SeededGenerator) {
        for _ in 0..<20 {
            let offset = UInt64.random(in: 0..<0x180, using: &random) & ~3
            let width = [AccessWidth.byte, .half, .word, .double][Int.random(in: 0..<4, using: &random)]
            _ = transport.read(at: offset, width: width)
            let value =
                Bool.random(using: &random) ? random.next() : UInt64.random(in: 0...16, using: &random)
            transport.write(at: offset, width: width, value)
        }
    }

    private func send(to socket: Int32, _ random: inout SeededGenerator) {
        for _ in 0..<4 {
            let count = Int.random(in: 1...3000, using: &random)
            var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            // Often a plausible virtio header: partial checksum, TCP segmentation.
            if count > 60, Bool.random(using: &random) {
                let header: [UInt8] = [1, [0, 1, 4][count % 3], 0, 0, 100, 0, 34, 0, 16, 0]
                bytes.replaceSubrange(0..<10, with: header)
                bytes[26] = 0x45
                bytes[58] = 0x50
            }
            _ = bytes.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
            }
        }
    }

    private func drain(_ socket: Int32) {
        var bytes = [UInt8](repeating: 0, count: 70_000)
        while recv(socket, &bytes, bytes.count, Int32(MSG_DONTWAIT)) > 0 {}
    }
}
