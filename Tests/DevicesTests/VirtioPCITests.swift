import Devices
import Machine
import TestSupport
import Testing

@Suite("virtio over PCI")
struct VirtioPCITests {
    /// An entropy device on a bus of its own, its structures at 0xE000_0000, its messages at 0xE100_0000.
    private struct Bench {
        static let rings: UInt64 = 0x1000
        let memory: GuestMemory
        let wire = RecordingInterrupt()
        let sent = Recorder<UInt32>()
        let device: VirtioPCI
        let host: PCIHost

        init() throws {
            memory = try #require(GuestMemory(base: 0, size: 1 << 20))
            device = try VirtioPCI(
                VirtioEntropy(), memory: memory, interrupt: wire.line, send: { [sent] in sent.record($1) })
            host = PCIHost(functions: [24: device.function()], requestReset: {})
            configure(0x20, 0xE000_0000)
            configure(0x14, 0xE100_0000)
            configure(4, 6)
        }

        func configure(_ place: UInt64, _ value: UInt64) {
            host.write(at: 0, width: .word, 0x8000_1800 | place)
            host.write(at: 4, width: .word, value)
        }

        func configuration(_ place: UInt64) -> UInt64 {
            host.write(at: 0, width: .word, 0x8000_1800 | place & ~3)
            return host.read(at: 4 + (place & 3), width: .byte)
        }

        func write(_ offset: UInt64, _ width: AccessWidth, _ value: UInt64) {
            host.memory.write(at: 0xE000_0000 + offset, width: width, value)
        }

        func read(_ offset: UInt64, _ width: AccessWidth) -> UInt64 {
            host.memory.read(at: 0xE000_0000 + offset, width: width)
        }

        /// Negotiates, and makes a queue of eight entries whose vector is 0.
        func start() {
            write(0x14, .byte, 0)
            write(0x14, .byte, 3)
            write(0x08, .word, 1)
            write(0x0C, .word, 1)
            write(0x14, .byte, 11)
            write(0x16, .half, 0)
            write(0x18, .half, 8)
            write(0x1A, .half, 0)
            write(0x20, .double, Self.rings)
            write(0x28, .word, Self.rings + 0x100)
            write(0x30, .word, Self.rings + 0x200)
            write(0x1C, .half, 1)
            write(0x14, .byte, 15)
        }

        /// Asks for 16 bytes at 0x8000.
        func ask() {
            _ = memory.store64(Self.rings, 0x8000)
            _ = memory.store64(Self.rings + 8, 16 | 2 << 32)
            _ = memory.store16(Self.rings + 0x104, 0)
            _ = memory.store16(Self.rings + 0x102, 1)
            write(0x3000, .half, 0)
        }

        /// Waits for `isDone`, 20 seconds at most.
        func wait(_ isDone: () -> Bool) -> Bool {
            for _ in 0..<20_000 {
                if isDone() { return true }
                Sleeper().sleep(nanoseconds: 1_000_000) { false }
            }
            return false
        }
    }

    @Test("Capabilities tell where the structures are")
    func structures() throws {
        let bench = try Bench()
        var (place, kinds): (UInt64, [UInt64]) = (bench.configuration(0x34), [])
        while place != 0 {
            if bench.configuration(place) == 9 { kinds.append(bench.configuration(place + 3)) }
            place = bench.configuration(place + 1)
        }
        #expect(kinds == [1, 2, 3, 4])
        #expect(bench.read(0x12, .half) == 1)
        #expect(bench.configuration(2) == 0x44)
    }

    @Test("A request is answered, and the pin tells of it until the status is read")
    func pin() throws {
        let bench = try Bench()
        bench.start()
        #expect(bench.read(0x14, .byte) == 15)
        #expect(bench.read(0x1C, .half) == 1)
        bench.ask()
        #expect(bench.wait { bench.wire.level })
        #expect(bench.memory.load16(Bench.rings + 0x202) == 1)
        #expect(bench.read(0x1000, .byte) == 1)
        #expect(!bench.wire.level)
        #expect(bench.read(0x1000, .byte) == 0)
    }

    @Test("With MSI-X a message tells of it, and the pin is quiet")
    func message() throws {
        let bench = try Bench()
        for (offset, value) in [(0, 0xFEE0_0000), (4, 0), (8, 0x55), (12, 0)] as [(UInt64, UInt64)] {
            bench.host.memory.write(at: 0xE100_0000 + offset, width: .word, value)
        }
        bench.configure(0x40, 0x8000_0000)
        bench.start()
        bench.write(0x10, .half, 9)
        #expect(bench.read(0x10, .half) == 0xFFFF)
        bench.ask()
        #expect(bench.wait { bench.sent.recorded == [0x55] })
        #expect(!bench.wire.level)
    }

    @Test("Random registers crash nothing")
    func hostile() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let bench = try Bench()
        for round in 0..<60_000 {
            let width = [AccessWidth.byte, .half, .word, .double][Int(random.next() % 4)]
            let offset = random.next() % 4 == 0 ? random.next() % 0x4000 : random.next() % 0x38
            if random.next() % 3 == 0 {
                _ = bench.read(offset, width)
            } else {
                bench.write(offset, width, random.next() % (random.next() % 2 == 0 ? 16 : .max))
            }
            if round % 500 == 0 { bench.start() }
            if round % 50 == 0 { bench.configure(0x40, random.next()) }
        }
        bench.device.reset()
        #expect(bench.read(0x14, .byte) == 0)
    }
}
