import Firmware
import Glibc
import Machine
import Testing

@Suite("Files placed in guest RAM")
struct BootFileTests {
    static let base: UInt64 = 0x8000_0000
    let memory: GuestMemory

    init() throws { memory = try #require(GuestMemory(base: Self.base, size: 1 << 20)) }

    private func bytes(at address: UInt64, _ count: Int) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: count)
        _ = result.withUnsafeMutableBytes { memory.read(address, into: $0) }
        return result
    }

    /// Whether the page at `address` belongs to a mapped file.
    private func isFileMapped(_ address: UInt64) throws -> Bool {
        let wanted = UInt(bitPattern: memory.host) + UInt(address - Self.base)
        let descriptor = open("/proc/self/maps", O_RDONLY)
        defer { close(descriptor) }
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(descriptor, &piece, piece.count), count > 0 { text += piece[..<count] }
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let fields = String(decoding: line, as: UTF8.self).split(
                separator: " ", omittingEmptySubsequences: true)
            let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            if ends[0] <= wanted, wanted < ends[1] { return fields[4] != "0" }
        }
        return false
    }

    @Test(
        "Any size at any alignment arrives whole and disturbs nothing around it",
        arguments: [1, 100, 4095, 4096, 4097, 8192, 12_289, 50_000],
        [0, 1, 8, 0x123, 0x1000, 0x1ffc] as [UInt64])
    func sizesAndAlignments(size: Int, offset: UInt64) throws {
        var random = SeededGenerator(seed: UInt64(size))
        let content = random.bytes(size)
        let file = try TemporaryFile(content)
        memset(memory.host, 0xee, Int(memory.size))
        let address = Self.base + 0x2000 + offset
        try file.boot.place(at: address, in: memory, as: "the initrd")
        #expect(bytes(at: address, size) == content)
        #expect(bytes(at: address - 16, 16) == [UInt8](repeating: 0xee, count: 16))
        #expect(bytes(at: address + UInt64(size), 5000) == [UInt8](repeating: 0xee, count: 5000))
    }

    @Test("Whole aligned pages are mapped; the last partial page is not")
    func mapping() throws {
        let file = try TemporaryFile([UInt8](repeating: 7, count: 3 * 4096 + 10))
        try file.boot.place(at: Self.base, in: memory, as: "the kernel")
        #expect(try isFileMapped(Self.base))
        #expect(try isFileMapped(Self.base + 2 * 4096))
        #expect(try !isFileMapped(Self.base + 3 * 4096))
        #expect(bytes(at: Self.base + 3 * 4096, 11) == [UInt8](repeating: 7, count: 10) + [0])
    }

    @Test("What the guest writes over a mapped file stays out of the file")
    func privateMapping() throws {
        let file = try TemporaryFile([UInt8](repeating: 7, count: 8192))
        try file.boot.place(at: Self.base, in: memory, as: "the kernel")
        #expect(memory.store8(Self.base, 9))
        var first: UInt8 = 0
        #expect(pread(file.descriptor, &first, 1, 0) == 1)
        #expect(first == 7)
    }

    @Test("Clearing RAM undoes what the guest wrote over the file; placing it again changes nothing")
    func clearAndPlaceAgain() throws {
        let file = try TemporaryFile([UInt8](repeating: 7, count: 8192))
        try file.boot.place(at: Self.base, in: memory, as: "the kernel")
        _ = memory.store8(Self.base + 5, 9)
        _ = memory.store8(Self.base + 8192, 9)
        memory.clear()
        #expect(bytes(at: Self.base, 8193) == [UInt8](repeating: 7, count: 8192) + [0])
        try file.boot.place(at: Self.base, in: memory, as: "the kernel")
        #expect(bytes(at: Self.base, 8192) == [UInt8](repeating: 7, count: 8192))
    }

    @Test("A file that does not fit, or has shrunk, is refused")
    func refusals() throws {
        let file = try TemporaryFile([UInt8](repeating: 7, count: 8192))
        #expect(throws: KernelError.self) {
            try file.boot.place(at: Self.base + (1 << 20) - 8191, in: memory, as: "the initrd")
        }
        #expect(throws: KernelError.self) { try file.boot.place(at: 0, in: memory, as: "the initrd") }
        let longer = BootFile(descriptor: file.descriptor, size: 10_000)
        #expect(throws: KernelError.truncated(what: "the initrd ends early")) {
            try longer.place(at: Self.base + 4, in: memory, as: "the initrd")
        }
        #expect(try BootFile(descriptor: file.descriptor).size == 8192)
        #expect(throws: KernelError.unreadable(errno: EBADF)) { try BootFile(descriptor: -1) }
    }

    @Test("Initrd and device tree lie at the top of RAM, clear of the kernel and of each other")
    func layout() throws {
        let kernel = Self.base..<Self.base + 0x4_0000
        let layout = try BootLayout(memory: memory, kernel: kernel, initrdSize: 10_000, deviceTreeSize: 5000)
        #expect(layout.deviceTree == Self.base + 0xf_e000)
        #expect(layout.initrd == Self.base + 0xf_b000..<Self.base + 0xf_b000 + 10_000)
        let without = try BootLayout(memory: memory, kernel: kernel, initrdSize: 0, deviceTreeSize: 4096)
        #expect(without == (try BootLayout(memory: memory, kernel: kernel, initrdSize: 0, deviceTreeSize: 1)))
        #expect(without.initrd == nil)
        for size in [800_000, 2 << 20, UInt64.max] {
            #expect(throws: KernelError.self) {
                try BootLayout(memory: memory, kernel: kernel, initrdSize: size, deviceTreeSize: 5000)
            }
        }
    }
}
