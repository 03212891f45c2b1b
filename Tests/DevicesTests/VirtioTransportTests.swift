import Devices
import Machine
import TestSupport
import Testing

@Suite("The virtio MMIO transport")
struct VirtioTransportTests {
    private static let needsReset: UInt32 = 64

    private struct Bench {
        let memory: GuestMemory
        let driver: GuestDriver
        let interrupt = RecordingInterrupt()
        let disk = MemoryDisk(size: 1 << 20)

        init() throws {
            memory = try #require(GuestMemory(base: 0x8000_0000, size: 4 << 20))
            let device = VirtioBlock(disk, identifier: "t", queues: 1) { _ in }
            driver = GuestDriver(
                try VirtioMMIO(device, memory: memory, interrupt: interrupt.line), memory: memory,
                queueSize: 16)
        }

        func start() { driver.start(queues: 1) }

        /// A whole flush request in three descriptors: the smallest complete one.
        func postFlush() {
            driver.post([.output([4] + [UInt8](repeating: 0, count: 15)), .input(1)])
        }

        func expectFailure(_ what: Comment) throws {
            driver.ring()
            try driver.wait { driver.status & VirtioTransportTests.needsReset != 0 }
            #expect(driver.register(0x60) & 2 != 0, what)
            start()
            postFlush()
            driver.ring()
            #expect(try driver.answer().bytes == [0], what)
        }
    }

    @Test("accepts features only with VERSION_1 and only those on offer")
    func negotiation() throws {
        let driver = try Bench().driver
        driver.setRegister(0x70, 3)
        driver.negotiate(driver.offeredFeatures & ~(1 << 32))
        #expect(driver.status == 3)
        driver.negotiate(driver.offeredFeatures | 1 << 50)
        #expect(driver.status == 3)
        driver.negotiate(1 << 32)
        #expect(driver.status == 11)
        // Agreed is agreed.
        driver.setRegister(0x24, 0)
        driver.setRegister(0x20, 1 << 9)
        driver.setRegister(0x70, 15)
        #expect(driver.status == 15)
    }

    @Test("answers 32-bit accesses to its registers and nothing else")
    func widths() throws {
        let transport = try Bench().driver.transport
        #expect(transport.read(at: 0, width: .word) == 0x7472_6976)
        for width in [AccessWidth.byte, .half, .double] { #expect(transport.read(at: 0, width: width) == 0) }
        for offset in [1, 2, 0x48, 0xfc, 0xff, 0xfff, UInt64.max] {
            #expect(transport.read(at: offset, width: .word) == 0, "at \(offset)")
            transport.write(at: offset, width: .double, .max)
        }
        for offset in [0xb0, 0xb4, 0xb8, 0xbc] as [UInt64] {
            #expect(transport.read(at: offset, width: .word) == 0xffff_ffff)
        }
    }

    @Test("forgets everything at a reset, and lowers its line")
    func reset() throws {
        let bench = try Bench()
        bench.start()
        bench.postFlush()
        bench.driver.ring()
        _ = try bench.driver.answer()
        try bench.driver.wait { bench.interrupt.level }
        bench.driver.setRegister(0x70, 0)
        #expect(!bench.interrupt.level)
        #expect(bench.driver.status == 0)
        #expect(bench.driver.register(0x60) == 0)
        bench.driver.setRegister(0x30, 0)
        #expect(bench.driver.register(0x44) == 0)
    }

    @Test("asks for a reset when a queue does not lie in RAM, is misaligned or has an odd size")
    func badLayouts() throws {
        let bench = try Bench()
        let edits: [(inout Virtqueue.Layout) -> Void] = [
            { $0.descriptors = 0 }, { $0.available = .max - 1 }, { $0.used = 0x8040_0000 - 16 },
            { $0.descriptors += 8 }, { $0.available += 1 }, { $0.used += 2 }, { $0.size = 12 },
            { $0.size = 0 },
            { $0.size = 512 }, { $0.descriptors = 0x8040_0000 - 128 },
        ]
        for (index, edit) in edits.enumerated() {
            bench.start()
            var layout = bench.driver.layout(of: 0)
            bench.driver.setRegister(0x44, 0)
            edit(&layout)
            bench.driver.install(layout, as: 0)
            #expect(bench.driver.status & Self.needsReset != 0, "edit \(index)")
            #expect(bench.driver.register(0x44) == 0, "edit \(index)")
            bench.driver.ring()
        }
        bench.start()
        #expect(bench.driver.status == 15)
    }

    @Test("asks for a reset at every broken chain, touches nothing, and works again after it")
    func brokenChains() throws {
        let bench = try Bench()
        let ram = bench.memory.base
        let end = ram + bench.memory.size
        // (address, length, flags, next) of descriptor 0 and 1: flags 1 next, 2 write, 4 indirect.
        typealias Entry = (UInt64, UInt32, UInt16, UInt16)
        let broken: [(Comment, [Entry])] = [
            ("a loop", [(ram, 16, 1, 1), (ram, 16, 1, 0)]),
            ("an index past the table", [(ram, 16, 1, 16)]),
            ("a buffer outside RAM", [(0x1000, 16, 0, 0)]),
            ("a buffer past the end", [(end - 8, 16, 0, 0)]),
            ("an address that wraps", [(.max - 3, 16, 0, 0)]),
            ("a length that reaches over everything", [(ram, .max, 2, 0)]),
            ("readable after writable", [(ram, 16, 3, 1), (ram, 16, 0, 0)]),
            ("an indirect table outside RAM", [(end, 32, 4, 0)]),
            ("an indirect table of odd length", [(ram, 24, 4, 0)]),
            ("an empty indirect table", [(ram, 0, 4, 0)]),
            ("an indirect table with a successor", [(ram, 16, 5, 1), (ram, 16, 0, 0)]),
        ]
        for (what, entries) in broken {
            bench.start()
            let table = bench.driver.layout(of: 0).descriptors
            for (index, entry) in entries.enumerated() {
                bench.driver.write(table, UInt16(index), entry.0, entry.1, entry.2, entry.3)
            }
            bench.driver.makeAvailable(0)
            try bench.expectFailure(what)
        }
    }

    @Test("asks for a reset at nested tables and tables without leave, at bad heads and jumping indices")
    func brokenRings() throws {
        let bench = try Bench()
        bench.start()
        let nested = bench.driver.allocate(16)
        bench.driver.write(nested, 0, nested, 16, 4, 0)
        bench.driver.write(bench.driver.layout(of: 0).descriptors, 0, nested, 16, 4, 0)
        bench.driver.makeAvailable(0)
        try bench.expectFailure("a table in a table")

        bench.driver.start(queues: 1, accepting: ~(1 << 28))
        bench.driver.post([.output([4] + [UInt8](repeating: 0, count: 15)), .input(1)], indirect: true)
        try bench.expectFailure("a table that was not agreed on")

        bench.start()
        bench.driver.makeAvailable(16)
        try bench.expectFailure("a head past the table")

        bench.start()
        _ = bench.memory.store16(bench.driver.layout(of: 0).available + 2, 17)
        try bench.expectFailure("more requests than entries")
    }

    @Test("does no work while paused and all of it afterwards")
    func pause() throws {
        let bench = try Bench()
        bench.start()
        bench.driver.transport.pause()
        for _ in 0..<3 { bench.postFlush() }
        bench.driver.ring()
        #expect(bench.driver.takeAnswer() == nil)
        #expect(bench.disk.flushes == 0)
        bench.driver.transport.resume()
        for _ in 0..<3 { #expect(try bench.driver.answer().bytes == [0]) }
    }

    @Test("can be reset while paused")
    func resetWhilePaused() throws {
        let bench = try Bench()
        bench.start()
        bench.driver.transport.pause()
        bench.postFlush()
        bench.driver.ring()
        bench.driver.transport.reset()
        bench.driver.transport.resume()
        bench.start()
        #expect(bench.disk.flushes == 0)
        bench.postFlush()
        bench.driver.ring()
        #expect(try bench.driver.answer().bytes == [0])
    }

    @Test("interrupts for the entry that the driver names and spares it the others")
    func eventIndex() throws {
        let bench = try Bench()
        bench.start()
        let layout = bench.driver.layout(of: 0)
        // used_event 2: silent until the third answer.
        _ = bench.memory.store16(layout.available + 4 + 2 * 16, 2)
        for count in 1...3 {
            bench.postFlush()
            bench.driver.ring()
            try bench.driver.wait { bench.memory.load16(layout.used + 2) == UInt16(count) }
            // avail_event follows when the worker has looked at the wish and goes to sleep.
            try bench.driver.wait { bench.memory.load16(layout.used + 4 + 8 * 16) == UInt16(count) }
            if count < 3 { #expect(bench.interrupt.rises == 0) }
        }
        try bench.driver.wait { bench.interrupt.level }
        #expect(bench.interrupt.rises == 1)
    }

    @Test("heeds the flag that asks for no interrupts where the event index is not agreed on")
    func interruptFlag() throws {
        let bench = try Bench()
        bench.driver.start(queues: 1, accepting: ~(1 << 29))
        let layout = bench.driver.layout(of: 0)
        _ = bench.memory.store16(layout.available, 1)
        bench.postFlush()
        bench.driver.ring()
        _ = try bench.driver.answer()
        // Doorbells are wanted again when the worker has finished with the interrupt.
        bench.driver.transport.pause()
        #expect(bench.interrupt.rises == 0)
        bench.driver.transport.resume()
        _ = bench.memory.store16(layout.available, 0)
        bench.postFlush()
        bench.driver.ring()
        try bench.driver.wait { bench.interrupt.level }
    }
}
