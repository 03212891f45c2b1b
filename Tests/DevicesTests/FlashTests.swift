import Devices
import Machine
import TestSupport
import Testing

@Suite("Flash")
struct FlashTests {
    private static func flash(_ stored: Recorder<Int> = Recorder()) -> FlashMemory {
        FlashMemory([UInt8](repeating: 0xAB, count: 3 * 4096), store: { offset, _ in stored.record(offset) })
    }

    private static func write(_ flash: FlashMemory, _ offset: UInt64, _ values: [UInt64]) {
        for value in values { flash.write(at: offset, width: .byte, value) }
    }

    @Test("Its users tell it from RAM and from ROM")
    func probe() {
        let flash = Self.flash()
        Self.write(flash, 0, [0x50])
        #expect(flash.read(at: 0, width: .byte) == 0xAB)
        Self.write(flash, 0, [0x70])
        #expect(flash.read(at: 0, width: .byte) == 0)
        Self.write(flash, 0, [0xFF])
        #expect(flash.read(at: 0, width: .word) == 0xABAB_ABAB)
        Self.write(flash, 0, [0x98])
        #expect((0x10..<0x13).map { flash.read(at: $0, width: .byte) } == "QRY".utf8.map(UInt64.init))
    }

    @Test("Programming clears bits, erasing sets those of a block; both are kept")
    func changes() {
        let stored = Recorder<Int>()
        let flash = Self.flash(stored)
        Self.write(flash, 4097, [0x10, 0x0F])
        #expect(flash.read(at: 4097, width: .byte) == 0x80)
        Self.write(flash, 4097, [0xFF])
        #expect(flash.read(at: 4096, width: .half) == 0x0BAB)
        Self.write(flash, 5000, [0x20, 0xD0, 0xFF])
        #expect(flash.read(at: 4096, width: .half) == 0xFFFF)
        #expect(flash.read(at: 4095, width: .byte) == 0xAB)
        #expect(flash.read(at: 8192, width: .byte) == 0xAB)
        Self.write(flash, 4096, [0xE8, 1])
        flash.write(at: 4100, width: .half, 0x1234)
        Self.write(flash, 4096, [0xD0, 0xFF])
        #expect(flash.read(at: 4100, width: .half) == 0x1234)
        #expect(stored.recorded == [4097, 4096, 4100, 4101])
        flash.reset()
        #expect(flash.contents[4100] == 0x34)
    }

    @Test("An erasure that is not confirmed does not happen")
    func unconfirmed() {
        let flash = Self.flash()
        Self.write(flash, 0, [0x20, 0x00])
        #expect(flash.read(at: 0, width: .byte) & 0x30 == 0x30)
        #expect(flash.contents[0] == 0xAB)
    }

    @Test("Random commands never reach beyond it")
    func hostile() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let flash = Self.flash()
        let commands: [UInt64] = [0x10, 0x20, 0xD0, 0xE8, 0x40, 0x50, 0x70, 0x90, 0x98, 0xFF]
        for _ in 0..<100_000 {
            let width = [AccessWidth.byte, .half, .word, .double][Int(random.next() % 4)]
            let offset = random.next() % 64 == 0 ? random.next() : random.next() % 13_000
            let isCommand = random.next() % 2 == 0
            let value = isCommand ? commands[Int(random.next() % 10)] : random.next()
            if random.next() % 4 == 0 {
                _ = flash.read(at: offset, width: width)
            } else {
                flash.write(at: offset, width: width, value)
            }
        }
        #expect(flash.contents.count == 3 * 4096)
    }
}
