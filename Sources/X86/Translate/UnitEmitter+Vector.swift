import Translator

// Vector instructions are copied as they are: the guest's registers have the same names.
extension UnitEmitter {
    mutating func vector(_ i: UnsafePointer<Instruction>) {
        let encoding = EncodingTable.shared.encodings.baseAddress.unsafelyUnwrapped + Int(i.pointee.encoding)
        let isStore = i.pointee.destination == Operand.memory
        let isLoad = i.pointee.source == Operand.memory
        if isStore || isLoad {
            let size = Self.bytes(isStore ? encoding.pointee.first : encoding.pointee.second, i)
            access(i, size, write: isStore, aligned: size == 4 && !i.pointee.flags.contains(.unaligned))
        }
        let general = Self.isGeneral(encoding.pointee.first)
        if general, !isStore { return vectorToGeneral(i, encoding) }
        let reg: UInt8
        let rm: Place
        if encoding.pointee.first.kind == .vectorReg {
            reg = i.pointee.destination
            rm = isLoad ? operand : place(i.pointee.source, encoding.pointee.second)
        } else {
            reg = encoding.pointee.digit == 0xFF ? i.pointee.source : encoding.pointee.digit
            rm = isStore ? operand : place(i.pointee.destination, encoding.pointee.first)
        }
        copy(i, encoding, reg, rm)
        if traits[index].contains(.defines) { defined() }
    }

    /// The size of an operand in memory as a power of two.
    static func bytes(_ operand: Encoding.Operand, _ i: UnsafePointer<Instruction>) -> UInt8 {
        switch operand.size {
        case .byte: 0
        case .word: 1
        case .double: 2
        case .quad: 3
        case .wide:
            (operand.kind == .registerOrMemory && i.pointee.size == 4 ? i.pointee.sourceSize : i.pointee.size)
                == 3 ? 3 : 2
        default: 4
        }
    }

    static func isGeneral(_ operand: Encoding.Operand) -> Bool {
        operand.kind == .reg || operand.kind == .registerOrMemory || operand.kind == .register
    }

    private func place(_ operand: UInt8, _ encoding: Encoding.Operand) -> Place {
        Self.isGeneral(encoding) ? guest(operand) : .register(operand)
    }

    /// The result is for a general register, of 32 or 64 bits.
    private mutating func vectorToGeneral(
        _ i: UnsafePointer<Instruction>, _ encoding: UnsafePointer<Encoding>
    ) {
        willWrite(i.pointee.destination >> 3)
        let target = guest(i.pointee.destination)
        let general = target.isMemory ? HostRegisters.scratch.code : target.base
        if encoding.pointee.first.kind == .reg {
            let rm = i.pointee.source == Operand.memory ? operand : .register(i.pointee.source)
            copy(i, encoding, general, rm)
        } else {
            copy(i, encoding, i.pointee.source, .register(general))
        }
        if target.isMemory { asm.store(3, target, HostRegisters.scratch) }
    }

    private mutating func copy(
        _ i: UnsafePointer<Instruction>, _ encoding: UnsafePointer<Encoding>, _ reg: UInt8, _ rm: Place
    ) {
        let prefix: UInt8 =
            switch encoding.pointee.prefix {
            case .p66: 0x66
            case .pF3: 0xF3
            case .pF2: 0xF2
            default: 0
            }
        let isWide =
            encoding.pointee.first.size == .wide
            ? i.pointee.size == 3 : encoding.pointee.second.size == .wide && i.pointee.sourceSize == 3
        asm.instruction(
            isWide ? 3 : 2, map: encoding.pointee.map, prefix: prefix, encoding.pointee.opcode, reg, rm)
        if encoding.pointee.third.kind == .immediate || encoding.pointee.second.kind == .immediate {
            asm.byte(UInt8(truncatingIfNeeded: i.pointee.immediate))
        }
    }
}
