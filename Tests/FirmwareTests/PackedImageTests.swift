import Firmware
import Machine
import Testing

@Suite("Images packed by gzip", .enabled(if: Tool("gzip") != nil, "gzip is not installed"))
struct PackedImageTests {
    let memory: GuestMemory
    private let gzip: Tool

    init() throws {
        memory = try #require(GuestMemory(base: ImageTests.base, size: 4 << 20))
        gzip = try #require(Tool("gzip"))
    }

    private func pack(_ bytes: [UInt8], level: Int = 6) throws -> [UInt8] {
        try #require(try gzip.run(["-c", "-\(level)"], on: bytes))
    }

    private func load(_ bytes: [UInt8]) throws -> KernelImage.Loaded {
        let file = try TemporaryFile(bytes)
        return try KernelImage(file.boot).load(into: memory)
    }

    /// An EFI zboot image around `payload`.
    private func zboot(_ payload: [UInt8], packer: String = "gzip") -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 512)
        bytes.replaceSubrange(0..<2, with: "MZ".utf8)
        bytes.replaceSubrange(4..<8, with: "zimg".utf8)
        bytes.put(UInt32(512), at: 8)
        bytes.put(UInt32(payload.count), at: 12)
        bytes.replaceSubrange(24..<24 + packer.utf8.count, with: packer.utf8)
        return bytes + payload + [1, 2, 3]
    }

    private func expectLoaded(_ loaded: KernelImage.Loaded, _ image: [UInt8]) {
        #expect(loaded.entry == 0x8020_0000)
        var placed = [UInt8](repeating: 0, count: image.count)
        #expect(placed.withUnsafeMutableBytes { memory.read(loaded.entry, into: $0) })
        #expect(placed == image)
    }

    @Test("They unpack to what was packed", arguments: [1, 6, 9], [64, 10_000, 700_000])
    func unpack(level: Int, size: Int) throws {
        let image = ImageTests.image(size: size)
        let loaded = try load(try pack(image, level: level))
        expectLoaded(loaded, image)
        #expect(loaded.range.count == max(size, 20_000))
    }

    @Test("Bytes behind the packed ones do not matter")
    func trailingBytes() throws {
        let image = ImageTests.image()
        expectLoaded(try load(try pack(image) + [UInt8](repeating: 9, count: 100)), image)
    }

    @Test("EFI zboot images are unpacked too, if by gzip")
    func zbootImages() throws {
        let image = ImageTests.image()
        expectLoaded(try load(zboot(try pack(image))), image)
        #expect(throws: KernelError.self) { try load(zboot([1, 2, 3], packer: "zstd")) }
        var cut = zboot(try pack(image))
        cut.removeLast(100)
        #expect(throws: KernelError.truncated(what: "the packed kernel reaches past the end")) {
            try load(cut)
        }
    }

    @Test("A file that is cut short or damaged is refused")
    func damaged() throws {
        let packed = try pack(ImageTests.image())
        for count in [3, 17, 200, packed.count - 1] {
            #expect(throws: KernelError.truncated(what: "the gzip data end early")) {
                try load(Array(packed.prefix(count)))
            }
        }
        var flipped = packed
        flipped[packed.count - 6] ^= 1
        #expect(throws: KernelError.corrupt("the gzip data do not unpack")) { try load(flipped) }
    }

    @Test("What is packed must be a kernel for this machine, and fit")
    func otherContents() throws {
        #expect(throws: KernelError.unknownFormat) { try load(try pack(Array("hello".utf8))) }
        #expect(throws: KernelError.self) { try load(try pack(ELFTests.program())) }
        var arm = [UInt8](repeating: 0, count: 2048)
        arm.replaceSubrange(0x38..<0x3c, with: "ARM\u{64}".utf8)
        #expect(throws: KernelError.otherArchitecture("arm64 (an Image)")) { try load(try pack(arm)) }
        let large = ImageTests.image(size: 64, memorySize: 64) + [UInt8](repeating: 0, count: 3 << 20)
        #expect(throws: KernelError.self) { try load(try pack(large)) }
    }

    @Test("Random damage is refused or harmless, never a crash")
    func randomDamage() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let image = ImageTests.image(size: 3000)
        let whole = try pack(image)
        for _ in 0..<300 {
            var packed = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                packed[Int.random(in: 0..<packed.count, using: &random)] = UInt8(random.next() & 0xff)
            }
            if let loaded = try? load(packed) { expectLoaded(loaded, image) }
        }
    }
}
