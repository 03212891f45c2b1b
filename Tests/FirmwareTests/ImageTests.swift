import Firmware
import Machine
import Testing

@Suite("Linux images")
struct ImageTests {
    static let base: UInt64 = 0x8000_0000
    let memory: GuestMemory

    init() throws { memory = try #require(GuestMemory(base: Self.base, size: 4 << 20)) }

    /// A RISC-V Image of `size` bytes that wants `memorySize` at `textOffset`.
    static func image(
        size: Int = 10_000, textOffset: UInt64 = 0x20_0000, memorySize: UInt64 = 20_000, efi: Bool = false
    ) -> [UInt8] {
        var random = SeededGenerator(seed: 1)
        var bytes = random.bytes(size)
        bytes.replaceSubrange(0..<64, with: [UInt8](repeating: 0, count: 64))
        if efi { bytes.replaceSubrange(0..<2, with: "MZ".utf8) }
        bytes.put(textOffset, at: 8)
        bytes.put(memorySize, at: 16)
        bytes.replaceSubrange(48..<53, with: "RISCV".utf8)
        bytes.replaceSubrange(56..<60, with: "RSC\u{5}".utf8)
        return bytes
    }

    private func error(_ bytes: [UInt8]) throws -> KernelError? {
        let file = try TemporaryFile(bytes)
        do throws(KernelError) {
            _ = try KernelImage(file.boot)
            return nil
        } catch { return error }
    }

    @Test("An Image goes to its text offset and says what it needs", arguments: [false, true])
    func load(efi: Bool) throws {
        let bytes = Self.image(efi: efi)
        let file = try TemporaryFile(bytes)
        let loaded = try KernelImage(file.boot).load(into: memory)
        #expect(loaded.entry == 0x8020_0000)
        #expect(loaded.range == 0x8020_0000..<0x8020_0000 + 20_000)
        #expect(loaded.toHost == nil)
        var placed = [UInt8](repeating: 0, count: bytes.count)
        #expect(placed.withUnsafeMutableBytes { memory.read(loaded.entry, into: $0) })
        #expect(placed == bytes)
    }

    @Test("An old Image without a size needs as much as the file has")
    func noSize() throws {
        let file = try TemporaryFile(Self.image(memorySize: 0))
        #expect(try KernelImage(file.boot).load(into: memory).range.count == 10_000)
    }

    @Test("An Image that does not fit in RAM is refused")
    func tooLarge() throws {
        for (offset, size) in [(0x20_0000, 0x20_0001), (0x40_0000, 1), (UInt64.max, 20_000), (8, UInt64.max)]
        {
            let file = try TemporaryFile(Self.image(textOffset: UInt64(offset), memorySize: UInt64(size)))
            let kernel = try KernelImage(file.boot)
            #expect(throws: KernelError.self) { try kernel.load(into: memory) }
        }
    }

    @Test("Kernels of other architectures are named")
    func otherArchitectures() throws {
        var bzImage = [UInt8](repeating: 0, count: 2048)
        bzImage.replaceSubrange(0x202..<0x206, with: "HdrS".utf8)
        #expect(try error(bzImage) == .otherArchitecture("x86 (a bzImage)"))
        var arm = [UInt8](repeating: 0, count: 2048)
        arm.replaceSubrange(0x38..<0x3c, with: "ARM\u{64}".utf8)
        #expect(try error(arm) == .otherArchitecture("arm64 (an Image)"))
        var bigEndian = Self.image()
        bigEndian[24] = 1
        #expect(try error(bigEndian) == .otherArchitecture("big-endian RISC-V"))
        var program = [UInt8](repeating: 0, count: 2048)
        program.replaceSubrange(0..<2, with: "MZ".utf8)
        program[0x3c] = 0x80
        program.replaceSubrange(0x80..<0x86, with: [0x50, 0x45, 0, 0, 0x64, 0x86])
        #expect(try error(program) == .otherArchitecture("x86-64 (an EFI program)"))
    }

    @Test("Files that are no kernels are refused in words")
    func noKernels() throws {
        #expect(try error([]) == .empty)
        #expect(try error(Array("#!/bin/sh\n".utf8)) == .unknownFormat)
        #expect(try error([UInt8](repeating: 0, count: 4096)) == .unknownFormat)
        #expect(try error(Array(Self.image().prefix(40))) == .unknownFormat)
        let xz = try #require(try error([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]))
        #expect("\(xz)".contains("xz"))
        let uImage = try #require(try error([0x27, 0x05, 0x19, 0x56]))
        #expect("\(uImage)".contains("uImage"))
        #expect(throws: KernelError.unreadable(errno: 9)) {
            try KernelImage(BootFile(descriptor: -1, size: 100))
        }
    }

    @Test("Every error is one line")
    func messages() {
        let errors: [KernelError] = [
            .unreadable(errno: 5), .empty, .truncated(what: "x"), .unknownFormat, .otherArchitecture("y"),
            .unsupported("z"), .corrupt("x"),
            .doesNotFit(what: "the kernel", address: 1, size: 3 << 20, ram: 0..<4096),
            .doesNotFit(what: "the kernel", address: 1, size: 9, ram: 4096..<8192),
        ]
        for error in errors { #expect(!"\(error)".contains("\n") && !"\(error)".isEmpty) }
        #expect("\(errors[7])".contains("3 MiB at 0x1, outside"))
        #expect("\(errors[7])".contains("more memory"))
        #expect("\(errors[8])".contains("not made for this board"))
    }

    @Test("Random and damaged files are refused or loaded, never a crash")
    func damaged() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            var bytes = Bool.random(using: &random) ? Self.image(size: 3000) : ELFTests.program()
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: 0..<min(bytes.count, 300), using: &random)] = UInt8(random.next() & 0xff)
            }
            if Bool.random(using: &random) {
                bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
            }
            let file = try TemporaryFile(bytes)
            let loaded = try? KernelImage(file.boot).load(into: memory)
            if let loaded { #expect(loaded.range.lowerBound >= Self.base, "seed \(seed)") }
        }
    }
}

extension [UInt8] {
    /// Stores a little-endian number.
    mutating func put<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
        let bytes = Swift.withUnsafeBytes(of: number.littleEndian) { Array($0) }
        replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
}
