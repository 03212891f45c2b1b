import CLinux
import Machine
import Synchronization
import Testing

@Suite("Guest memory")
struct GuestMemoryTests {
    static let base: UInt64 = 0x8000_0000
    static let size: UInt64 = 1 << 20
    let memory: GuestMemory

    init() throws { memory = try #require(GuestMemory(base: Self.base, size: Self.size)) }

    @Test("Fresh memory is zero, and keeps what is stored, little-endian and unaligned")
    func loadsAndStores() {
        #expect(memory.load64(Self.base + 0x123) == 0)
        #expect(memory.store64(Self.base + 1, 0x0807_0605_0403_0201))
        #expect(memory.load8(Self.base + 1) == 1)
        #expect(memory.load16(Self.base + 2) == 0x0302)
        #expect(memory.load32(Self.base + 3) == 0x0605_0403)
        #expect(memory.store32(Self.base + 1, 0xffff_ffff))
        #expect(memory.store16(Self.base + 1, 0))
        #expect(memory.store8(Self.base + 8, 9))
        #expect(memory.load64(Self.base + 1) == 0x0907_0605_ffff_0000)
    }

    @Test(
        "Nothing outside is reached, however the numbers wrap",
        arguments: [
            (base - 1, 1), (base + size, 1), (base + size - 3, 4), (0, 1), (UInt64.max, 1),
            (base, UInt64.max),
            (base, size + 1), (base + 8, UInt64.max - 7), (UInt64.max - 3, 8),
        ] as [(UInt64, UInt64)])
    func outside(address: UInt64, count: UInt64) {
        #expect(!memory.contains(address, count))
        #expect(memory.pointer(to: address, count: count) == nil)
        memory.didWrite(address, count)
    }

    @Test("Loads and stores that reach over an end do nothing")
    func ends() {
        let end = Self.base + Self.size
        #expect(memory.load64(end - 7) == nil)
        #expect(memory.load8(Self.base - 1) == nil)
        #expect(!memory.store64(end - 7, UInt64.max))
        #expect(memory.load32(end - 4) == 0)
        #expect(memory.load64(end - 8) == 0)
        #expect(memory.contains(Self.base, Self.size))
    }

    @Test("Sizes and bases that make no sense are refused")
    func impossible() {
        #expect(GuestMemory(base: 0, size: 0) == nil)
        #expect(GuestMemory(base: 0, size: 100) == nil)
        #expect(GuestMemory(base: 8, size: 4096) == nil)
        #expect(GuestMemory(base: UInt64.max - 4095, size: 8192) == nil)
        #expect(GuestMemory(base: 0, size: 1 << 62) == nil)
    }

    @Test("Bytes are copied in and out")
    func copies() {
        let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }
        #expect(bytes.withUnsafeBytes { memory.write(Self.base + 10, from: $0) })
        var copy = [UInt8](repeating: 0, count: 5000)
        #expect(copy.withUnsafeMutableBytes { memory.read(Self.base + 10, into: $0) })
        #expect(copy == bytes)
        #expect(bytes.withUnsafeBytes { !memory.write(Self.base + Self.size - 4999, from: $0) })
        #expect(memory.load8(Self.base + Self.size - 4999) == 0)
        #expect(copy.withUnsafeMutableBytes { !memory.read(Self.base - 1, into: $0) })
    }

    @Test("A write to a page that holds code is told once, others are not")
    func codeWritten() {
        let told = Mutex<[UInt64]>([])
        memory.codeWritten = { address, count in told.withLock { $0 += [address, count] } }
        _ = viv_fetch_or8(memory.pageFlags + 2, GuestMemory.PageFlags.code.rawValue)
        #expect(memory.store8(Self.base + 0x1fff, 1))
        #expect(memory.store8(Self.base + 0x3000, 1))
        #expect(told.withLock { $0 }.isEmpty)
        #expect(memory.store16(Self.base + 0x1fff, 1))
        #expect(memory.store8(Self.base + 0x2fff, 1))
        memory.didWrite(Self.base, 0x5000)
        memory.didWrite(Self.base + 0x2000, 0)
        #expect(
            told.withLock { $0 } == [Self.base + 0x1fff, 2, Self.base + 0x2fff, 1, Self.base, 0x5000])
    }

    @Test("Clearing makes all of it zero")
    func clear() {
        #expect(memory.store64(Self.base, 1))
        #expect(memory.store64(Self.base + Self.size - 8, 1))
        memory.clear()
        #expect(memory.load64(Self.base) == 0)
        #expect(memory.load64(Self.base + Self.size - 8) == 0)
        #expect(memory.store64(Self.base, 2))
    }
}
