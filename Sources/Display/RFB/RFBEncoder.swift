/// Puts parts of a picture into the form that a viewer knows (RFC 6143, section 7.7). Streams of zlib go on from part to
/// part, so that each viewer has an encoder of its own.
struct RFBEncoder {
    enum Encoding: Int32, CaseIterable {
        case raw = 0
        case hextile = 5
        case zlib = 6
        case zrle = 16
    }

    var format = PixelFormat.native
    private var zlib: DeflateStream?
    private var zrle: DeflateStream?

    /// The number of the encoding that was used, and the bytes behind a rectangle's head.
    mutating func encode(_ part: Rectangle, of surface: Surface, _ encoding: Encoding) -> (Encoding, [UInt8])
    {
        switch encoding {
        case .raw: return (.raw, raw(part, surface))
        case .hextile: return (.hextile, hextile(part, surface))
        case .zlib:
            if zlib == nil { zlib = DeflateStream() }
            guard let zlib else { return (.raw, raw(part, surface)) }
            return (.zlib, Self.counted(zlib.pack(raw(part, surface))))
        case .zrle:
            if zrle == nil { zrle = DeflateStream() }
            guard let zrle else { return (.raw, raw(part, surface)) }
            return (.zrle, Self.counted(zrle.pack(tiles(part, surface))))
        }
    }

    private static func counted(_ bytes: [UInt8]) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bytes.count >> $0) } + bytes
    }

    private func raw(_ part: Rectangle, _ surface: Surface) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(part.width * part.height * format.bytesPerPixel)
        for y in part.y..<part.y + part.height {
            for x in part.x..<part.x + part.width { format.append(surface[x, y], to: &bytes) }
        }
        return bytes
    }

    /// The tiles of a part from left to right and from top to bottom.
    private static func tiles(_ part: Rectangle, _ size: Int) -> [Rectangle] {
        stride(from: part.y, to: part.y + part.height, by: size).flatMap { y in
            stride(from: part.x, to: part.x + part.width, by: size).map { x in
                Rectangle(
                    x: x, y: y, width: min(size, part.x + part.width - x),
                    height: min(size, part.y + part.height - y))
            }
        }
    }

    /// The colours of a tile in order of their first use, at most `limit` and one more.
    private static func colours(_ tile: Rectangle, _ surface: Surface, limit: Int) -> [UInt32] {
        var colours: [UInt32] = []
        for y in tile.y..<tile.y + tile.height {
            for x in tile.x..<tile.x + tile.width {
                let pixel = surface[x, y] & 0xFF_FFFF
                guard colours.last != pixel, !colours.contains(pixel) else { continue }
                colours.append(pixel)
                if colours.count > limit { return colours }
            }
        }
        return colours
    }
}

// Hextile, section 7.7.4.
extension RFBEncoder {
    private enum Hextile {
        static let raw: UInt8 = 1
        static let background: UInt8 = 2
        static let foreground: UInt8 = 4
        static let anySubrectangles: UInt8 = 8
    }

    private func hextile(_ part: Rectangle, _ surface: Surface) -> [UInt8] {
        var bytes: [UInt8] = []
        for tile in Self.tiles(part, 16) {
            let colours = Self.colours(tile, surface, limit: 2)
            let runs = colours.count == 2 ? Self.runs(of: colours[1], tile, surface) : []
            guard colours.count <= 2, runs.count < 256 else {
                bytes.append(Hextile.raw)
                bytes += raw(tile, surface)
                continue
            }
            bytes.append(
                Hextile.background | (runs.isEmpty ? 0 : Hextile.foreground | Hextile.anySubrectangles))
            for colour in colours { format.append(colour, to: &bytes) }
            guard !runs.isEmpty else { continue }
            bytes.append(UInt8(runs.count))
            for run in runs {
                bytes.append(UInt8(run.x - tile.x) << 4 | UInt8(run.y - tile.y))
                bytes.append(UInt8(run.width - 1) << 4)
            }
        }
        return bytes
    }

    /// Runs of one colour in the rows of a tile.
    private static func runs(of colour: UInt32, _ tile: Rectangle, _ surface: Surface) -> [Rectangle] {
        var runs: [Rectangle] = []
        for y in tile.y..<tile.y + tile.height {
            var continues = false
            for x in tile.x..<tile.x + tile.width {
                let isSet = surface[x, y] & 0xFF_FFFF == colour
                if isSet, continues {
                    runs[runs.count - 1].width += 1
                } else if isSet {
                    runs.append(Rectangle(x: x, y: y, width: 1, height: 1))
                }
                continues = isSet
            }
        }
        return runs
    }
}

// ZRLE, section 7.7.6: tiles with a palette of up to 16 colours, or without.
extension RFBEncoder {
    private func tiles(_ part: Rectangle, _ surface: Surface) -> [UInt8] {
        var bytes: [UInt8] = []
        for tile in Self.tiles(part, 64) {
            let colours = Self.colours(tile, surface, limit: 16)
            guard colours.count <= 16 else {
                bytes.append(0)
                for y in tile.y..<tile.y + tile.height {
                    for x in tile.x..<tile.x + tile.width { format.appendCompact(surface[x, y], to: &bytes) }
                }
                continue
            }
            bytes.append(UInt8(colours.count))
            for colour in colours { format.appendCompact(colour, to: &bytes) }
            if colours.count > 1 { appendPacked(tile, surface, colours, to: &bytes) }
        }
        return bytes
    }

    /// Indices of one, two or four bits, each row beginning with a byte of its own.
    private func appendPacked(
        _ tile: Rectangle, _ surface: Surface, _ colours: [UInt32], to bytes: inout [UInt8]
    ) {
        let width = colours.count == 2 ? 1 : colours.count <= 4 ? 2 : 4
        for y in tile.y..<tile.y + tile.height {
            var (byte, free): (UInt8, Int) = (0, 8)
            for x in tile.x..<tile.x + tile.width {
                let pixel = surface[x, y] & 0xFF_FFFF
                let index = colours.firstIndex(of: pixel) ?? 0
                free -= width
                byte |= UInt8(index) << UInt8(free)
                if free == 0 {
                    bytes.append(byte)
                    (byte, free) = (0, 8)
                }
            }
            if free < 8 { bytes.append(byte) }
        }
    }
}
