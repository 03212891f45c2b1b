import Machine
import Synchronization
import Testing

/// A device that answers with a number of its own and remembers what it was told.
private final class Probe: Device {
    struct Access: Equatable {
        let offset: UInt64
        let width: AccessWidth
        let value: UInt64
    }

    let answer: UInt64
    private let log = Mutex<[Access]>([])
    private let resets = Mutex(0)

    init(answer: UInt64 = 0) { self.answer = answer }

    var writes: [Access] { log.withLock { $0 } }
    var resetCount: Int { resets.withLock { $0 } }

    func read(at offset: UInt64, width: AccessWidth) -> UInt64 { answer &+ offset }
    func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        log.withLock { $0.append(Access(offset: offset, width: width, value: value)) }
    }
    func reset() { resets.withLock { $0 += 1 } }
}

@Suite("An address space")
struct AddressSpaceTests {
    @Test("Devices see offsets into their own ranges")
    func offsets() throws {
        let space = AddressSpace()
        let (low, high) = (Probe(answer: 100), Probe(answer: 200))
        try space.attach(high, name: "high", at: 0x2000, size: 0x1000)
        try space.attach(low, name: "low", at: 0x1000, size: 0x1000)
        #expect(space.read(0x1000, width: .byte) == 100)
        #expect(space.read(0x1ffc, width: .word) == 100 + 0xffc)
        #expect(space.read(0x2008, width: .double) == 208)
        #expect(space.write(0x2010, width: .half, 7))
        #expect(high.writes == [Probe.Access(offset: 0x10, width: .half, value: 7)])
        #expect(low.writes.isEmpty)
    }

    @Test("An access that no device claims whole is a bus error")
    func busErrors() throws {
        let space = AddressSpace()
        #expect(space.read(0, width: .byte) == nil)
        let (first, second) = (Probe(), Probe())
        try space.attach(first, name: "first", at: 0x1000, size: 0x10)
        try space.attach(second, name: "second", at: 0x1010, size: 0x10)
        #expect(space.read(0xfff, width: .byte) == nil)
        #expect(space.read(0x100c, width: .double) == nil)
        #expect(space.read(0x101d, width: .word) == nil)
        #expect(space.read(0x1020, width: .byte) == nil)
        #expect(space.read(UInt64.max, width: .double) == nil)
        #expect(!space.write(0x100f, width: .half, 1))
        #expect(first.writes.isEmpty && second.writes.isEmpty)
        #expect(space.isDevice(0x101f))
        #expect(!space.isDevice(0x1020))
    }

    @Test("The last bytes of the address space can belong to a device")
    func topOfSpace() throws {
        let space = AddressSpace()
        try space.attach(Probe(answer: 5), name: "top", at: UInt64.max - 15, size: 16)
        #expect(space.read(UInt64.max, width: .byte) == 20)
        #expect(space.read(UInt64.max - 7, width: .double) == 13)
        #expect(space.read(UInt64.max - 6, width: .double) == nil)
    }

    @Test(
        "Ranges that overlap are refused",
        arguments: [(0x1000, 0x1000), (0xfff, 2), (0x1fff, 1), (0x1800, 0x10), (0, 0x8000)]
            as [(UInt64, UInt64)])
    func overlaps(start: UInt64, size: UInt64) throws {
        let space = AddressSpace()
        try space.attach(Probe(), name: "old", at: 0x1000, size: 0x1000)
        #expect(throws: AddressSpace.AttachError.overlap(name: "new", with: "old")) {
            try space.attach(Probe(), name: "new", at: start, size: size)
        }
    }

    @Test("Empty ranges, and those that wrap around, are refused")
    func emptyOrWrapping() {
        let space = AddressSpace()
        for (start, size) in [(0x1000, 0), (UInt64.max, 2)] as [(UInt64, UInt64)] {
            #expect(throws: AddressSpace.AttachError.emptyOrWrapping(name: "d")) {
                try space.attach(Probe(), name: "d", at: start, size: size)
            }
        }
    }

    @Test("Reset reaches every device once")
    func reset() throws {
        let space = AddressSpace()
        let devices = [Probe(), Probe(), Probe()]
        for (index, device) in devices.enumerated() {
            try space.attach(device, name: "\(index)", at: UInt64(index) * 16, size: 16)
        }
        space.reset()
        #expect(devices.map(\.resetCount) == [1, 1, 1])
    }
}
