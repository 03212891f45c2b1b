/// The host code for one vector instruction. XMM1 stands for its vector destination, XMM2 for a vector source
/// in a register, `[rsi]` for everything else that is read.
struct VectorPiece {
    private let encoding: Encoding
    private let instruction: Instruction
    private var bytes: [UInt8] = []

    init(_ encoding: Encoding, _ instruction: Instruction) {
        self.encoding = encoding
        self.instruction = instruction
    }

    /// What distinguishes pieces: the encoding, the form, the width, the immediate.
    static func key(_ i: UnsafePointer<Instruction>, hasImmediate: Bool) -> UInt32 {
        let form: UInt32 = i.pointee.source < 0x80 ? 1 : 0
        // The wide form of whichever operand is a general register.
        let general = i.pointee.size == 4 ? i.pointee.sourceSize : i.pointee.size
        let wide: UInt32 = general == 3 ? 2 : 0
        let key = UInt32(i.pointee.encoding) << 2 | wide | form
        return hasImmediate
            ? 1 << 31 | key << 8 | UInt32(UInt8(truncatingIfNeeded: i.pointee.immediate)) : key
    }

    /// For MMX operands MOVQ and MM1 and MM2 instead of:
    /// movups xmm1,[rdi]; movups xmm2,[rsi]; movups xmm0,[rdx+16]; ldmxcsr [rdx]; …; movups [rdi],xmm1
    mutating func make() -> [UInt8] {
        if Self.comparesStrings(encoding.op) { return makeStringComparison() }
        let isFloat = encoding.flags.contains(.float)
        let isResult = encoding.chapter == .vectorResult
        if !isResult || encoding.first.kind == .vectorReg {
            bytes += firstIsMMX ? [0x0F, 0x6F, 0x0F] : [0x0F, 0x10, 0x0F]
        }
        if sourceIsVector { bytes += secondIsMMX ? [0x0F, 0x6F, 0x16] : [0x0F, 0x10, 0x16] }
        if encoding.flags.contains(.usesXMM0) { bytes += [0x0F, 0x10, 0x42, 0x10] }
        if isFloat { bytes += [0x0F, 0xAE, 0x12] }
        emitInstruction()
        if isResult, encoding.first.kind == .vectorReg { bytes += [0x9C, 0x58] }
        if isFloat { bytes += [0x0F, 0xAE, 0x1A, 0x0F, 0xAE, 0x52, 0x04] }
        if !isResult { bytes += firstIsMMX ? [0x0F, 0x7F, 0x0F] : [0x0F, 0x11, 0x0F] }
        // The host's x87 registers are left empty.
        if encoding.flags.contains(.mmx) { bytes += [0x0F, 0x77] }
        bytes.append(0xC3)
        return bytes
    }

    /// PCMPESTRM and its like: their operands are not all named, and their results are several.
    static func comparesStrings(_ op: Operation) -> Bool {
        op.rawValue >= Operation.pcmpestrm.rawValue && op.rawValue <= Operation.pcmpistri.rawValue
    }

    /// Like the others, but mov r8,rdx; mov rax,[r8+32]; mov rdx,[r8+40] before, and mov [r8+48],rcx;
    /// movups [r8+16],xmm0 behind the instruction. Lengths are always 64 bits wide: they are saturated anyway.
    private mutating func makeStringComparison() -> [UInt8] {
        bytes += [0x0F, 0x10, 0x0F]
        if sourceIsVector { bytes += [0x0F, 0x10, 0x16] }
        bytes += [0x49, 0x89, 0xD0, 0x49, 0x8B, 0x40, 0x20, 0x49, 0x8B, 0x50, 0x28]
        bytes += [0x66, 0x48, 0x0F, 0x3A, encoding.opcode, modRM]
        bytes.append(UInt8(truncatingIfNeeded: instruction.immediate))
        bytes += [0x49, 0x89, 0x48, 0x30, 0x41, 0x0F, 0x11, 0x40, 0x10, 0x9C, 0x58, 0xC3]
        return bytes
    }

    private var sourceIsVector: Bool {
        let kind = encoding.second.kind
        return [.vectorOrMemory, .vectorRM, .mmxOrMemory, .mmxRM].contains(kind) && instruction.source < 0x80
    }

    private var firstIsMMX: Bool { encoding.first.kind == .mmxReg || encoding.first.kind == .mmxRM }
    private var secondIsMMX: Bool { encoding.second.kind == .mmxOrMemory || encoding.second.kind == .mmxRM }

    private mutating func emitInstruction() {
        switch encoding.prefix {
        case .p66: bytes.append(0x66)
        case .pF3: bytes.append(0xF3)
        case .pF2: bytes.append(0xF2)
        default: break
        }
        if isWide { bytes.append(0x48) }
        bytes.append(0x0F)
        if encoding.map == 2 { bytes.append(0x38) }
        if encoding.map == 3 { bytes.append(0x3A) }
        bytes += [encoding.opcode, modRM]
        let hasImmediate = encoding.third.kind == .immediate || encoding.second.kind == .immediate
        if hasImmediate { bytes.append(UInt8(truncatingIfNeeded: instruction.immediate)) }
    }

    private var isWide: Bool {
        if encoding.first.size == .wide { return instruction.size == 3 }
        return encoding.second.size == .wide && instruction.sourceSize == 3
    }

    private var modRM: UInt8 {
        // Shifts by an immediate name their operand by ModRM.rm.
        if encoding.digit != 0xFF { return 0xC1 | encoding.digit << 3 }
        let reg: UInt8 = encoding.first.kind == .vectorReg || encoding.first.kind == .mmxReg ? 1 : 0
        return sourceIsVector ? 0xC2 | reg << 3 : 0x06 | reg << 3
    }
}
