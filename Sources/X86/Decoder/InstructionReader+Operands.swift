// Registers, immediates and addresses (SDM vol. 2, chapter 2).
extension InstructionReader {
    /// The size of an operand as a power of two.
    func size(_ operand: Encoding.Operand) -> UInt8 {
        switch operand.size {
        case .byte: 0
        case .word: 1
        case .double: 2
        case .quad: 3
        case .vector16: 4
        case .wide: rex & 8 != 0 ? 3 : 2
        case .operand, .limited, .signedByte, .one, .pointer, .none: instruction.size
        }
    }

    /// Takes in what an operand needs and tells where it is.
    mutating func operand(_ operand: Encoding.Operand, _ encoding: Encoding) -> UInt8 {
        switch operand.kind {
        case .none: return Operand.none
        case .implicit:
            setSegment(isStack: false)
            return Operand.none
        case .registerOrMemory: return isRegisterForm ? general(modRM & 7 | rexB, operand) : Operand.memory
        case .register: return general(modRM & 7 | rexB, operand)
        case .memory: return Operand.memory
        case .anything: return isRegisterForm ? modRM : Operand.memory
        case .reg: return general(reg | rexR, operand)
        case .opcodeRegister: return general(opcodeByte & 7 | rexB, operand)
        case .accumulator: return general(0, Encoding.Operand(kind: .reg, size: .operand))
        case .countCL: return 8
        case .vectorReg: return reg | rexR
        case .vectorRM: return modRM & 7 | rexB
        case .vectorOrMemory: return isRegisterForm ? modRM & 7 | rexB : Operand.memory
        case .mmxReg: return reg
        case .mmxRM: return modRM & 7
        case .mmxOrMemory: return isRegisterForm ? modRM & 7 : Operand.memory
        case .segment: return segmentRegister(encoding)
        case .control: return controlRegister()
        case .debug: return reg | rexR
        case .vexRegister: return vexRegister
        case .offset: return readOffset()
        case .relative, .immediate: return readImmediate(operand.size)
        }
    }

    private var rexB: UInt8 { (rex & 1) << 3 }
    private var rexR: UInt8 { (rex & 4) << 1 }
    private var rexX: UInt8 { (rex & 2) << 2 }

    /// Without REX, byte registers 4 to 7 are AH, CH, DH and BH.
    private func general(_ number: UInt8, _ operand: Encoding.Operand) -> UInt8 {
        guard operand.size == .byte, rex == 0, number & 12 == 4 else { return number * 8 }
        return (number & 3) * 8 + 1
    }

    /// CS cannot be loaded, and there are but six.
    private mutating func segmentRegister(_ encoding: Encoding) -> UInt8 {
        if reg > SegmentSlot.gs || (encoding.op == .movToSegment && reg == SegmentSlot.cs) { isSound = false }
        return reg
    }

    private mutating func controlRegister() -> UInt8 {
        let number = reg | rexR
        if ![0, 2, 3, 4, 8].contains(number) { isSound = false }
        return number
    }

    private mutating func readImmediate(_ size: Encoding.Size) -> UInt8 {
        if size == .pointer { return readFarPointer() }
        let bytes: Int =
            switch size {
            case .byte, .signedByte: 1
            // ENTER's size and nesting level come as one number.
            case .word: instruction.op == .enter ? 3 : 2
            case .operand: 1 << Int(instruction.size)
            case .one: 0
            default: min(1 << Int(instruction.size), 4)
            }
        instruction.immediate = bytes == 0 ? 1 : number(bytes)
        return Operand.immediate
    }

    /// The offset, and above its 32 bits the selector.
    private mutating func readFarPointer() -> UInt8 {
        let bytes = 1 << Int(instruction.size)
        let offset = number(bytes) & (bytes == 2 ? 0xFFFF : 0xFFFF_FFFF)
        instruction.immediate = offset | (number(2) & 0xFFFF) << 32
        return Operand.immediate
    }

    /// `moffs`: an address as wide as addresses are. 64 bits do not fit the displacement: the immediate has them.
    private mutating func readOffset() -> UInt8 {
        let bytes =
            instruction.flags.contains(.address32) ? 4 : instruction.flags.contains(.address16) ? 2 : 8
        let value = number(bytes)
        let unused = UInt64(64 - 8 * bytes)
        instruction.immediate = Int64(bitPattern: (UInt64(bitPattern: value) << unused) >> unused)
        setSegment(isStack: false)
        return Operand.memory
    }

    // MARK: Addresses

    mutating func readAddress() {
        if instruction.flags.contains(.address16) { return readAddress16() }
        let form = modRM >> 6
        let rm = modRM & 7
        var isStack = false
        if rm == 4 {
            isStack = readSIB(form)
        } else if rm == 5, form == 0 {
            instruction.base = mode == .bits64 ? Slot.rip : Slot.zero
            instruction.displacement = Int32(truncatingIfNeeded: number(4))
        } else {
            instruction.base = rm | rexB
            isStack = rm == 5 && rexB == 0
        }
        if form == 1 { instruction.displacement = Int32(truncatingIfNeeded: number(1)) }
        if form == 2 { instruction.displacement = Int32(truncatingIfNeeded: number(4)) }
        setSegment(isStack: isStack)
    }

    /// Returns whether the base makes it a stack address.
    private mutating func readSIB(_ form: UInt8) -> Bool {
        let sib = UInt8(truncatingIfNeeded: number(1))
        instruction.scale = sib >> 6
        let index = sib >> 3 & 7 | rexX
        if index != 4 { instruction.index = index }
        if sib & 7 == 5, form == 0 {
            instruction.displacement = Int32(truncatingIfNeeded: number(4))
            return false
        }
        instruction.base = sib & 7 | rexB
        return rexB == 0 && (sib & 7 == 4 || sib & 7 == 5)
    }

    /// SDM vol. 2, table 2-1.
    private mutating func readAddress16() {
        let pairs: [(UInt8, UInt8)] = [
            (3, 6), (3, 7), (5, 6), (5, 7), (6, Slot.zero), (7, Slot.zero), (5, Slot.zero), (3, Slot.zero),
        ]
        let form = modRM >> 6
        let rm = modRM & 7
        if rm == 6, form == 0 {
            instruction.displacement = Int32(truncatingIfNeeded: number(2))
        } else {
            (instruction.base, instruction.index) = pairs[Int(rm)]
        }
        if form == 1 { instruction.displacement = Int32(truncatingIfNeeded: number(1)) }
        if form == 2 { instruction.displacement = Int32(truncatingIfNeeded: number(2)) }
        setSegment(isStack: instruction.base == 5)
    }

    /// 64-bit mode segments nothing but through FS and GS.
    mutating func setSegment(isStack: Bool) {
        if override != 0xFF {
            instruction.segment = override
        } else if mode == .bits64 {
            instruction.segment = isStack ? SegmentSlot.flatStack : SegmentSlot.flat
        } else {
            instruction.segment = isStack ? SegmentSlot.ss : SegmentSlot.ds
        }
    }
}
