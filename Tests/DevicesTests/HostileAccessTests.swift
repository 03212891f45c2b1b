import Devices
import Host
import Machine
import TestSupport
import Testing

@Suite("Hostile guests")
struct HostileAccessTests {
    /// Every platform device, wired to nothing.
    private static func devices() -> [any DescribedDevice] {
        let lines = [InterruptLine](repeating: .unconnected, count: 8)
        return [
            SerialPort(interrupt: .unconnected, transmit: { _ in }),
            PLIC(contexts: lines + lines),
            PLIC(contexts: []),
            ACLINT(softwareInterrupts: lines, clock: ManualClock(), setTimerCompare: { _, _ in }),
            ACLINT(softwareInterrupts: [], clock: ManualClock(), setTimerCompare: { _, _ in }),
            SupervisorSoftwareInterrupts(harts: 8, raise: { _ in }),
            GoldfishRTC(interrupt: .unconnected, schedule: { _ in }),
            Syscon(request: { _ in }),
        ]
    }

    /// Mostly near registers, sometimes anywhere.
    private static func offset(_ random: inout SeededGenerator, within size: UInt64) -> UInt64 {
        switch random.next() % 4 {
        case 0: random.next() % 64
        case 1: random.next() % size & ~7
        case 2: size &- random.next() % 64
        default: random.next()
        }
    }

    @Test("Random accesses crash no device, and narrow reads stay narrow")
    func randomAccesses() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for device in Self.devices() {
            for _ in 0..<20_000 {
                let offset = Self.offset(&random, within: device.description.size)
                let width = [AccessWidth.byte, .half, .word, .double][Int(random.next() % 4)]
                if random.next() % 2 == 0 {
                    device.write(at: offset, width: width, random.next())
                } else {
                    let value = device.read(at: offset, width: width)
                    let fits = width == .double || value >> (UInt64(width.rawValue) * 8) == 0
                    #expect(fits, "\(device.description.name) at \(offset), seed \(seed)")
                }
            }
            device.reset()
        }
    }

    @Test("Input while the guest writes random registers is never lost track of")
    func randomSerialInput() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let port = SerialPort(interrupt: .unconnected, transmit: { _ in })
        let input = [UInt8](repeating: 0x55, count: 64)
        for _ in 0..<20_000 {
            let count = Int(random.next() % 65)
            let taken = input.withUnsafeBytes { port.receive(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            #expect(taken >= 0 && taken <= min(count, 16))
            port.write(at: random.next() % 8, width: .byte, random.next())
            _ = port.read(at: random.next() % 8, width: .byte)
        }
    }

    @Test("After a race between threads, the wire has the level that the registers ask for")
    func racingWire() throws {
        let wire = RecordingInterrupt()
        let port = SerialPort(interrupt: wire.line, transmit: { _ in })
        port.write(at: 1, width: .byte, 1)
        let line = try Thread(name: "line") {
            for _ in 0..<5000 { _ = [UInt8(1)].withUnsafeBytes { port.receive($0) } }
        }
        for _ in 0..<5000 { _ = port.read(at: 0, width: .byte) }
        line.join()
        #expect(wire.level == (port.read(at: 5, width: .byte) & 1 != 0))
        _ = port.read(at: 0, width: .byte)
        #expect(!wire.level)
    }
}
