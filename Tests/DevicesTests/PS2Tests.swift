import Devices
import Machine
import TestSupport
import Testing

@Suite("Keyboard and mouse of a PC")
struct PS2Tests {
    private let keyboardWire = RecordingInterrupt()
    private let mouseWire = RecordingInterrupt()
    private let controller: KeyboardController
    private let data: PortRegister
    private let command: PortRegister

    init() {
        controller = KeyboardController(
            interrupt: keyboardWire.line, mouseInterrupt: mouseWire.line, requestReset: {},
            setLine20: { _ in })
        (data, command) = (controller.dataPort, controller.commandPort)
    }

    /// Everything that waits to be read.
    private func read() -> [UInt64] {
        var bytes: [UInt64] = []
        while command.read(at: 0, width: .byte) & 1 != 0, bytes.count < 100 {
            bytes.append(data.read(at: 0, width: .byte))
        }
        return bytes
    }

    private func configure(_ value: UInt64) {
        command.write(at: 0, width: .byte, 0x60)
        data.write(at: 0, width: .byte, value)
    }

    private func tellMouse(_ bytes: UInt64...) {
        for byte in bytes {
            command.write(at: 0, width: .byte, 0xD4)
            data.write(at: 0, width: .byte, byte)
        }
    }

    private func tap(_ key: UInt16) {
        #expect(controller.press(key, isDown: true))
        #expect(controller.press(key, isDown: false))
    }

    @Test("Keys come in set 1 through the controller's translation, each byte with its interrupt")
    func translated() {
        tap(30)  // A
        #expect(keyboardWire.level)
        #expect(read() == [0x1E, 0x9E])
        #expect(!keyboardWire.level)
        tap(111)  // Delete
        #expect(read() == [0xE0, 0x53, 0xE0, 0xD3])
        tap(65)  // F7
        #expect(read() == [0x41, 0xC1])
        tap(119)  // Pause
        #expect(read() == [0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5])
    }

    @Test("Every key up to 88 has its own number as its code")
    func numbers() {
        for key in UInt16(1)...88 where key != 84 && key != 85 {
            tap(key)
            #expect(read() == [UInt64(key), UInt64(key) | 0x80], "key \(key)")
        }
        tap(0)
        tap(500)
        #expect(read().isEmpty)
    }

    @Test("Without translation they come in the set that was chosen")
    func sets() {
        configure(0x01)
        tap(30)
        #expect(read() == [0x1C, 0xF0, 0x1C])
        data.write(at: 0, width: .byte, 0xF0)
        data.write(at: 0, width: .byte, 1)
        #expect(read() == [0xFA, 0xFA])
        tap(111)
        #expect(read() == [0xE0, 0x53, 0xE0, 0xD3])
    }

    @Test("A keyboard that nobody reads says so, and loses no half of a key")
    func overflow() {
        var taken = 0
        while controller.press(30, isDown: true), taken < 1000 { taken += 1 }
        #expect((16...100).contains(taken))
        #expect(read().filter { $0 == 0x1E }.count == taken)
    }

    @Test("A keyboard whose line is closed keeps its keys")
    func closed() {
        command.write(at: 0, width: .byte, 0xAD)
        tap(30)
        #expect(read().isEmpty && !keyboardWire.level)
        command.write(at: 0, width: .byte, 0xAE)
        #expect(read() == [0x1E, 0x9E])
    }

    @Test("A mouse tells of motion and buttons, with its own interrupt")
    func mouse() {
        configure(0x03)
        tellMouse(0xFF)
        #expect(mouseWire.level && !keyboardWire.level)
        #expect(command.read(at: 0, width: .byte) & 0x21 == 0x21)
        #expect(read() == [0xFA, 0xAA, 0])
        controller.moveMouse(x: 5, y: 5, wheel: 0, buttons: 0)
        #expect(read().isEmpty)
        tellMouse(0xF4)
        #expect(read() == [0xFA])
        controller.moveMouse(x: 5, y: 3, wheel: 0, buttons: 1)
        #expect(read() == [0x29, 5, 0xFD])
        // Far motion takes several packets.
        controller.moveMouse(x: -300, y: 0, wheel: 0, buttons: 0)
        #expect(read() == [0x18, 1, 0, 0x18, 0xD3, 0])
    }

    @Test("Who knocks with three rates finds a wheel")
    func wheel() {
        configure(0x03)
        tellMouse(0xF3, 200, 0xF3, 100, 0xF3, 80, 0xF2, 0xF4)
        #expect(read() == [0xFA, 0xFA, 0xFA, 0xFA, 0xFA, 0xFA, 0xFA, 3, 0xFA])
        controller.moveMouse(x: 0, y: 0, wheel: -1, buttons: 4)
        #expect(read() == [0x0C, 0, 0, 0xFF])
    }

    @Test("Random bytes from both sides do no harm")
    func randomBytes() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200_000 {
            let value = random.next()
            switch random.next() % 6 {
            case 0: command.write(at: 0, width: .byte, value)
            case 1: data.write(at: 0, width: .byte, value)
            case 2: _ = controller.press(UInt16(truncatingIfNeeded: value % 200), isDown: value & 256 != 0)
            case 3:
                controller.moveMouse(
                    x: Int(truncatingIfNeeded: value), y: Int(truncatingIfNeeded: value &* 3),
                    wheel: Int(truncatingIfNeeded: value) >> 60, buttons: UInt8(truncatingIfNeeded: value))
            case 4: #expect(command.read(at: 0, width: .byte) < 256)
            default: #expect(data.read(at: 0, width: .byte) < 256)
            }
        }
        data.reset()
        #expect(read().isEmpty)
    }
}
