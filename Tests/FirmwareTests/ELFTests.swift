import Firmware
import Glibc
import Machine
import Testing

@Suite("ELF files")
struct ELFTests {
    static let base: UInt64 = 0x8000_0000
    let memory: GuestMemory

    init() throws { memory = try #require(GuestMemory(base: Self.base, size: 1 << 20)) }

    /// An executable of two segments (0x1000 bytes at `physical`, and 16 bytes with 0x2000 of zeroes behind
    /// them at +0x4000) and a symbol table with `tohost`.
    static func program(
        machine: UInt16 = 243, type: UInt16 = 2, physical: UInt64 = base, virtual: UInt64 = base,
        entry: UInt64 = base + 0x10
    ) -> [UInt8] {
        var file = [UInt8](repeating: 0, count: 0x2000 + 0x400)
        file.replaceSubrange(0..<7, with: [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
        file.put(type, at: 16)
        file.put(machine, at: 18)
        file.put(entry, at: 24)
        file.put(UInt64(64), at: 32)
        file.put(UInt64(0x2100), at: 40)
        for (offset, value) in [(54, 56), (56, 2), (58, 64), (60, 3)] { file.put(UInt16(value), at: offset) }
        segment(&file, 0, offset: 0x1000, virtual, physical, size: 0x1000, memory: 0x1000)
        segment(&file, 1, offset: 0x2000, virtual &+ 0x4000, physical &+ 0x4000, size: 16, memory: 0x2010)
        for index in 0x1000..<0x2010 { file[index] = UInt8(truncatingIfNeeded: index * 7 + 1) }
        section(&file, 1, type: 2, offset: 0x2300, size: 48, link: 2)
        section(&file, 2, type: 3, offset: 0x2380, size: 16, link: 0)
        file.put(UInt32(1), at: 0x2318)
        file.put(virtual &+ 0x4008, at: 0x2320)
        file.replaceSubrange(0x2381..<0x2387, with: "tohost".utf8)
        return file
    }

    private static func segment(
        _ file: inout [UInt8], _ index: Int, offset: UInt64, _ virtual: UInt64, _ physical: UInt64,
        size: UInt64,
        memory: UInt64
    ) {
        let start = 64 + 56 * index
        file.put(UInt32(1), at: start)
        for (field, value) in [(8, offset), (16, virtual), (24, physical), (32, size), (40, memory)] {
            file.put(value, at: start + field)
        }
    }

    private static func section(
        _ file: inout [UInt8], _ index: Int, type: UInt32, offset: UInt64, size: UInt64, link: UInt32
    ) {
        let start = 0x2100 + 64 * index
        file.put(type, at: start + 4)
        file.put(offset, at: start + 24)
        file.put(size, at: start + 32)
        file.put(link, at: start + 40)
    }

    private func load(_ bytes: [UInt8]) throws -> KernelImage.Loaded {
        let file = try TemporaryFile(bytes)
        return try KernelImage(file.boot).load(into: memory)
    }

    @Test("Segments go where they say, with zeroes behind them, and tohost is found")
    func load() throws {
        memset(memory.host, 0xee, Int(memory.size))
        let bytes = Self.program()
        let loaded = try load(bytes)
        #expect(loaded.entry == Self.base + 0x10)
        #expect(loaded.range == Self.base..<Self.base + 0x6010)
        #expect(loaded.toHost == Self.base + 0x4008)
        #expect(memory.load8(Self.base + 0xfff) == bytes[0x1fff])
        #expect(memory.load8(Self.base + 0x1000) == 0xee)
        #expect(memory.load8(Self.base + 0x400f) == bytes[0x200f])
        #expect(memory.load64(Self.base + 0x4010) == 0)
        #expect(memory.load8(Self.base + 0x600f) == 0)
        #expect(memory.load8(Self.base + 0x6010) == 0xee)
    }

    @Test("A kernel linked at virtual addresses starts at the physical one")
    func virtualAddresses() throws {
        let virtual: UInt64 = 0xffff_ffff_8000_0000
        let loaded = try load(Self.program(virtual: virtual, entry: virtual + 0x20))
        #expect(loaded.entry == Self.base + 0x20)
        #expect(loaded.toHost == Self.base + 0x4008)
    }

    @Test("Position-independent firmware linked at zero goes to the start of RAM")
    func positionIndependent() throws {
        let loaded = try load(Self.program(type: 3, physical: 0, virtual: 0, entry: 0x10))
        #expect(loaded.entry == Self.base + 0x10)
        #expect(loaded.range == Self.base..<Self.base + 0x6010)
    }

    @Test(
        "ELF files of other machines are named",
        arguments: [(62, "x86-64 (ELF)"), (183, "arm64 (ELF)"), (9999, "ELF machine 9999 (ELF)")]
            as [(UInt16, String)])
    func otherMachines(machine: UInt16, name: String) {
        #expect(throws: KernelError.otherArchitecture(name)) { try load(Self.program(machine: machine)) }
    }

    @Test("32-bit and big-endian files, object files and libraries of nothing are refused")
    func otherKinds() {
        var narrow = Self.program()
        narrow[4] = 1
        #expect(throws: KernelError.otherArchitecture("32-bit RISC-V (ELF)")) { try load(narrow) }
        var big = Self.program()
        big[5] = 2
        #expect(throws: KernelError.otherArchitecture("a big-endian processor (ELF)")) { try load(big) }
        #expect(throws: KernelError.self) { try load(Self.program(type: 1)) }
        var empty = Self.program()
        empty.put(UInt16(0), at: 56)
        #expect(throws: KernelError.corrupt("the ELF file has nothing to load")) { try load(empty) }
    }

    @Test("Truncated and inconsistent files are refused")
    func damaged() {
        let whole = Self.program()
        for count in [4, 19, 40, 63, 100, 0x1fff] {
            #expect(throws: KernelError.self, "\(count) bytes") { try load(Array(whole.prefix(count))) }
        }
        var inverted = whole
        inverted.put(UInt64(0x3000), at: 64 + 40 + 56)
        inverted.put(UInt64(0x10), at: 64 + 40)
        #expect(throws: KernelError.self) { try load(inverted) }
        #expect(throws: KernelError.self) { try load(Self.program(physical: 0x1000)) }
        #expect(throws: KernelError.self) { try load(Self.program(physical: UInt64.max - 0x800)) }
    }

    @Test("A file without symbols has no tohost")
    func noSymbols() throws {
        var stripped = Self.program()
        stripped.put(UInt16(0), at: 60)
        #expect(try load(stripped).toHost == nil)
        var elsewhere = Self.program()
        elsewhere.put(UInt64.max - 4, at: 40)
        #expect(try load(elsewhere).toHost == nil)
    }
}
