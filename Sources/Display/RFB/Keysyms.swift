/// X11's keysyms (keysymdef.h), by which viewers name keys, as keys of a PC's keyboard.
package enum Keysyms {
    private static let named: [UInt32: UInt16] = {
        var keys: [UInt32: UInt16] = [
            0xFF08: 14, 0xFF09: 15, 0xFE20: 15, 0xFF0D: 28, 0xFF13: 119, 0xFF14: 70, 0xFF15: 99, 0xFF1B: 1,
            0xFF50: 102, 0xFF51: 105, 0xFF52: 103, 0xFF53: 106, 0xFF54: 108, 0xFF55: 104, 0xFF56: 109,
            0xFF57: 107,
            0xFF61: 99, 0xFF63: 110, 0xFF67: 127, 0xFF6B: 119, 0xFF7F: 69, 0xFFFF: 111,
            // The keypad, with and without Num Lock.
            0xFF8D: 96, 0xFF95: 71, 0xFF96: 75, 0xFF97: 72, 0xFF98: 77, 0xFF99: 80, 0xFF9A: 73, 0xFF9B: 81,
            0xFF9C: 79, 0xFF9D: 76, 0xFF9E: 82, 0xFF9F: 83, 0xFFAA: 55, 0xFFAB: 78, 0xFFAD: 74, 0xFFAE: 83,
            0xFFAF: 98, 0xFFB0: 82, 0xFFB1: 79, 0xFFB2: 80, 0xFFB3: 81, 0xFFB4: 75, 0xFFB5: 76, 0xFFB6: 77,
            0xFFB7: 71, 0xFFB8: 72, 0xFFB9: 73,
            0xFFE1: 42, 0xFFE2: 54, 0xFFE3: 29, 0xFFE4: 97, 0xFFE5: 58, 0xFFE7: 125, 0xFFE8: 126, 0xFFE9: 56,
            0xFFEA: 100, 0xFFEB: 125, 0xFFEC: 126, 0xFE03: 100, 0xFFC8: 87, 0xFFC9: 88,
        ]
        for number in 0..<10 { keys[0xFFBE + UInt32(number)] = UInt16(59 + number) }
        return keys
    }()

    /// The key; `nil` for what a PC's keyboard lacks. Viewers send Shift and its like as keys of their own.
    package static func key(_ keysym: UInt32, _ layout: KeyLayout) -> UInt16? {
        if let key = named[keysym] { return key }
        // Latin-1 is itself, other characters have bit 24 set.
        let code = keysym & 0xFF00_0000 == 0x0100_0000 ? keysym & 0xFF_FFFF : keysym
        guard code < 0x100 || code != keysym, let scalar = Unicode.Scalar(code) else { return nil }
        return layout.stroke(Character(scalar))?.key
    }
}
