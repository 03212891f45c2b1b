import Devices
import Machine
import Synchronization
import TestSupport
import Testing

@Suite("The local and the I/O APIC")
struct APICTests {
    /// What the APIC asked of its core and of the I/O APIC.
    final class Wishes: Sendable {
        let deadline = Mutex<UInt64>(.max)
        let ended = Mutex<[UInt8]>([])
    }

    let clock = ManualClock(frequency: 1_000_000_000)
    let output = RecordingInterrupt()
    let wishes = Wishes()
    let apic: LocalAPIC

    init() {
        apic = LocalAPIC(
            identifier: 0, clock: clock, ticksPerCount: 40, interrupt: output.line,
            schedule: { [wishes] tick in wishes.deadline.withLock { $0 = tick } },
            endOfInterrupt: { [wishes] vector in wishes.ended.withLock { $0.append(vector) } })
        write(0xF0, 0x1FF)
    }

    private func write(_ offset: UInt64, _ value: UInt64) { apic.write(at: offset, width: .word, value) }
    private func read(_ offset: UInt64) -> UInt64 { apic.read(at: offset, width: .word) }

    @Test("The highest vector goes first, and holds lower ones off until it has ended")
    func priorities() {
        apic.accept(0x31, isLevel: false)
        apic.accept(0x52, isLevel: false)
        #expect(output.level)
        #expect(apic.acknowledge() == 0x52)
        #expect(!output.level)
        #expect(apic.acknowledge() == nil)
        apic.accept(0x61, isLevel: true)
        #expect(apic.acknowledge() == 0x61)
        write(0xB0, 0)
        #expect(wishes.ended.withLock { $0 } == [0x61])
        write(0xB0, 0)
        #expect(apic.acknowledge() == 0x31)
    }

    @Test("The task priority holds vectors off")
    func taskPriority() {
        apic.taskPriority = 5
        apic.accept(0x5F, isLevel: false)
        #expect(!output.level)
        apic.taskPriority = 4
        #expect(output.level)
        #expect(read(0x80) == 0x40)
    }

    @Test("A periodic timer fires again and again, a masked one never")
    func periodicTimer() {
        write(0x3E0, 0b1011)  // divide by 1
        write(0x320, 0x2_0040)
        write(0x380, 100)
        #expect(wishes.deadline.withLock { $0 } == 4000)
        clock.advance(by: 2000)
        #expect(read(0x390) == 50)
        clock.advance(by: 2000)
        apic.timerExpired()
        #expect(apic.acknowledge() == 0x40)
        #expect(wishes.deadline.withLock { $0 } == 8000)
        write(0xB0, 0)
        write(0x320, 0x3_0040)
        clock.advance(by: 4000)
        apic.timerExpired()
        #expect(apic.acknowledge() == nil)
    }

    @Test("A deadline fires once, and counts only in its mode")
    func deadlineTimer() {
        apic.setDeadline(10)
        #expect(wishes.deadline.withLock { $0 } == .max)
        write(0x320, 0x4_0041)
        apic.setDeadline(10)
        #expect(wishes.deadline.withLock { $0 } == 10)
        clock.advance(by: 10)
        apic.timerExpired()
        #expect(apic.acknowledge() == 0x41)
        #expect(wishes.deadline.withLock { $0 } == .max)
    }

    @Test("A level is sent again as long as it is asserted, an edge once")
    func inputs() {
        let sent = Mutex<[UInt8]>([])
        let outer = IOAPIC { message in sent.withLock { $0.append(message.vector) } }
        func set(_ register: UInt64, _ value: UInt64) {
            outer.write(at: 0, width: .word, register)
            outer.write(at: 0x10, width: .word, value)
        }
        set(0x10 + 2 * 4, 0x8030)
        set(0x10 + 2 * 5, 0x0031)
        outer.line(4).set(true)
        outer.line(5).set(true)
        outer.line(5).set(true)
        outer.endOfInterrupt(0x30)
        outer.line(4).set(false)
        outer.endOfInterrupt(0x30)
        #expect(sent.withLock { $0 } == [0x30, 0x31, 0x30])
    }

    @Test("Registers written at random do no harm")
    func randomAccesses() {
        var generator = SeededGenerator(seed: 7)
        let outer = IOAPIC { [apic] in apic.take($0) }
        for _ in 0..<20_000 {
            let offset = generator.next() & 0x3F0
            let value = generator.next()
            switch generator.next() % 6 {
            case 0: write(offset, value)
            case 1: _ = read(offset)
            case 2: outer.write(at: offset & 0x10, width: .word, value & 0xFFFF)
            case 3: outer.line(Int(value % 30)).set(value & 64 != 0)
            case 4: _ = apic.acknowledge()
            default:
                clock.advance(by: value & 0xFFFF)
                apic.timerExpired()
            }
        }
        apic.reset()
        #expect(!output.level)
    }
}
