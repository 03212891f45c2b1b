/// A bitmap font of 256 glyphs, eight pixels wide, one byte a row with the leftmost pixel in bit 7.
package struct Font: Sendable {
    /// Rows of a glyph: 8, 14 or 16.
    package let height: Int
    /// Glyph after glyph.
    package let rows: [UInt8]

    /// `nil` unless there are rows for 256 glyphs.
    package init?(height: Int, rows: [UInt8]) {
        guard height > 0, rows.count == 256 * height else { return nil }
        self.height = height
        self.rows = rows
    }

    package func glyph(_ code: Int) -> ArraySlice<UInt8> { rows[code * height..<(code + 1) * height] }

    /// Code 1 of the fonts of every VGA BIOS is this face, behind the empty glyph of code 0.
    private static let faces: [[UInt8]] = [
        [0, 0, 0x7E, 0x81, 0xA5, 0x81, 0x81, 0xBD, 0x99, 0x81, 0x81, 0x7E, 0, 0, 0, 0],
        [0x7E, 0x81, 0xA5, 0x81, 0xBD, 0x99, 0x81, 0x7E],
    ]

    /// The fonts found in a VGA BIOS, tallest first.
    package static func fonts(in firmware: [UInt8]) -> [Font] {
        faces.compactMap { face in
            let height = face.count
            let glyphs = 256 * height
            guard firmware.count >= glyphs else { return nil }
            let start = (0...firmware.count - glyphs).first { start in
                firmware[start..<start + height].allSatisfy { $0 == 0 }
                    && firmware[start + height..<start + 2 * height].elementsEqual(face)
            }
            return start.flatMap { Font(height: height, rows: Array(firmware[$0..<$0 + glyphs])) }
        }
    }
}
