import Devices
import Machine
import TestSupport
import Testing

@Suite("Devices of the PC")
struct PCDeviceTests {
    // MARK: Keyboard controller and ports of control

    @Test("The keyboard controller tests itself, and the keyboard answers")
    func keyboard() {
        let wire = RecordingInterrupt()
        let controller = KeyboardController(interrupt: wire.line, requestReset: {}, setLine20: { _ in })
        let (data, command) = (controller.dataPort, controller.commandPort)
        command.write(at: 0, width: .byte, 0xAA)
        #expect(command.read(at: 0, width: .byte) & 5 == 5)
        #expect(data.read(at: 0, width: .byte) == 0x55)
        command.write(at: 0, width: .byte, 0x60)
        data.write(at: 0, width: .byte, 0x61)
        command.write(at: 0, width: .byte, 0x20)
        #expect(data.read(at: 0, width: .byte) == 0x61)
        data.write(at: 0, width: .byte, 0xFF)
        #expect(wire.level)
        #expect([0, 0].map { data.read(at: $0, width: .byte) } == [0xFA, 0xAA])
        #expect(!wire.level)
        // Of the keyboard's number 0xAB83 the second byte is translated, as if it were a key's.
        data.write(at: 0, width: .byte, 0xF2)
        #expect([0, 0, 0].map { data.read(at: $0, width: .byte) } == [0xFA, 0xAB, 0x41])
        #expect(command.read(at: 0, width: .byte) & 1 == 0)
    }

    @Test("Address line 20 and the reset line are driven from three places")
    func control() {
        let resets = Recorder<Int>()
        let lines = Recorder<Bool>()
        let controller = KeyboardController(
            interrupt: .unconnected, requestReset: { resets.record(1) }, setLine20: { lines.record($0) })
        controller.commandPort.write(at: 0, width: .byte, 0xD1)
        controller.dataPort.write(at: 0, width: .byte, 0x01)
        controller.commandPort.write(at: 0, width: .byte, 0xFE)
        let port = SystemControlPort(requestReset: { resets.record(2) }, setLine20: { lines.record($0) })
        port.write(at: 0, width: .byte, 3)
        #expect(port.read(at: 0, width: .byte) == 2)
        let pci = PCIHost(functions: [:], requestReset: { resets.record(3) })
        pci.write(at: 1, width: .byte, 6)
        #expect(resets.recorded == [1, 2, 3])
        #expect(lines.recorded == [false, true])
    }

    // MARK: PCI

    private func pci() -> PCIHost {
        var identity = PCIFunction.Identity(vendor: 0x8086, device: 0x1237, classCode: 0x06_0000)
        identity.subsystemVendor = 0x1AF4
        return PCIHost(functions: [8: PCIFunction(identity, writable: [0x59: 0x33])], requestReset: {})
    }

    @Test("Configuration space is reached by address and data")
    func configuration() {
        let pci = pci()
        pci.write(at: 0, width: .word, 0x8000_0800)
        #expect(pci.read(at: 0, width: .word) == 0x8000_0800)
        #expect(pci.read(at: 4, width: .word) == 0x1237_8086)
        #expect(pci.read(at: 6, width: .half) == 0x1237)
        pci.write(at: 0, width: .word, 0x8000_0858)
        pci.write(at: 4, width: .word, 0xFFFF_FFFF)
        #expect(pci.read(at: 4, width: .word) == 0x3300)
        pci.reset()
        pci.write(at: 0, width: .word, 0x8000_0858)
        #expect(pci.read(at: 4, width: .word) == 0)
    }

    @Test("Where no function is, all bits are ones")
    func absence() {
        let pci = pci()
        for address in [0x8000_0000, 0x8001_0800, 0x0000_0800] as [UInt64] {
            pci.write(at: 0, width: .word, address)
            #expect(pci.read(at: 4, width: .half) == 0xFFFF)
        }
    }

    // MARK: Firmware's devices

    @Test("Firmware finds files by a directory")
    func files() {
        let device = FirmwareConfiguration(numbers: [5: 3], files: [("etc/one", [1, 2]), ("etc/two", [7])])
        func item(_ number: UInt64, _ count: Int) -> [UInt64] {
            device.write(at: 0, width: .half, number)
            return (0..<count).map { _ in device.read(at: 1, width: .byte) }
        }
        #expect(item(0, 4) == "QEMU".utf8.map(UInt64.init))
        #expect(item(5, 3) == [3, 0, 0])
        let directory = item(0x19, 4 + 2 * 64)
        #expect(directory[..<12] == [0, 0, 0, 2, 0, 0, 0, 2, 0, 0x20, 0, 0])
        #expect(directory[12..<20] == "etc/one\0".utf8.map(UInt64.init)[...])
        #expect(item(0x21, 2) == [7, 0])
        #expect(item(0x7777, 1) == [0])
    }

    @Test("The timer of power management counts 24 bits; sleeping in S5 is power off")
    func power() {
        let clock = ManualClock(frequency: PowerManagement.timerFrequency)
        let requests = Recorder<PowerRequest>()
        let device = PowerManagement(clock: clock, request: { requests.record($0) })
        clock.advance(by: 0x123_4567)
        #expect(device.read(at: 8, width: .word) == 0x23_4567)
        device.write(at: 4, width: .half, 0x2400)
        #expect(requests.recorded.isEmpty)
        device.write(at: 4, width: .half, 0x2001)
        #expect(requests.recorded == [.powerOff])
        #expect(device.read(at: 4, width: .half) == 1)
        device.commandPorts.write(at: 0, width: .byte, 0xF0)
        #expect(device.read(at: 4, width: .half) == 0)
        device.commandPorts.write(at: 0, width: .byte, 0xF1)
        #expect(device.read(at: 4, width: .half) == 1)
    }

    // MARK: Hostile guests

    @Test("Random accesses crash none of them")
    func hostile() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let clock = ManualClock(frequency: 1_000_000_000)
        let pic = PIC(interrupt: .unconnected)
        let pit = PIT(clock: clock, interrupt: .unconnected, schedule: { _ in })
        let keyboard = KeyboardController(interrupt: .unconnected, requestReset: {}, setLine20: { _ in })
        let channel = Channel().channel
        let disc = Channel(optical: true).channel
        let messages = MessageInterrupts(count: 3, send: { _, _ in })
        let devices: [any Device] = [
            pic.firstPorts, pic.secondPorts, pic.triggerPorts, pit.counterPorts, pit.speakerPort,
            keyboard.dataPort, keyboard.commandPort, channel.commandPorts, channel.controlPort,
            channel.busMasterPorts, disc.commandPorts, disc.busMasterPorts, messages, pci(),
            FirmwareConfiguration(numbers: [:], files: [("a", [1])]), ROM([1, 2, 3]),
            PowerManagement(clock: clock, request: { _ in }), DebugPort(transmit: { _ in }),
            SystemControlPort(requestReset: {}, setLine20: { _ in }),
        ]
        for _ in 0..<200_000 {
            let device = devices[Int(random.next() % UInt64(devices.count))]
            let width = [AccessWidth.byte, .half, .word, .double][Int(random.next() % 4)]
            let offset = random.next() % 16 == 0 ? random.next() : random.next() % 8
            if random.next() % 32 == 0 { messages.setControl(UInt8(random.next() & 0xFF)) }
            if random.next() % 32 == 0 { messages.signal(Int(random.next() % 5)) }
            if random.next() % 2 == 0 {
                device.write(at: offset, width: width, random.next())
            } else {
                _ = device.read(at: offset, width: width)
            }
            if random.next() % 8 == 0 { clock.advance(by: random.next() % 1_000_000) }
            if random.next() % 8 == 0 { pit.timerExpired() }
            if random.next() % 8 == 0 { pic.line(Int(random.next() % 16)).set(random.next() % 2 == 0) }
            if random.next() % 8 == 0 { _ = pic.acknowledge() }
            if random.next() % 1000 == 0 { device.reset() }
        }
    }
}
