import CZlib
import Testing

@testable import Display

/// Encoded pictures, decoded by a decoder of the test's own.
struct EncodingTests {
    private static func picture(_ seed: Int) throws -> Surface {
        var random = SeededGenerator(UInt64(seed))
        let surface = try #require(Surface(capacity: 200 * 150))
        #expect(
            surface.resize(Int.random(in: 1...200, using: &random), Int.random(in: 1...150, using: &random)))
        // Few colours in some places, many in others.
        for y in 0..<surface.height {
            for x in 0..<surface.width {
                let colours: UInt32 = [1, 2, 4, 16, 1000][(x / 40 + y / 40 + seed) % 5]
                surface[x, y] = UInt32.random(in: 0..<colours, using: &random) &* 0x03_1517 & 0xFF_FFFF
            }
        }
        return surface
    }

    @Test(arguments: 0..<10) func hextileIsWhatItWas(seed: Int) throws {
        let surface = try Self.picture(seed)
        var encoder = RFBEncoder()
        let (encoding, bytes) = encoder.encode(surface.bounds, of: surface, .hextile)
        #expect(encoding == .hextile)
        var reader = Reader(bytes)
        for tile in Self.tiles(surface, 16) {
            let kind = reader.byte()
            guard kind & 1 == 0 else {
                Self.each(tile) { #expect(reader.pixel(4) == surface[$0, $1]) }
                continue
            }
            var pixels = [UInt32](repeating: reader.pixel(4), count: tile.width * tile.height)
            if kind & 8 != 0 {
                let colour = reader.pixel(4)
                for _ in 0..<reader.byte() {
                    let (place, extent) = (reader.byte(), reader.byte())
                    for y in 0...Int(extent & 15) {
                        for x in 0...Int(extent >> 4) {
                            pixels[(Int(place & 15) + y) * tile.width + Int(place >> 4) + x] = colour
                        }
                    }
                }
            }
            Self.each(tile) { #expect(pixels[($1 - tile.y) * tile.width + $0 - tile.x] == surface[$0, $1]) }
        }
        #expect(reader.isAtEnd)
    }

    @Test(arguments: 0..<10) func zrleIsWhatItWas(seed: Int) throws {
        let surface = try Self.picture(seed)
        var encoder = RFBEncoder()
        let stream = InflateStream()
        // The stream goes on from one picture to the next.
        for _ in 0..<2 {
            let (encoding, bytes) = encoder.encode(surface.bounds, of: surface, .zrle)
            #expect(encoding == .zrle)
            var reader = Reader(stream.unpack(Array(bytes.dropFirst(4))))
            for tile in Self.tiles(surface, 64) {
                let count = Int(reader.byte())
                guard count > 0 else {
                    Self.each(tile) { #expect(reader.pixel(3) == surface[$0, $1]) }
                    continue
                }
                let palette = (0..<count).map { _ in reader.pixel(3) }
                let width = count == 1 ? 0 : count == 2 ? 1 : count <= 4 ? 2 : 4
                for y in tile.y..<tile.y + tile.height {
                    var (byte, left) = (UInt8(0), 0)
                    for x in tile.x..<tile.x + tile.width {
                        if width > 0, left == 0 { (byte, left) = (reader.byte(), 8) }
                        left -= width
                        let index = width == 0 ? 0 : Int(byte >> UInt8(left)) & (1 << width - 1)
                        #expect(palette[index] == surface[x, y])
                    }
                }
            }
            #expect(reader.isAtEnd)
        }
    }

    @Test func zlibIsRawPixelsPacked() throws {
        let surface = try Self.picture(3)
        var encoder = RFBEncoder()
        let raw = encoder.encode(surface.bounds, of: surface, .raw).1
        let packed = encoder.encode(surface.bounds, of: surface, .zlib).1
        #expect(InflateStream().unpack(Array(packed.dropFirst(4))) == raw)
        #expect(packed.prefix(4).reduce(0) { $0 << 8 | Int($1) } == packed.count - 4)
    }

    @Test func otherFormatsHaveTheirBytes() throws {
        let surface = try #require(Surface(capacity: 1))
        #expect(surface.resize(1, 1))
        surface[0, 0] = 0xFF_8000
        var encoder = RFBEncoder()
        // 16 bits, 5-6-5, big-endian.
        encoder.format = try #require(
            PixelFormat([16, 16, 1, 1, 0, 31, 0, 63, 0, 31, 11, 5, 0, 0, 0, 0]))
        #expect(encoder.encode(surface.bounds, of: surface, .raw).1 == [0xFC, 0x00])
        // 8 bits, 3-3-2.
        encoder.format = try #require(PixelFormat([8, 8, 0, 1, 0, 7, 0, 7, 0, 3, 0, 3, 6, 0, 0, 0]))
        #expect(encoder.encode(surface.bounds, of: surface, .raw).1 == [0x27])
    }

    private static func tiles(_ surface: Surface, _ size: Int) -> [Rectangle] {
        stride(from: 0, to: surface.height, by: size).flatMap { y in
            stride(from: 0, to: surface.width, by: size).map { x in
                Rectangle(
                    x: x, y: y, width: min(size, surface.width - x), height: min(size, surface.height - y))
            }
        }
    }

    private static func each(_ tile: Rectangle, _ body: (Int, Int) -> Void) {
        for y in tile.y..<tile.y + tile.height { for x in tile.x..<tile.x + tile.width { body(x, y) } }
    }
}

/// Bytes from front to back; zeros when there are no more.
private struct Reader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { place == bytes.count }

    mutating func byte() -> UInt8 {
        defer { place += 1 }
        return place < bytes.count ? bytes[place] : 0
    }

    /// A little-endian pixel of so many bytes.
    mutating func pixel(_ count: Int) -> UInt32 {
        (0..<count).reduce(0) { $0 | UInt32(byte()) << UInt32(8 * $1) }
    }
}

/// Unpacks one endless zlib stream.
private final class InflateStream {
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

    init() {
        stream.initialize(to: z_stream())
        inflateInit_(stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func unpack(_ packed: [UInt8]) -> [UInt8] {
        var source = packed
        var target = [UInt8](repeating: 0, count: 1 << 20)
        let room = target.count
        source.withUnsafeMutableBufferPointer { source in
            target.withUnsafeMutableBufferPointer { target in
                (stream.pointee.next_in, stream.pointee.avail_in) = (source.baseAddress, UInt32(source.count))
                (stream.pointee.next_out, stream.pointee.avail_out) = (target.baseAddress, UInt32(room))
                _ = inflate(stream, Z_SYNC_FLUSH)
            }
        }
        return Array(target.prefix(room - Int(stream.pointee.avail_out)))
    }
}
