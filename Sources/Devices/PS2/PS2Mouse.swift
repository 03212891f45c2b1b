/// A mouse of three buttons with a wheel (IBM PS/2 Technical Reference, "Mouse"; the wheel as Microsoft's IntelliMouse).
struct PS2Mouse {
    private static let acknowledged: UInt8 = 0xFA
    private static let capacity = 32
    /// Rates that a driver sets one after the other to ask for the wheel.
    private static let knock: [UInt8] = [200, 100, 80]

    private var waiting: [UInt8] = []
    private var awaited: UInt8?
    private var isReporting = false
    private var isRemote = false
    private var wraps = false
    private var isDoubled = false
    private var resolution: UInt8 = 2
    private var rate: UInt8 = 100
    private var latestRates: [UInt8] = []
    private var hasWheel = false
    private var motion = (x: 0, y: 0, wheel: 0)
    /// Left, right, middle.
    private var buttons: UInt8 = 0
    private var reportedButtons: UInt8 = 0

    var isEmpty: Bool { waiting.isEmpty }

    /// The next byte for the computer.
    mutating func next() -> UInt8? {
        if waiting.isEmpty { report() }
        return waiting.isEmpty ? nil : waiting.removeFirst()
    }

    /// Moves to the right and down, turns the wheel towards its user, and holds buttons: bits from left, right, middle.
    mutating func move(x: Int, y: Int, wheel: Int, buttons: UInt8) {
        guard isReporting || isRemote else { return }
        let limit = 1 << 15
        motion.x = min(max(motion.x &+ x, -limit), limit)
        motion.y = min(max(motion.y &- y, -limit), limit)
        motion.wheel = min(max(motion.wheel &+ wheel, -limit), limit)
        self.buttons = buttons & 7
    }

    private var hasNews: Bool { motion != (0, 0, 0) || buttons != reportedButtons }

    private mutating func report() {
        guard isReporting, !isRemote, hasNews else { return }
        waiting = packet()
    }

    /// What has happened since the latest one, as far as a packet can say.
    private mutating func packet() -> [UInt8] {
        let (x, y) = (min(max(motion.x, -255), 255), min(max(motion.y, -255), 255))
        let wheel = min(max(motion.wheel, -8), 7)
        motion = (motion.x - x, motion.y - y, hasWheel ? motion.wheel - wheel : 0)
        reportedButtons = buttons
        let head = buttons | 0x08 | (x < 0 ? 0x10 : 0) | (y < 0 ? 0x20 : 0)
        let packet = [head, UInt8(truncatingIfNeeded: x), UInt8(truncatingIfNeeded: y)]
        return hasWheel ? packet + [UInt8(truncatingIfNeeded: wheel)] : packet
    }

    /// Takes a byte from the computer.
    mutating func take(_ value: UInt8) {
        let answer = answer(value)
        if waiting.count + answer.count <= Self.capacity { waiting += answer }
    }

    private mutating func answer(_ value: UInt8) -> [UInt8] {
        if wraps, value != 0xFF, value != 0xEC { return [value] }
        if let command = awaited {
            awaited = nil
            set(command, value)
            return [Self.acknowledged]
        }
        switch value {
        case 0xE6, 0xE7: isDoubled = value == 0xE7
        case 0xE8, 0xF3: awaited = value
        case 0xE9: return [Self.acknowledged, status, resolution, rate]
        case 0xEA: isRemote = false
        case 0xEB: return [Self.acknowledged] + packet()
        case 0xEC: wraps = false
        case 0xEE: wraps = true
        case 0xF0: isRemote = true
        case 0xF2: return [Self.acknowledged, hasWheel ? 3 : 0]
        case 0xF4, 0xF5:
            (motion, isReporting) = ((0, 0, 0), value == 0xF4)
        case 0xF6:
            let wheel = hasWheel
            self = PS2Mouse()
            hasWheel = wheel
        case 0xFF:
            self = PS2Mouse()
            return [Self.acknowledged, 0xAA, 0]
        default: return [0xFE]
        }
        return [Self.acknowledged]
    }

    private mutating func set(_ command: UInt8, _ value: UInt8) {
        guard command == 0xF3 else {
            resolution = value & 3
            return
        }
        rate = value
        latestRates = latestRates.suffix(2) + [value]
        if latestRates == Self.knock { hasWheel = true }
    }

    private var status: UInt8 {
        let held = (buttons & 1) << 2 | buttons >> 1 & 1 | buttons >> 1 & 2
        return (isRemote ? 0x40 : 0) | (isReporting ? 0x20 : 0) | (isDoubled ? 0x10 : 0) | held
    }
}
