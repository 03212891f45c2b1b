import Firmware
import Machine
import Testing

/// A machine of a few harts as the SBI sees it.
struct SBIBench {
    static let base: UInt64 = 0x8000_0000
    static let noHart = UInt64.max

    let memory: GuestMemory
    let harts: RecordingHarts
    let sbi: SBI

    /// `input` is what has been typed; every read gets it from the start.
    init(harts count: Int = 4, input: [UInt8] = [], virtualMemory: [UInt64: UInt64] = [:]) throws {
        let memory = try #require(GuestMemory(base: Self.base, size: 1 << 20))
        let harts = RecordingHarts(count: count, virtualMemory: virtualMemory)
        let console = SBIConsole(
            write: { harts.record(.printed(Array($0))) },
            read: { buffer in
                let count = min(buffer.count, input.count)
                for index in 0..<count { buffer[index] = input[index] }
                return count
            })
        let identity = SBIIdentity(vendor: 1, architecture: 2, implementation: 3)
        sbi = SBI(
            harts: harts, memory: memory, console: console, identity: identity,
            power: { harts.record(.power($0)) })
        self.memory = memory
        self.harts = harts
    }

    /// Calls with the arguments in a0, a1, …
    func call(_ id: SBI.Extension, _ function: UInt64, _ arguments: UInt64..., from hart: Int = 0)
        -> SBIOutcome
    {
        outcome(id.rawValue, function, arguments, hart)
    }

    func legacy(_ id: UInt64, _ arguments: UInt64..., from hart: Int = 0) -> SBIOutcome {
        outcome(id, 0, arguments, hart)
    }

    func outcome(_ id: UInt64, _ function: UInt64, _ arguments: [UInt64], _ hart: Int) -> SBIOutcome {
        let a = arguments + [UInt64](repeating: 0, count: 6)
        return sbi.handle(
            SBICall(
                extensionID: id, functionID: function, a0: a[0], a1: a[1], a2: a[2], a3: a[3], a4: a[4],
                a5: a[5]),
            from: hart)
    }
}

extension SBIOutcome {
    static func success(_ value: UInt64 = 0) -> SBIOutcome { .reply(SBIReply(.success, value)) }
    static func error(_ error: SBIError) -> SBIOutcome { .reply(SBIReply(error)) }
}

@Suite("The SBI: base, timer, interrupts and fences")
struct SBITests {
    let bench: SBIBench

    init() throws { bench = try SBIBench() }

    @Test("It is version 2.0 and tells what the machine is")
    func base() {
        #expect(bench.call(.base, 0) == .success(0x0200_0000))
        #expect(bench.call(.base, 4) == .success(1))
        #expect(bench.call(.base, 5) == .success(2))
        #expect(bench.call(.base, 6) == .success(3))
        #expect(bench.call(.base, 7) == .error(.notSupported))
    }

    @Test("Probing finds every extension that is offered, and no other")
    func probe() {
        for id in SBI.Extension.allCases { #expect(bench.call(.base, 3, id.rawValue) == .success(1)) }
        for legacy in 0...8 as ClosedRange<UInt64> { #expect(bench.call(.base, 3, legacy) == .success(1)) }
        for id in [9, 0x504d55, 0x5355_5350, UInt64.max] as [UInt64] {
            #expect(bench.call(.base, 3, id) == .success(0))
            #expect(bench.legacy(id) == .error(.notSupported))
        }
    }

    @Test("Unknown functions of known extensions are not supported")
    func unknownFunctions() {
        for id in SBI.Extension.allCases {
            #expect(bench.call(id, 99) == .error(.notSupported))
            #expect(bench.call(id, UInt64.max) == .error(.notSupported))
        }
        #expect(bench.harts.takeEvents().isEmpty)
    }

    @Test("A hart sets its own timer")
    func timer() {
        #expect(bench.call(.timer, 0, 12345, from: 2) == .success())
        #expect(bench.harts.takeEvents() == [.timer(12345, hart: 2)])
    }

    @Test("Interrupts go to the harts of the mask")
    func interprocessor() {
        #expect(bench.call(.interprocessor, 0, 0b101, 1) == .success())
        #expect(
            bench.harts.takeEvents() == [
                .softwareInterrupt(true, hart: 1), .softwareInterrupt(true, hart: 3),
            ])
        #expect(bench.call(.interprocessor, 0, 0, SBIBench.noHart) == .success())
        #expect(bench.harts.takeEvents().count == 4)
        #expect(bench.call(.interprocessor, 0, 0, 0) == .success())
        #expect(bench.harts.takeEvents().isEmpty)
    }

    @Test(
        "Masks that name a hart which does not exist are refused",
        arguments: [
            (0b1_0000, 0), (0b10, 3), (1, 4), (0, 4), (1, 64), (1, 1 << 63), (UInt64.max, 0), (2, 63),
        ]
            as [(UInt64, UInt64)])
    func badMasks(mask: UInt64, base: UInt64) {
        #expect(bench.call(.interprocessor, 0, mask, base) == .error(.invalidParameter))
        #expect(bench.call(.remoteFence, 1, mask, base) == .error(.invalidParameter))
        #expect(bench.harts.takeEvents().isEmpty)
    }

    @Test("Fences say what to forget")
    func fences() {
        let two = HartSet(rawValue: 0b11)
        #expect(bench.call(.remoteFence, 0, 0b11, 0) == .success())
        #expect(bench.call(.remoteFence, 1, 0b11, 0, 0x1000, 0x2000) == .success())
        #expect(bench.call(.remoteFence, 2, 0b11, 0, 0x1000, 0x1000, 7) == .success())
        #expect(
            bench.harts.takeEvents() == [
                .fence(.instructions, two),
                .fence(.translations(addresses: 0x1000...0x2fff, addressSpace: nil), two),
                .fence(.translations(addresses: 0x1000...0x1fff, addressSpace: 7), two),
            ])
        #expect(bench.call(.remoteFence, 3, 1, 0) == .error(.notSupported))
    }

    @Test(
        "Ranges without bounds mean everything",
        arguments: [(0, 0), (0x1000, 0), (0, .max), (0x1000, .max), (.max, 2)] as [(UInt64, UInt64)])
    func unboundedFences(start: UInt64, size: UInt64) {
        #expect(bench.call(.remoteFence, 1, 1, 0, start, size) == .success())
        let everything = RemoteFence.translations(addresses: nil, addressSpace: nil)
        #expect(bench.harts.takeEvents() == [.fence(everything, HartSet(rawValue: 1))])
    }

    @Test("A range may end at the last address")
    func lastAddress() {
        _ = bench.call(.remoteFence, 1, 1, 0, UInt64.max, 1)
        let last = RemoteFence.translations(addresses: UInt64.max...UInt64.max, addressSpace: nil)
        #expect(bench.harts.takeEvents() == [.fence(last, HartSet(rawValue: 1))])
    }
}
