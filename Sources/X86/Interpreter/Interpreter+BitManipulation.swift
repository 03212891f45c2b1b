// BMI1, BMI2 and ADX (SDM vol. 1, section 7.3.17): bits of general registers, with a third operand by VEX.
extension Interpreter {
    func bitManipulation(_ i: UnsafePointer<Instruction>) throws(Fault) {
        // Neither the operand size prefix nor 16-bit code makes these narrower than 32 bits.
        let size = i.pointee.sourceSize
        let a = truncate(try source(i, size), size)
        // Without VEX it is part of the opcode.
        let b = i.pointee.extra < 0x80 ? truncate(register(i.pointee.extra), size) : 0
        switch i.pointee.op {
        case .adcx, .adox: addWithFlag(i, size, a)
        case .blsr, .blsmsk, .blsi: lowestBit(i, size, a)
        case .andn: setWithFlags(i, size, ~b & a)
        case .bextr: extract(i, size, a, b)
        case .bzhi: zeroHigh(i, size, a, b)
        case .mulx: multiplyFlagless(i, size, a)
        case .pdep: setRegister(i.pointee.destination, size, Self.deposit(b, mask: a))
        case .pext: setRegister(i.pointee.destination, size, Self.gather(b, mask: a))
        default: setRegister(i.pointee.destination, size, shifted(i, size, a, b))
        }
    }

    /// ADCX carries through CF alone, ADOX through OF.
    private func addWithFlag(_ i: UnsafePointer<Instruction>, _ size: UInt8, _ a: UInt64) {
        let isCarry = i.pointee.op == .adcx
        let carry: UInt64 = isCarry ? s.pointee.flags.carry : hasOverflow ? 1 : 0
        let (first, overflow) = (a &<< room(size)).addingReportingOverflow(
            register(i.pointee.destination) &<< room(size))
        let (sum, again) = first.addingReportingOverflow(carry &<< room(size))
        setRegister(i.pointee.destination, size, sum &>> room(size))
        if isCarry {
            s.pointee.flags.carry = overflow || again ? 1 : 0
        } else {
            s.pointee.flags.overflow = overflow || again ? 1 << 63 : 0
        }
    }

    private func lowestBit(_ i: UnsafePointer<Instruction>, _ size: UInt8, _ a: UInt64) {
        let result: UInt64 =
            switch i.pointee.op {
            case .blsr: a & (a &- 1)
            case .blsmsk: a ^ (a &- 1)
            default: a & (0 &- a)
            }
        setWithFlags(i, size, result)
        // Of BLSI, CF tells that there was a bit; of the others, that there was none.
        s.pointee.flags.carry = (a == 0) != (i.pointee.op == .blsi) ? 1 : 0
    }

    private func setWithFlags(_ i: UnsafePointer<Instruction>, _ size: UInt8, _ result: UInt64) {
        setRegister(i.pointee.destination, size, result)
        setLogic(result &<< room(size), room(size))
    }

    /// The control word's low byte is where the field starts, the next one how long it is.
    private func extract(_ i: UnsafePointer<Instruction>, _ size: UInt8, _ a: UInt64, _ control: UInt64) {
        let (start, length) = (control & 0xFF, control >> 8 & 0xFF)
        setWithFlags(i, size, a >> start & (length > 63 ? .max : 1 << length &- 1))
    }

    private func zeroHigh(_ i: UnsafePointer<Instruction>, _ size: UInt8, _ a: UInt64, _ b: UInt64) {
        let first = b & 0xFF
        let isWhole = first >= 8 << UInt64(size)
        setWithFlags(i, size, isWhole ? a : a & (1 << first &- 1))
        s.pointee.flags.carry = isWhole ? 1 : 0
    }

    /// The lower half goes into the VEX register first: where both are the same, the upper half stays.
    private func multiplyFlagless(_ i: UnsafePointer<Instruction>, _ size: UInt8, _ a: UInt64) {
        let product = truncate(r[2], size).multipliedFullWidth(by: a)
        setRegister(i.pointee.extra, size, product.low)
        setRegister(i.pointee.destination, size, size == 3 ? product.high : product.low >> 32)
    }

    private func shifted(_ i: UnsafePointer<Instruction>, _ size: UInt8, _ a: UInt64, _ b: UInt64) -> UInt64 {
        let width = UInt64(8) << UInt64(size)
        let isRotation = i.pointee.op == .rorx
        let count = (isRotation ? UInt64(bitPattern: i.pointee.immediate) : b) & (width - 1)
        switch i.pointee.op {
        case .rorx: return count == 0 ? a : a >> count | a << (width - count)
        case .sarx: return UInt64(bitPattern: Int64(bitPattern: signExtend(a, size)) >> Int64(count))
        case .shlx: return a << count
        default: return a >> count
        }
    }

    /// PDEP: the low bits of `value` go where the mask has ones.
    private static func deposit(_ value: UInt64, mask: UInt64) -> UInt64 {
        var (result, left, bits) = (UInt64(0), mask, value)
        while left != 0 {
            if bits & 1 != 0 { result |= left & (0 &- left) }
            bits >>= 1
            left &= left &- 1
        }
        return result
    }

    /// PEXT: the bits of `value` where the mask has ones, side by side.
    private static func gather(_ value: UInt64, mask: UInt64) -> UInt64 {
        var (result, left, place) = (UInt64(0), mask, UInt64(0))
        while left != 0 {
            if value & left & (0 &- left) != 0 { result |= 1 << place }
            place += 1
            left &= left &- 1
        }
        return result
    }
}
