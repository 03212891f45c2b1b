import Display

// Graphics modes.
extension VGACore {
    /// Where a line's pixels begin, in bytes of memory, and how many pixels to the left the line is moved.
    private struct Line {
        var place: Int
        var panning: Int
    }

    /// Draws modes whose pixels are numbers of colours.
    func drawRows(into surface: Surface) {
        let colours = mode == .bytes ? registers.palette.colours : attributeColours
        for (y, line) in rows().enumerated() where y < surface.height {
            let row = surface.pixels + y * surface.width
            switch mode {
            case .bytes: drawBytes(line, colours, row, surface.width)
            case .pairs: drawPairs(line, colours, row, surface.width)
            default: drawPlanes(line, colours, row, surface.width)
            }
        }
    }

    /// The lines from top to bottom, as the CRT controller counts them.
    private func rows() -> [Line] {
        if display.isOn { return displayRows() }
        let controller = registers.controller
        let isPairs = mode == .pairs
        let repetition = (isPairs ? 1 : linesPerRow) << (doublesLines ? 1 : 0)
        let pan = panning
        var (address, scan, shown) = ((start + Int(controller[8] >> 5 & 3)) * 4, 0, 0)
        var current = pan
        var lines: [Line] = []
        for y in 0..<self.lines {
            lines.append(Line(place: interleaved(address, scan), panning: current))
            shown += 1
            if shown == repetition {
                // A CGA's odd lines are elsewhere: the address goes on after each two, or four.
                let mask = Int(controller[0x17] & 3) ^ 3
                if scan & mask == mask { address += pitch * 4 }
                (scan, shown) = (scan + 1, 0)
            }
            if y == lineComparison {
                (address, scan, shown) = (0, 0, 0)
                if registers.attributes[0x10] & 0x20 != 0 { current = 0 }
            }
        }
        return lines
    }

    private func displayRows() -> [Line] {
        let scale = display.depth == 4 ? 4 : 1
        return (0..<lines).map { Line(place: (display.start + $0 * display.pitch) * scale, panning: 0) }
    }

    /// Pixels that the attribute controller moves the picture to the left.
    private var panning: Int {
        let value = Int(registers.attributes[0x13] & 0x0F)
        return mode == .bytes ? value >> 1 & 3 : value & 7
    }

    /// Bits 13 and 14 of the address are the row's, where a CGA or a Hercules is imitated.
    private func interleaved(_ address: Int, _ scan: Int) -> Int {
        let control = registers.controller[0x17]
        var address = address
        if control & 1 == 0 {
            let bit = 14 + Int(control >> 6 & 1)
            address = address & ~(1 << bit) | (scan & 1) << bit
        }
        if control & 2 == 0 { address = address & ~0x8000 | (scan & 2) << 14 }
        return address
    }

    /// Bytes are colours; VGA's own modes show each twice.
    private func drawBytes(
        _ line: Line, _ colours: [UInt32], _ row: UnsafeMutablePointer<UInt32>, _ width: Int
    ) {
        let shift = display.isOn ? 0 : 1
        for x in 0..<width { row[x] = colours[Int(memory[line.place + line.panning + x >> shift])] }
    }

    private func drawPlanes(
        _ line: Line, _ colours: [UInt32], _ row: UnsafeMutablePointer<UInt32>, _ width: Int
    ) {
        let enabled = Planes.spread(registers.attributes[0x12])
        let shift = !display.isOn && doublesDots ? 1 : 0
        for x in 0..<width {
            let column = x >> shift + line.panning
            let planes = memory[planes: line.place / 4 + column / 8] & enabled
            let bits = planes >> UInt32(7 - column & 7)
            let number = bits & 1 | bits >> 7 & 2 | bits >> 14 & 4 | bits >> 21 & 8
            row[x] = colours[Int(number)]
        }
    }

    /// Four pixels from planes 0 and 2, four from 1 and 3.
    private func drawPairs(
        _ line: Line, _ colours: [UInt32], _ row: UnsafeMutablePointer<UInt32>, _ width: Int
    ) {
        let enabled = Planes.spread(registers.attributes[0x12])
        let shift = doublesDots ? 1 : 0
        for x in 0..<width {
            let column = x >> shift
            let planes = memory[planes: line.place / 4 + column / 8] & enabled
            let half = planes >> UInt32(column & 4 != 0 ? 8 : 0)
            let position = UInt32(6 - 2 * (column & 3))
            row[x] = colours[Int(half >> position & 3 | ((half >> (16 + position)) & 3) << 2)]
        }
    }

    /// Draws modes whose pixels are colours, of 15 to 32 bits.
    func drawDirect(into surface: Surface, _ depth: Int) {
        let (width, height, pitch) = (surface.width, surface.height, display.pitch)
        let bytes = (depth + 1) / 8
        for y in 0..<height {
            let place = display.start + y * pitch
            guard place + width * bytes <= VideoMemory.size else { break }
            let source = UnsafeRawPointer(memory.bytes + place)
            let row = surface.pixels + y * width
            switch depth {
            case 15:
                for x in 0..<width {
                    row[x] = Self.of15(source.loadUnaligned(fromByteOffset: 2 * x, as: UInt16.self))
                }
            case 16:
                for x in 0..<width {
                    row[x] = Self.of16(source.loadUnaligned(fromByteOffset: 2 * x, as: UInt16.self))
                }
            case 24:
                for x in 0..<width {
                    row[x] =
                        UInt32(source.load(fromByteOffset: 3 * x, as: UInt8.self))
                        | UInt32(source.load(fromByteOffset: 3 * x + 1, as: UInt8.self)) << 8
                        | UInt32(source.load(fromByteOffset: 3 * x + 2, as: UInt8.self)) << 16
                }
            default:
                for x in 0..<width {
                    row[x] = source.loadUnaligned(fromByteOffset: 4 * x, as: UInt32.self) & 0xFF_FFFF
                }
            }
        }
    }

    private static func widened(_ value: UInt32, _ bits: UInt32) -> UInt32 {
        value << (8 - bits) | value >> (2 * bits - 8)
    }

    private static func of15(_ pixel: UInt16) -> UInt32 {
        let pixel = UInt32(pixel)
        return widened(pixel >> 10 & 31, 5) << 16 | widened(pixel >> 5 & 31, 5) << 8 | widened(pixel & 31, 5)
    }

    private static func of16(_ pixel: UInt16) -> UInt32 {
        let pixel = UInt32(pixel)
        return widened(pixel >> 11, 5) << 16 | widened(pixel >> 5 & 63, 6) << 8 | widened(pixel & 31, 5)
    }
}
