/// Reads text off a picture whose glyphs come from known fonts and stand in columns and rows, as consoles on a
/// framebuffer draw them.
package struct TextRecognizer: Sendable {
    private struct Shape: Hashable {
        let low: UInt64
        let high: UInt64
    }

    private struct Alphabet {
        let height: Int
        var codes: [Shape: UInt8] = [:]
    }

    private let alphabets: [Alphabet]

    package init(_ fonts: [Font]) {
        alphabets = fonts.map { font in
            var alphabet = Alphabet(height: font.height)
            // Of glyphs that look alike the one of ASCII counts: letters before what comes above or below them.
            for code in Array(32..<127) + Array(128..<256) + Array(1..<32) {
                let shape = Self.shape(font.glyph(code))
                if alphabet.codes[shape] == nil { alphabet.codes[shape] = UInt8(code) }
            }
            return alphabet
        }
    }

    /// How characters may stand in a picture.
    private struct Grid {
        let alphabet: Alphabet
        /// From one character to the next, in dots of the font.
        let cellWidth: Int
        /// Pixels a dot, in both directions: 2 where a card shows each pixel and each line twice.
        let scale: Int

        var width: Int { cellWidth * scale }
        var height: Int { alphabet.height * scale }
    }

    /// The rows of text in the picture, by the font that explains most of it; blank where nothing is recognised.
    package func read(_ surface: Surface) -> [String] {
        var best: (score: Int, rows: [String]) = (0, [])
        for alphabet in alphabets {
            for (cellWidth, scale) in [(8, 1), (9, 1), (8, 2)] where cellWidth == 8 || surface.width % 9 == 0
            {
                let found = read(surface, Grid(alphabet: alphabet, cellWidth: cellWidth, scale: scale))
                if found.score > best.score { best = found }
            }
        }
        return best.rows
    }

    private func read(_ surface: Surface, _ grid: Grid) -> (score: Int, rows: [String]) {
        var score = 0
        var rows: [String] = []
        for y in stride(from: 0, through: surface.height - grid.height, by: grid.height) {
            let codes = stride(from: 0, through: surface.width - grid.width, by: grid.width).map {
                x -> UInt8 in
                guard let code = code(surface, x, y, grid) else { return 32 }
                if code != 32 { score += 1 }
                return code
            }
            rows.append(CodePage437.text(codes))
        }
        return (score, rows)
    }

    /// The glyph in one cell, drawn in two colours, of which either may be the background.
    private func code(_ surface: Surface, _ x: Int, _ y: Int, _ grid: Grid) -> UInt8? {
        let alphabet = grid.alphabet
        let first = surface[x, y]
        var other: UInt32?
        var bits: [UInt8] = []
        for row in stride(from: y, to: y + grid.height, by: grid.scale) {
            var byte: UInt8 = 0
            for column in stride(from: x, to: x + 8 * grid.scale, by: grid.scale) {
                let pixel = surface[column, row]
                byte <<= 1
                guard pixel != first else { continue }
                if other == nil { other = pixel }
                guard pixel == other else { return nil }
                byte |= 1
            }
            bits.append(byte)
        }
        if other == nil { return 32 }
        return alphabet.codes[Self.shape(bits[...])] ?? alphabet.codes[Self.shape(bits.map { ~$0 }[...])]
            ?? withoutCursor(bits, alphabet)
    }

    /// A cursor of two lines below the letters does not hide them.
    private func withoutCursor(_ bits: [UInt8], _ alphabet: Alphabet) -> UInt8? {
        let background: UInt8 = bits[0]
        guard background == 0, let start = bits.firstIndex(of: 0xFF) else { return nil }
        let cleared = bits.enumerated().map { $0 >= start && $1 == 0xFF ? 0 : $1 }
        return cleared.allSatisfy { $0 == 0 } ? 32 : alphabet.codes[Self.shape(cleared[...])]
    }

    private static func shape(_ rows: ArraySlice<UInt8>) -> Shape {
        var (low, high): (UInt64, UInt64) = (0, 0)
        for (index, row) in rows.enumerated() {
            if index < 8 { low |= UInt64(row) << UInt64(8 * index) }
            if index >= 8, index < 16 { high |= UInt64(row) << UInt64(8 * (index - 8)) }
        }
        return Shape(low: low, high: high)
    }
}
