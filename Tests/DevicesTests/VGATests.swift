import Devices
import Display
import Machine
import TestSupport
import Testing

@Suite("A VGA")
struct VGATests {
    private let vga: VGA
    private let ports: PortRegister
    private let window: PortRegister
    private let display: PortRegister

    init() throws {
        let vga = VGA(memory: try #require(VideoMemory()), firmware: [])
        self.vga = vga
        (ports, window, display) = (vga.registerPorts, vga.windowDevice, vga.displayPorts)
    }

    /// Writes ports by their addresses.
    private func out(_ port: UInt64, _ values: UInt8...) {
        for value in values { ports.write(at: port - 0x3B0, width: .byte, UInt64(value)) }
    }

    /// Index and value in one access of 16 bits, as software does.
    private func set(_ port: UInt64, _ index: UInt8, _ value: UInt8) {
        ports.write(at: port - 0x3B0, width: .half, UInt64(value) << 8 | UInt64(index))
    }

    private func setAttribute(_ index: UInt8, _ value: UInt8) {
        _ = ports.read(at: 0x2A, width: .byte)
        out(0x3C0, index, value)
    }

    private func setDisplay(_ index: UInt64, _ value: UInt64) {
        display.write(at: 0, width: .half, index)
        display.write(at: 1, width: .half, value)
    }

    /// The colours 0 to 15 are shades of blue that can be told apart.
    private func setColours() {
        out(0x3C2, 0x67)
        for index: UInt8 in 0..<16 { setAttribute(index, index) }
        setAttribute(0x10, 0x0C)
        setAttribute(0x12, 0x0F)
        setAttribute(0x13, 0)
        out(0x3C8, 0)
        for index: UInt8 in 0..<64 { out(0x3C9, 0, 0, index) }
        _ = ports.read(at: 0x2A, width: .byte)
        out(0x3C0, 0x20)
    }

    /// 80 by 25 characters of 9 by 16 pixels (mode 3 of a VGA BIOS).
    private func setTextMode() {
        setColours()
        for (index, value) in [UInt8(0x03), 0x00, 0x03, 0x00, 0x02].enumerated() {
            set(0x3C4, UInt8(index), value)
        }
        setGraphics([0, 0, 0, 0, 0, 0x10, 0x0E, 0, 0xFF])
        setController([
            0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0, 0x4F, 0x0D, 0x0E, 0, 0, 0, 0, 0x9C, 0x0E, 0x8F,
            0x28, 0x1F, 0x96, 0xB9, 0xA3, 0xFF,
        ])
    }

    private func setGraphics(_ values: [UInt8]) {
        for (index, value) in values.enumerated() { set(0x3CE, UInt8(index), value) }
    }

    private func setController(_ values: [UInt8]) {
        set(0x3D4, 0x11, 0)
        for (index, value) in values.enumerated() { set(0x3D4, UInt8(index), value) }
    }

    private func picture() throws -> Surface {
        let surface = try #require(Surface())
        #expect(vga.draw(into: surface))
        return surface
    }

    private func show(_ text: String, attribute: UInt8 = 0x07, at cell: Int = 0) {
        for (index, code) in text.utf8.enumerated() {
            let word = UInt64(attribute) << 8 | UInt64(code)
            window.write(at: UInt64(0x1_8000 + 2 * (cell + index)), width: .half, word)
        }
    }

    @Test("Text on the screen is told, row by row")
    func text() throws {
        setTextMode()
        show("Booting from Hard Disk...")
        show("A:\\>", at: 80 * 24)
        let rows = vga.text(on: try picture())
        #expect(rows.count == 25)
        #expect(rows.first == "Booting from Hard Disk...")
        #expect(rows.last == "A:\\>")
        // The picture begins elsewhere in memory.
        set(0x3D4, 0x0D, 80)
        #expect(try vga.text(on: picture())[23] == "A:\\>")
    }

    @Test("Characters are drawn by the font in plane 2")
    func glyphs() throws {
        setTextMode()
        loadGlyph(0xC4, [UInt8](repeating: 0, count: 7) + [0xFF] + [UInt8](repeating: 0, count: 8))
        loadGlyph(0x41, [UInt8](repeating: 0x81, count: 16))
        show("A", attribute: 0x1E)
        window.write(at: 0x1_8002, width: .half, 0x07C4)
        let surface = try picture()
        #expect((surface.width, surface.height) == (720, 400))
        #expect((0..<9).map { surface[$0, 3] } == [56, 4, 4, 4, 4, 4, 4, 56, 4])
        // Lines reach into the ninth column.
        #expect((9..<18).allSatisfy { surface[$0, 7] == 0x1C })
        #expect(surface[17, 6] == 0)
    }

    /// As a BIOS loads fonts: plane 2 alone, one address after the other.
    private func loadGlyph(_ code: UInt64, _ rows: [UInt8]) {
        set(0x3C4, 2, 4)
        set(0x3C4, 4, 6)
        set(0x3CE, 5, 0)
        set(0x3CE, 6, 0)
        for (line, row) in rows.enumerated() {
            window.write(at: code * 32 + UInt64(line), width: .byte, UInt64(row))
        }
        set(0x3C4, 2, 3)
        set(0x3C4, 4, 2)
        set(0x3CE, 5, 0x10)
        set(0x3CE, 6, 0x0E)
    }

    @Test("The cursor stands where it was put, and hides in half of its time")
    func cursor() throws {
        setTextMode()
        show(" ", at: 81)
        set(0x3D4, 0x0F, 81)
        var surface = try picture()
        #expect(surface[9, 16 + 13] == 0x1C && surface[17, 16 + 14] == 0x1C)
        #expect(surface[9, 16 + 12] == 0 && surface[8, 16 + 13] == 0)
        #expect(vga.draw(into: surface, isBlinkedOff: true))
        #expect(surface[9, 16 + 13] == 0)
        set(0x3D4, 0x0A, 0x20)
        surface = try picture()
        #expect(surface[9, 16 + 13] == 0)
    }

    @Test("A screen that is off is black")
    func blank() throws {
        setTextMode()
        setAttribute(0, 5)
        _ = ports.read(at: 0x2A, width: .byte)
        out(0x3C0, 0x20)
        #expect(try picture()[0, 0] == 0x14)
        set(0x3C4, 1, 0x20)
        #expect(try picture()[0, 0] == 0)
        #expect(try vga.text(on: picture()).isEmpty)
    }

    /// 640 by 480 pixels of 16 colours.
    private func setPlanarMode() {
        setColours()
        for (index, value) in [UInt8(0x03), 0x01, 0x0F, 0x00, 0x06].enumerated() {
            set(0x3C4, UInt8(index), value)
        }
        setGraphics([0, 0, 0, 0, 0, 0, 0x05, 0x0F, 0xFF])
        setController([
            0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0x0B, 0x3E, 0, 0x40, 0, 0, 0, 0, 0, 0, 0xEA, 0x0C, 0xDF, 0x28,
            0,
            0xE7, 0x04, 0xE3, 0xFF,
        ])
    }

    private func pixels(_ count: Int, row: Int = 0) throws -> [UInt32] {
        let surface = try picture()
        return (0..<count).map { surface[$0, row] }
    }

    @Test("Planes are written in all four modes")
    func planes() throws {
        setPlanarMode()
        let surface = try picture()
        #expect((surface.width, surface.height) == (640, 480))
        // Mode 0 through set/reset and a bit mask: colour 5 in the left half of a byte.
        setGraphics([5, 0x0F, 0, 0, 0, 0, 0x05, 0x0F, 0xF0])
        _ = window.read(at: 0, width: .byte)
        window.write(at: 0, width: .byte, 0)
        #expect(try pixels(8) == [20, 20, 20, 20, 0, 0, 0, 0])
        // Mode 2: the byte is the colour; the right half becomes 10.
        setGraphics([0, 0, 0, 0, 0, 2, 0x05, 0x0F, 0x0F])
        _ = window.read(at: 0, width: .byte)
        window.write(at: 0, width: .byte, 10)
        #expect(try pixels(8) == [20, 20, 20, 20, 40, 40, 40, 40])
        // Mode 1 copies all planes by the latch, here to the next row.
        setGraphics([0, 0, 0, 0, 0, 1, 0x05, 0x0F, 0xFF])
        _ = window.read(at: 0, width: .byte)
        window.write(at: 80, width: .byte, 0)
        #expect(try pixels(8, row: 1) == [20, 20, 20, 20, 40, 40, 40, 40])
        // Mode 3: the byte is a mask for set/reset, with an exclusive or: 5 and 3 make 6.
        setGraphics([3, 0, 0, 0x18, 0, 3, 0x05, 0x0F, 0xFF])
        _ = window.read(at: 0, width: .byte)
        window.write(at: 0, width: .byte, 0xC0)
        #expect(try pixels(4) == [24, 24, 20, 20])
    }

    @Test("Reading compares colours, or reads one plane")
    func reading() {
        setPlanarMode()
        setGraphics([0, 0, 0, 0, 0, 2, 0x05, 0x0F, 0x3C])
        _ = window.read(at: 0, width: .byte)
        window.write(at: 0, width: .byte, 6)
        setGraphics([0, 0, 6, 0, 1, 0x08, 0x05, 0x0F, 0xFF])
        #expect(window.read(at: 0, width: .byte) == 0x3C)
        set(0x3CE, 5, 0)
        #expect(window.read(at: 0, width: .byte) == 0x3C)
        set(0x3CE, 4, 0)
        #expect(window.read(at: 0, width: .byte) == 0)
    }

    @Test("256 colours, a byte each, are shown twice as wide and high")
    func bytes() throws {
        setColours()
        for (index, value) in [UInt8(0x03), 0x01, 0x0F, 0x00, 0x0E].enumerated() {
            set(0x3C4, UInt8(index), value)
        }
        setGraphics([0, 0, 0, 0, 0, 0x40, 0x05, 0x0F, 0xFF])
        setController([
            0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0xBF, 0x1F, 0, 0x41, 0, 0, 0, 0, 0, 0, 0x9C, 0x0E, 0x8F, 0x28,
            0x40, 0x96, 0xB9, 0xA3, 0xFF,
        ])
        window.write(at: 320 * 199 + 316, width: .word, 0x0403_0201)
        let surface = try picture()
        #expect((surface.width, surface.height) == (640, 400))
        #expect((632..<640).map { surface[$0, 399] } == [4, 4, 8, 8, 12, 12, 16, 16])
        #expect(surface[639, 398] == 16 && surface[639, 397] == 0)
        // Unchained, an address is four pixels, and the mask chooses which of them.
        set(0x3C4, 4, 0x06)
        set(0x3C4, 2, 0x02)
        window.write(at: 0, width: .byte, 9)
        #expect(try pixels(6) == [0, 0, 36, 36, 0, 0])
    }

    @Test("Modes of the Bochs interface show memory as it lies", arguments: [15, 16, 24, 32])
    func linear(depth: Int) throws {
        setColours()
        setDisplay(1, 1024)
        setDisplay(2, 768)
        setDisplay(3, UInt64(depth))
        setDisplay(4, 0x41)
        let bytes = (depth + 1) / 8
        let value: UInt64 = [15: 0x7C1F, 16: 0xF81F, 24: 0xFF00FF, 32: 0xFF00FF][depth] ?? 0
        for index in 0..<bytes {
            vga.memory.bytes[(1024 * 2 + 5) * bytes + index] = UInt8(value >> UInt64(8 * index) & 255)
        }
        let surface = try picture()
        #expect((surface.width, surface.height) == (1024, 768))
        #expect(surface[5, 2] == 0xFF00FF)
        #expect(surface[4, 2] == 0 && surface[6, 2] == 0)
        // The picture is moved over memory.
        setDisplay(9, 2)
        #expect(try picture()[5, 0] == 0xFF00FF)
        setDisplay(4, 0)
        setDisplay(4, 0x41)
        #expect(try picture()[5, 2] == 0)
    }

    @Test("Text in graphics modes is recognised by the fonts of the BIOS")
    func recognition() throws {
        var font = [UInt8](repeating: 0, count: 16)
        font += [0, 0, 0x7E, 0x81, 0xA5, 0x81, 0x81, 0xBD, 0x99, 0x81, 0x81, 0x7E, 0, 0, 0, 0]
        for code in 2..<256 {
            font +=
                [0, UInt8(code == 32 ? 0 : code), UInt8(code == 32 ? 0 : 0x18)]
                + [UInt8](repeating: 0, count: 13)
        }
        let vga = VGA(memory: try #require(VideoMemory()), firmware: font)
        let (ports, display) = (vga.registerPorts, vga.displayPorts)
        for (index, value): (UInt64, UInt64) in [(1, 640), (2, 480), (3, 32), (4, 0x41)] {
            display.write(at: 0, width: .half, index)
            display.write(at: 1, width: .half, value)
        }
        ports.write(at: 0x10, width: .byte, 0x20)
        for (column, code) in "kernel".utf8.enumerated() {
            for line in 0..<16 {
                for dot in 0..<8 where font[Int(code) * 16 + line] & 0x80 >> UInt8(dot) != 0 {
                    vga.memory.bytes[(line * 640 + column * 8 + dot) * 4 + 1] = 0xFF
                }
            }
        }
        let surface = try #require(Surface())
        #expect(vga.draw(into: surface))
        #expect(vga.text(on: surface).first == "kernel")
    }

    @Test("The interface names itself, and its limits when asked")
    func identity() {
        setDisplay(0, 0xB0C0)
        #expect(display.read(at: 1, width: .half) == 0xB0C0)
        setDisplay(0, 0x1234)
        display.write(at: 0, width: .half, 0)
        #expect(display.read(at: 1, width: .half) == 0xB0C0)
        setDisplay(4, 2)
        display.write(at: 0, width: .half, 1)
        #expect(display.read(at: 1, width: .half) == 2560)
        display.write(at: 0, width: .half, 10)
        #expect(display.read(at: 1, width: .half) == 256)
    }

    @Test("Whoever waits for a retrace sees it come and go")
    func retrace() {
        setColours()
        let looks = (0..<4).map { _ in ports.read(at: 0x2A, width: .byte) & 8 }
        #expect(Set(looks) == [0, 8])
    }

    @Test("Random accesses draw something, and nothing fails")
    func randomAccesses() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let devices: [(PortRegister, UInt64)] = [(ports, 0x30), (window, 128 << 10), (display, 4)]
        let surface = try #require(Surface())
        for turn in 0..<50_000 {
            let (device, size) = devices[Int(random.next() % 3)]
            let offset = random.next() % 64 == 0 ? random.next() : random.next() % size
            let width = [AccessWidth.byte, .half, .word, .double][Int(random.next() % 4)]
            if random.next() % 4 == 0 {
                let value = device.read(at: offset, width: width)
                #expect(width == .double || value >> (UInt64(width.rawValue) * 8) == 0)
            } else {
                // Small numbers reach more.
                device.write(at: offset, width: width, random.next() >> (random.next() % 64))
            }
            guard turn % 2500 == 0 else { continue }
            _ = vga.draw(into: surface, isBlinkedOff: turn % 5000 == 0)
            _ = vga.text(on: surface)
        }
        ports.reset()
        #expect(vga.memory.bytes[0] == 0)
    }
}
