import Firmware
import Machine
import Testing

@Suite("The SBI: hart states and system reset")
struct SBIHartStateTests {
    static let entry = SBIBench.base + 0x1000
    let bench: SBIBench

    init() throws { bench = try SBIBench() }

    @Test("One hart is started, the others are stopped, the rest do not exist")
    func initialStates() {
        #expect(bench.call(.hartState, 2, 0) == .success(0))
        #expect(bench.call(.hartState, 2, 3) == .success(1))
        #expect(bench.call(.hartState, 2, 4) == .error(.invalidParameter))
        #expect(bench.call(.hartState, 2, UInt64.max) == .error(.invalidParameter))
    }

    @Test("A stopped hart is started once, with its number and the opaque value")
    func start() {
        #expect(bench.call(.hartState, 0, 2, Self.entry, 77) == .success())
        #expect(bench.harts.takeEvents() == [.start(HartEntry(address: Self.entry, hart: 2, opaque: 77))])
        #expect(bench.call(.hartState, 2, 2) == .success(0))
        #expect(bench.call(.hartState, 0, 2, Self.entry, 77) == .error(.alreadyAvailable))
        #expect(bench.harts.takeEvents().isEmpty)
    }

    @Test("No hart starts where there is no RAM, and no hart that does not exist")
    func badStart() {
        for address in [0, SBIBench.base - 2, SBIBench.base + 1, SBIBench.base + (1 << 20), UInt64.max] {
            #expect(bench.call(.hartState, 0, 1, address) == .error(.invalidAddress))
        }
        #expect(bench.call(.hartState, 0, 4, Self.entry) == .error(.invalidParameter))
        #expect(bench.call(.hartState, 0, UInt64.max, Self.entry) == .error(.invalidParameter))
        #expect(bench.harts.takeEvents().isEmpty)
    }

    @Test("A hart that stops itself can be started again")
    func stop() {
        _ = bench.call(.hartState, 0, 1, Self.entry)
        #expect(bench.call(.hartState, 1, from: 1) == .noReturn)
        #expect(bench.sbi.state(of: 1) == .stopped)
        #expect(bench.call(.hartState, 0, 1, Self.entry) == .success())
        #expect(bench.sbi.state(of: 1) == .started)
    }

    @Test("Retentive suspension returns after the call, the other kind elsewhere")
    func suspend() {
        #expect(bench.call(.hartState, 3, 0) == .suspend(resume: nil))
        #expect(bench.call(.hartState, 2, 0, from: 1) == .success(4))
        bench.sbi.resumed(0)
        #expect(bench.sbi.state(of: 0) == .started)
        let resume = HartEntry(address: Self.entry, hart: 0, opaque: 5)
        #expect(bench.call(.hartState, 3, 0x8000_0000, Self.entry, 5) == .suspend(resume: resume))
        bench.sbi.resumed(0)
        #expect(bench.call(.hartState, 3, 0x8000_0000, 3) == .error(.invalidAddress))
        #expect(bench.call(.hartState, 3, 1) == .error(.invalidParameter))
        #expect(bench.sbi.state(of: 0) == .started)
    }

    @Test("Waking does not start a hart that was stopped")
    func spuriousResume() {
        bench.sbi.resumed(1)
        bench.sbi.resumed(99)
        #expect(bench.sbi.state(of: 1) == .stopped)
        #expect(bench.sbi.state(of: 99) == nil)
    }

    @Test("Reset starts over")
    func reset() {
        _ = bench.call(.hartState, 0, 1, Self.entry)
        _ = bench.call(.hartState, 1, from: 0)
        bench.sbi.reset()
        #expect(bench.sbi.state(of: 0) == .started)
        #expect(bench.sbi.state(of: 1) == .stopped)
    }

    @Test(
        "Shutdown and reboots end the machine as their reason tells",
        arguments: [
            (0, 0, .powerOff), (1, 0, .reset), (2, 0, .reset), (0, 1, .failed(code: 1)),
            (1, 1, .failed(code: 1)),
        ] as [(UInt64, UInt64, PowerRequest)])
    func systemReset(type: UInt64, reason: UInt64, expected: PowerRequest) {
        #expect(bench.call(.systemReset, 0, type, reason) == .noReturn)
        #expect(bench.harts.takeEvents() == [.power(expected)])
    }

    @Test(
        "Reserved types and reasons are refused",
        arguments: [(3, 0), (0, 2), (0xf000_0000, 0)] as [(UInt64, UInt64)])
    func badReset(type: UInt64, reason: UInt64) {
        #expect(bench.call(.systemReset, 0, type, reason) == .error(.invalidParameter))
        #expect(bench.harts.takeEvents().isEmpty)
    }
}
