/// A VGA with Bochs' extension, without the memory that it shows.
struct VGACore {
    var registers = VGARegisters()
    var display = BochsDisplay()
    var displayIndex: UInt16 = 0
    let memory: VideoMemory

    init(_ memory: VideoMemory) { self.memory = memory }

    mutating func writeDisplay(_ value: UInt16) {
        let effect = display.write(displayIndex, value)
        registers.palette.isWide = display.hasWideDAC
        guard case .begins(let clears) = effect else { return }
        adoptMode()
        if clears { memory.clear(display.pitch * Int(display.height) * (display.depth == 4 ? 4 : 1)) }
    }

    /// VGA's own registers agree with the mode, for whoever writes through the window at 0xA0000 or saves them.
    private mutating func adoptMode() {
        let last = Int(display.height) - 1
        registers.graphics[6] = registers.graphics[6] & ~0x0C | 0x05
        registers.controller[0x17] |= 3
        registers.controller[0x13] = UInt8(truncatingIfNeeded: display.pitch >> (display.depth == 4 ? 1 : 3))
        registers.controller[1] = UInt8(truncatingIfNeeded: Int(display.width) >> 3 - 1)
        registers.controller[0x12] = UInt8(truncatingIfNeeded: last)
        registers.controller[7] =
            registers.controller[7] & ~0x42 | UInt8(last >> 7 & 0x02) | UInt8(last >> 3 & 0x40)
        // No line where the picture begins anew, and each line once.
        registers.controller[0x18] = 0xFF
        registers.controller[7] |= 0x10
        registers.controller[9] = registers.controller[9] & 0x60 | 0x40
        if display.depth == 4 {
            registers.graphics[5] &= ~0x60
            registers.sequencer[1] &= ~0x08
        } else {
            registers.graphics[5] = registers.graphics[5] & ~0x60 | 0x40
            registers.sequencer[4] |= 0x08
            registers.sequencer[2] |= 0x0F
        }
    }
}

// The window at 0xA0000.
extension VGACore {
    static let windowSize = 128 << 10

    private enum Map {
        static let text: UInt8 = 0x08
        static let mono: UInt8 = 0x04
    }

    private var isChained: Bool { registers.sequencer[4] & 0x08 != 0 }
    private var alternates: Bool { registers.graphics[5] & 0x10 != 0 }

    /// The address within the card's memory of a place in the window; `nil` where the window is closed.
    private func address(_ place: Int) -> Int? {
        guard (0..<Self.windowSize).contains(place) else { return nil }
        return switch registers.graphics[6] >> 2 & 3 {
        case 0: place
        case 1: place < 0x1_0000 ? place + Int(display.bank) << 16 : nil
        case 2: (0x1_0000..<0x1_8000).contains(place) ? place - 0x1_0000 : nil
        default: place >= 0x1_8000 ? place - 0x1_8000 : nil
        }
    }

    mutating func load(_ place: Int) -> UInt8 {
        guard let address = address(place) else { return 0xFF }
        if isChained { return memory[address] }
        if alternates {
            let plane = Int(registers.graphics[4] & 2) | address & 1
            return memory[(address & ~1) << 1 | plane]
        }
        registers.latch = memory[planes: address]
        let latch = registers.latch
        if registers.graphics[5] & 0x08 == 0 {
            return UInt8(truncatingIfNeeded: latch >> UInt32(8 * (registers.graphics[4] & 3)))
        }
        // Read mode 1: pixels that have the colour compared with, in the planes that count.
        let differing = (latch ^ Planes.spread(registers.graphics[2])) & Planes.spread(registers.graphics[7])
        return ~Planes.anyOf(differing)
    }

    mutating func store(_ place: Int, _ value: UInt8) {
        guard let address = address(place) else { return }
        let mask = registers.sequencer[2]
        if isChained {
            if mask & 1 << UInt8(address & 3) != 0 { memory[address] = value }
        } else if alternates {
            let plane = Int(registers.graphics[4] & 2) | address & 1
            if mask & 1 << UInt8(plane) != 0 { memory[(address & ~1) << 1 | plane] = value }
        } else {
            let planes = Planes.spread(mask)
            memory[planes: address] = memory[planes: address] & ~planes | written(value) & planes
        }
    }

    /// What the graphics controller makes of a written byte.
    private func written(_ value: UInt8) -> UInt32 {
        let (graphics, latch) = (registers.graphics, registers.latch)
        let shift = graphics[3] & 7
        let rotated = shift == 0 ? value : value >> shift | value << (8 - shift)
        var bits = graphics[8]
        let source: UInt32
        switch graphics[5] & 3 {
        case 0:
            let fixed = Planes.spread(graphics[1])
            source = Planes.repeated(rotated) & ~fixed | Planes.spread(graphics[0]) & fixed
        case 1: return latch
        case 2: source = Planes.spread(value)
        default:
            bits &= rotated
            source = Planes.spread(graphics[0])
        }
        let mask = Planes.repeated(bits)
        return combined(source, latch) & mask | latch & ~mask
    }

    private func combined(_ source: UInt32, _ latch: UInt32) -> UInt32 {
        switch registers.graphics[3] >> 3 & 3 {
        case 0: source
        case 1: source & latch
        case 2: source | latch
        default: source ^ latch
        }
    }
}

/// Four planes' bytes in a word.
enum Planes {
    /// All bits of each plane whose bit is set.
    static func spread(_ planes: UInt8) -> UInt32 {
        (0..<4).reduce(0) { planes & 1 << $1 != 0 ? $0 | 0xFF << (8 * UInt32($1)) : $0 }
    }

    /// The same byte for each.
    static func repeated(_ byte: UInt8) -> UInt32 { UInt32(byte) &* 0x0101_0101 }

    /// Bits that are set in any.
    static func anyOf(_ planes: UInt32) -> UInt8 {
        UInt8(truncatingIfNeeded: planes | planes >> 8 | planes >> 16 | planes >> 24)
    }
}
