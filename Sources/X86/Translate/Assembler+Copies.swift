import Translator

/// Instructions of the guest, encoded again with other operands.
extension Assembler {
    /// Operand sizes as powers of two, as in `Instruction`.
    @inline(__always)
    mutating func instruction(
        _ size: UInt8, map: UInt8 = 0, prefix: UInt8 = 0, _ opcode: UInt8, _ reg: UInt8, _ rm: Place,
        bytes: Bool = false
    ) {
        if size == 1 { byte(0x66) }
        if prefix != 0 { byte(prefix) }
        var rex: UInt8 = (size == 3 ? 8 : 0) | (reg >> 3) << 2 | rm.base >> 3
        // Byte registers 4 to 7 are SPL to DIL only under REX.
        if bytes, reg & 12 == 4 || (!rm.isMemory && rm.base & 12 == 4) { rex |= 0x40 }
        if rex != 0 { byte(0x40 | rex) }
        if map > 0 { byte(0x0F) }
        if map > 1 { byte(map == 2 ? 0x38 : 0x3A) }
        byte(opcode)
        modRM(reg, rm)
    }

    @inline(__always)
    mutating func modRM(_ reg: UInt8, _ rm: Place) {
        let low = rm.base & 7 | (reg & 7) << 3
        guard rm.isMemory else { return byte(0xC0 | low) }
        if rm.displacement >= -128, rm.displacement <= 127 {
            byte(0x40 | low)
            byte(UInt8(truncatingIfNeeded: rm.displacement))
        } else {
            byte(0x80 | low)
            word32(rm.displacement)
        }
    }

    /// An immediate of `size`, at most 32 bits.
    @inline(__always)
    mutating func immediate(_ value: Int64, _ size: UInt8) {
        switch size {
        case 0: byte(UInt8(truncatingIfNeeded: value))
        case 1:
            byte(UInt8(truncatingIfNeeded: value))
            byte(UInt8(truncatingIfNeeded: value >> 8))
        default: word32(Int32(truncatingIfNeeded: value))
        }
    }

    /// MOV of a register to or from a place.
    @inline(__always)
    mutating func store(_ size: UInt8, _ to: Place, _ from: Register) {
        instruction(size, size == 0 ? 0x88 : 0x89, from.code, to, bytes: size == 0)
    }

    @inline(__always)
    mutating func load(_ size: UInt8, _ to: Register, _ from: Place) {
        instruction(size, size == 0 ? 0x8A : 0x8B, to.code, from, bytes: size == 0)
    }
}
