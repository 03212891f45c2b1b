import Devices
import Machine
import TestSupport
import Testing

@Suite("Software interrupts and the machine timer")
struct ACLINTTests {
    struct Compare: Equatable {
        let hart: Int
        let value: UInt64
    }

    let wires = [RecordingInterrupt(), RecordingInterrupt()]
    let clock = ManualClock()
    let compares = Recorder<Compare>()
    let aclint: ACLINT

    init() {
        let compares = compares
        aclint = ACLINT(softwareInterrupts: wires.map(\.line), clock: clock) {
            compares.record(Compare(hart: $0, value: $1))
        }
    }

    @Test("Bit 0 of a hart's word is its software interrupt")
    func softwareInterrupts() {
        aclint.write(at: 4, width: .word, 0xffff_ffff)
        #expect(!wires[0].level)
        #expect(wires[1].level)
        #expect(aclint.read(at: 4, width: .word) == 1)
        aclint.write(at: 4, width: .word, 0xffff_fffe)
        #expect(!wires[1].level)
        aclint.write(at: 8, width: .word, 1)
        #expect(aclint.read(at: 8, width: .word) == 0)
    }

    @Test("mtime shows the clock, whole and in halves")
    func time() {
        clock.advance(by: 0x1_2345_6789)
        #expect(aclint.read(at: 0xbff8, width: .double) == 0x1_2345_6789)
        #expect(aclint.read(at: 0xbff8, width: .word) == 0x2345_6789)
        #expect(aclint.read(at: 0xbffc, width: .word) == 1)
    }

    @Test("mtimecmp is told to the hart, whole and in halves")
    func compare() {
        aclint.write(at: 0x4008, width: .double, 1000)
        #expect(compares.recorded == [Compare(hart: 1, value: 1000)])
        aclint.write(at: 0x400c, width: .word, 2)
        #expect(compares.recorded.last == Compare(hart: 1, value: 0x2_0000_03e8))
        aclint.write(at: 0x4008, width: .word, 0xffff_ffff_0000_0001)
        #expect(aclint.read(at: 0x4008, width: .double) == 0x2_0000_0001)
        #expect(aclint.read(at: 0x4000, width: .double) == UInt64.max)
    }

    @Test("Setting mtime moves the deadlines as seen by the clock")
    func setTime() {
        clock.advance(by: 1000)
        aclint.write(at: 0x4000, width: .double, 500)
        aclint.write(at: 0xbff8, width: .double, 0)
        #expect(aclint.read(at: 0xbff8, width: .double) == 0)
        #expect(
            compares.recorded.suffix(2) == [Compare(hart: 0, value: 1500), Compare(hart: 1, value: .max)])
        clock.advance(by: 7)
        #expect(aclint.read(at: 0xbff8, width: .double) == 7)
        aclint.write(at: 0xbff8, width: .double, 10_000)
        #expect(compares.recorded.suffix(2).first == Compare(hart: 0, value: 0))
    }

    @Test("Reset clears interrupts, and no timer is due")
    func reset() {
        aclint.write(at: 0, width: .word, 1)
        aclint.write(at: 0x4000, width: .double, 0)
        aclint.reset()
        #expect(!wires[0].level)
        #expect(
            compares.recorded.suffix(2) == [Compare(hart: 0, value: .max), Compare(hart: 1, value: .max)])
    }

    @Test("Supervisor software interrupts are raised by writing one, and read as zero")
    func supervisorSoftwareInterrupts() {
        let raised = Recorder<Int>()
        let device = SupervisorSoftwareInterrupts(harts: 2) { raised.record($0) }
        device.write(at: 4, width: .word, 1)
        device.write(at: 0, width: .word, 0)
        device.write(at: 8, width: .word, 1)
        device.write(at: 2, width: .word, 1)
        #expect(raised.recorded == [1])
        #expect(device.read(at: 4, width: .word) == 0)
    }
}
