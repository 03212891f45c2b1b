// Multiplication and division (SDM vol. 1, section 7.3.2).
extension Interpreter {
    func multiply(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let size = i.pointee.size
        switch i.pointee.op {
        case .imul2, .imul3: try multiplySigned(i)
        case .mul: multiplyUnsigned(truncate(try destination(i, size), size), size)
        case .imul: multiplyWide(Int64(bitPattern: signExtend(try destination(i, size), size)), size)
        case .div: try divide(by: truncate(try destination(i, size), size), size)
        case .idiv: try divideSigned(by: Int64(bitPattern: signExtend(try destination(i, size), size)), size)
        default: try decimal(i)
        }
    }

    /// CF and OF tell that the upper half counts; the others are undefined and set by the lower half.
    private func setProduct(_ low: UInt64, _ size: UInt8, overflows: Bool) {
        let room = room(size)
        setResult(low &<< room, room)
        s.pointee.flags.adjust = 0
        s.pointee.flags.carry = overflows ? 1 : 0
        s.pointee.flags.overflow = overflows ? 1 << 63 : 0
    }

    private func multiplySigned(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let size = i.pointee.size
        let a = Int64(bitPattern: signExtend(try source(i, size), size))
        let isThree = i.pointee.op == .imul3
        let b =
            isThree
            ? i.pointee.immediate : Int64(bitPattern: signExtend(register(i.pointee.destination), size))
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        let low = UInt64(bitPattern: product)
        setRegister(i.pointee.destination, size, low)
        setProduct(low, size, overflows: overflow || signExtend(low, size) != low)
    }

    private func multiplyUnsigned(_ b: UInt64, _ size: UInt8) {
        let product = truncate(r[0], size).multipliedFullWidth(by: b)
        setWide(product.low, product.high, size)
        let high = size == 3 ? product.high : product.low >> (8 << UInt64(size))
        setProduct(product.low, size, overflows: high != 0)
    }

    private func multiplyWide(_ b: Int64, _ size: UInt8) {
        let a = Int64(bitPattern: signExtend(r[0], size))
        let product = a.multipliedFullWidth(by: b)
        setWide(product.low, UInt64(bitPattern: product.high), size)
        let fits =
            size == 3
            ? product.high == Int64(bitPattern: product.low) >> 63
            : signExtend(product.low, size) == product.low
        setProduct(product.low, size, overflows: !fits)
    }

    /// AX, DX:AX, EDX:EAX or RDX:RAX.
    private func setWide(_ low: UInt64, _ high: UInt64, _ size: UInt8) {
        if size == 0 { return setRegister(0, 1, low) }
        setRegister(0, size, low)
        setRegister(16, size, size == 3 ? high : low >> (8 << UInt64(size)))
    }

    private func setQuotient(_ quotient: UInt64, _ remainder: UInt64, _ size: UInt8) {
        if size == 0 { return setRegister(0, 1, quotient & 0xFF | remainder << 8) }
        setRegister(0, size, quotient)
        setRegister(16, size, remainder)
    }

    /// The dividend of the narrow sizes in one word.
    private func dividend(_ size: UInt8) -> UInt64 {
        switch size {
        case 0: r[0] & 0xFFFF
        case 1: (r[2] & 0xFFFF) << 16 | r[0] & 0xFFFF
        default: r[2] << 32 | r[0] & 0xFFFF_FFFF
        }
    }

    private func divide(by divisor: UInt64, _ size: UInt8) throws(Fault) {
        guard divisor != 0 else { throw .divide }
        if size == 3 {
            guard r[2] < divisor else { throw .divide }
            let (quotient, remainder) = divisor.dividingFullWidth((r[2], r[0]))
            return setQuotient(quotient, remainder, 3)
        }
        let (quotient, remainder) = dividend(size).quotientAndRemainder(dividingBy: divisor)
        guard truncate(quotient, size) == quotient else { throw .divide }
        setQuotient(quotient, remainder, size)
    }

    private func divideSigned(by divisor: Int64, _ size: UInt8) throws(Fault) {
        guard divisor != 0 else { throw .divide }
        if size == 3 { return try divideSignedWide(by: divisor) }
        let wide = Int64(bitPattern: dividend(size))
        let value =
            size == 0
            ? Int64(Int16(truncatingIfNeeded: wide))
            : size == 1 ? Int64(Int32(truncatingIfNeeded: wide)) : wide
        let (quotient, overflow) = value.dividedReportingOverflow(by: divisor)
        guard !overflow, Int64(bitPattern: signExtend(UInt64(bitPattern: quotient), size)) == quotient else {
            throw .divide
        }
        setQuotient(UInt64(bitPattern: quotient), UInt64(bitPattern: value &- quotient &* divisor), size)
    }

    /// By magnitudes, as the quotient of 128 bits by 64 may not fit.
    private func divideSignedWide(by divisor: Int64) throws(Fault) {
        let isNegative = Int64(bitPattern: r[2]) < 0
        var high = r[2]
        var low = r[0]
        if isNegative {
            low = 0 &- low
            high = ~high &+ (low == 0 ? 1 : 0)
        }
        let magnitude = divisor.magnitude
        guard high < magnitude else { throw .divide }
        let (quotient, remainder) = magnitude.dividingFullWidth((high, low))
        let negates = isNegative != (divisor < 0)
        guard quotient <= (negates ? 1 << 63 : (1 << 63) - 1) else { throw .divide }
        setQuotient(negates ? 0 &- quotient : quotient, isNegative ? 0 &- remainder : remainder, 3)
    }
}
