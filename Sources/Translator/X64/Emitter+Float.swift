/// Floating point on the host's own units. MXCSR carries the guest's rounding mode and collects its
/// sticky flags; what SSE does differently from RISC-V goes a cold way.
///
/// Vector registers hold the guest's 64-bit registers as they are: a single is NaN-boxed. A scalar
/// VEX operation copies the upper bits of its first source, so results of boxed inputs are boxed.
extension Emitter {
    private static let scratchA = VectorRegister.xmm0
    private static let scratchB = VectorRegister.xmm1
    private static let scratchC = VectorRegister(2)
    /// The first vector register that may hold a guest register.
    static let firstMapped: UInt8 = 3

    // MARK: Registers

    /// Moves guest registers from memory into their vector registers.
    mutating func loadFloats(_ mask: UInt32) {
        forEachFloat(mask) { emitter, value, register in
            emitter.asm.load(register, emitter.home(value), .double)
        }
    }

    mutating func spillFloats(_ mask: UInt32) {
        settleNaNs(mask)
        forEachFloat(mask) { emitter, value, register in
            emitter.asm.store(emitter.home(value), register, .double)
        }
    }

    private mutating func forEachFloat(
        _ mask: UInt32, _ body: (inout Emitter, Value, VectorRegister) -> Void
    ) {
        var left = mask
        while left != 0 {
            let value = Value.float(UInt8(left.trailingZeroBitCount))
            left &= left - 1
            if let register = map.vector(value) { body(&self, value, register) }
        }
    }

    private mutating func readFloat(_ value: Value, _ scratch: VectorRegister) -> VectorRegister {
        if let register = map.vector(value) { return register }
        asm.load(scratch, home(value), .double)
        return scratch
    }

    private func targetFloat(_ value: Value) -> VectorRegister { map.vector(value) ?? Self.scratchA }

    private mutating func keepFloat(_ value: Value, _ register: VectorRegister, boxed: Bool) {
        if let home = map.vector(value) {
            if home != register { asm.move(home, register) }
        } else {
            asm.store(home(value), register, .double)
        }
        wrote(value, boxed: boxed)
    }

    /// Takes note that `value` was written.
    mutating func wrote(_ value: Value, boxed: Bool) {
        let bit = UInt32(1) << UInt32(value & 31)
        writtenFloats |= bit
        if boxed { boxedFloats |= bit } else { boxedFloats &= ~bit }
        forgetNaN(value)
    }

    private func isDouble(_ op: Op) -> Bool { op.c & 1 != 0 }

    private func precision(_ op: Op) -> Assembler.Precision { isDouble(op) ? .double : .single }

    /// Leaves the unit when a single operand is not properly NaN-boxed: the interpreter executes the
    /// instruction, and what follows here may rely on the operand's box.
    private mutating func requireBoxed(_ op: Op, _ value: Value, _ register: VectorRegister) {
        let bit = UInt32(1) << UInt32(value & 31)
        guard boxedFloats & bit == 0 else { return }
        settleNaN(value)
        asm.move(.rax, register, .b64)
        asm.shift(.shr, .rax, by: 32)
        asm.alu(.cmp, .rax, immediate: -1, .b32)
        cold(note(.interpretAndLeave, op, asm.jump(.notEqual)))
        boxedFloats |= bit
    }

    /// Notes a branch to the interpreter; `resumeInterpreted` tells where to resume.
    private mutating func pending(_ op: Op, _ source: Fixup) {
        cold(note(.interpret, op, source))
    }

    // MARK: Arithmetic

    mutating func floatArithmetic(_ op: Op) {
        let first = context.pointee.coldCount
        let a = readFloat(op.a, Self.scratchA)
        let b = op.code == .floatSqrt ? a : readFloat(op.b, Self.scratchB)
        if !isDouble(op) {
            requireBoxed(op, op.a, a)
            if op.code != .floatSqrt { requireBoxed(op, op.b, b) }
        }
        let kind: Assembler.FloatOperation =
            switch op.code {
            case .floatAdd: .add
            case .floatSub: .sub
            case .floatMul: .mul
            case .floatDiv: .div
            default: .sqrt
            }
        let to = targetFloat(op.destination)
        asm.float(kind, precision(op), to, a, b)
        let interpreted = context.pointee.coldCount
        forgetNaN(op.destination)
        let waits = leaveNaN(op, to, isDouble: isDouble(op))
        keepFloat(op.destination, to, boxed: !isDouble(op))
        if waits { openNaN(op.destination, isDouble: isDouble(op)) }
        resumeInterpreted(first, interpreted)
    }

    /// The notes [first, end) resume here, behind the whole operation.
    private mutating func resumeInterpreted(_ first: Int, _ end: Int) {
        // Operands whose NaNs had to be settled are back before the operation.
        for index in first..<end where context.pointee.cold[index].kind != .canonicalNaN {
            context.pointee.cold[index].resume = UnsafePointer(asm.cursor)
        }
        noteInterpretedWrite(first, end)
    }

    /// After the interpreter has written the destination in memory, its vector register must be
    /// loaded too, even when this operation is the first to write it.
    private mutating func noteInterpretedWrite(_ first: Int, _ end: Int) {
        for index in first..<end {
            let value = context.pointee.cold[index].op.destination
            if value.isFloat {
                context.pointee.cold[index].liveFloats |= mappedFloats & (1 << UInt32(value & 31))
            }
        }
    }

    mutating func floatFused(_ op: Op) {
        let first = context.pointee.coldCount
        let third = Value(truncatingIfNeeded: op.immediate >> 8)
        let a = readFloat(op.a, Self.scratchB)
        let b = readFloat(op.b, Self.scratchC)
        let c = readFloat(third, Self.scratchA)
        if !isDouble(op) {
            requireBoxed(op, op.a, a)
            requireBoxed(op, op.b, b)
            requireBoxed(op, third, c)
        }
        if c != Self.scratchA { asm.move(Self.scratchA, c) }
        let opcode: UInt8 =
            switch op.immediate & 3 {
            case 0: 0xb9
            case 1: 0xbd
            case 2: 0xbb
            default: 0xbf
            }
        asm.fma231(opcode, precision(op), Self.scratchA, a, b)
        // Infinity times zero plus a quiet NaN is invalid on RISC-V and not on x86.
        asm.compare(precision(op), Self.scratchA, Self.scratchA)
        pending(op, asm.jump(.parity))
        let end = context.pointee.coldCount
        keepFloat(op.destination, Self.scratchA, boxed: !isDouble(op))
        resumeInterpreted(first, end)
    }

    /// NaNs, and equal operands (which may be zeros of both signs), go to the interpreter.
    mutating func floatExtremum(_ op: Op) {
        let first = context.pointee.coldCount
        let (a, b) = comparands(op)
        asm.compare(precision(op), a, b)
        pending(op, asm.jump(.parity))
        pending(op, asm.jump(.equal))
        let end = context.pointee.coldCount
        let to = targetFloat(op.destination)
        asm.float(op.code == .floatMin ? .min : .max, precision(op), to, a, b)
        keepFloat(op.destination, to, boxed: !isDouble(op))
        resumeInterpreted(first, end)
    }

    private mutating func comparands(_ op: Op) -> (VectorRegister, VectorRegister) {
        let a = readFloat(op.a, Self.scratchA)
        let b = readFloat(op.b, Self.scratchB)
        if !isDouble(op) {
            requireBoxed(op, op.a, a)
            requireBoxed(op, op.b, b)
        }
        return (a, b)
    }

    /// FEQ is quiet, FLT and FLE signal on any NaN; an unordered result is false in all three.
    mutating func floatCompare(_ op: Op) {
        let first = context.pointee.coldCount
        let (a, b) = comparands(op)
        let end = context.pointee.coldCount
        if op.code == .floatEqual {
            asm.compare(precision(op), a, b)
            asm.set(.notParity, .rcx)
            asm.set(.equal, .rax)
            asm.alu(.and, .rax, .rcx, .b32)
        } else {
            asm.compare(precision(op), b, a, ordered: true)
            asm.set(op.code == .floatLess ? .above : .aboveOrEqual, .rax)
        }
        let to = target(op.destination)
        asm.extend(to, .rax, .b8, signed: false)
        keep(op.destination, to)
        resumeInterpreted(first, end)
    }

    // MARK: Signs and moves

    mutating func floatSign(_ op: Op) {
        settleNaN(op.a)
        settleNaN(op.b)
        let first = context.pointee.coldCount
        let (a, b) = comparands(op)
        let end = context.pointee.coldCount
        let to = targetFloat(op.destination)
        let sign = isDouble(op) ? core(\.constants.signDouble) : core(\.constants.signSingle)
        let magnitude = isDouble(op) ? core(\.constants.magnitudeDouble) : core(\.constants.magnitudeSingle)
        switch (op.immediate, op.a == op.b) {
        case (0, true): if to != a { asm.move(to, a) }
        case (1, true): asm.bitwise(0x57, to, a, sign)
        case (_, true): asm.bitwise(0x54, to, a, magnitude)
        case (2, _):
            asm.bitwise(0x54, Self.scratchC, b, sign)
            asm.bitwise(0x57, to, a, Self.scratchC)
        default:
            asm.bitwise(op.immediate == 0 ? 0x54 : 0x55, Self.scratchC, b, sign)
            asm.bitwise(0x54, Self.scratchA, a, magnitude)
            asm.bitwise(0x56, to, Self.scratchA, Self.scratchC)
        }
        keepFloat(op.destination, to, boxed: !isDouble(op))
        resumeInterpreted(first, end)
    }

    mutating func floatMoveToInteger(_ op: Op) {
        settleNaN(op.a)
        let to = target(op.destination)
        if let from = map.vector(op.a) {
            asm.move(to, from, isDouble(op) ? .b64 : .b32)
            if !isDouble(op) { asm.extend(to, to, .b32, signed: true) }
        } else {
            asm.load(to, home(op.a), isDouble(op) ? .b64 : .b32, signed: true)
        }
        keep(op.destination, to)
    }

    mutating func floatMoveFromInteger(_ op: Op) {
        let from = read(op.a, .rax)
        let to = targetFloat(op.destination)
        asm.move(to, from, isDouble(op) ? .b64 : .b32)
        if !isDouble(op) { asm.bitwise(0x56, to, to, core(\.constants.box)) }
        keepFloat(op.destination, to, boxed: !isDouble(op))
    }

    // MARK: Exceptions

    /// What memory holds together with what MXCSR has collected since.
    mutating func readExceptions(_ op: Op) {
        asm.storeMXCSR(core(\.mxcsrTransfer))
        asm.load(.rax, core(\.mxcsrTransfer), .b32)
        asm.alu(.and, .rax, immediate: 0x3f, .b32)
        asm.load(.rax, Address(.state, .rax, layout.core(\.exceptions)), .b8, signed: false)
        asm.alu(.or, .rax, state(layout.displacement(layout.exceptions)), .b32)
        keep(op.destination, .rax)
    }

    /// LDMXCSR is slow, and MXCSR has often nothing to forget.
    mutating func writeExceptions(_ op: Op) {
        fetch(op.a, into: .rcx)
        asm.alu(.and, .rcx, immediate: 31, .b32)
        asm.store(state(layout.displacement(layout.exceptions)), .rcx, .b32)
        asm.storeMXCSR(core(\.mxcsrTransfer))
        asm.load(.rax, core(\.mxcsrTransfer), .b32)
        asm.test(.rax, immediate: 0x3f)
        let clean = asm.jump(.equal)
        asm.alu(.and, .rax, immediate: ~0x3f, .b32)
        asm.store(core(\.mxcsrTransfer), .rax, .b32)
        asm.loadMXCSR(core(\.mxcsrTransfer))
        asm.bind(clean)
    }

    // MARK: Conversions

    mutating func floatConvert(_ op: Op) {
        let first = context.pointee.coldCount
        let a = readFloat(op.a, Self.scratchA)
        if !isDouble(op) { requireBoxed(op, op.a, a) }
        let end = context.pointee.coldCount
        let to = targetFloat(op.destination)
        asm.convertPrecision(to, a, from: precision(op))
        forgetNaN(op.destination)
        let waits = leaveNaN(op, to, isDouble: !isDouble(op))
        if isDouble(op) { asm.bitwise(0x56, to, to, core(\.constants.box)) }
        keepFloat(op.destination, to, boxed: isDouble(op))
        if waits { openNaN(op.destination, isDouble: !isDouble(op)) }
        resumeInterpreted(first, end)
    }

    mutating func floatToInteger(_ op: Op) {
        let first = context.pointee.coldCount
        let a = readFloat(op.a, Self.scratchA)
        if !isDouble(op) { requireBoxed(op, op.a, a) }
        let isWide = op.c & 2 != 0
        if op.c & 4 != 0 {
            boundUnsigned(op, a)
            asm.convert(.rax, a, precision(op), .b64, truncating: true)
        } else {
            asm.convert(.rax, a, precision(op), isWide ? .b64 : .b32, truncating: op.c & 8 != 0)
            // The "integer indefinite" stands for everything out of range, and for the least integer.
            if isWide {
                asm.mov(.rcx, immediate: Int64.min)
                asm.alu(.cmp, .rax, .rcx)
            } else {
                asm.alu(.cmp, .rax, immediate: Int32.min, .b32)
            }
            pending(op, asm.jump(.equal))
        }
        let end = context.pointee.coldCount
        let to = target(op.destination)
        asm.extend(to, .rax, isWide ? .b64 : .b32, signed: true)
        keep(op.destination, to)
        resumeInterpreted(first, end)
    }

    /// Out of -1 < a < 2^32 the interpreter converts: x86 would raise inexact beside invalid.
    private mutating func boundUnsigned(_ op: Op, _ a: VectorRegister) {
        let constants = isDouble(op)
        asm.load(
            Self.scratchB, constants ? core(\.constants.minusOneDouble) : core(\.constants.minusOneSingle),
            .double)
        asm.compare(precision(op), a, Self.scratchB)
        pending(op, asm.jump(.belowOrEqual))
        asm.load(
            Self.scratchB, constants ? core(\.constants.twoTo32Double) : core(\.constants.twoTo32Single),
            .double)
        asm.compare(precision(op), a, Self.scratchB)
        pending(op, asm.jump(.aboveOrEqual))
    }

    mutating func floatFromInteger(_ op: Op) {
        let isUnsignedWord = op.c & 6 == 4
        var from = read(op.a, .rax)
        if isUnsignedWord {
            asm.mov(.rax, from, .b32)
            from = .rax
        }
        asm.bitwise(0x57, Self.scratchA, Self.scratchA, Self.scratchA)
        asm.convert(Self.scratchA, from, precision(op), op.c & 2 != 0 || isUnsignedWord ? .b64 : .b32)
        if !isDouble(op) { asm.bitwise(0x56, Self.scratchA, Self.scratchA, core(\.constants.box)) }
        keepFloat(op.destination, Self.scratchA, boxed: !isDouble(op))
    }
}
