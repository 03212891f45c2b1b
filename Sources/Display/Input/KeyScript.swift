/// What somebody is to type: text, and keys by their names in braces: `root{enter}`, `{ctrl-alt-del}`; `{{}` is a brace.
package struct KeyScript: Equatable, Sendable {
    package enum Step: Equatable, Sendable {
        case character(Character)
        /// Keys that are held together, by their names.
        case chord([String])
    }

    /// Why a script is none.
    package struct Mistake: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    package let steps: [Step]

    package init(parsing text: String) throws(Mistake) {
        var steps: [Step] = []
        var rest = Substring(text)
        while let first = rest.popFirst() {
            guard first == "{" else {
                steps.append(.character(first))
                continue
            }
            guard let end = rest.dropFirst().firstIndex(of: "}") else {
                throw Mistake(description: "a brace is not closed: write {{} for one that is to be typed")
            }
            let name = rest[..<end]
            rest = rest[rest.index(after: end)...]
            steps.append(name == "{" ? .character("{") : .chord(try Self.chord(String(name))))
        }
        self.steps = steps
    }

    /// One chord, such as `ctrl-alt-del`.
    package init(chord: String) throws(Mistake) { steps = [.chord(try Self.chord(chord))] }

    private static func chord(_ text: String) throws(Mistake) -> [String] {
        let names =
            text == "-"
            ? ["-"] : text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        for name in names where Keys.key(name) == nil {
            throw Mistake(
                description:
                    "no key is called '\(name)': there are characters and \(Keys.names.joined(separator: ", "))"
            )
        }
        return names
    }

    /// The keys of each step, in the order in which they go down.
    package func chords(_ layout: KeyLayout) throws(Mistake) -> [[UInt16]] {
        var chords: [[UInt16]] = []
        for step in steps {
            switch step {
            case .character(let character):
                guard let stroke = layout.stroke(character) else {
                    throw Mistake(description: "the layout '\(layout.name)' has no key for '\(character)'")
                }
                chords.append(stroke.chord)
            case .chord(let names): chords.append(names.compactMap(Keys.key))
            }
        }
        return chords
    }

    /// The bytes that a terminal sends for it.
    package func terminalBytes() throws(Mistake) -> [UInt8] {
        var bytes: [UInt8] = []
        for step in steps {
            switch step {
            case .character(let character): bytes += character == "\n" ? [13] : Array(String(character).utf8)
            case .chord(let names): bytes += try Self.sequence(names)
            }
        }
        return bytes
    }

    private static let sequences: [String: String] = [
        "enter": "\r", "return": "\r", "tab": "\t", "space": " ", "esc": "\u{1B}", "escape": "\u{1B}",
        "backspace": "\u{7F}", "up": "\u{1B}[A", "down": "\u{1B}[B", "right": "\u{1B}[C", "left": "\u{1B}[D",
        "home": "\u{1B}[H", "end": "\u{1B}[F", "insert": "\u{1B}[2~", "ins": "\u{1B}[2~",
        "delete": "\u{1B}[3~", "del": "\u{1B}[3~", "pageup": "\u{1B}[5~", "pagedown": "\u{1B}[6~",
        "minus": "-", "plus": "+",
    ]

    private static func sequence(_ names: [String]) throws(Mistake) -> [UInt8] {
        let names = names.map { $0.lowercased() }
        guard let last = names.last else { return [] }
        let held = names.dropLast()
        if held.isEmpty {
            if let text = sequences[last] { return Array(text.utf8) }
            if last.count == 1 { return Array(last.utf8) }
        }
        if held.allSatisfy({ $0 == "ctrl" || $0 == "control" }), held.count == 1, let byte = last.utf8.first,
            last.utf8.count == 1, (0x40...0x7F).contains(byte & 0x5F)
        {
            return [byte & 0x1F]
        }
        if held == ["alt"] { return [0x1B] + (try sequence([last])) }
        throw Mistake(
            description: "a serial console has no \(names.joined(separator: "-")): there are ctrl-letters, "
                + "alt, arrows and the like")
    }
}
