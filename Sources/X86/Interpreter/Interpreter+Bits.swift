// Bits and bytes, atomic read-modify-write, flags (SDM vol. 1, sections 7.3.7 and 7.3.13).
extension Interpreter {
    func bits(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let size = i.pointee.size
        switch i.pointee.op {
        case .bt, .bts, .btr, .btc: try bitTest(i, size)
        case .bsf, .bsr, .tzcnt, .lzcnt, .popcnt: try countBits(i, size)
        case .xadd: try exchangeAdd(i, size)
        case .cmpxchg: try compareExchange(i, size)
        case .cmpxchg8: try compareExchangeWide(i)
        case .crc32: try checksum(i)
        case .clc: s.pointee.flags.carry = 0
        case .stc: s.pointee.flags.carry = 1
        case .cmc: s.pointee.flags.carry ^= 1
        case .cld: s.pointee.systemFlags &= ~Flag.direction
        case .std: s.pointee.systemFlags |= Flag.direction
        case .lahf: setRegister(1, 0, s.rflags)
        case .sahf:
            let kept = s.rflags & Flag.overflow
            s.setArithmetic(r[0] >> 8 & Flag.arithmetic & ~Flag.overflow | kept)
        default: try bitManipulation(i)
        }
    }

    /// A bit number in a register reaches beyond the operand when that is in memory.
    private func bitTest(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) {
        let width = UInt64(8) << UInt64(size)
        let byRegister = i.pointee.source < 0x80
        let number =
            byRegister
            ? signExtend(register(i.pointee.source), size) : UInt64(bitPattern: i.pointee.immediate)
        let bit = UInt64(1) << (number & (width - 1))
        let isMemory = i.pointee.destination == Operand.memory
        var place: UInt64 = 0
        if isMemory {
            place = byRegister ? bitPlace(i, number, size) : address(i)
        }
        let isWritten = i.pointee.op != .bt
        let value =
            !isMemory
            ? register(i.pointee.destination)
            : isWritten ? try loadToModify(place, size) : try load(place, size)
        let result: UInt64 =
            switch i.pointee.op {
            case .bts: value | bit
            case .btr: value & ~bit
            case .btc: value ^ bit
            default: value
            }
        if isWritten {
            if isMemory {
                try store(place, size, result)
            } else {
                setRegister(i.pointee.destination, size, result)
            }
        }
        s.pointee.flags.carry = value & bit != 0 ? 1 : 0
    }

    /// Where the operand lies that has the bit with this number, counted from the address that is named.
    func bitPlace(_ i: UnsafePointer<Instruction>, _ number: UInt64, _ size: UInt8) -> UInt64 {
        let words = Int64(bitPattern: number) >> Int64(3 + size)
        let offset = (effective(i) &+ UInt64(bitPattern: words << Int64(size))) & addressMask(i)
        return offset &+ cpu.bases[Int(i.pointee.segment)]
    }

    private func countBits(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) {
        let value = truncate(try source(i, size), size)
        let width = UInt64(8) << UInt64(size)
        if i.pointee.op == .popcnt {
            setRegister(i.pointee.destination, size, UInt64(value.nonzeroBitCount))
            setLogic(value, 0)
            s.pointee.flags.sign = 0
            s.pointee.flags.parity = 1
            return
        }
        let isForward = i.pointee.op == .bsf || i.pointee.op == .tzcnt
        let count =
            isForward ? UInt64(value.trailingZeroBitCount) : UInt64(value.leadingZeroBitCount) - (64 - width)
        if i.pointee.op == .tzcnt || i.pointee.op == .lzcnt {
            let result = min(count, width)
            setRegister(i.pointee.destination, size, result)
            s.pointee.flags.zero = result
            s.pointee.flags.carry = value == 0 ? 1 : 0
            return
        }
        s.pointee.flags.zero = value
        // Of nothing there is no first bit: the destination stays as it was, all of it.
        guard value != 0 else { return }
        setRegister(i.pointee.destination, size, isForward ? count : width - 1 - count)
    }

    private func exchangeAdd(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) {
        let room = room(size)
        let a = try modified(i, size) &<< room
        let b = register(i.pointee.source) &<< room
        let isMemory = i.pointee.destination == Operand.memory
        if isMemory { try store(address(i), size, (a &+ b) &>> room) }
        setRegister(i.pointee.source, size, a &>> room)
        if !isMemory { setRegister(i.pointee.destination, size, (a &+ b) &>> room) }
        addFlags(a, b, a &+ b, room)
    }

    private func compareExchange(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) {
        let room = room(size)
        let old = try modified(i, size)
        let (a, b) = (r[0] &<< room, old &<< room)
        // Memory is written either way, and must be writable; a register only when it is changed.
        if a == b {
            try setDestination(i, size, register(i.pointee.source))
        } else {
            if i.pointee.destination == Operand.memory { try store(address(i), size, old) }
            setRegister(0, size, old)
        }
        subtractFlags(a, b, a &- b, room)
    }

    /// CMPXCHG8B and CMPXCHG16B: nothing but ZF.
    private func compareExchangeWide(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let size = i.pointee.sourceSize
        let place = address(i)
        let width = UInt64(1) << UInt64(size)
        if size == 3, place & 15 != 0 { throw .protection }
        try cpu.probeWrite(place, width * 2)
        let low = try load(place, size)
        let high = try load(place &+ width, size)
        let equal = low == truncate(r[0], size) && high == truncate(r[2], size)
        try store(place, size, equal ? r[3] : low)
        try store(place &+ width, size, equal ? r[1] : high)
        s.pointee.flags.zero = equal ? 0 : 1
        guard !equal else { return }
        setRegister(0, size, low)
        setRegister(16, size, high)
    }

    /// CRC-32C, bit by bit from the low end.
    private func checksum(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let size = i.pointee.sourceSize
        var value = truncate(try source(i, size), size)
        var sum = UInt32(truncatingIfNeeded: register(i.pointee.destination))
        for _ in 0..<1 << Int(size) {
            sum ^= UInt32(value & 0xFF)
            value >>= 8
            for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 != 0 ? 0x82F6_3B78 : 0) }
        }
        setRegister(i.pointee.destination, 3, UInt64(sum))
    }
}
