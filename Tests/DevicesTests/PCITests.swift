import Devices
import Machine
import TestSupport
import Testing

@Suite("PCI")
struct PCITests {
    /// Answers with the offset.
    private static func echo(_ plus: UInt64) -> PortRegister {
        PortRegister(read: { offset, _ in offset + plus })
    }

    private static func function(_ capabilities: [PCIFunction.Capability] = []) -> PCIFunction {
        PCIFunction(
            PCIFunction.Identity(vendor: 0x1234, device: 1, classCode: 0xFF_0000),
            regions: [
                0: PCIFunction.Region(.ports, size: 32, echo(0x10)),
                1: PCIFunction.Region(.memory, size: 0x1000, echo(0x20)),
                4: PCIFunction.Region(.wideMemory, size: 0x4000, echo(0x30)),
            ], rom: [UInt8](repeating: 7, count: 3000), capabilities: capabilities)
    }

    private struct Bus {
        let host: PCIHost

        init(_ function: PCIFunction) { host = PCIHost(functions: [24: function], requestReset: {}) }

        func write(_ place: UInt64, _ value: UInt64, _ width: AccessWidth = .word) {
            host.write(at: 0, width: .word, 0x8000_1800 | place & ~3)
            host.write(at: 4 + (place & 3), width: width, value)
        }

        func read(_ place: UInt64) -> UInt64 {
            host.write(at: 0, width: .word, 0x8000_1800 | place)
            return host.read(at: 4, width: .word)
        }
    }

    @Test("Drivers learn sizes by writing ones")
    func sizes() {
        let bus = Bus(Self.function())
        for place in [0x10, 0x14, 0x20, 0x24, 0x30, 0x28] as [UInt64] { bus.write(place, 0xFFFF_FFFF) }
        #expect(
            [0x10, 0x14, 0x20, 0x24, 0x30, 0x28].map(bus.read) == [
                0xFFFF_FFE1, 0xFFFF_F000, 0xFFFF_C004, 0xFFFF_FFFF, 0xFFFF_F001, 0,
            ])
    }

    @Test("Registers are where base addresses say, while the command register allows it")
    func mapping() {
        let bus = Bus(Self.function())
        bus.write(0x10, 0xC000)
        bus.write(0x14, 0xE000_0000)
        bus.write(0x20, 0x0000_4000)
        bus.write(0x24, 0x10)
        bus.write(0x30, 0xE100_0001)
        #expect(bus.host.ports.read(at: 0xC004, width: .byte) == 0xFF)
        bus.write(4, 3, .byte)
        #expect(bus.host.ports.read(at: 0xC004, width: .byte) == 0x14)
        #expect(bus.host.ports.read(at: 0xC01F, width: .half) == 0xFFFF)
        #expect(bus.host.memory.read(at: 0xE000_0008, width: .word) == 0x28)
        #expect(bus.host.memory.read(at: 0x10_0000_4000, width: .word) == 0x30)
        #expect(bus.host.memory.read(at: 0xE100_0BB4, width: .word) == 0x0707_0707)
        bus.write(0x14, 0xE200_0000)
        #expect(bus.host.memory.read(at: 0xE000_0008, width: .word) == 0xFFFF_FFFF)
        bus.host.reset()
        #expect(bus.host.ports.read(at: 0xC004, width: .byte) == 0xFF)
    }

    @Test("Capabilities make a list")
    func capabilities() {
        let messages = MessageInterrupts(count: 4, send: { _, _ in })
        let bus = Bus(Self.function([.init(9, [4, 1]), messages.capability(region: 1)]))
        #expect(bus.read(4) >> 20 & 1 == 1)
        #expect(bus.read(0x34) == 0x40)
        #expect(bus.read(0x40) & 0xFFFF == 0x4409)
        #expect(bus.read(0x44) == 0x0003_0011)
        bus.write(0x44, 0xFFFF_FFFF)
        #expect(bus.read(0x44) == 0xC003_0011)
        #expect(bus.read(0x48) == 1)
        #expect(bus.read(0x4C) == 0x801)
    }

    @Test("Messages wait while they are masked")
    func messages() {
        let sent = Recorder<UInt64>()
        let table = MessageInterrupts(count: 2, send: { sent.record($0 << 16 | UInt64($1)) })
        for (offset, value) in [(16, 0xFEE0_0000), (20, 0), (24, 0x41)] as [(UInt64, UInt64)] {
            table.write(at: offset, width: .word, value)
        }
        table.signal(1)
        table.setControl(0x80)
        #expect(sent.recorded.isEmpty)
        #expect(table.read(at: 0x800, width: .word) == 2)
        table.write(at: 28, width: .word, 0)
        #expect(sent.recorded == [0xFEE0_0000_0041])
        #expect(table.read(at: 0x800, width: .word) == 0)
        table.setControl(0xC0)
        table.signal(1)
        table.signal(9)
        #expect(sent.recorded.count == 1)
        table.setControl(0x80)
        #expect(sent.recorded.count == 2)
    }

    @Test("Pins of several devices share wires, whose registers say where they lead")
    func routes() {
        let wires = (0..<16).map { _ in RecordingInterrupt() }
        let routes = PCIInterruptRoutes(lines: wires.map(\.line))
        let (third, seventh) = (routes.line(device: 3), routes.line(device: 7))
        third.set(true)
        #expect(wires.allSatisfy { !$0.level })
        routes.route(2, to: 11)
        #expect(wires[11].level)
        seventh.set(true)
        third.set(false)
        #expect(wires[11].level)
        routes.route(2, to: 10)
        #expect(!wires[11].level && wires[10].level)
        routes.route(2, to: 0x80)
        #expect(wires.allSatisfy { !$0.level })
    }

    @Test("A junction is asserted while one of its wires is")
    func junction() {
        let wire = RecordingInterrupt()
        let junction = InterruptJunction(wire.line)
        let (one, two) = (junction.source(), junction.source())
        one.set(true)
        two.set(true)
        one.set(false)
        #expect(wire.level)
        two.set(false)
        #expect(!wire.level)
    }

    @Test("Random configuration crashes nothing, and never loses the identity")
    func hostile() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let bus = Bus(Self.function([.init(5, [1, 2, 3], masks: [0xFF])]))
        for _ in 0..<50_000 {
            let width = [AccessWidth.byte, .half, .word][Int(random.next() % 3)]
            bus.write(random.next() & 0xFF, random.next(), width)
            _ = bus.host.memory.read(at: random.next(), width: .double)
            bus.host.ports.write(at: random.next() & 0xFFFF, width: width, random.next())
        }
        #expect(bus.read(0) == 0x0001_1234)
    }
}
