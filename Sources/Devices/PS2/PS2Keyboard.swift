/// A keyboard of 102 keys (IBM PS/2 Technical Reference, "101- and 102-Key Keyboard").
struct PS2Keyboard {
    private static let acknowledged: UInt8 = 0xFA
    private static let resend: UInt8 = 0xFE
    /// So many bytes wait for the computer to read them; a key that finds no room is lost.
    private static let capacity = 64

    private var awaited: UInt8?
    private var scanCodeSet: UInt8 = 2
    private var isScanning = true
    private var waiting: [UInt8] = []
    private var latest: UInt8 = 0

    var isEmpty: Bool { waiting.isEmpty }

    /// The next byte for the computer.
    mutating func next() -> UInt8? {
        guard !waiting.isEmpty else { return nil }
        latest = waiting.removeFirst()
        return latest
    }

    /// A key, by its number in Linux, goes down or up.
    ///
    /// - Returns: false when there is no room for what it sends.
    mutating func press(_ key: UInt16, isDown: Bool) -> Bool {
        guard isScanning else { return true }
        let codes =
            scanCodeSet == 1 ? ScanCodes.first(key, isDown: isDown) : ScanCodes.second(key, isDown: isDown)
        guard waiting.count + codes.count <= Self.capacity else { return false }
        waiting += codes
        return true
    }

    /// Takes a byte from the computer.
    mutating func take(_ value: UInt8) {
        // What it answers comes before what was typed.
        waiting = answer(value) + waiting
    }

    private mutating func answer(_ value: UInt8) -> [UInt8] {
        if let command = awaited, value < 0xED {
            awaited = nil
            // Set 0 asks which one is in use.
            if command == 0xF0, value == 0 { return [Self.acknowledged, scanCodeSet] }
            if command == 0xF0, (1...2).contains(value) { scanCodeSet = value }
            return [Self.acknowledged]
        }
        awaited = nil
        switch value {
        case 0xED, 0xF0, 0xF3:
            awaited = value
            return [Self.acknowledged]
        case 0xEE: return [0xEE]
        case 0xF2: return [Self.acknowledged, 0xAB, 0x83]
        case 0xF4...0xF6:
            waiting = []
            isScanning = value != 0xF5
            if value == 0xF6 { scanCodeSet = 2 }
            return [Self.acknowledged]
        case 0xFE: return [latest]
        case 0xFF:
            self = PS2Keyboard()
            return [Self.acknowledged, 0xAA]
        default: return [Self.resend]
        }
    }
}
