import Translator

// BMI1, BMI2, ADX, CRC32 and MOVBE.
extension UnitEmitter {
    /// A third operand is loaded where an operand in memory does not need the register.
    static func isNativeBitManipulation(_ i: UnsafePointer<Instruction>) -> Bool {
        switch i.pointee.op {
        case .adcx, .adox, .crc32: return true
        case .andn, .bextr, .blsr, .blsmsk, .blsi, .bzhi, .mulx, .pdep, .pext, .rorx, .sarx, .shlx, .shrx:
            let third = i.pointee.extra
            return third >= 0x80 || !i.pointee.hasMemory || !Place.guest(third >> 3).isMemory
        default: return false
        }
    }

    /// Those with VEX: the first operand is ModRM.reg, or the third one where ModRM.reg is a part of the opcode.
    mutating func bitManipulation(_ i: UnsafePointer<Instruction>) {
        let (address, scratch, size) = (HostRegisters.address, HostRegisters.scratch, i.pointee.sourceSize)
        let encoding = EncodingTable.shared.encodings.baseAddress.unsafelyUnwrapped + Int(i.pointee.encoding)
        let rm = sourcePlace(i, size)
        let target = guest(i.pointee.destination)
        let (defines, isMultiplication) = (traits[index].contains(.defines), i.pointee.op == .mulx)
        if !defines { willWrite(i.pointee.destination >> 3) }
        let first = target.isMemory ? scratch.code : target.base
        var third: UInt8 = 0
        if i.pointee.extra < 0x80, encoding.pointee.digit == 0xFF, i.pointee.op != .rorx {
            if isMultiplication { willWrite(i.pointee.extra >> 3) }
            let place = guest(i.pointee.extra)
            third = place.isMemory ? address.code : place.base
            if place.isMemory, !isMultiplication { asm.load(size, address, place) }
        }
        let isGroup = encoding.pointee.digit != 0xFF
        emitVEX(encoding, isGroup ? encoding.pointee.digit : first, isGroup ? first : third, rm, size == 3)
        if i.pointee.op == .rorx { asm.byte(UInt8(truncatingIfNeeded: i.pointee.immediate)) }
        if isMultiplication, guest(i.pointee.extra).isMemory {
            asm.store(3, guest(i.pointee.extra), address)
        }
        if target.isMemory { asm.store(3, target, scratch) }
        if defines { defined() }
    }

    private mutating func emitVEX(
        _ encoding: UnsafePointer<Encoding>, _ reg: UInt8, _ third: UInt8, _ rm: Place, _ isWide: Bool
    ) {
        let prefix: UInt8 =
            switch encoding.pointee.prefix {
            case .p66: 1
            case .pF3: 2
            case .pF2: 3
            default: 0
            }
        asm.byte(0xC4)
        asm.byte((~reg & 8) << 4 | 0x40 | (~rm.base & 8) << 2 | encoding.pointee.map)
        asm.byte((isWide ? 0x80 : 0) | (~third & 15) << 3 | prefix)
        asm.byte(encoding.pointee.opcode)
        asm.modRM(reg, rm)
    }

    /// ADCX and ADOX: they keep all flags but one.
    mutating func addCarrying(_ i: UnsafePointer<Instruction>) {
        let size = i.pointee.sourceSize
        let rm = sourcePlace(i, size)
        requireLive()
        let reg = inRegister(i.pointee.destination, size)
        // The prefix tells them apart; 66 is no operand size here.
        asm.instruction(size, map: 2, prefix: i.pointee.op == .adcx ? 0x66 : 0xF3, 0xF6, reg, rm)
        if guest(i.pointee.destination).isMemory {
            asm.store(3, guest(i.pointee.destination), HostRegisters.scratch)
        }
        defined()
    }

    mutating func checksum(_ i: UnsafePointer<Instruction>) {
        let size = i.pointee.sourceSize
        let rm = sourcePlace(i, size)
        willWrite(i.pointee.destination >> 3)
        let reg = inRegister(i.pointee.destination, 2)
        asm.instruction(
            size, map: 2, prefix: 0xF2, size == 0 ? 0xF0 : 0xF1, reg, rm, bytes: size == 0)
        if guest(i.pointee.destination).isMemory {
            asm.store(3, guest(i.pointee.destination), HostRegisters.scratch)
        }
    }
}
