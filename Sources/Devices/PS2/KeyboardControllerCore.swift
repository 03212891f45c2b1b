/// The registers of an 8042 keyboard controller (IBM PS/2 Technical Reference, "Keyboard and Auxiliary Device
/// Controller") with a keyboard behind it, and nothing on the mouse's port.
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
    }

    private enum Configuration {
        static let interrupt: UInt8 = 1
        static let selfTested: UInt8 = 1 << 2
        static let keyboardOff: UInt8 = 1 << 4
        static let mouseOff: UInt8 = 1 << 5
        static let translates: UInt8 = 1 << 6
    }

    private static let capacity = 16

    private var configuration = Configuration.interrupt | Configuration.mouseOff | Configuration.translates
    private var output: [UInt8] = []
    private var wasCommand = false
    /// A command of the controller that waits for its byte.
    private var pendingCommand: UInt8?
    private var memory = [UInt8](repeating: 0, count: 32)
    private var isLine20Open = true
    private var keyboard = Keyboard()

    /// The level of the keyboard's interrupt.
    var interruptAsserted: Bool { !output.isEmpty && configuration & Configuration.interrupt != 0 }

    var status: UInt8 {
        var status = Status.unlocked | configuration & Status.selfTested
        if !output.isEmpty { status |= Status.outputFull }
        if wasCommand { status |= Status.wasCommand }
        return status
    }

    mutating func readData() -> UInt8 { output.isEmpty ? 0 : output.removeFirst() }

    private mutating func reply(_ bytes: [UInt8]) {
        for byte in bytes where output.count < Self.capacity { output.append(byte) }
    }

    mutating func writeCommand(_ value: UInt8) -> Effect {
        wasCommand = true
        pendingCommand = nil
        switch value {
        case 0x20...0x3F: reply([value == 0x20 ? configuration : memory[Int(value & 31)]])
        case 0x60...0x7F, 0xD1, 0xD2, 0xD3, 0xD4: pendingCommand = value
        case 0xA7: configuration |= Configuration.mouseOff
        case 0xA8: configuration &= ~Configuration.mouseOff
        case 0xA9: reply([1])  // The mouse's clock line does not move.
        case 0xAA:
            configuration |= Configuration.selfTested
            reply([0x55])
        case 0xAB: reply([0])
        case 0xAD: configuration |= Configuration.keyboardOff
        case 0xAE: configuration &= ~Configuration.keyboardOff
        case 0xC0: reply([0x80])
        case 0xD0: reply([isLine20Open ? 0x03 : 0x01])
        // Pulses of the output lines, of which the lowest is the processor's reset.
        case 0xF0...0xFF: if value & 1 == 0 { return .reset }
        default: break
        }
        return .none
    }

    mutating func writeData(_ value: UInt8) -> Effect {
        wasCommand = false
        defer { pendingCommand = nil }
        switch pendingCommand {
        case 0x60: configuration = value
        case let command? where command & 0xE0 == 0x60: memory[Int(command & 31)] = value
        case 0xD1:
            if value & 1 == 0 { return .reset }
            isLine20Open = value & 2 != 0
            return .addressLine20(isLine20Open)
        case 0xD2: reply([value])
        case 0xD3, 0xD4: break
        default: reply(keyboard.take(value))
        }
        return .none
    }
}

/// A keyboard that nobody types on: it identifies itself and takes every setting.
private struct Keyboard {
    private static let acknowledged: UInt8 = 0xFA
    private static let resend: UInt8 = 0xFE

    private var awaited: UInt8?
    private var scanCodeSet: UInt8 = 2

    mutating func take(_ value: UInt8) -> [UInt8] {
        if let command = awaited, value < 0xED {
            awaited = nil
            // Set 0 asks which one is in use.
            if command == 0xF0, value == 0 { return [Self.acknowledged, scanCodeSet] }
            if command == 0xF0 { scanCodeSet = value }
            return [Self.acknowledged]
        }
        awaited = nil
        switch value {
        case 0xED, 0xF0, 0xF3:
            awaited = value
            return [Self.acknowledged]
        case 0xEE: return [0xEE]
        case 0xF2: return [Self.acknowledged, 0xAB, 0x83]
        case 0xF4, 0xF5, 0xF6: return [Self.acknowledged]
        case 0xFF:
            scanCodeSet = 2
            return [Self.acknowledged, 0xAA]
        default: return [Self.resend]
        }
    }
}
