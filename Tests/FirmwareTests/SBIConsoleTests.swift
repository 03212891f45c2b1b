import Firmware
import Machine
import Testing

@Suite("The SBI: debug console and legacy calls")
struct SBIConsoleTests {
    static let buffer = SBIBench.base + 0x100

    @Test("It prints bytes of guest memory")
    func write() throws {
        let bench = try SBIBench()
        #expect(Array("hello".utf8).withUnsafeBytes { bench.memory.write(Self.buffer, from: $0) })
        #expect(bench.call(.debugConsole, 0, 5, Self.buffer, 0) == .success(5))
        #expect(bench.call(.debugConsole, 2, 0x1_41) == .success())
        #expect(bench.call(.debugConsole, 0, 0, 0, 0) == .success(0))
        #expect(bench.harts.takeEvents() == [.printed(Array("hello".utf8)), .printed([0x41]), .printed([])])
    }

    @Test("A call prints no more than fits in one transfer and says how much that was")
    func partialWrite() throws {
        #expect(try SBIBench().call(.debugConsole, 0, 0x2_0000, SBIBench.base, 0) == .success(0x1_0000))
    }

    @Test(
        "Buffers outside RAM are refused, for printing and for reading",
        arguments: [
            (5, 0, 0), (5, SBIBench.base, 1), (5, SBIBench.base + (1 << 20) - 4, 0),
            (UInt64.max, SBIBench.base, 0),
            (5, UInt64.max, 0), (5, UInt64.max, UInt64.max),
        ] as [(UInt64, UInt64, UInt64)])
    func badBuffers(count: UInt64, low: UInt64, high: UInt64) throws {
        let bench = try SBIBench(input: [1, 2, 3, 4, 5, 6])
        #expect(bench.call(.debugConsole, 0, count, low, high) == .error(.invalidParameter))
        #expect(bench.call(.debugConsole, 1, count, low, high) == .error(.invalidParameter))
        #expect(bench.harts.takeEvents().isEmpty)
    }

    @Test("It reads what has been typed, as far as it goes")
    func read() throws {
        let bench = try SBIBench(input: Array("abc".utf8))
        #expect(bench.call(.debugConsole, 1, 10, Self.buffer, 0) == .success(3))
        #expect(bench.memory.load32(Self.buffer) == 0x0063_6261)
        #expect(bench.call(.debugConsole, 1, 2, Self.buffer + 8, 0) == .success(2))
        #expect(bench.memory.load32(Self.buffer + 8) == 0x6261)
    }

    @Test("Legacy console calls move single bytes")
    func legacyConsole() throws {
        let silent = try SBIBench()
        #expect(silent.legacy(1, 0x42) == .legacy(0))
        #expect(silent.harts.takeEvents() == [.printed([0x42])])
        #expect(silent.legacy(2) == .legacy(UInt64.max))
        #expect(try SBIBench(input: [0xff]).legacy(2) == .legacy(0xff))
    }

    @Test("Legacy masks of harts lie in virtual memory; none means all harts")
    func legacyMasks() throws {
        let bench = try SBIBench(virtualMemory: [0x4000: 0xf6])
        #expect(bench.legacy(4, 0x4000) == .legacy(0))
        #expect(
            bench.harts.takeEvents() == [
                .softwareInterrupt(true, hart: 1), .softwareInterrupt(true, hart: 2),
            ])
        #expect(bench.legacy(5, 0) == .legacy(0))
        #expect(bench.legacy(6, 0x4000, 0x1000, 0x1000) == .legacy(0))
        #expect(bench.legacy(7, 0x4000, 0x1000, 0x1000, 9) == .legacy(0))
        #expect(
            bench.harts.takeEvents() == [
                .fence(.instructions, HartSet(rawValue: 0xf)),
                .fence(.translations(addresses: 0x1000...0x1fff, addressSpace: nil), HartSet(rawValue: 6)),
                .fence(.translations(addresses: 0x1000...0x1fff, addressSpace: 9), HartSet(rawValue: 6)),
            ])
        #expect(bench.legacy(4, 0x5000) == .legacy(UInt64(bitPattern: -5)))
        #expect(bench.harts.takeEvents().isEmpty)
    }

    @Test("Legacy timer, clearing of interrupts and shutdown")
    func otherLegacy() throws {
        let bench = try SBIBench()
        #expect(bench.legacy(0, 99, from: 1) == .legacy(0))
        #expect(bench.legacy(3, from: 1) == .legacy(0))
        #expect(bench.legacy(8) == .noReturn)
        #expect(
            bench.harts.takeEvents() == [
                .timer(99, hart: 1), .softwareInterrupt(false, hart: 1), .power(.powerOff),
            ])
    }

    @Test("Random calls crash nothing and reach no hart that does not exist", arguments: [0, 1, 8, 64])
    func randomCalls(harts: Int) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let bench = try SBIBench(harts: harts, input: [1, 2, 3])
        let all = HartSet.first(harts)
        for _ in 0..<10_000 {
            let ids = SBI.Extension.allCases.map(\.rawValue) + Array(0...8)
            let id = ids[Int(random.next() % UInt64(ids.count))]
            let arguments = (0..<6).map { _ in Self.argument(&random) }
            _ = bench.outcome(id, random.next() % 8, arguments, Int(random.next() % 65))
            for event in bench.harts.takeEvents() {
                switch event {
                case .softwareInterrupt(true, let hart): #expect(hart < harts, "seed \(seed)")
                case .start(let entry): #expect(entry.hart < harts, "seed \(seed)")
                case .fence(_, let targets): #expect(targets.isSubset(of: all), "seed \(seed)")
                case .timer, .softwareInterrupt, .power, .printed: break
                }
            }
        }
    }

    /// Small numbers, addresses in and just outside RAM, and anything.
    private static func argument(_ random: inout SeededGenerator) -> UInt64 {
        switch random.next() % 4 {
        case 0: random.next() % 70
        case 1: SBIBench.base &+ random.next() % (1 << 20 + 16) &- 8
        case 2: UInt64.max - random.next() % 3
        default: random.next()
        }
    }
}
