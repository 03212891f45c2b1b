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

    /// Local APICs on one bus, and what they asked of their cores.
    private func several(_ count: UInt32) -> (bus: APICBus, apics: [LocalAPIC], signals: Signals) {
        let (bus, signals) = (APICBus(), Signals())
        let apics = (0..<count).map { number in
            LocalAPIC(
                identifier: number, clock: clock, ticksPerCount: 40, interrupt: RecordingInterrupt().line,
                schedule: { _ in }, endOfInterrupt: { _ in }, send: { bus.send($0, from: $1) },
                signal: { signal in signals.seen.withLock { $0.append((number, signal)) } })
        }
        for apic in apics {
            bus.join(apic)
            apic.write(at: 0xF0, width: .word, 0x1FF)
        }
        return (bus, apics, signals)
    }

    final class Signals: Sendable {
        let seen = Mutex<[(UInt32, LocalAPIC.Signal)]>([])
    }

    @Test("A command reaches those whom it names")
    func commands() {
        let (_, apics, signals) = several(4)
        func command(_ low: UInt64, to high: UInt64 = 0) -> [UInt32] {
            apics[1].write(at: 0x310, width: .word, high << 24)
            apics[1].write(at: 0x300, width: .word, low)
            return apics.indices.filter { apics[$0].acknowledge() != nil }.map(UInt32.init)
        }
        for (index, apic) in apics.enumerated() {
            apic.write(at: 0xD0, width: .word, 1 << (24 + UInt64(index)))
        }
        #expect(command(0x40, to: 2) == [2])
        #expect(command(0x50, to: 0xFF) == [0, 1, 2, 3])
        #expect(command(0x860, to: 0b1001) == [0, 3])
        #expect(command(0x4_0070) == [1])
        #expect(command(0x8_0080) == [0, 1, 2, 3])
        #expect(command(0xC_0090) == [0, 2, 3])
        // The lowest priority: each has five vectors in service, so a task priority decides.
        apics[0].taskPriority = 0xF
        #expect(command(0x9A0, to: 0b0101) == [2])
        #expect(command(0x4500, to: 3).isEmpty)
        #expect(command(0x4612, to: 3).isEmpty)
        #expect(command(0x4400, to: 0).isEmpty)
        let expected: [LocalAPIC.Signal] = [.initialise, .startUp(0x12), .nonMaskable]
        #expect(signals.seen.withLock { $0.map(\.1) } == expected)
        #expect(signals.seen.withLock { $0.map(\.0) } == [3, 3, 0])
    }

    @Test("x2APIC mode has its registers elsewhere, and refuses what is reserved")
    func extendedMode() {
        #expect(apic.read(register: 0x802) == nil)
        #expect(!apic.write(register: 0x80B, 0))
        #expect(apic.window == LocalAPIC.address)
        #expect(apic.setBase(LocalAPIC.address | 0xD00))
        #expect(apic.window == nil)
        #expect(apic.read(register: 0x803) == 0x0005_0014)
        #expect(apic.read(register: 0x80D) == 1)
        #expect(apic.write(register: 0x83F, 0x45))
        #expect(apic.acknowledge() == 0x45)
        #expect(apic.write(register: 0x80B, 0))
        #expect(!apic.write(register: 0x80B, 1))
        #expect(!apic.write(register: 0x802, 0))
        #expect(!apic.write(register: 0x80E, 0))
        #expect(apic.read(register: 0x831) == nil)
        #expect(apic.write(register: 0x830, 0x4_0052))
        #expect(apic.acknowledge() == 0x52)
        // Back only by way of being off.
        #expect(!apic.setBase(LocalAPIC.address | 0x900))
        #expect(apic.setBase(LocalAPIC.address | 0x100))
        #expect(apic.window == nil)
        #expect(apic.setBase(0x1234_5000 | 0x900))
        #expect(apic.window == 0x1234_5000)
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
