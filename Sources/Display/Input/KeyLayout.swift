/// Which key gives which character.
package struct KeyLayout: Sendable {
    /// A key, and what is held with it.
    package struct Stroke: Equatable, Sendable {
        package var key: UInt16
        package var hasShift = false
        package var hasAltGr = false

        /// All keys in the order in which they go down.
        package var chord: [UInt16] {
            (hasShift ? [Keys.leftShift] : []) + (hasAltGr ? [Keys.rightAlt] : []) + [key]
        }
    }

    package let name: String
    private let strokes: [Character: Stroke]

    /// - Parameters:
    ///   - plain: the characters of the rows of keys, by the number of the row's first key.
    ///   - shifted: the same with Shift.
    private init(
        _ name: String, plain: [(UInt16, String)], shifted: [(UInt16, String)],
        altGr: [Character: UInt16] = [:], extra: [Character: Stroke] = [:]
    ) {
        self.name = name
        var strokes: [Character: Stroke] = [
            " ": Stroke(key: 57), "\n": Stroke(key: 28), "\t": Stroke(key: 15),
        ]
        for (rows, hasShift) in [(plain, false), (shifted, true)] {
            for (first, row) in rows {
                for (index, character) in row.enumerated() where strokes[character] == nil {
                    strokes[character] = Stroke(key: first + UInt16(index), hasShift: hasShift)
                }
            }
        }
        for (character, key) in altGr { strokes[character] = Stroke(key: key, hasAltGr: true) }
        strokes.merge(extra) { $1 }
        self.strokes = strokes
    }

    /// How to type `character`; `nil` when the layout has no key for it.
    package func stroke(_ character: Character) -> Stroke? { strokes[character] }

    package static let us = KeyLayout(
        "us",
        plain: [(2, "1234567890-="), (16, "qwertyuiop[]"), (30, "asdfghjkl;'`"), (43, "\\zxcvbnm,./")],
        shifted: [(2, "!@#$%^&*()_+"), (16, "QWERTYUIOP{}"), (30, "ASDFGHJKL:\"~"), (43, "|ZXCVBNM<>?")])

    package static let gb = KeyLayout(
        "gb",
        plain: [
            (2, "1234567890-="), (16, "qwertyuiop[]"), (30, "asdfghjkl;'`"), (43, "#zxcvbnm,./"), (86, "\\"),
        ],
        shifted: [
            (2, "!\"£$%^&*()_+"), (16, "QWERTYUIOP{}"), (30, "ASDFGHJKL:@¬"), (43, "~ZXCVBNM<>?"), (86, "|"),
        ],
        altGr: ["€": 5])

    package static let de = KeyLayout(
        "de",
        plain: [
            (2, "1234567890ß´"), (16, "qwertzuiopü+"), (30, "asdfghjklöä^"), (43, "#yxcvbnm,.-"), (86, "<"),
        ],
        shifted: [
            (2, "!\"§$%&/()=?`"), (16, "QWERTZUIOPÜ*"), (30, "ASDFGHJKLÖÄ°"), (43, "'YXCVBNM;:_"), (86, ">"),
        ],
        altGr: [
            "{": 8, "[": 9, "]": 10, "}": 11, "\\": 12, "@": 16, "€": 18, "~": 27, "|": 86, "²": 3, "³": 4,
            "µ": 50,
        ])

    package static let fr = KeyLayout(
        "fr",
        plain: [
            (2, "&é\"'(-è_çà)="), (16, "azertyuiop^$"), (30, "qsdfghjklmù²"), (43, "*wxcvbn,;:!"), (86, "<"),
        ],
        shifted: [
            (2, "1234567890°+"), (16, "AZERTYUIOP¨£"), (30, "QSDFGHJKLM%"), (43, "µWXCVBN?./§"), (86, ">"),
        ],
        altGr: ["~": 3, "#": 4, "{": 5, "[": 6, "|": 7, "`": 8, "\\": 9, "@": 11, "]": 12, "}": 13, "€": 18])

    package static let all = [us, gb, de, fr]

    package static func named(_ name: String) -> KeyLayout? { all.first { $0.name == name } }
}
