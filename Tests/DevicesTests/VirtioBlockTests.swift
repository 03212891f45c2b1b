import Devices
import Disks
import Machine
import Synchronization
import TestSupport
import Testing

@Suite("A virtio block device")
struct VirtioBlockTests {
    /// A machine's worth of parts around one block device.
    private struct Bench {
        let driver: GuestDriver
        let disk: MemoryDisk
        let interrupt = RecordingInterrupt()
        let errors = Recorder<DiskError>()

        init(queues: Int = 1, readOnly: Bool = false, accepting mask: UInt64 = .max) throws {
            let memory = try #require(GuestMemory(base: 0x8000_0000, size: 8 << 20))
            disk = MemoryDisk(size: 1 << 20, isReadOnly: readOnly)
            let errors = errors
            let device = VirtioBlock(disk, identifier: "disk-0", queues: queues) { errors.record($0) }
            let transport = try VirtioMMIO(device, memory: memory, interrupt: interrupt.line)
            driver = GuestDriver(transport, memory: memory)
            driver.start(queues: queues, accepting: mask)
        }

        func request(
            _ kind: UInt32, sector: UInt64 = 0, _ data: [GuestDriver.Buffer] = [], queue: Int = 0,
            indirect: Bool = false
        ) throws -> GuestDriver.Answer {
            let buffers = [.output(header(kind, sector))] + data + [.input(1)]
            return try driver.request(buffers, queue: queue, indirect: indirect)
        }

        func header(_ kind: UInt32, _ sector: UInt64) -> [UInt8] {
            little(UInt64(kind)) + little(sector)
        }

        func little(_ value: UInt64) -> [UInt8] {
            (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
    }

    private static let ok: UInt8 = 0
    private static let ioError: UInt8 = 1
    private static let unsupported: UInt8 = 2

    @Test("introduces itself and its size")
    func identity() throws {
        let bench = try Bench(queues: 2)
        #expect(bench.driver.register(0x000) == 0x7472_6976)
        #expect(bench.driver.register(0x004) == 2)
        #expect(bench.driver.register(0x008) == 2)
        #expect(bench.driver.register(0x100) == 2048)
        #expect(bench.driver.register(0x10c) == 254)
        #expect(bench.driver.transport.read(at: 0x122, width: .half) == 2)
        #expect(bench.driver.status == 15)
    }

    @Test("writes what it is given and reads it back, through any shape of chain", arguments: [false, true])
    func writeAndRead(indirect: Bool) throws {
        let bench = try Bench()
        let data = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 11) }
        let pieces: [GuestDriver.Buffer] = [
            .output(Array(data[..<100])), .output(Array(data[100..<101])), .output(Array(data[101...])),
        ]
        #expect(
            try bench.request(1, sector: 8, pieces, indirect: indirect) == .init(length: 1, bytes: [Self.ok]))
        #expect(Array(bench.disk.bytes[4096..<8192]) == data)
        let answer = try bench.request(0, sector: 8, [.input(1000), .input(3096)], indirect: indirect)
        #expect(answer == .init(length: 4097, bytes: data + [Self.ok]))
        #expect(bench.interrupt.level)
        #expect(bench.driver.register(0x60) == 1)
        bench.driver.setRegister(0x64, 1)
        #expect(!bench.interrupt.level)
    }

    @Test("takes a header and a status that are spread over descriptors")
    func scatteredHeader() throws {
        let bench = try Bench()
        let header = bench.header(0, 0)
        let answer = try bench.driver.request([
            .output(Array(header[..<5])), .output(Array(header[5...])), .input(300), .input(213),
        ])
        #expect(answer.length == 513)
        #expect(answer.bytes.last == Self.ok)
    }

    @Test("answers to its name, flushes, discards and clears")
    func otherRequests() throws {
        let bench = try Bench()
        let name = try bench.request(8, [.input(20)])
        #expect(Array(name.bytes.prefix(6)) == Array("disk-0".utf8))
        #expect(name.bytes[6] == 0)
        #expect(name.length == 21)
        #expect(try bench.request(4).bytes == [Self.ok])
        #expect(bench.disk.flushes == 1)
        _ = try bench.request(1, sector: 0, [.output([UInt8](repeating: 7, count: 2048))])
        let extent = bench.little(1) + bench.little(2 | 1 << 32)
        #expect(try bench.request(13, [.output(extent)]).bytes == [Self.ok])
        #expect(bench.disk.bytes[512..<1536].allSatisfy { $0 == 0 })
        #expect(bench.disk.bytes[1536] == 7)
        #expect(try bench.request(11, [.output(bench.little(3) + bench.little(1))]).bytes == [Self.ok])
        #expect(bench.disk.bytes[1536] == 0)
    }

    @Test("refuses what is beyond its end, odd, unknown or over a limit, and stays well")
    func refusals() throws {
        let bench = try Bench()
        #expect(try bench.request(0, sector: 2048, [.input(512)]).bytes.last == Self.ioError)
        #expect(try bench.request(0, sector: .max, [.input(512)]).bytes.last == Self.ioError)
        #expect(try bench.request(0, sector: 0, [.input(100)]).bytes.last == Self.ioError)
        #expect(try bench.request(99, [.input(512)]).bytes.last == Self.unsupported)
        let flagged = bench.little(0) + bench.little(1 | 2 << 32)
        #expect(try bench.request(13, [.output(flagged)]).bytes == [Self.unsupported])
        #expect(try bench.request(11, [.output([1, 2, 3])]).bytes == [Self.unsupported])
        #expect(bench.errors.recorded.isEmpty)
        #expect(try bench.request(0, sector: 2047, [.input(512)]).bytes.last == Self.ok)
    }

    @Test("lets nothing be written to a read-only disk, and says so beforehand")
    func readOnly() throws {
        let bench = try Bench(readOnly: true)
        #expect(bench.driver.offeredFeatures & 1 << 5 != 0)
        #expect(try bench.request(1, [.output([UInt8](repeating: 1, count: 512))]).bytes == [Self.ioError])
        #expect(bench.errors.recorded.isEmpty)
    }

    @Test("tells the guest of an I/O error and the user of the reason when the host is full")
    func hostFull() throws {
        let bench = try Bench()
        bench.disk.failWrites(with: .noSpace)
        #expect(try bench.request(1, [.output([UInt8](repeating: 1, count: 512))]).bytes == [Self.ioError])
        #expect(bench.errors.recorded == [.noSpace])
    }

    @Test("flushes every write for a driver that cannot flush or has asked for it")
    func writeThrough() throws {
        let simple = try Bench(accepting: ~(1 << 9))
        _ = try simple.request(1, [.output([UInt8](repeating: 1, count: 512))])
        #expect(simple.disk.flushes == 1)
        #expect(simple.driver.transport.read(at: 0x120, width: .byte) == 0)
        let choosing = try Bench()
        // Linux looks at the mode before it is ready, and does not flush if it is told write-through.
        choosing.driver.setRegister(0x70, 0)
        #expect(choosing.driver.transport.read(at: 0x120, width: .byte) == 1)
        choosing.driver.start(queues: 1)
        #expect(choosing.driver.transport.read(at: 0x120, width: .byte) == 1)
        _ = try choosing.request(1, [.output([UInt8](repeating: 1, count: 512))])
        #expect(choosing.disk.flushes == 0)
        choosing.driver.transport.write(at: 0x120, width: .byte, 0)
        _ = try choosing.request(1, [.output([UInt8](repeating: 1, count: 512))])
        #expect(choosing.disk.flushes == 1)
    }

    @Test("serves several queues, and all of a full one")
    func severalQueues() throws {
        let bench = try Bench(queues: 4)
        for queue in 0..<4 {
            for sector in 0..<20 {
                let data = [UInt8](repeating: UInt8(queue * 20 + sector), count: 512)
                let buffers =
                    [.output(bench.header(1, UInt64(queue * 20 + sector))), .output(data), .input(1)]
                    as [GuestDriver.Buffer]
                bench.driver.post(buffers, queue: queue)
            }
            bench.driver.ring(queue)
        }
        for queue in 0..<4 {
            for _ in 0..<20 { #expect(try bench.driver.answer(queue: queue).bytes == [Self.ok]) }
        }
        for block in 0..<80 { #expect(bench.disk.bytes[block * 512] == UInt8(block)) }
    }

    @Test("asks for a reset when a request leaves no room for an answer, and works again after it")
    func noRoomForAnswer() throws {
        let bench = try Bench()
        bench.driver.post([.output(bench.header(4, 0))])
        bench.driver.ring()
        try bench.driver.wait { bench.driver.status & 64 != 0 }
        #expect(bench.driver.register(0x60) & 2 != 0)
        bench.driver.start(queues: 1)
        #expect(bench.driver.status == 15)
        #expect(try bench.request(4).bytes == [Self.ok])
    }
}
