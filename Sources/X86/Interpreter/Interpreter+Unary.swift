// One operand, shifts and rotations (SDM vol. 1, sections 7.3.2 and 7.3.6).
extension Interpreter {
    func unary(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let size = i.pointee.size
        let room = room(size)
        let a = try modified(i, size) &<< room
        let one = UInt64(1) &<< room
        switch i.pointee.op {
        case .inc:
            try setDestination(i, size, (a &+ one) &>> room)
            keepingCarry { addFlags(a, one, a &+ one, room) }
        case .dec:
            try setDestination(i, size, (a &- one) &>> room)
            keepingCarry { subtractFlags(a, one, a &- one, room) }
        case .not: try setDestination(i, size, ~a &>> room)
        case .neg:
            try setDestination(i, size, (0 &- a) &>> room)
            subtractFlags(0, a, 0 &- a, room)
        case .shld, .shldCL: try shiftDouble(i, room, a, left: true)
        case .shrd, .shrdCL: try shiftDouble(i, room, a, left: false)
        default: try shift(i, room, a)
        }
    }

    @inline(__always)
    private func keepingCarry(_ body: () -> Void) {
        let carry = s.pointee.flags.carry
        body()
        s.pointee.flags.carry = carry
    }

    private func count(_ i: UnsafePointer<Instruction>) -> UInt64 {
        let place = i.pointee.source
        let value = place < 0x80 ? register(place) : UInt64(bitPattern: i.pointee.immediate)
        return value & (i.pointee.size == 3 ? 63 : 31)
    }

    /// `a` stands at the top of the word.
    private func shift(_ i: UnsafePointer<Instruction>, _ room: UInt64, _ a: UInt64) throws(Fault) {
        let count = count(i)
        guard count != 0 else {
            // Nothing changes, but a 32-bit register is written, and memory is asked for.
            return try setDestination(i, i.pointee.size, a &>> room)
        }
        switch i.pointee.op {
        case .shl: try shiftLeft(i, room, a, count)
        case .shr: try shiftRight(i, room, a, count)
        case .sar: try shiftArithmetic(i, room, a, count)
        case .rol, .ror: try rotate(i, room, a, count)
        default: try rotateThroughCarry(i, room, a, count)
        }
    }

    private func shiftLeft(_ i: UnsafePointer<Instruction>, _ room: UInt64, _ a: UInt64, _ count: UInt64)
        throws(Fault)
    {
        let result = a << count
        try setDestination(i, i.pointee.size, result &>> room)
        setResult(result, room)
        let carry = (a << (count - 1)) >> 63
        s.pointee.flags.carry = carry
        s.pointee.flags.overflow = result ^ carry << 63
        s.pointee.flags.adjust = 0
    }

    private func shiftRight(_ i: UnsafePointer<Instruction>, _ room: UInt64, _ a: UInt64, _ count: UInt64)
        throws(Fault)
    {
        let value = a &>> room
        let result = value >> count
        try setDestination(i, i.pointee.size, result)
        setResult(result &<< room, room)
        s.pointee.flags.carry = value >> (count - 1) & 1
        s.pointee.flags.overflow = a
        s.pointee.flags.adjust = 0
    }

    private func shiftArithmetic(
        _ i: UnsafePointer<Instruction>, _ room: UInt64, _ a: UInt64, _ count: UInt64
    )
        throws(Fault)
    {
        let value = Int64(bitPattern: a) >> Int64(room)
        let result = UInt64(bitPattern: value >> Int64(count))
        try setDestination(i, i.pointee.size, result)
        setResult(result &<< room, room)
        s.pointee.flags.carry = UInt64(bitPattern: value >> Int64(count - 1)) & 1
        s.pointee.flags.overflow = 0
        s.pointee.flags.adjust = 0
    }

    private func rotate(_ i: UnsafePointer<Instruction>, _ room: UInt64, _ a: UInt64, _ count: UInt64)
        throws(Fault)
    {
        let width = 64 - room
        let value = a &>> room
        let isLeft = i.pointee.op == .rol
        let turn = isLeft ? count % width : (width - count % width) % width
        let result = truncate(value << turn | (turn == 0 ? 0 : value >> (width - turn)), i.pointee.size)
        try setDestination(i, i.pointee.size, result)
        let top = result &<< room
        s.pointee.flags.carry = isLeft ? result & 1 : top >> 63
        s.pointee.flags.overflow = isLeft ? top ^ result << 63 : top ^ top << 1
    }

    /// One bit after the other through CF: rare enough.
    private func rotateThroughCarry(
        _ i: UnsafePointer<Instruction>, _ room: UInt64, _ a: UInt64, _ count: UInt64
    ) throws(Fault) {
        let width = 64 - room
        var value = a &>> room
        var carry = s.pointee.flags.carry
        let isLeft = i.pointee.op == .rcl
        for _ in 0..<count % (width + 1) {
            if isLeft {
                let out = value >> (width - 1)
                value = truncate(value << 1 | carry, i.pointee.size)
                carry = out
            } else {
                let out = value & 1
                value = value >> 1 | carry << (width - 1)
                carry = out
            }
        }
        try setDestination(i, i.pointee.size, value)
        guard count % (width + 1) != 0 else { return }
        s.pointee.flags.carry = carry
        let top = value &<< room
        s.pointee.flags.overflow = isLeft ? top ^ carry << 63 : top ^ top << 1
    }

    /// A count above the operand's width (16 bits only) leaves the result undefined; here it is what shifting
    /// the concatenation of both gives.
    private func shiftDouble(_ i: UnsafePointer<Instruction>, _ room: UInt64, _ a: UInt64, left: Bool)
        throws(Fault)
    {
        let size = i.pointee.size
        let width = 64 - room
        let isByCL = i.pointee.op == .shldCL || i.pointee.op == .shrdCL
        let amount = isByCL ? r[1] : UInt64(bitPattern: i.pointee.immediate)
        let count = amount & (size == 3 ? 63 : 31)
        guard count != 0 else { return try setDestination(i, size, a &>> room) }
        let value = a &>> room
        let other = truncate(register(i.pointee.source), size)
        let (result, carry) =
            left
            ? Self.shiftLeft(value, other, count, width) : Self.shiftRight(value, other, count, width)
        try setDestination(i, size, truncate(result, size))
        setResult(result &<< room, room)
        s.pointee.flags.carry = carry
        s.pointee.flags.overflow = (result ^ value) &<< room
        s.pointee.flags.adjust = 0
    }

    private static func shiftLeft(_ value: UInt64, _ other: UInt64, _ count: UInt64, _ width: UInt64)
        -> (UInt64, UInt64)
    {
        if count > width {
            return (other << (count - width) | value >> (2 * width - count), other >> (2 * width - count) & 1)
        }
        return (value << count | other >> (width - count), value >> (width - count) & 1)
    }

    private static func shiftRight(_ value: UInt64, _ other: UInt64, _ count: UInt64, _ width: UInt64)
        -> (UInt64, UInt64)
    {
        if count > width {
            return (other >> (count - width) | value << (2 * width - count), other >> (count - width - 1) & 1)
        }
        return (value >> count | other << (width - count), value >> (count - 1) & 1)
    }
}
