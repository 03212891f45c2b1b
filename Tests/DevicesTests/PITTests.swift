import Devices
import Machine
import Synchronization
import TestSupport
import Testing

@Suite("The 8254 timer")
struct PITTests {
    /// One tick of the timer's a tick.
    private let clock = ManualClock(frequency: PIT.frequency)
    private let wire = Pulses()
    private let wishes = Recorder<UInt64>()
    private let pit: PIT

    /// Counts how often a wire rises.
    final class Pulses: Sendable {
        private let state = Mutex((count: 0, level: false))
        var line: InterruptLine {
            InterruptLine { [self] asserted in
                state.withLock {
                    if asserted, !$0.level { $0.count += 1 }
                    $0.level = asserted
                }
            }
        }
        var count: Int { state.withLock { $0.count } }
    }

    init() {
        let wishes = wishes
        pit = PIT(clock: clock, interrupt: wire.line, schedule: { wishes.record($0) })
    }

    private func write(_ offset: UInt64, _ values: UInt64...) {
        for value in values { pit.counterPorts.write(at: offset, width: .byte, value) }
    }

    private func read(_ offset: UInt64) -> UInt64 { pit.counterPorts.read(at: offset, width: .byte) }

    @Test("A rate generator interrupts again and again")
    func rate() {
        write(3, 0x34)
        write(0, 0x00, 0x10)
        #expect((wishes.recorded.last ?? 0) >= 4096)
        clock.advance(by: 4095)
        pit.timerExpired()
        #expect(wire.count == 0)
        clock.advance(by: 1)
        pit.timerExpired()
        #expect(wire.count == 1)
        clock.advance(by: 4096)
        pit.timerExpired()
        #expect(wire.count == 2)
    }

    @Test("Counts can be latched, and count down")
    func latch() {
        write(3, 0x34)
        write(0, 0x00, 0x10)
        clock.advance(by: 0x123)
        write(3, 0x00)
        clock.advance(by: 100)
        #expect(read(0) == 0xDD)
        #expect(read(0) == 0x0E)
        #expect(read(0) == 0x79)
    }

    @Test("An interrupt on terminal count comes once")
    func terminalCount() {
        write(3, 0x30)
        write(0, 10, 0)
        clock.advance(by: 10)
        pit.timerExpired()
        #expect(wire.count == 1)
        #expect(wishes.recorded.last == .max)
        clock.advance(by: 100_000)
        pit.timerExpired()
        #expect(wire.count == 1)
    }

    @Test("Channel 2 shows its output in port 0x61 and counts while its gate is open")
    func speaker() {
        pit.speakerPort.write(at: 0, width: .byte, 1)
        write(3, 0xB0)
        write(2, 100, 0)
        #expect(pit.speakerPort.read(at: 0, width: .byte) & 0x21 == 0x01)
        clock.advance(by: 50)
        pit.speakerPort.write(at: 0, width: .byte, 0)
        clock.advance(by: 100)
        #expect(pit.speakerPort.read(at: 0, width: .byte) & 0x20 == 0)
        pit.speakerPort.write(at: 0, width: .byte, 1)
        clock.advance(by: 50)
        #expect(pit.speakerPort.read(at: 0, width: .byte) & 0x21 == 0x21)
    }

    @Test("The read-back command tells mode and output")
    func readBack() {
        write(3, 0x36)
        write(0, 100, 0)
        write(3, 0xE2)
        #expect(read(0) == 0xB6)
        clock.advance(by: 60)
        write(3, 0xE2)
        #expect(read(0) == 0x36)
    }
}
