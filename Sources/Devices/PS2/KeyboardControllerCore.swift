/// The registers of an 8042 keyboard controller (IBM PS/2 Technical Reference, "Keyboard and Auxiliary Device
/// Controller") with a keyboard and a mouse behind it.
struct KeyboardControllerCore {
    /// What a write asks of the rest of the machine.
    enum Effect: Equatable {
        case none, reset
        case addressLine20(Bool)
    }

    private enum Status {
        static let outputFull: UInt8 = 1
        static let selfTested: UInt8 = 1 << 2
        static let wasCommand: UInt8 = 1 << 3
        static let unlocked: UInt8 = 1 << 4
        static let fromMouse: UInt8 = 1 << 5
    }

    private enum Configuration {
        static let interrupt: UInt8 = 1
        static let mouseInterrupt: UInt8 = 1 << 1
        static let selfTested: UInt8 = 1 << 2
        static let keyboardOff: UInt8 = 1 << 4
        static let mouseOff: UInt8 = 1 << 5
        static let translates: UInt8 = 1 << 6
    }

    /// A byte in the output buffer, and which interrupt goes with it.
    private struct Output {
        let value: UInt8
        var isFromMouse = false
    }

    private static let capacity = 16

    private var configuration = Configuration.interrupt | Configuration.mouseOff | Configuration.translates
    private var output: [Output] = []
    private var wasCommand = false
    /// A command of the controller that waits for its byte.
    private var pendingCommand: UInt8?
    private var memory = [UInt8](repeating: 0, count: 32)
    private var isLine20Open = true
    private var keyboard = PS2Keyboard()
    private var mouse = PS2Mouse()
    /// The keyboard's byte 0xF0 has come: the next one tells of a key that goes up.
    private var isRelease = false

    /// The level of the keyboard's interrupt.
    var interruptAsserted: Bool {
        guard let first = output.first else { return false }
        return !first.isFromMouse && configuration & Configuration.interrupt != 0
    }

    /// The level of the mouse's interrupt.
    var mouseInterruptAsserted: Bool {
        guard let first = output.first else { return false }
        return first.isFromMouse && configuration & Configuration.mouseInterrupt != 0
    }

    var status: UInt8 {
        var status = Status.unlocked | configuration & Status.selfTested
        if let first = output.first {
            status |= Status.outputFull
            if first.isFromMouse { status |= Status.fromMouse }
        }
        if wasCommand { status |= Status.wasCommand }
        return status
    }

    mutating func readData() -> UInt8 {
        let value = output.isEmpty ? 0 : output.removeFirst().value
        refill()
        return value
    }

    /// A key, by its number in Linux, goes down or up; whether the keyboard has room for what it sends.
    mutating func press(_ key: UInt16, isDown: Bool) -> Bool {
        defer { refill() }
        return keyboard.press(key, isDown: isDown)
    }

    /// See `PS2Mouse.move`.
    mutating func moveMouse(x: Int, y: Int, wheel: Int, buttons: UInt8) {
        mouse.move(x: x, y: y, wheel: wheel, buttons: buttons)
        refill()
    }

    /// Fetches a byte from the keyboard, or else from the mouse, when the buffer is empty and their lines are open.
    private mutating func refill() {
        while output.isEmpty, configuration & Configuration.keyboardOff == 0, let byte = keyboard.next() {
            if let value = fromKeyboard(byte) { output.append(Output(value: value)) }
        }
        if output.isEmpty, configuration & Configuration.mouseOff == 0, let byte = mouse.next() {
            output.append(Output(value: byte, isFromMouse: true))
        }
    }

    /// The byte as it comes out; `nil` while it only begins one.
    private mutating func fromKeyboard(_ byte: UInt8) -> UInt8? {
        guard configuration & Configuration.translates != 0 else { return byte }
        if byte == 0xF0 {
            isRelease = true
            return nil
        }
        defer { isRelease = false }
        return ScanCodes.translated(byte) | (isRelease ? 0x80 : 0)
    }

    private mutating func reply(_ value: UInt8, isFromMouse: Bool = false) {
        if output.count < Self.capacity { output.append(Output(value: value, isFromMouse: isFromMouse)) }
    }

    mutating func writeCommand(_ value: UInt8) -> Effect {
        wasCommand = true
        pendingCommand = nil
        defer { refill() }
        switch value {
        case 0x20...0x3F: reply(value == 0x20 ? configuration : memory[Int(value & 31)])
        case 0x60...0x7F, 0xD1, 0xD2, 0xD3, 0xD4: pendingCommand = value
        case 0xA7: configuration |= Configuration.mouseOff
        case 0xA8: configuration &= ~Configuration.mouseOff
        case 0xA9, 0xAB: reply(0)
        case 0xAA:
            configuration |= Configuration.selfTested
            reply(0x55)
        case 0xAD: configuration |= Configuration.keyboardOff
        case 0xAE: configuration &= ~Configuration.keyboardOff
        case 0xC0: reply(0x80)
        case 0xD0: reply(isLine20Open ? 0x03 : 0x01)
        // Pulses of the output lines, of which the lowest is the processor's reset.
        case 0xF0...0xFF: if value & 1 == 0 { return .reset }
        default: break
        }
        return .none
    }

    mutating func writeData(_ value: UInt8) -> Effect {
        wasCommand = false
        defer {
            pendingCommand = nil
            refill()
        }
        switch pendingCommand {
        case 0x60: configuration = value
        case let command? where command & 0xE0 == 0x60: memory[Int(command & 31)] = value
        case 0xD1:
            if value & 1 == 0 { return .reset }
            isLine20Open = value & 2 != 0
            return .addressLine20(isLine20Open)
        case 0xD2: reply(value)
        case 0xD3: reply(value, isFromMouse: true)
        // Whoever talks to a device opens its line.
        case 0xD4:
            configuration &= ~Configuration.mouseOff
            mouse.take(value)
        default:
            configuration &= ~Configuration.keyboardOff
            keyboard.take(value)
        }
        return .none
    }
}
