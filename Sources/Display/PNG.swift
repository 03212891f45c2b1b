import CZlib

/// Pictures as PNG files (ISO/IEC 15948): 8 bits a pixel by a palette where there are few colours, 24 otherwise.
package enum PNG {
    private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    private static let largestPalette = 256

    private enum ColourType {
        static let direct: UInt8 = 2
        static let palette: UInt8 = 3
    }

    /// The file; `nil` for a picture without pixels, which PNG does not know.
    package static func encode(_ surface: Surface) -> [UInt8]? {
        guard surface.width > 0, surface.height > 0 else { return nil }
        let palette = palette(of: surface)
        let type = palette == nil ? ColourType.direct : ColourType.palette
        let rows = palette.map { indexedRows(surface, $0) } ?? directRows(surface)
        guard let packed = Deflate.compress(rows) else { return nil }
        var file = signature
        let header = bigEndian(surface.width) + bigEndian(surface.height) + [8, type, 0, 0, 0]
        append(&file, "IHDR", header)
        if let palette { append(&file, "PLTE", palette.flatMap(components)) }
        append(&file, "IDAT", packed)
        append(&file, "IEND", [])
        return file
    }

    private static func append(_ file: inout [UInt8], _ type: String, _ data: [UInt8]) {
        let content = Array(type.utf8) + data
        file += bigEndian(data.count) + content + bigEndian(Int(crc32(0, content, UInt32(content.count))))
    }

    private static func bigEndian(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func components(_ colour: UInt32) -> [UInt8] {
        [16, 8, 0].map { UInt8(truncatingIfNeeded: colour >> $0) }
    }

    /// The colours in order of their first use; `nil` when there are too many.
    private static func palette(of surface: Surface) -> [UInt32]? {
        var seen: Set<UInt32> = []
        var colours: [UInt32] = []
        var latest: UInt32?
        for index in 0..<surface.width * surface.height {
            let colour = surface.pixels[index] & 0xFF_FFFF
            guard colour != latest else { continue }
            latest = colour
            guard seen.insert(colour).inserted else { continue }
            colours.append(colour)
            if colours.count > largestPalette { return nil }
        }
        return colours
    }

    private static func indexedRows(_ surface: Surface, _ palette: [UInt32]) -> [UInt8] {
        let numbers = Dictionary(uniqueKeysWithValues: palette.enumerated().map { ($1, UInt8($0)) })
        var rows: [UInt8] = []
        rows.reserveCapacity((surface.width + 1) * surface.height)
        var (latest, number) = (palette[0], UInt8(0))
        for row in 0..<surface.height {
            rows.append(0)
            for column in 0..<surface.width {
                let colour = surface[column, row] & 0xFF_FFFF
                if colour != latest { (latest, number) = (colour, numbers[colour] ?? 0) }
                rows.append(number)
            }
        }
        return rows
    }

    /// Rows as differences to those above them (filter type 2), which pack well.
    private static func directRows(_ surface: Surface) -> [UInt8] {
        var rows: [UInt8] = []
        rows.reserveCapacity((surface.width * 3 + 1) * surface.height)
        for row in 0..<surface.height {
            rows.append(row == 0 ? 0 : 2)
            for column in 0..<surface.width {
                let colour = surface[column, row]
                let above = row == 0 ? 0 : surface[column, row - 1]
                for shift: UInt32 in [16, 8, 0] {
                    let difference = UInt8(truncatingIfNeeded: colour >> shift)
                    rows.append(difference &- UInt8(truncatingIfNeeded: above >> shift))
                }
            }
        }
        return rows
    }
}
