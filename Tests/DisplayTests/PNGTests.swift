import CZlib
import Display
import Testing

/// PNG files, read back by a reader of the test's own.
struct PNGTests {
    @Test func fewColoursMakeAPalette() throws {
        let surface = try #require(Surface(capacity: 64 * 64))
        #expect(surface.resize(64, 48))
        for index in 0..<64 * 48 { surface.pixels[index] = UInt32(index % 200) * 0x01_0203 | 0xFF00_0000 }
        let file = try #require(PNG.encode(surface))
        let picture = try #require(Picture(file))
        #expect(picture.colourType == 3)
        #expect(picture.pixels == (0..<64 * 48).map { surface.pixels[$0] & 0xFF_FFFF })
    }

    @Test func manyColoursAreKept() throws {
        let surface = try #require(Surface(capacity: 100 * 37))
        #expect(surface.resize(100, 37))
        var random = SeededGenerator(1)
        for index in 0..<100 * 37 { surface.pixels[index] = UInt32.random(in: 0...0xFF_FFFF, using: &random) }
        let picture = try #require(PNG.encode(surface).flatMap(Picture.init))
        #expect(picture.colourType == 2)
        #expect((picture.width, picture.height) == (100, 37))
        #expect(picture.pixels == (0..<100 * 37).map { surface.pixels[$0] })
    }

    @Test func nothingIsNoPicture() throws {
        let surface = try #require(Surface(capacity: 1))
        #expect(PNG.encode(surface) == nil)
    }
}

/// What a PNG file of the two kinds that are written holds.
private struct Picture {
    private(set) var width = 0
    private(set) var height = 0
    private(set) var colourType: UInt8 = 0
    private(set) var pixels: [UInt32] = []

    /// `nil` when the file is not right in any respect.
    init?(_ file: [UInt8]) {
        guard file.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else { return nil }
        var place = 8
        var (palette, data): ([UInt8], [UInt8]) = ([], [])
        while place + 12 <= file.count {
            let count = Self.number(file, place)
            guard place + 12 + count <= file.count else { return nil }
            let content = Array(file[place + 4..<place + 8 + count])
            let sum = Int(crc32(0, content, UInt32(content.count)))
            guard sum == Self.number(file, place + 8 + count) else { return nil }
            let body = Array(content.dropFirst(4))
            switch String(decoding: content.prefix(4), as: UTF8.self) {
            case "IHDR": (width, height, colourType) = (Self.number(body, 0), Self.number(body, 4), body[9])
            case "PLTE": palette = body
            case "IDAT": data += body
            default: break
            }
            place += 12 + count
        }
        guard place == file.count, let rows = Self.inflated(data, rowBytes * height) else { return nil }
        read(rows, palette)
    }

    private var rowBytes: Int { 1 + width * (colourType == 3 ? 1 : 3) }

    private mutating func read(_ rows: [UInt8], _ palette: [UInt8]) {
        var above = [UInt8](repeating: 0, count: rowBytes - 1)
        for y in 0..<height {
            let row = rows[y * rowBytes..<(y + 1) * rowBytes]
            let values = zip(row.dropFirst(), above).map { row.first == 2 ? $0 &+ $1 : $0 }
            above = values
            for x in 0..<width {
                let bytes: ArraySlice<UInt8>
                if colourType == 3 {
                    let place = Int(values[x]) * 3
                    bytes = palette[place..<place + 3]
                } else {
                    bytes = values[3 * x..<3 * x + 3]
                }
                pixels.append(bytes.reduce(0) { $0 << 8 | UInt32($1) })
            }
        }
    }

    private static func number(_ bytes: [UInt8], _ place: Int) -> Int {
        bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
    }

    private static func inflated(_ data: [UInt8], _ size: Int) -> [UInt8]? {
        var count = UInt(size)
        var bytes = [UInt8](repeating: 0, count: size)
        guard uncompress(&bytes, &count, data, UInt(data.count)) == Z_OK, count == UInt(size) else {
            return nil
        }
        return bytes
    }
}
