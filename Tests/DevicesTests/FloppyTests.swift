import Devices
import Machine
import TestSupport
import Testing

@Suite("Floppy disks and DMA")
struct FloppyTests {
    private struct Bench {
        let memory: GuestMemory
        let disk: MemoryDisk
        let wire = RecordingInterrupt()
        let dma: DMAController
        let floppy: FloppyController

        init(isReadOnly: Bool = false) throws {
            memory = try #require(GuestMemory(base: 0, size: 1 << 20))
            disk = MemoryDisk(size: 1440 << 10, isReadOnly: isReadOnly)
            disk.bytes = (0..<1440 << 10).map { UInt8(truncatingIfNeeded: $0 / 512 + $0) }
            dma = DMAController(memory: memory)
            floppy = FloppyController(interrupt: wire.line, dma: dma, disk: disk, reportError: { _ in })
            floppy.ports.write(at: 2, width: .byte, 0)
            floppy.ports.write(at: 2, width: .byte, 0x1C)
            for _ in 0..<4 { _ = command([8], results: 2) }
        }

        /// Channel 2 for `count` bytes at 0x2_3000.
        func setUp(toMemory: Bool, count: UInt64) {
            let ports = dma.firstPorts
            for (port, value) in [
                (12, 0), (11, toMemory ? 0x46 : 0x4A), (4, 0x00), (4, 0x30), (5, (count - 1) & 0xFF),
                (5, (count - 1) >> 8), (10, 2),
            ] as [(UInt64, UInt64)] { ports.write(at: port, width: .byte, value) }
            dma.pagePorts.write(at: 1, width: .byte, 2)
        }

        func command(_ bytes: [UInt64], results: Int = 0) -> [UInt64] {
            for byte in bytes { floppy.ports.write(at: 5, width: .byte, byte) }
            return (0..<results).map { _ in floppy.ports.read(at: 5, width: .byte) }
        }
    }

    @Test("After a reset four drives have something to say")
    func reset() throws {
        let bench = try Bench()
        bench.floppy.ports.write(at: 2, width: .byte, 0x18)
        bench.floppy.ports.write(at: 2, width: .byte, 0x1C)
        #expect(bench.wire.level)
        #expect((0..<4).map { _ in bench.command([8], results: 2)[0] } == [0xC0, 0xC1, 0xC2, 0xC3])
        #expect(!bench.wire.level)
        #expect(bench.command([8], results: 1) == [0x80])
        #expect(bench.floppy.ports.read(at: 4, width: .byte) == 0x80)
        #expect(bench.command([0x10], results: 1) == [0x90])
    }

    @Test("Sectors go to memory by DMA, from one side to the other")
    func read() throws {
        let bench = try Bench()
        _ = bench.command([0x0F, 0, 1])
        #expect(bench.command([8], results: 2) == [0x20, 1])
        bench.setUp(toMemory: true, count: 3 * 512)
        for byte in [0xE6, 0, 1, 0, 17, 2, 18, 0x1B, 0xFF] as [UInt64] {
            bench.floppy.ports.write(at: 5, width: .byte, byte)
        }
        #expect(bench.wire.level)
        #expect(bench.floppy.ports.read(at: 4, width: .byte) == 0xD0)
        #expect(bench.command([], results: 7) == [0, 0, 0, 1, 1, 2, 2])
        let first = ((1 * 2) * 18 + 16) * 512
        #expect(bench.memory.load8(0x2_3000) == bench.disk.bytes[first])
        #expect(bench.memory.load8(0x2_3000 + 1535) == bench.disk.bytes[first + 1535])
        #expect(bench.memory.load8(0x2_3000 + 1536) == 0)
        #expect(bench.dma.firstPorts.read(at: 8, width: .byte) & 4 == 4)
    }

    @Test("Sectors are written, unless the disk is protected")
    func write() throws {
        for isReadOnly in [false, true] {
            let bench = try Bench(isReadOnly: isReadOnly)
            _ = bench.memory.store32(0x2_3000, 0x1234_5678)
            bench.setUp(toMemory: false, count: 512)
            let results = bench.command([0xC5, 0, 0, 0, 2, 2, 18, 0x1B, 0xFF], results: 7)
            #expect(results[1] == (isReadOnly ? 2 : 0))
            #expect((bench.disk.bytes[512] == 0x78) == !isReadOnly)
        }
    }

    @Test("What is not on the disk, or where DMA is not ready, is an error")
    func errors() throws {
        let bench = try Bench()
        bench.setUp(toMemory: true, count: 512)
        #expect(bench.command([0xE6, 0, 0, 0, 19, 2, 19, 0x1B, 0xFF], results: 7)[0...1] == [0x40, 4])
        #expect(bench.command([0xE6, 1, 0, 0, 1, 2, 18, 0x1B, 0xFF], results: 7)[1] == 4)
        bench.dma.firstPorts.write(at: 10, width: .byte, 6)
        #expect(bench.command([0xE6, 0, 0, 0, 1, 2, 18, 0x1B, 0xFF], results: 7)[1] == 0x10)
        #expect(bench.command([0x1F], results: 1) == [0x80])
    }

    @Test("Random bytes crash neither the controller nor DMA")
    func hostile() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let bench = try Bench()
        let devices: [any Device] = [
            bench.floppy.ports, bench.floppy.ratePort, bench.dma.firstPorts, bench.dma.secondPorts,
            bench.dma.pagePorts,
        ]
        for _ in 0..<100_000 {
            let device = devices[random.next() % 2 == 0 ? 0 : Int(random.next() % 5)]
            let offset = random.next() % 64 == 0 ? random.next() : random.next() % 16
            if random.next() % 3 == 0 {
                _ = device.read(at: offset, width: .byte)
            } else {
                device.write(at: offset, width: .byte, random.next() & 0xFF)
            }
            if random.next() % 64 == 0 {
                bench.setUp(toMemory: random.next() % 2 == 0, count: random.next() % 4096 + 1)
            }
            if random.next() % 64 == 0 {
                let bytes =
                    [0xE6, 0, 0, 0, 1, 2].map { UInt64($0) } + (0..<3).map { _ in random.next() & 0xFF }
                _ = bench.command(bytes, results: 7)
            }
        }
    }
}
