import Display

// What the registers say of the picture.
extension VGACore {
    /// How memory becomes pixels.
    enum Mode: Equatable {
        /// The screen is off, or the palette is not shown.
        case blank
        case text
        /// Four planes of one bit a pixel.
        case planar
        /// Two bits a pixel, as a CGA had them.
        case pairs
        /// One byte a pixel.
        case bytes
        /// Bochs' modes of so many bits a pixel.
        case direct(Int)
    }

    var mode: Mode {
        let isShown = registers.attributeIndex & 0x20 != 0
        if display.isOn { return isShown ? directMode : .blank }
        guard isShown, registers.sequencer[1] & 0x20 == 0 else { return .blank }
        guard registers.graphics[6] & 1 != 0 else { return .text }
        switch registers.graphics[5] >> 5 & 3 {
        case 0: return .planar
        case 1: return .pairs
        default: return .bytes
        }
    }

    private var directMode: Mode {
        switch display.depth {
        case 4: .planar
        case 8: .bytes
        default: .direct(Int(display.depth))
        }
    }

    /// Lines of the monitor that show something.
    var lines: Int {
        if display.isOn { return Int(display.height) }
        let overflow = Int(registers.controller[7])
        return (Int(registers.controller[0x12]) | (overflow & 0x02) << 7 | (overflow & 0x40) << 3) + 1
    }

    /// Characters a line, or eighths of a line's pixels.
    var columns: Int { Int(registers.controller[1]) + 1 }

    /// At this line the picture goes on with the beginning of memory.
    var lineComparison: Int {
        let controller = registers.controller
        return Int(controller[0x18]) | (Int(controller[7]) & 0x10) << 4 | (Int(controller[9]) & 0x40) << 3
    }

    /// Lines that a row of characters, or of pixels, takes: at least 1.
    var linesPerRow: Int { Int(registers.controller[9] & 0x1F) + 1 }

    /// Each line is shown twice.
    var doublesLines: Bool { registers.controller[9] & 0x80 != 0 }

    /// The dot clock is halved: pixels are twice as wide.
    var doublesDots: Bool { registers.sequencer[1] & 0x08 != 0 }

    /// The planar address of the picture's first pixels.
    var start: Int { Int(registers.controller[0x0C]) << 8 | Int(registers.controller[0x0D]) }

    /// Planar addresses from one row to the next.
    var pitch: Int { Int(registers.controller[0x13]) * 2 }

    /// The size of the picture in pixels.
    var size: (width: Int, height: Int) {
        if display.isOn { return (Int(display.width), lines) }
        switch mode {
        case .text:
            let grid = textGrid
            return (grid.columns * cellWidth, grid.rows * linesPerRow)
        default: return (columns * 8 * (doublesDots ? 2 : 1), lines)
        }
    }

    /// Pixels from one character to the next.
    var cellWidth: Int { (registers.sequencer[1] & 1 != 0 ? 8 : 9) * (doublesDots ? 2 : 1) }

    var textGrid: (columns: Int, rows: Int) {
        let shown = doublesLines ? lines / 2 : lines
        return (columns, max(shown / linesPerRow, 1))
    }

    /// The 16 colours of attributes, through the attribute controller's palette.
    var attributeColours: [UInt32] {
        let attributes = registers.attributes
        return (0..<16).map { index in
            var number = attributes[index] & 0x3F
            if attributes[0x10] & 0x80 != 0 { number = number & 0x0F | (attributes[0x14] & 3) << 4 }
            return registers.palette.colour(number | (attributes[0x14] & 0x0C) << 4)
        }
    }

    /// Draws the picture; whether there was room for it.
    ///
    /// - Parameter isBlinkedOff: half of the time blinking characters and the cursor do not show.
    func draw(into surface: Surface, isBlinkedOff: Bool) -> Bool {
        let size = size
        guard surface.resize(size.width, size.height) else { return false }
        switch mode {
        case .blank: surface.pixels.update(repeating: 0, count: size.width * size.height)
        case .text: drawText(into: surface, isBlinkedOff: isBlinkedOff)
        case .planar, .pairs, .bytes: drawRows(into: surface)
        case .direct(let depth): drawDirect(into: surface, depth)
        }
        return true
    }
}
