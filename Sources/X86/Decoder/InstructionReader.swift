/// One instruction being decoded: a cursor over its bytes, what the prefixes have said, and the result.
struct InstructionReader {
    private let bytes: UnsafePointer<UInt8>
    private let count: Int
    let mode: Decoder.Mode
    private(set) var position = 0
    /// More bytes were asked for than there are.
    private(set) var hasRunOut = false
    /// False once something was found that makes the instruction undefined.
    var isSound = true

    var instruction = Instruction()
    var rex: UInt8 = 0
    private(set) var map: UInt8 = 0
    private(set) var opcodeByte: UInt8 = 0
    private(set) var modRM: UInt8 = 0
    /// What a VEX prefix says: that there is one, its register as an operand, the prefix that it stands for.
    private var hasVEX = false
    private(set) var vexRegister: UInt8 = 0
    private var namesVEXRegister = false
    private var vexPrefix = Encoding.Prefix.none
    private var has66 = false
    private var has67 = false
    private var repeatPrefix = Encoding.Prefix.any
    /// A segment override: `SegmentSlot`, or 0xFF.
    var override: UInt8 = 0xFF

    init(_ bytes: UnsafePointer<UInt8>, count: Int, _ mode: Decoder.Mode) {
        self.bytes = bytes
        self.count = count
        self.mode = mode
    }

    // MARK: Bytes

    private var peek: UInt8 {
        mutating get {
            guard position < count else {
                hasRunOut = true
                return 0
            }
            return bytes[position]
        }
    }

    private mutating func byte() -> UInt8 {
        let value = peek
        if !hasRunOut { position += 1 }
        return value
    }

    /// A little-endian number of `size` bytes, sign-extended.
    mutating func number(_ size: Int) -> Int64 {
        guard position + size <= count else {
            hasRunOut = true
            return 0
        }
        var value: UInt64 = 0
        for index in 0..<size { value |= UInt64(bytes[position + index]) << (8 * UInt64(index)) }
        position += size
        let unused = UInt64(64 - 8 * size)
        return Int64(bitPattern: value << unused) >> unused
    }

    // MARK: Prefixes and opcode

    /// SDM vol. 2, section 2.1.1. REX counts only right before the opcode.
    mutating func prefixes() {
        while !hasRunOut {
            let value = peek
            switch value {
            case 0x66: has66 = true
            case 0x67: has67 = true
            case 0xF0: instruction.flags.insert(.lock)
            case 0xF2: repeatPrefix = .pF2
            case 0xF3: repeatPrefix = .pF3
            case 0x26, 0x2E, 0x36, 0x3E: setOverride(value >> 3 & 3)
            case 0x64, 0x65: override = SegmentSlot.fs + (value & 1)
            case 0x40...0x4F where mode == .bits64:
                rex = value
                position += 1
                continue
            default: return
            }
            rex = 0
            position += 1
        }
    }

    /// 64-bit mode ignores all but FS and GS, which do not lose to them either.
    private mutating func setOverride(_ segment: UInt8) {
        if mode != .bits64 { override = segment }
    }

    mutating func opcode() {
        opcodeByte = byte()
        if opcodeByte & 0xFE == 0xC4, mode == .bits64 || peek >= 0xC0 { return vectorExtension() }
        guard opcodeByte == 0x0F else { return }
        map = 1
        opcodeByte = byte()
        guard opcodeByte == 0x38 || opcodeByte == 0x3A else { return }
        map = opcodeByte == 0x38 ? 2 : 3
        opcodeByte = byte()
    }

    /// VEX in two or three bytes (SDM vol. 2, section 2.3.5). Outside 64-bit mode the first of them looks like LDS or
    /// LES with a register for its memory, and what it says of registers 8 to 15 does not count.
    private mutating func vectorExtension() {
        if has66 || repeatPrefix != .any || rex != 0 || instruction.flags.contains(.lock) { isSound = false }
        hasVEX = true
        let isLong = opcodeByte == 0xC4
        var last = byte()
        rex = (~last >> 5 & 4)
        map = 1
        if isLong {
            rex = ~last >> 5 & 7
            map = last & 0x1F
            last = byte()
            rex |= last >> 4 & 8
        }
        if !(1...3).contains(map) {
            isSound = false
            map = 1
        }
        if mode != .bits64 { rex = 0 }
        namesVEXRegister = last & 0x78 != 0x78
        vexRegister = (~last >> 3 & (mode == .bits64 ? 15 : 7)) * 8
        if last & 4 != 0 { isSound = false }
        vexPrefix = [.none, .p66, .pF3, .pF2][Int(last & 3)]
        opcodeByte = byte()
    }

    mutating func peekModRM() {
        modRM = peek
        // MOV to and from control and debug registers knows registers only (SDM vol. 2, MOV).
        if map == 1, opcodeByte & 0xFC == 0x20 { modRM |= 0xC0 }
    }

    var isRegisterForm: Bool { modRM >= 0xC0 }
    var reg: UInt8 { modRM >> 3 & 7 }

    /// The prefix that selects among encodings: F2 and F3 before 66.
    private var mandatory: Encoding.Prefix {
        if hasVEX { return vexPrefix }
        return repeatPrefix != .any ? repeatPrefix : has66 ? .p66 : .none
    }

    func matches(_ encoding: UnsafePointer<Encoding>) -> Bool {
        if encoding.pointee.prefix != .any, encoding.pointee.prefix != mandatory { return false }
        if encoding.pointee.digit != 0xFF, encoding.pointee.digit != reg { return false }
        if encoding.pointee.exactModRM != 0, encoding.pointee.exactModRM != modRM { return false }
        if encoding.pointee.flags.contains(.vex) != hasVEX { return false }
        if encoding.pointee.flags.contains(.not64), mode == .bits64 { return false }
        if encoding.pointee.flags.contains(.only64), mode != .bits64 { return false }
        // PAUSE is NOP with REP, but XCHG r8, rAX is not.
        if encoding.pointee.op == .pause, rex & 1 != 0 { return false }
        return fits(encoding.pointee.first.kind) && fits(encoding.pointee.second.kind)
    }

    private func fits(_ kind: Encoding.Kind) -> Bool {
        switch kind {
        case .memory: !isRegisterForm
        case .register, .vectorRM, .mmxRM: isRegisterForm
        default: true
        }
    }

    // MARK: Operands

    mutating func operands(_ pointer: UnsafePointer<Encoding>) {
        let encoding = pointer.pointee
        instruction.op = encoding.op
        instruction.chapter = encoding.chapter
        instruction.encoding = encoding.row
        instruction.extra = opcodeByte
        instruction.size = operandSize(encoding)
        if repeatPrefix == .pF3 { instruction.flags.insert(.rep) }
        if repeatPrefix == .pF2 { instruction.flags.insert(.repne) }
        if encoding.flags.contains(.unaligned) { instruction.flags.insert(.unaligned) }
        if encoding.flags.contains(.float) { instruction.flags.insert(.float) }
        addressSize()
        if encoding.hasModRM { readModRM(isFPU: encoding.chapter == .x87) }
        instruction.sourceSize = size(encoding.second.kind == .none ? encoding.first : encoding.second)
        instruction.destination = operand(encoding.first, encoding)
        if encoding.second.kind != .none { instruction.source = operand(encoding.second, encoding) }
        if encoding.third.kind == .vexRegister {
            instruction.extra = vexRegister
        } else if encoding.third.kind != .none {
            _ = operand(encoding.third, encoding)
        }
        if namesVEXRegister, ![encoding.first.kind, encoding.third.kind].contains(.vexRegister) {
            isSound = false
        }
        if encoding.op == .maskmovdqu || encoding.op == .maskmovq { setSegment(isStack: false) }
        if encoding.op == .pcmpestri || encoding.op == .pcmpestrm { instruction.extra = rex & 8 }
        let isByte = encoding.first.size == .byte
        if isByte, encoding.first.kind != .relative, encoding.first.kind != .immediate {
            instruction.size = 0
        }
        if encoding.first.kind == .vectorReg || encoding.first.kind == .vectorOrMemory {
            instruction.size = 4
        }
        instruction.length = UInt8(truncatingIfNeeded: position)
        let locks = encoding.flags.contains(.lockable) && instruction.destination == Operand.memory
        if instruction.flags.contains(.lock), !locks { isSound = false }
    }

    private func operandSize(_ encoding: Encoding) -> UInt8 {
        guard mode == .bits64 else { return (mode == .bits32) != has66 ? 2 : 1 }
        if rex & 8 != 0 || encoding.flags.contains(.force64) { return 3 }
        if encoding.flags.contains(.default64) { return has66 ? 1 : 3 }
        return has66 ? 1 : 2
    }

    private mutating func addressSize() {
        switch (mode, has67) {
        case (.bits64, false): break
        case (.bits64, true), (.bits32, false), (.bits16, true): instruction.flags.insert(.address32)
        case (.bits32, true), (.bits16, false): instruction.flags.insert(.address16)
        }
    }

    private mutating func readModRM(isFPU: Bool) {
        _ = byte()
        if isFPU { instruction.extra = modRM }
        if !isRegisterForm { readAddress() }
    }
}
