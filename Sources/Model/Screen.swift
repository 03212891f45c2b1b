/// What a machine's screen shows.
package struct ScreenStatus: Codable, Equatable, Sendable {
    /// The most characters of text that are told.
    package static let longestText = 12_000

    /// In pixels. From a machine these are a stranger's numbers.
    package var width: Int
    package var height: Int
    /// Rows of text, as far as there is any, without blanks at their ends.
    package var text: [String]

    /// What is too much of the text is left out.
    package init(width: Int, height: Int, text: [String]) {
        self.width = width
        self.height = height
        var room = Self.longestText
        self.text = Array(
            text.prefix { row in
                room -= row.count + 1
                return room >= 0
            })
    }
}

/// A key that goes down or up.
package struct KeyMotion: Codable, Equatable, Sendable {
    /// Its number in Linux (input-event-codes.h).
    package var key: UInt16
    package var isDown: Bool

    package init(_ key: UInt16, isDown: Bool) {
        self.key = key
        self.isDown = isDown
    }

    private enum CodingKeys: String, CodingKey {
        case key
        case isDown = "down"
    }
}

/// A mouse that moves.
package struct PointerMotion: Codable, Equatable, Sendable {
    /// To the right, in pixels.
    package var x: Int
    /// Down, in pixels.
    package var y: Int
    /// The wheel towards its user, in clicks.
    package var wheel: Int
    /// Buttons that are held, as bits: left, right, middle.
    package var buttons: UInt8

    package init(x: Int, y: Int, wheel: Int, buttons: UInt8) {
        self.x = x
        self.y = y
        self.wheel = wheel
        self.buttons = buttons
    }
}
