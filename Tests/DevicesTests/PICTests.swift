import Devices
import Machine
import TestSupport
import Testing

@Suite("The 8259 interrupt controllers")
struct PICTests {
    private let wire = RecordingInterrupt()
    private let pic: PIC

    /// As firmware sets them up: vectors 8 and 0x70, nothing masked.
    init() {
        pic = PIC(interrupt: wire.line)
        for (ports, vector, cascade) in [(pic.firstPorts, 8, 4), (pic.secondPorts, 0x70, 2)] {
            for (offset, value) in [(0, 0x11), (1, vector), (1, cascade), (1, 1), (1, 0)] {
                ports.write(at: UInt64(offset), width: .byte, UInt64(value))
            }
        }
    }

    private func end(second: Bool = false) {
        if second { pic.secondPorts.write(at: 0, width: .byte, 0x20) }
        pic.firstPorts.write(at: 0, width: .byte, 0x20)
    }

    @Test("A rising wire interrupts once")
    func edge() {
        pic.line(4).set(true)
        #expect(wire.level)
        #expect(pic.acknowledge() == 12)
        #expect(!wire.level)
        end()
        #expect(pic.acknowledge() == nil)
        pic.line(4).set(false)
        pic.line(4).set(true)
        #expect(pic.acknowledge() == 12)
    }

    @Test("What is more urgent interrupts a handler, what is less waits for its end")
    func priority() {
        pic.line(3).set(true)
        #expect(pic.acknowledge() == 11)
        pic.line(5).set(true)
        #expect(pic.acknowledge() == nil)
        pic.line(1).set(true)
        #expect(pic.acknowledge() == 9)
        end()
        end()
        #expect(pic.acknowledge() == 13)
    }

    @Test("An input that rises again while it is served waits for its end", arguments: [1, 12])
    func nesting(input: Int) {
        let vector: UInt8 = input < 8 ? 9 : 0x74
        pic.line(input).set(true)
        #expect(pic.acknowledge() == vector)
        pic.line(input).set(false)
        pic.line(input).set(true)
        #expect(!wire.level)
        #expect(pic.acknowledge() == nil)
        end(second: input >= 8)
        #expect(wire.level)
        #expect(pic.acknowledge() == vector)
    }

    @Test("The second chip's interrupts come through input 2")
    func cascade() {
        pic.line(8).set(true)
        pic.line(14).set(true)
        #expect(pic.acknowledge() == 0x70)
        pic.line(1).set(true)
        #expect(pic.acknowledge() == 9)
        end()
        #expect(pic.acknowledge() == nil)
        end(second: true)
        #expect(pic.acknowledge() == 0x76)
    }

    @Test("A masked input waits until it is not")
    func mask() {
        pic.firstPorts.write(at: 1, width: .byte, 0x10)
        pic.line(4).set(true)
        #expect(!wire.level)
        #expect(pic.firstPorts.read(at: 1, width: .byte) == 0x10)
        pic.firstPorts.write(at: 1, width: .byte, 0)
        #expect(wire.level)
    }

    @Test("A level-triggered input interrupts as long as it is asserted")
    func level() {
        pic.triggerPorts.write(at: 1, width: .byte, 0x02)
        #expect(pic.triggerPorts.read(at: 1, width: .byte) == 0x02)
        pic.line(9).set(true)
        #expect(pic.acknowledge() == 0x71)
        end(second: true)
        #expect(pic.acknowledge() == 0x71)
        pic.line(9).set(false)
        end(second: true)
        #expect(pic.acknowledge() == nil)
    }

    @Test("The registers of requests and of service can be read")
    func registers() {
        pic.line(4).set(true)
        pic.firstPorts.write(at: 0, width: .byte, 0x0A)
        #expect(pic.firstPorts.read(at: 0, width: .byte) == 0x10)
        _ = pic.acknowledge()
        pic.firstPorts.write(at: 0, width: .byte, 0x0B)
        #expect(pic.firstPorts.read(at: 0, width: .byte) == 0x10)
    }
}
