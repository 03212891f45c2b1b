// Registers, operands and flags.
extension Interpreter {
    /// The register at `offset` of the register file, its other bits above.
    @inline(__always)
    func register(_ offset: UInt8) -> UInt64 {
        r[Int(offset >> 3)] &>> UInt64((offset & 1) << 3)
    }

    /// Writes a register as its width demands: 32 bits clear the upper half, fewer keep the rest.
    @inline(__always)
    func setRegister(_ offset: UInt8, _ size: UInt8, _ value: UInt64) {
        let raw = UnsafeMutableRawPointer(r) + Int(offset)
        switch size {
        case 0: raw.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
        case 1: raw.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
        case 2: raw.storeBytes(of: value & 0xFFFF_FFFF, as: UInt64.self)
        default: raw.storeBytes(of: value, as: UInt64.self)
        }
    }

    /// How far a value of this size is shifted to stand at the top of a word.
    @inline(__always)
    func room(_ size: UInt8) -> UInt64 { 64 &- (8 &<< UInt64(size)) }

    @inline(__always)
    func truncate(_ value: UInt64, _ size: UInt8) -> UInt64 {
        let room = room(size)
        return (value &<< room) &>> room
    }

    @inline(__always)
    func signExtend(_ value: UInt64, _ size: UInt8) -> UInt64 {
        let room = room(size)
        return UInt64(bitPattern: Int64(bitPattern: value &<< room) &>> Int64(room))
    }

    /// The second operand; bits above its size are anything.
    @inline(__always)
    func source(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) -> UInt64 {
        let place = i.pointee.source
        if place < 0x80 { return register(place) }
        if place == Operand.immediate { return UInt64(bitPattern: i.pointee.immediate) }
        return try load(address(i), size)
    }

    /// The first operand, zero-extended only when it is in memory.
    @inline(__always)
    func destination(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) -> UInt64 {
        i.pointee.destination < 0x80 ? register(i.pointee.destination) : try load(address(i), size)
    }

    /// The first operand when it will be written: memory faults as a write would.
    @inline(__always)
    func modified(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) -> UInt64 {
        i.pointee.destination < 0x80 ? register(i.pointee.destination) : try loadToModify(address(i), size)
    }

    @inline(__always)
    func setDestination(_ i: UnsafePointer<Instruction>, _ size: UInt8, _ value: UInt64) throws(Fault) {
        if i.pointee.destination < 0x80 {
            setRegister(i.pointee.destination, size, value)
        } else {
            try store(address(i), size, value)
        }
    }

    // MARK: Flags

    /// ZF, SF and PF from a result that stands at the top of a word, `room` bits up.
    @inline(__always)
    func setResult(_ shifted: UInt64, _ room: UInt64) {
        s.pointee.flags.zero = shifted
        s.pointee.flags.sign = shifted
        s.pointee.flags.parity = shifted &>> room
    }

    /// The flags of AND, OR, XOR and TEST.
    @inline(__always)
    func setLogic(_ shifted: UInt64, _ room: UInt64) {
        setResult(shifted, room)
        s.pointee.flags.carry = 0
        s.pointee.flags.overflow = 0
        s.pointee.flags.adjust = 0
    }

    var isZero: Bool { s.pointee.flags.zero == 0 }
    var isSigned: Bool { Int64(bitPattern: s.pointee.flags.sign) < 0 }
    var hasOverflow: Bool { Int64(bitPattern: s.pointee.flags.overflow) < 0 }
    var hasEvenParity: Bool { (s.pointee.flags.parity & 0xFF).nonzeroBitCount & 1 == 0 }

    /// Whether the condition in an opcode's low four bits holds (SDM vol. 1, appendix B).
    @inline(__always)
    func holds(_ condition: UInt8) -> Bool {
        let result: Bool
        switch condition >> 1 & 7 {
        case 0: result = hasOverflow
        case 1: result = s.pointee.flags.carry != 0
        case 2: result = isZero
        case 3: result = s.pointee.flags.carry != 0 || isZero
        case 4: result = isSigned
        case 5: result = hasEvenParity
        case 6: result = isSigned != hasOverflow
        default: result = isSigned != hasOverflow || isZero
        }
        return result != (condition & 1 != 0)
    }
}

extension CorePointer {
    /// RFLAGS as the guest sees it.
    package var rflags: UInt64 {
        get {
            let flags = pointee.flags
            var bits = pointee.systemFlags | flags.carry | Flag.fixed
            if (flags.parity & 0xFF).nonzeroBitCount & 1 == 0 { bits |= Flag.parity }
            bits |= flags.adjust & Flag.adjust
            if flags.zero == 0 { bits |= Flag.zero }
            bits |= (flags.sign >> 63) << 7
            return bits | (flags.overflow >> 63) << 11
        }
        nonmutating set {
            pointee.systemFlags = newValue & ~Flag.arithmetic | Flag.fixed
            setArithmetic(newValue)
        }
    }

    /// Sets the six arithmetic flags alone.
    package func setArithmetic(_ bits: UInt64) {
        pointee.flags.carry = bits & Flag.carry
        pointee.flags.parity = bits & Flag.parity != 0 ? 0 : 1
        pointee.flags.adjust = bits & Flag.adjust
        pointee.flags.zero = bits & Flag.zero != 0 ? 0 : 1
        pointee.flags.sign = bits << 56
        pointee.flags.overflow = bits << 52
    }
}
