/// Keys of a PC's keyboard by their names; numbers are Linux' (input-event-codes.h).
package enum Keys {
    package static let leftShift: UInt16 = 42
    package static let leftControl: UInt16 = 29
    package static let leftAlt: UInt16 = 56
    package static let rightAlt: UInt16 = 100

    private static let named: [String: UInt16] = {
        var keys: [String: UInt16] = [
            "esc": 1, "escape": 1, "backspace": 14, "tab": 15, "enter": 28, "return": 28, "ctrl": 29,
            "control": 29,
            "shift": 42, "alt": 56, "space": 57, "capslock": 58, "numlock": 69, "scrolllock": 70,
            "rightctrl": 97, "print": 99, "sysrq": 99, "altgr": 100, "rightalt": 100, "rightshift": 54,
            "home": 102, "up": 103, "pageup": 104, "left": 105, "right": 106, "end": 107, "down": 108,
            "pagedown": 109, "insert": 110, "ins": 110, "delete": 111, "del": 111, "pause": 119, "super": 125,
            "win": 125, "meta": 125, "menu": 127, "f11": 87, "f12": 88, "minus": 12, "plus": 78,
        ]
        for number in 1...10 { keys["f\(number)"] = UInt16(58 + number) }
        return keys
    }()

    /// The key called `name`, or the one that has this single character on a US keyboard; case does not matter.
    package static func key(_ name: String) -> UInt16? {
        let name = name.lowercased()
        if let key = named[name] { return key }
        guard let character = name.first, name.count == 1 else { return nil }
        return KeyLayout.us.stroke(character)?.key
    }

    /// All names, for messages.
    package static var names: [String] { named.keys.sorted() }
}
