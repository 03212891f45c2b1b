import Devices
import Foundation
import Machine
import Synchronization
import TestSupport
import Testing

@Suite("The PC's real-time clock")
struct CMOSClockTests {
    /// A wall clock that moves by hand.
    final class WallClock: Sendable {
        let nanoseconds = Atomic<UInt64>(1_709_251_199_000_000_000)  // 2024-02-29 23:59:59, a Thursday
    }

    let wall = WallClock()
    let wire = RecordingInterrupt()
    let timers = Recorder<UInt64?>()
    let clock: CMOSClock

    init() {
        let (wall, timers) = (wall, timers)
        clock = CMOSClock(
            interrupt: wire.line, wallClock: { wall.nanoseconds.load(ordering: .relaxed) },
            contents: [0x34: 0x12, 4: 9], schedule: { timers.record($0) })
    }

    private func read(_ register: UInt64) -> UInt64 {
        clock.write(at: 0, width: .byte, register | 0x80)
        return clock.read(at: 1, width: .byte)
    }

    private func write(_ register: UInt64, _ value: UInt64) {
        clock.write(at: 0, width: .byte, register)
        clock.write(at: 1, width: .byte, value)
    }

    private func pass(_ seconds: Double) {
        wall.nanoseconds.wrappingAdd(UInt64(seconds * 1e9), ordering: .relaxed)
    }

    private var date: [UInt64] { [0x32, 9, 8, 7, 6, 4, 2, 0].map(read) }

    @Test("The date is that of the host, in decimal digits, over a leap day")
    func hostDate() {
        #expect(date == [0x20, 0x24, 0x02, 0x29, 5, 0x23, 0x59, 0x59])
        pass(1)
        #expect(date == [0x20, 0x24, 0x03, 0x01, 6, 0, 0, 0])
    }

    @Test("Registers may be binary, and hours in twos of twelve")
    func formats() {
        write(11, 4)
        #expect(date == [20, 24, 2, 29, 5, 0x80 | 11, 59, 59])
        write(11, 6)
        #expect(date == [20, 24, 2, 29, 5, 23, 59, 59])
    }

    @Test("The calendar agrees with Foundation's")
    func calendar() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        write(11, 6)
        for day in stride(from: 0, through: 80_000, by: 173) {
            let seconds = day * 86_400 + day * 7 % 86_400
            wall.nanoseconds.store(UInt64(seconds) * 1_000_000_000, ordering: .relaxed)
            let parts = calendar.dateComponents(
                [.year, .month, .day, .weekday, .hour, .minute, .second],
                from: Date(timeIntervalSince1970: Double(seconds)))
            let year = try #require(parts.year)
            let wanted = [
                year / 100, year % 100, parts.month, parts.day, parts.weekday, parts.hour, parts.minute,
                parts.second,
            ]
            #expect(date == wanted.map { UInt64($0 ?? 0) })
        }
    }

    @Test("A clock that was set goes on from there")
    func setting() {
        write(11, 0x82)
        for (register, value) in zip([0x32, 9, 8, 7, 4, 2, 0], [0x19, 0x99, 0x12, 0x31, 0x23, 0x59, 0x58]) {
            write(UInt64(register), UInt64(value))
        }
        pass(5)
        #expect(read(0) == 0x58)
        write(11, 2)
        #expect(read(0) == 0x58)
        pass(2)
        #expect(date == [0x20, 0, 1, 1, 7, 0, 0, 0])
    }

    @Test("An update is announced right before it happens")
    func announcement() {
        #expect(read(10) == 0x26)
        pass(0.9998)
        #expect(read(10) == 0xA6)
        pass(0.0002)
        #expect(read(10) == 0x26)
    }

    @Test("Flags tell what has happened, and reading them clears them")
    func flags() {
        _ = read(12)
        pass(1)
        #expect(read(12) & 0x10 != 0)
        #expect(read(12) == 0)
        #expect(!wire.level)
    }

    @Test("The alarm asks for a timer and interrupts until register C is read")
    func alarm() {
        write(1, 0x30)
        write(3, 0x02)
        write(5, 0xC0)
        write(11, 0x22)
        #expect(timers.recorded.last == 151_000_000_000)
        pass(150.5)
        clock.alarmExpired()
        #expect(!wire.level)
        pass(0.5)
        clock.alarmExpired()
        #expect(wire.level)
        #expect(read(12) & 0xA0 == 0xA0)
        #expect(!wire.level)
        #expect(timers.recorded.last == 3_600_000_000_000)
    }

    @Test("The periodic interrupt has the rate of register A")
    func periodic() {
        write(11, 0x42)
        let wait = (timers.recorded.last ?? nil) ?? 0
        #expect((1...976_563).contains(wait))
        pass(0.001)
        clock.alarmExpired()
        #expect(wire.level)
        #expect(read(12) & 0xC0 == 0xC0)
        clock.reset()
        #expect(timers.recorded.last == .some(nil))
    }

    @Test("Firmware's bytes are kept; the clock's own cannot be given")
    func bytes() {
        #expect(read(0x34) == 0x12)
        #expect(read(4) == 0x23)
        write(0x7F, 0x55)
        clock.reset()
        #expect(read(0x7F) == 0x55)
        #expect(read(13) == 0x80)
    }

    @Test("Random bytes crash nothing")
    func hostile() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50_000 {
            write(random.next() % 16, random.next() & 0xFF)
            #expect(read(random.next() % 60) <= 0xFF, "seed \(seed)")
            pass(Double(random.next() % 1000) / 100)
            if random.next() % 16 == 0 { clock.alarmExpired() }
        }
    }
}
