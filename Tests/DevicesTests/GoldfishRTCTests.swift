import Devices
import Machine
import Synchronization
import TestSupport
import Testing

@Suite("The real-time clock")
struct GoldfishRTCTests {
    /// A wall clock that moves by hand.
    final class WallClock: Sendable {
        let nanoseconds = Atomic<UInt64>(0x1234_5678_9abc_def0)
    }

    let wall = WallClock()
    let wire = RecordingInterrupt()
    let timers = Recorder<UInt64?>()
    let rtc: GoldfishRTC

    init() {
        let (wall, timers) = (wall, timers)
        rtc = GoldfishRTC(
            interrupt: wire.line, wallClock: { wall.nanoseconds.load(ordering: .relaxed) },
            schedule: { timers.record($0) })
    }

    private func write(_ offset: UInt64, _ value: UInt64) { rtc.write(at: offset, width: .word, value) }
    private func read(_ offset: UInt64) -> UInt64 { rtc.read(at: offset, width: .word) }
    private func setAlarm(_ time: UInt64) {
        write(0x0c, time >> 32)
        write(0x08, time & 0xffff_ffff)
    }

    @Test("Reading the low half freezes the high half")
    func readTime() {
        #expect(read(0) == 0x9abc_def0)
        wall.nanoseconds.store(0x2_0000_0000, ordering: .relaxed)
        #expect(read(4) == 0x1234_5678)
        #expect(read(0) == 0)
        #expect(read(4) == 2)
    }

    @Test("The guest can set the time, which then goes on")
    func setTime() {
        write(4, 1)
        write(0, 5)
        wall.nanoseconds.wrappingAdd(10, ordering: .relaxed)
        #expect(read(0) == 15)
        #expect(read(4) == 1)
    }

    @Test("An alarm in the future asks for a timer and interrupts when that runs out")
    func alarm() {
        write(0x10, 1)
        let now = wall.nanoseconds.load(ordering: .relaxed)
        setAlarm(now + 1000)
        #expect(timers.recorded.last == 1000)
        #expect(read(0x18) == 1)
        rtc.alarmExpired()
        #expect(!wire.level)
        #expect(timers.recorded.last == 1000)
        wall.nanoseconds.wrappingAdd(1000, ordering: .relaxed)
        rtc.alarmExpired()
        #expect(wire.level)
        #expect(read(0x18) == 0)
        write(0x1c, 1)
        #expect(!wire.level)
    }

    @Test("An alarm in the past interrupts at once")
    func pastAlarm() {
        write(0x10, 1)
        setAlarm(1)
        #expect(wire.level)
        #expect(timers.recorded.last == .some(nil))
    }

    @Test("A cleared alarm asks for no timer; a masked one does not interrupt")
    func clearAndMask() {
        setAlarm(UInt64.max)
        write(0x14, 1)
        #expect(timers.recorded.last == .some(nil))
        #expect(read(0x18) == 0)
        setAlarm(1)
        #expect(!wire.level)
        write(0x10, 1)
        #expect(wire.level)
        rtc.reset()
        #expect(!wire.level)
    }

    @Test("The host's clock is past 2020")
    func hostTime() { #expect(GoldfishRTC.hostTime() > 1_577_836_800_000_000_000) }
}
