import Display
import Testing

/// Characters read off pictures.
struct TextTests {
    /// A font whose glyphs all differ, and none is the inverse of another.
    private static func font(_ height: Int) -> Font {
        var random = SeededGenerator(UInt64(height))
        var rows = [UInt8](repeating: 0, count: 256 * height)
        for code in 0..<256 where code != 0 && code != 32 && code != 255 {
            for row in 1..<height - 3 {
                rows[code * height + row] = UInt8.random(in: 0...0xFE, using: &random) & 0x7E
            }
        }
        guard let font = Font(height: height, rows: rows) else { fatalError("no font") }
        return font
    }

    private func draw(
        _ text: String, _ font: Font, cell: Int = 8, foreground: UInt32 = 0xAAAAAA, background: UInt32 = 0,
        on surface: Surface, row: Int = 0
    ) {
        for (column, code) in text.utf8.enumerated() {
            for (line, bits) in font.glyph(Int(code)).enumerated() {
                for dot in 0..<cell {
                    let isSet = dot < 8 && bits & 0x80 >> UInt8(dot) != 0
                    surface[column * cell + dot, row * font.height + line] = isSet ? foreground : background
                }
            }
        }
    }

    @Test(arguments: [8, 14, 16]) func textIsRead(height: Int) throws {
        let fonts = [16, 14, 8].map(Self.font)
        let font = try #require(fonts.first { $0.height == height })
        let surface = try #require(Surface(capacity: 640 * 480))
        #expect(surface.resize(640, height * 20))
        draw("Welcome to GRUB!", font, on: surface, row: 0)
        draw("login: root", font, foreground: 0, background: 0xFFFFFF, on: surface, row: 3)
        let rows = TextRecognizer(fonts).read(surface)
        #expect(rows.first == "Welcome to GRUB!")
        #expect(rows[3] == "login: root")
        #expect(rows[1] == "")
    }

    @Test func ninePixelsACharacterAreRead() throws {
        let font = Self.font(16)
        let surface = try #require(Surface(capacity: 720 * 400))
        #expect(surface.resize(720, 400))
        draw("Hello from 1990", font, cell: 9, on: surface, row: 24)
        #expect(TextRecognizer([font]).read(surface).last == "Hello from 1990")
    }

    @Test func textOfDoubledPixelsIsRead() throws {
        let font = Self.font(8)
        let small = try #require(Surface(capacity: 320 * 200))
        #expect(small.resize(320, 200))
        draw("READY.", font, on: small, row: 3)
        let surface = try #require(Surface(capacity: 640 * 400))
        #expect(surface.resize(640, 400))
        for y in 0..<400 { for x in 0..<640 { surface[x, y] = small[x / 2, y / 2] } }
        #expect(TextRecognizer([Self.font(16), font]).read(surface)[3] == "READY.")
    }

    @Test func aCursorBelowALetterHidesNothing() throws {
        let font = Self.font(16)
        let surface = try #require(Surface(capacity: 640 * 16))
        #expect(surface.resize(640, 16))
        draw("ready", font, on: surface)
        for x in 32..<48 { for y in 13..<15 { surface[x, y] = 0xAAAAAA } }
        #expect(TextRecognizer([font]).read(surface) == ["ready"])
    }

    @Test(arguments: 0..<20) func noiseIsNoText(seed: Int) throws {
        var random = SeededGenerator(UInt64(seed))
        let surface = try #require(Surface(capacity: 200 * 100))
        #expect(
            surface.resize(Int.random(in: 0...200, using: &random), Int.random(in: 0...100, using: &random)))
        for index in 0..<surface.width * surface.height {
            surface.pixels[index] = UInt32.random(in: 0...2, using: &random)
        }
        let rows = TextRecognizer([16, 14, 8].map(Self.font)).read(surface)
        #expect(rows.allSatisfy { $0.isEmpty })
    }

    @Test func fontsAreFoundInFirmware() throws {
        var rows = [UInt8](repeating: 0, count: 16)
        rows += [0, 0, 0x7E, 0x81, 0xA5, 0x81, 0x81, 0xBD, 0x99, 0x81, 0x81, 0x7E, 0, 0, 0, 0]
        rows += [UInt8](repeating: 7, count: 254 * 16)
        let fonts = Font.fonts(in: [UInt8](repeating: 0xCC, count: 777) + rows + [1, 2, 3])
        #expect(fonts.map(\.height) == [16])
        #expect(fonts.first?.rows == rows)
        #expect(Font.fonts(in: []).isEmpty)
        #expect(Font.fonts(in: Array(rows.dropLast())).isEmpty)
    }

    @Test func everyCodeHasItsCharacter() {
        #expect(Set((UInt8.min...UInt8.max).map(CodePage437.character)).count == 254)
        #expect(CodePage437.text([0xC9, 0xCD, 0xBB, 0x20, 0x41, 0x00, 0xFF]) == "╔═╗ A")
    }
}
