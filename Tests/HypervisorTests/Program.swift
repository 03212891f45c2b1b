import Machine

/// Machine code for tests, written with the handful of instructions that they need.
struct Program {
    private(set) var words: [UInt32] = []

    var bytes: [UInt8] { words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } } }

    enum Register: UInt32 {
        case zero = 0
        case a0 = 10
        case a1, a2, a3, a4, a5, a6, a7
    }

    /// Any 32-bit constant, zero-extended: `lui`, `addiw` and, where those extend a sign, `slli` and `srli` by 32.
    mutating func load(_ register: Register, _ value: UInt32) {
        let high = (value &+ 0x800) & 0xffff_f000
        let both = register.rawValue << 15 | register.rawValue << 7
        words.append(high | register.rawValue << 7 | 0x37)
        words.append((value &- high) << 20 | both | 0x1b)
        if value >> 31 != 0 { words += [32 << 20 | both | 0x1013, 32 << 20 | both | 0x5013] }
    }

    /// `sw source, offset(base)`
    mutating func storeWord(_ source: Register, _ offset: UInt32 = 0, at base: Register) {
        store(source, offset, base, width: 2)
    }

    /// `sb source, offset(base)`
    mutating func storeByte(_ source: Register, _ offset: UInt32 = 0, at base: Register) {
        store(source, offset, base, width: 0)
    }

    /// `lw target, offset(base)`
    mutating func loadWord(_ target: Register, _ offset: UInt32 = 0, at base: Register) {
        words.append(offset << 20 | base.rawValue << 15 | 2 << 12 | target.rawValue << 7 | 0x03)
    }

    /// `addi target, source, value`
    mutating func add(_ target: Register, _ source: Register, _ value: Int32) {
        words.append(UInt32(bitPattern: value) << 20 | source.rawValue << 15 | target.rawValue << 7 | 0x13)
    }

    /// `jal zero, distance`, in instructions.
    mutating func jump(_ distance: Int32) {
        let offset = UInt32(bitPattern: distance * 4)
        let high = (offset >> 20 & 1) << 31 | (offset >> 1 & 0x3ff) << 21
        words.append(high | (offset >> 11 & 1) << 20 | (offset >> 12 & 0xff) << 12 | 0x6f)
    }

    mutating func waitForInterrupt() { words.append(0x1050_0073) }

    mutating func callEnvironment() { words.append(0x73) }

    mutating func store(_ source: Register, _ offset: UInt32, _ base: Register, width: UInt32) {
        let immediate = (offset >> 5 & 0x7f) << 25 | (offset & 0x1f) << 7
        words.append(immediate | source.rawValue << 20 | base.rawValue << 15 | width << 12 | 0x23)
    }
}

extension Program {
    static let finisher: UInt32 = 0x10_0000
    static let serial: UInt32 = 0x1000_0000

    /// Writes `key` to the test finisher and waits for what comes of it.
    static func finish(_ key: UInt32) -> Program {
        var program = Program()
        program.load(.a0, finisher)
        program.load(.a1, key)
        program.storeWord(.a1, at: .a0)
        program.jump(0)
        return program
    }

    /// Adds: write `text` to the serial port.
    mutating func print(_ text: String) {
        load(.a0, Self.serial)
        for byte in text.utf8 {
            add(.a1, .zero, Int32(byte))
            storeByte(.a1, at: .a0)
        }
    }

    mutating func append(_ other: Program) { words += other.words }
}

extension Program {
    /// `lbu target, offset(base)`
    mutating func loadByte(_ target: Register, _ offset: UInt32 = 0, at base: Register) {
        words.append(offset << 20 | base.rawValue << 15 | 4 << 12 | target.rawValue << 7 | 0x03)
    }

    /// `andi target, target, bits`
    mutating func mask(_ target: Register, _ bits: UInt32) {
        words.append(bits << 20 | target.rawValue << 15 | 7 << 12 | target.rawValue << 7 | 0x13)
    }

    /// `beq register, zero, distance`, in instructions.
    mutating func branchIfZero(_ register: Register, _ distance: Int32) {
        let offset = UInt32(bitPattern: distance * 4)
        let high = (offset >> 12 & 1) << 31 | (offset >> 5 & 0x3f) << 25
        let low = (offset >> 1 & 0xf) << 8 | (offset >> 11 & 1) << 7
        words.append(high | register.rawValue << 15 | low | 0x63)
    }
}
