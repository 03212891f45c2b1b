import Display
import Testing

/// Pictures, and what changes in them.
struct SurfaceTests {
    @Test func aPictureTooLargeIsRefused() throws {
        let surface = try #require(Surface(capacity: 100))
        #expect(surface.resize(10, 10))
        #expect(!surface.resize(101, 1))
        #expect(!surface.resize(11, 10))
        #expect(!surface.resize(-1, 1))
        #expect(!surface.resize(.max, .max))
        #expect((surface.width, surface.height) == (10, 10))
        #expect(Surface(capacity: 0) == nil)
        #expect(Surface(capacity: Surface.largest + 1) == nil)
    }

    @Test func twoMappingsOfOneFileShowTheSame() throws {
        let file = try Surface.makeFile()
        let drawn = try #require(Surface(shared: file.raw))
        let seen = try #require(Surface(shared: file.raw))
        #expect(drawn.resize(4, 3) && seen.resize(4, 3))
        drawn[3, 2] = 0x12_3456
        #expect(seen[3, 2] == 0x12_3456)
    }

    /// Every pixel that differs lies in the region, and afterwards the pictures are the same.
    @Test(arguments: 0..<20) func changesAreCovered(seed: Int) throws {
        var random = SeededGenerator(UInt64(seed))
        let (width, height) = (
            Int.random(in: 1...200, using: &random), Int.random(in: 1...150, using: &random)
        )
        let target = try #require(Surface(capacity: width * height))
        let source = try #require(Surface(capacity: width * height))
        #expect(source.resize(width, height))
        #expect(target.update(from: source)?.rectangles == [source.bounds])
        #expect(target.update(from: source)?.isEmpty == true)
        for _ in 0..<Int.random(in: 1...40, using: &random) {
            source.pixels[Int.random(in: 0..<width * height, using: &random)] ^= 1
        }
        let before = (0..<width * height).map { target.pixels[$0] }
        let region = try #require(target.update(from: source))
        for y in 0..<height {
            for x in 0..<width {
                #expect(target[x, y] == source[x, y])
                guard before[y * width + x] != source[x, y] else { continue }
                let pixel = Rectangle(x: x, y: y, width: 1, height: 1)
                #expect(region.rectangles.contains { $0.intersection(pixel) == pixel }, "seed \(seed)")
            }
        }
        for part in region.rectangles { #expect(part.intersection(source.bounds) == part) }
    }

    @Test func aFullRowOfTilesIsOneRectangle() {
        var region = DirtyRegion()
        for y in 0..<3 {
            for x in 0..<4 { region.add(Rectangle(x: 32 * x, y: 32 * y, width: 32, height: 32)) }
        }
        region.add(Rectangle(x: 0, y: 200, width: 1, height: 1))
        #expect(region.rectangles.count == 2)
        #expect(region.rectangles.first == Rectangle(x: 0, y: 0, width: 128, height: 96))
    }

    @Test func aRegionStaysSmall() {
        var region = DirtyRegion()
        for index in 0..<1000 { region.add(Rectangle(x: index * 3, y: index * 2, width: 1, height: 1)) }
        #expect(region.rectangles.count <= 65)
    }
}

/// The same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
