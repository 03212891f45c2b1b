/// An instruction's only access to memory, at a register and a displacement.
struct WindowAccess {
    let base: UInt8
    let start: Int32
    let bytes: Int32
    let isWrite: Bool
    var isAligned = false

    /// `nil` for instructions that access nothing, or otherwise than code with windows can.
    init?(_ i: UnsafePointer<Instruction>, _ mode: UnitMode) {
        guard Lowering.isNative(i, mode) else { return nil }
        if let stack = Self.stack(i) {
            self = stack
            return
        }
        guard i.pointee.hasMemory, i.pointee.base < 16, i.pointee.index >= 16, Self.isPlain(i),
            let (size, isWrite) = Self.operand(i)
        else { return nil }
        (base, start) = (i.pointee.base, i.pointee.displacement)
        guard abs(Int64(start)) < 1 << 30 else { return nil }
        bytes = 1 << Int32(size)
        self.isWrite = isWrite
        isAligned = size == 4 && !i.pointee.flags.contains(.unaligned)
    }

    private init(base: UInt8, start: Int32, bytes: Int32, isWrite: Bool) {
        (self.base, self.start, self.bytes, self.isWrite) = (base, start, bytes, isWrite)
    }

    private static func isPlain(_ i: UnsafePointer<Instruction>) -> Bool {
        i.pointee.segment != SegmentSlot.fs && i.pointee.segment != SegmentSlot.gs
            && !i.pointee.flags.contains(.address32)
    }

    private static func stack(_ i: UnsafePointer<Instruction>) -> WindowAccess? {
        let bytes = Int32(1) << Int32(i.pointee.size)
        switch i.pointee.op {
        case .push where i.pointee.destination != Operand.memory:
            return WindowAccess(base: 4, start: -bytes, bytes: bytes, isWrite: true)
        case .pop where i.pointee.destination < 0x80 && i.pointee.destination != 32:
            return WindowAccess(base: 4, start: 0, bytes: bytes, isWrite: false)
        case .ret, .retImm: return WindowAccess(base: 4, start: 0, bytes: 8, isWrite: false)
        default: return nil
        }
    }

    /// The operand's size as a power of two, and whether it is written to.
    private static func operand(_ i: UnsafePointer<Instruction>) -> (size: UInt8, isWrite: Bool)? {
        let isTarget = i.pointee.destination == Operand.memory
        switch i.pointee.chapter {
        case .arithmetic:
            // The target's home is needed where `r13` would have to serve.
            if !isTarget, i.pointee.size == 2, isInMemory(i.pointee.destination) { return nil }
            return (i.pointee.size, isTarget && i.pointee.op != .cmp && i.pointee.op != .test)
        case .unary: return (i.pointee.size, true)
        case .multiply:
            guard i.pointee.op != .div, i.pointee.op != .idiv else { return nil }
            return (i.pointee.size, false)
        case .move: return move(i, isTarget)
        case .bits:
            guard countsBits(i.pointee.op) else { return nil }
            return (i.pointee.size, false)
        case .vectorMove, .vector, .vectorResult:
            let encoding = EncodingTable.shared.encodings[Int(i.pointee.encoding)]
            return (UnitEmitter.bytes(isTarget ? encoding.first : encoding.second, i), isTarget)
        default: return nil
        }
    }

    private static func move(_ i: UnsafePointer<Instruction>, _ isTarget: Bool) -> (UInt8, Bool)? {
        switch i.pointee.op {
        case .mov: (i.pointee.size, isTarget)
        case .movnti: (i.pointee.sourceSize, true)
        case .movzx, .movsx: (i.pointee.sourceSize, false)
        case .cmov: (i.pointee.size, false)
        case .set: (0, true)
        default: nil
        }
    }

    private static func countsBits(_ op: Operation) -> Bool {
        [.popcnt, .tzcnt, .lzcnt, .bsf, .bsr].contains(op)
    }

    private static func isInMemory(_ operand: UInt8) -> Bool {
        operand < 0x80 && HostRegisters.home(operand >> 3) == HostRegisters.inMemory
    }

    /// Whether the code of an instruction that accesses no memory keeps `r13`.
    static func leavesAddressAlone(_ i: UnsafePointer<Instruction>, _ mode: UnitMode) -> Bool {
        guard Lowering.isNative(i, mode) else { return false }
        if i.pointee.op == .lea { return keepsAddress(lea: i) }
        guard !i.pointee.hasMemory else { return i.pointee.op == .nop }
        switch i.pointee.chapter {
        case .arithmetic: return true
        case .unary: return ![.shld, .shrd, .shldCL, .shrdCL].contains(i.pointee.op)
        case .multiply: return i.pointee.op != .div && i.pointee.op != .idiv
        case .move:
            return [.mov, .movzx, .movsx, .cmov, .set, .bswap, .convertUp, .convertAcross, .nop, .pause]
                .contains(
                    i.pointee.op)
        case .bits: return countsBits(i.pointee.op)
        case .branch: return i.pointee.op == .jcc
        case .vectorMove, .vector, .vectorResult: return true
        default: return false
        }
    }

    private static func keepsAddress(lea i: UnsafePointer<Instruction>) -> Bool {
        i.pointee.size > 1 && i.pointee.base != Slot.rip && !isInMemory(i.pointee.destination)
            && (i.pointee.base >= 16 || HostRegisters.home(i.pointee.base) != HostRegisters.inMemory)
    }

    /// What an instruction that code with windows may have adds to a register of the guest; `nil` for anything
    /// but a constant.
    static func change(of number: UInt8, by i: UnsafePointer<Instruction>) -> Int32? {
        let bytes = Int32(1) << Int32(i.pointee.size)
        switch i.pointee.op {
        case .push: return number == 4 ? -bytes : 0
        case .pop: return i.pointee.destination >> 3 == number ? nil : number == 4 ? bytes : 0
        case .mul, .imul: return number == 0 || number == 2 ? nil : 0
        case .convertUp: return number == 0 ? nil : 0
        case .convertAcross: return number == 2 ? nil : 0
        case .cmp, .test, .jcc, .nop, .pause: return 0
        default: break
        }
        guard let written = written(i), written == number else { return 0 }
        return step(i, number)
    }

    private static func written(_ i: UnsafePointer<Instruction>) -> UInt8? {
        guard i.pointee.destination < 0x80 else { return nil }
        switch i.pointee.chapter {
        case .vectorMove, .vector, .vectorResult:
            let first = EncodingTable.shared.encodings[Int(i.pointee.encoding)].first
            return UnitEmitter.isGeneral(first) ? i.pointee.destination >> 3 : nil
        default: return i.pointee.destination >> 3
        }
    }

    private static func step(_ i: UnsafePointer<Instruction>, _ number: UInt8) -> Int32? {
        guard i.pointee.size == 3 else { return nil }
        let amount = Int32(truncatingIfNeeded: i.pointee.immediate)
        switch i.pointee.op {
        case .add where i.pointee.source == Operand.immediate && abs(Int64(amount)) < 4096: return amount
        case .sub where i.pointee.source == Operand.immediate && abs(Int64(amount)) < 4096: return -amount
        case .inc: return 1
        case .dec: return -1
        case .lea where i.pointee.base == number && i.pointee.index >= 16:
            return i.pointee.flags.contains(.address32) || abs(Int64(i.pointee.displacement)) >= 4096
                ? nil : i.pointee.displacement
        default: return nil
        }
    }
}
