import Firmware
import Machine
import Testing

@Suite("x86 kernels and what they are told")
struct BzImageTests {
    let memory: GuestMemory

    init() throws { memory = try #require(GuestMemory(base: 0, size: 32 << 20)) }

    /// A bzImage with one sector of setup code, and a kernel of `size` bytes that wants 16 MiB.
    static func image(size: Int = 5000, flags: UInt16 = 1, version: UInt16 = 0x20F) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1024)
        bytes[0x1F1] = 1
        bytes.replaceSubrange(0x200..<0x202, with: [0xEB, 0x6A])
        bytes.replaceSubrange(0x202..<0x206, with: "HdrS".utf8)
        func set(_ offset: Int, _ value: UInt64, _ count: Int) {
            for index in 0..<count {
                bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
            }
        }
        set(0x206, UInt64(version), 2)
        set(0x22C, 0x7FFF_FFFF, 4)
        set(0x236, UInt64(flags), 2)
        set(0x238, 2047, 4)
        set(0x258, 0x100_0000, 8)
        set(0x260, 0x10000, 4)
        return bytes + (0..<size).map { UInt8(truncatingIfNeeded: $0) }
    }

    private func error(_ bytes: [UInt8]) throws -> KernelError? {
        let file = try TemporaryFile(bytes)
        do throws(KernelError) {
            _ = try BzImage(file.boot)
            return nil
        } catch { return error }
    }

    @Test("A kernel goes where it prefers to be, and begins 512 bytes behind that")
    func load() throws {
        let file = try TemporaryFile(Self.image())
        let loaded = try BzImage(file.boot).load(into: memory)
        #expect(loaded.entry == 0x100_0200)
        #expect(loaded.range == 0x100_0000..<0x101_0000)
        #expect(memory.load8(0x100_0003) == 3)
    }

    @Test("What cannot be booted is told in words")
    func refused() throws {
        #expect(try error([]) != nil)
        #expect(try error([UInt8](repeating: 7, count: 3000)) != nil)
        #expect("\(try #require(try error(Self.image(flags: 0))))".contains("32-bit"))
        #expect("\(try #require(try error(Self.image(version: 0x204))))".contains("older"))
        #expect(try error(Array(Self.image(size: 0).prefix(1000))) != nil)
        let small = try #require(GuestMemory(base: 0, size: 1 << 20))
        let file = try TemporaryFile(Self.image())
        let kernel = try BzImage(file.boot)
        #expect(throws: KernelError.self) { try kernel.load(into: small) }
    }

    @Test("Headers of random bytes are refused or loaded, never more")
    func randomHeaders() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            var bytes = Self.image(size: 600)
            for _ in 0..<8 {
                bytes[0x1F1 + Int(random.next() % 0x80)] = UInt8(truncatingIfNeeded: random.next())
            }
            let file = try TemporaryFile(bytes)
            guard let kernel = try? BzImage(file.boot) else { continue }
            _ = try? kernel.load(into: memory)
            var parameters = BootParameters(kernel: kernel)
            try? parameters.write(
                to: memory, arguments: "console=ttyS0", initrd: 0x180_0000..<0x180_1000, acpi: 0xE_0000)
        }
    }

    @Test("The boot parameters tell of memory, command line, initrd and tables")
    func parameters() throws {
        let file = try TemporaryFile(Self.image())
        let kernel = try BzImage(file.boot)
        var parameters = BootParameters(kernel: kernel)
        try parameters.write(
            to: memory, arguments: "console=ttyS0", initrd: 0x180_0000..<0x180_1234, acpi: 0xE_0000)
        let page = BootParameters.Place.parameters
        #expect(memory.load32(page + 0x202) == 0x5372_6448)
        #expect(memory.load32(page + 0x218) == 0x180_0000)
        #expect(memory.load32(page + 0x21C) == 0x1234)
        #expect(memory.load64(page + 0x70) == 0xE_0000)
        #expect(memory.load8(page + 0x1E8) == 3)
        #expect(memory.load8(BootParameters.Place.commandLine) == UInt8(ascii: "c"))
        // Page tables map the third gigabyte to itself.
        #expect(memory.load64(BootParameters.Place.pageTables + 0x1010).map { $0 & ~0xFFF } == 0xD000)
        #expect(memory.load64(0xD008) == 0x8020_0083)
        var long = BootParameters(kernel: kernel)
        #expect(throws: KernelError.self) {
            try long.write(
                to: memory, arguments: String(repeating: "x", count: 2048), initrd: nil, acpi: 0xE_0000)
        }
    }

    @Test("Tables add up to zero and point at each other")
    func tables() throws {
        var tables = ACPITables()
        tables.devices = [
            .init(
                name: "COM1", identifier: "PNP0501", number: 0, place: .ports(0x3F8, count: 8), interrupt: 4),
            .init(
                name: "VR0", identifier: "LNRO0005", number: 0, place: .memory(0xFEB0_0000, size: 4096),
                interrupt: 16),
        ]
        #expect(tables.write(to: memory, at: 0xE_0000))
        #expect(sum(0xE_0000, 20) == 0)
        #expect(sum(0xE_0000, 36) == 0)
        let xsdt = try #require(memory.load64(0xE_0000 + 24))
        #expect(try checked(xsdt) == "XSDT")
        let names = try (0..<UInt64(2)).map { try checked(try #require(memory.load64(xsdt + 36 + 8 * $0))) }
        #expect(names == ["FACP", "APIC"])
        let fadt = try #require(memory.load64(xsdt + 36))
        #expect(try checked(try #require(memory.load64(fadt + 140))) == "DSDT")
    }

    private func sum(_ address: UInt64, _ count: UInt64) -> UInt8 {
        (0..<count).reduce(UInt8(0)) { $0 &+ (memory.load8(address + $1) ?? 0) }
    }

    /// The signature of a table whose checksum is right.
    private func checked(_ address: UInt64) throws -> String {
        let size = try #require(memory.load32(address + 4))
        #expect(sum(address, UInt64(size)) == 0)
        return String(decoding: (0..<UInt64(4)).compactMap { memory.load8(address + $0) }, as: UTF8.self)
    }
}
