import Display

// Text modes.
extension VGACore {
    /// One place on the text screen: a code, and how it looks.
    private struct Cell {
        let code: UInt8
        let attribute: UInt8
    }

    /// The cell in a column and row; below the line comparison memory begins anew.
    private func cell(_ column: Int, _ row: Int) -> Cell {
        let splitRow = (lineComparison + 1) / linesPerRow
        let isSplit = lineComparison + 1 < lines && row >= splitRow
        let first = isSplit ? (row - splitRow) * pitch : start + row * pitch
        let word = memory[planes: first + column]
        return Cell(code: UInt8(truncatingIfNeeded: word), attribute: UInt8(truncatingIfNeeded: word >> 8))
    }

    /// Rows of the screen as text.
    var text: [String] {
        let grid = textGrid
        return (0..<grid.rows).map { row in
            CodePage437.text((0..<grid.columns).map { cell($0, row).code })
        }
    }

    /// The glyphs' place in plane 2 for characters whose attribute has bit 3 clear or set.
    private var fonts: (normal: Int, other: Int) {
        let map = Int(registers.sequencer[3])
        return ((map >> 4 & 1 | map << 1 & 6) << 13, (map >> 5 & 1 | map >> 1 & 6) << 13)
    }

    private var cursor: (place: Int, lines: ClosedRange<Int>)? {
        let controller = registers.controller
        let (first, last) = (Int(controller[0x0A] & 0x1F), Int(controller[0x0B] & 0x1F))
        guard controller[0x0A] & 0x20 == 0, first <= last else { return nil }
        return (Int(controller[0x0E]) << 8 | Int(controller[0x0F]), first...last)
    }

    func drawText(into surface: Surface, isBlinkedOff: Bool) {
        let grid = textGrid
        let painter = TextPainter(
            core: self, colours: attributeColours, blinks: registers.attributes[0x10] & 0x08 != 0,
            isBlinkedOff: isBlinkedOff)
        for row in 0..<grid.rows {
            for column in 0..<grid.columns {
                let cell = cell(column, row)
                let font = cell.attribute & 0x08 != 0 ? fonts.other : fonts.normal
                let isCursor = !isBlinkedOff && cursor?.place == start + row * pitch + column
                painter.draw(
                    cell.code, cell.attribute, font: font, cursor: isCursor ? cursor?.lines : nil,
                    at: (column * cellWidth, row * linesPerRow), on: surface)
            }
        }
    }
}

/// Draws characters.
private struct TextPainter {
    let core: VGACore
    let colours: [UInt32]
    let blinks: Bool
    let isBlinkedOff: Bool

    func draw(
        _ code: UInt8, _ attribute: UInt8, font: Int, cursor: ClosedRange<Int>?, at place: (x: Int, y: Int),
        on surface: Surface
    ) {
        let planes = core.registers.attributes[0x12] & 0x0F
        let background = colours[Int((blinks ? attribute >> 4 & 7 : attribute >> 4) & planes)]
        let hides = blinks && isBlinkedOff && attribute & 0x80 != 0
        let foreground = hides ? background : colours[Int(attribute & planes)]
        // The ninth column of lines and blocks continues the eighth.
        let continues = core.registers.attributes[0x10] & 4 != 0 && (0xC0...0xDF).contains(code)
        for line in 0..<core.linesPerRow {
            let isCursor = cursor?.contains(line) ?? false
            let glyph = core.memory[(font + Int(code) * 32 + line) * 4 + 2]
            let row = surface.pixels + (place.y + line) * surface.width + place.x
            draw(isCursor ? 0xFF : glyph, isCursor || continues, foreground, background, row)
        }
    }

    private func draw(
        _ bits: UInt8, _ continues: Bool, _ foreground: UInt32, _ background: UInt32,
        _ row: UnsafeMutablePointer<UInt32>
    ) {
        let scale = core.doublesDots ? 2 : 1
        for column in 0..<core.cellWidth {
            let dot = column / scale
            let isSet = dot < 8 ? bits & 0x80 >> UInt8(dot) != 0 : continues && bits & 1 != 0
            row[column] = isSet ? foreground : background
        }
    }
}
