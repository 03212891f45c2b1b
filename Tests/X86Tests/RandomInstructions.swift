import X86

/// Makes random instructions from the table of encodings: any prefixes, registers, addresses and immediates.
struct RandomInstructions {
    var generator: SplitMix64
    private let encodings: [Encoding]
    /// The mode that instructions are for: sizes of operands and addresses depend on it.
    var mode = Decoder.Mode.bits64
    /// The instruction being made has an address-size prefix.
    private var has67 = false
    /// How far relative branches reach.
    var longestJump: Int64 = 12

    init(seed: UInt64, _ isWanted: (Encoding) -> Bool) {
        generator = SplitMix64(state: seed)
        encodings = EncodingTable.shared.encodings.filter(isWanted)
    }

    private mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &generator) < percent
    }

    private mutating func byte() -> UInt8 { UInt8.random(in: 0...255, using: &generator) }

    /// One instruction's bytes and the encoding that it was made from.
    mutating func next() -> (bytes: [UInt8], encoding: Encoding) {
        let encoding = encodings.randomElement(using: &generator) ?? Encoding()
        var bytes: [UInt8] = []
        var has66 = encoding.prefix == .p66
        switch encoding.prefix {
        case _ where encoding.flags.contains(.vex): break
        case .pF3: bytes.append(0xF3)
        case .pF2: bytes.append(0xF2)
        case .p66: bytes.append(0x66)
        default: break
        }
        // Double shifts of 16 bits are undefined for most counts.
        let isDoubleShift = [.shld, .shrd, .shldCL, .shrdCL].contains(encoding.op)
        if encoding.prefix == .any, !encoding.flags.contains(.force64), !isDoubleShift, chance(25) {
            bytes.append(0x66)
            has66 = true
        }
        if encoding.chapter == .string, chance(50) { bytes.append(chance(50) ? 0xF3 : 0xF2) }
        has67 = chance(4)
        if has67 { bytes.append(0x67) }
        // Any data segment, each of which holds the same.
        if mode != .bits64, chance(20) { bytes.append([0x26, 0x36, 0x3E, 0x64, 0x65][Int(byte() % 5)]) }
        var rex: UInt8 = 0
        if mode == .bits64, !encoding.flags.contains(.vex), chance(60) {
            rex = 0x40 | byte() & 15
            bytes.append(rex)
        }
        if encoding.flags.contains(.vex) {
            let last = byte()
            rex = last >> 4 & 8
            bytes += vexPrefix(encoding, last)
        } else {
            if encoding.map > 0 { bytes.append(0x0F) }
            if encoding.map > 1 { bytes.append(encoding.map == 2 ? 0x38 : 0x3A) }
        }
        bytes.append(encoding.opcode + UInt8.random(in: 0..<encoding.span, using: &generator))
        if encoding.hasModRM { bytes += modRM(encoding) }
        for operand in [encoding.first, encoding.second, encoding.third] {
            bytes += immediate(
                operand, wide: rex & 8 != 0, half: has66 != (mode == .bits16), op: encoding.op)
        }
        return (bytes, encoding)
    }

    /// Three bytes, with any registers; of `last` the width and the register count.
    private mutating func vexPrefix(_ encoding: Encoding, _ last: UInt8) -> [UInt8] {
        let prefix: UInt8 =
            switch encoding.prefix {
            case .p66: 1
            case .pF3: 2
            case .pF2: 3
            default: 0
            }
        return [0xC4, byte() & 0xE0 | encoding.map, last & 0xF8 | prefix]
    }

    private mutating func modRM(_ encoding: Encoding) -> [UInt8] {
        if encoding.exactModRM != 0 { return [encoding.exactModRM] }
        let kind = encoding.rm?.kind ?? .none
        let needsRegister = kind == .register || kind == .vectorRM
        let isRegister = needsRegister || (kind != .memory && chance(50))
        let reg = encoding.digit != 0xFF ? encoding.digit : byte() & 7
        let form: UInt8 = isRegister ? 3 : UInt8.random(in: 0...2, using: &generator)
        var rm = byte() & 7
        let isShort = mode != .bits64 && (mode == .bits16) != has67
        // What is relative to RIP is code here, which only a load leaves alone.
        if !isShort, form == 0, rm == 5, encoding.first.kind != .reg { rm = 3 }
        var bytes = [form << 6 | reg << 3 | rm]
        guard form != 3 else { return bytes }
        if isShort { return bytes + shortDisplacement(form, rm) }
        var base = rm
        if rm == 4 {
            let sib = chance(70) ? byte() & 0x3F | 0x20 : byte()
            bytes.append(sib)
            base = sib & 7
        }
        if form == 1 { bytes.append(UInt8(bitPattern: Int8.random(in: -64...64, using: &generator))) }
        if form == 2 || (form == 0 && base == 5) {
            bytes += little(Int64.random(in: -256...256, using: &generator), 4)
        }
        return bytes
    }

    /// Of a 16-bit address.
    private mutating func shortDisplacement(_ form: UInt8, _ rm: UInt8) -> [UInt8] {
        if form == 1 { return [byte()] }
        return form == 2 || rm == 6 ? [byte(), byte()] : []
    }

    private mutating func immediate(_ operand: Encoding.Operand, wide: Bool, half: Bool, op: Operation)
        -> [UInt8]
    {
        switch operand.kind {
        case .relative:
            let size = operand.size == .byte ? 1 : half && mode != .bits64 ? 2 : 4
            return little(Int64.random(in: 0...longestJump, using: &generator), size)
        case .offset:
            if mode == .bits64 {
                return little(0x2000_0000 + Int64.random(in: 0...8200, using: &generator), 8)
            }
            let isShort = (mode == .bits16) != has67
            return little(mode == .bits16 ? 0x100 : isShort ? 0x3000 : 0x2_1000, isShort ? 2 : 4)
        case .immediate:
            let value =
                chance(50)
                ? Int64.random(in: -4...70, using: &generator) : Int64(truncatingIfNeeded: generator.next())
            switch operand.size {
            case .byte, .signedByte: return little(value, 1)
            case .word: return little(value & 0x3F, op == .enter ? 3 : 2)
            case .one: return []
            case .operand: return little(value, wide ? 8 : half ? 2 : 4)
            default: return little(value, half && !wide ? 2 : 4)
            }
        default: return []
        }
    }

    private func little(_ value: Int64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> Int64(8 * $0)) }
    }
}

/// A small generator with a seed that a failing test can print.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
