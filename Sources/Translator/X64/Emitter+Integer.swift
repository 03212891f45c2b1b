/// Integer arithmetic. Results of 32-bit operations are sign-extended to 64 bits, as RISC-V keeps
/// them; `Op.word` in `c` asks for that.
extension Emitter {
    private func size(_ op: Op) -> Size { op.c & Op.word != 0 ? .b32 : .b64 }

    /// Sign-extends a word result in place.
    private mutating func finish(_ op: Op, _ register: Register) {
        if size(op) == .b32 { asm.extend(register, register, .b32, signed: true) }
        keep(op.destination, register)
    }

    // MARK: Two operands

    mutating func binary(_ op: Op) {
        guard op.destination != .zero else { return }
        if op.b == .immediate { return binaryImmediate(op) }
        if op.a == .zero, op.code == .add || op.code == .or || op.code == .xor { return copy(op, op.b) }
        if op.b == .zero, op.code == .add || op.code == .or || op.code == .xor || op.code == .sub {
            return copy(op, op.a)
        }
        switch op.code {
        case .add: addRegisters(op)
        case .sub: subtract(op)
        case .and: commutative(op) { $0.apply(.and, $1, $2, $3) }
        case .or: commutative(op) { $0.apply(.or, $1, $2, $3) }
        case .xor: commutative(op) { $0.apply(.xor, $1, $2, $3) }
        case .multiply: commutative(op) { $0.multiply($1, $2, $3) }
        case .andNot: andNot(op)
        case .orNot: orNot(op)
        default: xorNot(op)
        }
    }

    /// A plain copy, or a sign extension of the low word.
    private mutating func copy(_ op: Op, _ source: Value) {
        let to = target(op.destination)
        if size(op) == .b32, let from = map.register(source) {
            asm.extend(to, from, .b32, signed: true)
        } else if size(op) == .b32, source != .zero {
            asm.load(to, home(source), .b32, signed: true)
        } else {
            fetch(source, into: to)
        }
        keep(op.destination, to)
    }

    private mutating func commutative(
        _ op: Op, _ body: (inout Emitter, Register, Value, Size) -> Void
    ) {
        let to = target(op.destination)
        let swaps = map.register(op.b) == to && map.register(op.a) != to
        let (first, second) = swaps ? (op.b, op.a) : (op.a, op.b)
        fetch(first, into: to, size(op))
        body(&self, to, second, size(op))
        finish(op, to)
    }

    private mutating func multiply(_ to: Register, _ by: Value, _ size: Size) {
        if let register = map.register(by) {
            asm.imul(to, register, size)
        } else if by == .zero {
            asm.clear(to)
        } else {
            asm.imul(to, home(by), size)
        }
    }

    private mutating func addRegisters(_ op: Op) {
        let to = target(op.destination)
        guard let a = map.register(op.a), let b = map.register(op.b), to != a, to != b else {
            return commutative(op) { $0.apply(.add, $1, $2, $3) }
        }
        asm.lea(to, Address(a, b), size(op))
        finish(op, to)
    }

    private mutating func subtract(_ op: Op) {
        let home = target(op.destination)
        let to = map.register(op.b) == home && op.a != op.b ? Register.rax : home
        if op.a == .zero, size(op) == .b64 || map.register(op.b) != nil {
            fetch(op.b, into: home, size(op))
            asm.unary(.neg, home, size(op))
            return finish(op, home)
        }
        fetch(op.a, into: to, size(op))
        apply(.sub, to, op.b, size(op))
        finish(op, to)
    }

    private mutating func andNot(_ op: Op) {
        let a = read(op.a, .rax)
        let b = read(op.b, .rcx)
        let to = target(op.destination)
        asm.andn(to, b, a)
        keep(op.destination, to)
    }

    private mutating func orNot(_ op: Op) {
        fetch(op.b, into: .rax)
        asm.unary(.not, .rax)
        apply(.or, .rax, op.a, .b64)
        keep(op.destination, .rax)
    }

    private mutating func xorNot(_ op: Op) {
        fetch(op.a, into: .rax)
        apply(.xor, .rax, op.b, .b64)
        asm.unary(.not, .rax)
        keep(op.destination, .rax)
    }

    private mutating func binaryImmediate(_ op: Op) {
        let value = Int32(truncatingIfNeeded: op.immediate)
        if op.code == .add { return addImmediate(op, value) }
        let kind: ALU = op.code == .and ? .and : op.code == .or ? .or : .xor
        if op.a == op.destination, map.register(op.destination) == nil {
            return asm.alu(kind, home(op.destination), immediate: value)
        }
        let to = target(op.destination)
        if op.code == .and, value == 0xff, let from = map.register(op.a) {
            asm.extend(to, from, .b8, signed: false)
        } else if op.code == .xor, value == -1 {
            fetch(op.a, into: to)
            asm.unary(.not, to)
        } else {
            fetch(op.a, into: to, op.code == .and && value >= 0 ? .b32 : .b64)
            asm.alu(kind, to, immediate: value, op.code == .and && value >= 0 ? .b32 : .b64)
        }
        keep(op.destination, to)
    }

    private mutating func addImmediate(_ op: Op, _ value: Int32) {
        if op.a == .zero {
            let to = target(op.destination)
            asm.mov(to, immediate: Int64(value))
            return keep(op.destination, to)
        }
        if value == 0 { return copy(op, op.a) }
        let to = target(op.destination)
        if op.a == op.destination {
            if map.register(op.a) == nil, size(op) == .b64 {
                return asm.alu(.add, home(op.a), immediate: value)
            }
            let register = read(op.a, .rax)
            asm.alu(.add, register, immediate: value, size(op))
            return finish(op, register)
        }
        if let from = map.register(op.a) {
            asm.lea(to, Address(from, value), size(op))
        } else {
            fetch(op.a, into: to, size(op))
            asm.alu(.add, to, immediate: value, size(op))
        }
        finish(op, to)
    }

    // MARK: Shifts

    mutating func shift(_ op: Op) {
        guard op.destination != .zero else { return }
        let kind: Shift =
            switch op.code {
            case .shiftLeft: .shl
            case .shiftRight: .shr
            case .shiftRightSigned: .sar
            case .rotateLeft: .rol
            default: .ror
            }
        if op.b == .immediate { return shiftImmediate(op, kind) }
        if kind == .rol || kind == .ror { return rotate(op, kind) }
        let from = read(op.a, .rax)
        let by = read(op.b, .rcx)
        let to = target(op.destination)
        asm.shiftX(kind, to, from, by: by, size(op))
        finish(op, to)
    }

    private mutating func shiftImmediate(_ op: Op, _ kind: Shift) {
        let amount = UInt8(truncatingIfNeeded: op.immediate) & (size(op) == .b64 ? 63 : 31)
        let to = target(op.destination)
        fetch(op.a, into: to, size(op))
        if amount != 0 { asm.shift(kind, to, by: amount, size(op)) }
        // A logical right shift by at least one leaves bit 31 clear: already sign-extended.
        if kind == .shr, amount != 0 { return keep(op.destination, to) }
        finish(op, to)
    }

    private mutating func rotate(_ op: Op, _ kind: Shift) {
        fetch(op.b, into: .rcx)
        fetch(op.a, into: .rax)
        asm.shift(kind, .rax, size(op))
        finish(op, .rax)
    }

    mutating func shiftAdd(_ op: Op) {
        guard op.destination != .zero else { return }
        var a = read(op.a, .rax)
        if op.c == 1 {
            asm.mov(.rax, a, .b32)
            a = .rax
        }
        let b = read(op.b, .rcx)
        let to = target(op.destination)
        asm.lea(to, Address(b, a, shift: UInt8(truncatingIfNeeded: op.immediate)))
        keep(op.destination, to)
    }

    mutating func shiftLeftUnsignedWord(_ op: Op) {
        let to = target(op.destination)
        fetch(op.a, into: to, .b32)
        if map.register(op.a) == to { asm.mov(to, to, .b32) }
        let amount = UInt8(truncatingIfNeeded: op.immediate) & 63
        if amount != 0 { asm.shift(.shl, to, by: amount) }
        keep(op.destination, to)
    }

    // MARK: Comparisons

    /// Sets the flags for a against b (register or immediate).
    mutating func compare(_ a: Value, _ b: Value, _ immediate: Int64) {
        if b == .immediate || b == .zero {
            let value = b == .zero ? 0 : Int32(truncatingIfNeeded: immediate)
            guard let register = map.register(a) else {
                if a != .zero { return asm.alu(.cmp, home(a), immediate: value) }
                asm.clear(.rax)
                return asm.alu(.cmp, .rax, immediate: value)
            }
            if value == 0 { asm.test(register, register) } else { asm.alu(.cmp, register, immediate: value) }
            return
        }
        apply(.cmp, read(a, .rax), b, .b64)
    }

    mutating func compareAndSet(_ op: Op) {
        guard op.destination != .zero else { return }
        compare(op.a, op.b, op.immediate)
        asm.set(op.code == .setLess ? .less : .below, .rax)
        let to = target(op.destination)
        asm.extend(to, .rax, .b8, signed: false)
        keep(op.destination, to)
    }

    mutating func extremum(_ op: Op) {
        fetch(op.a, into: .rax)
        let other = read(op.b, .rcx)
        asm.alu(.cmp, .rax, other)
        let condition: Condition =
            switch op.code {
            case .min: .greater
            case .max: .less
            case .minUnsigned: .above
            default: .below
            }
        asm.cmov(condition, .rax, other)
        keep(op.destination, .rax)
    }

    mutating func conditionalZero(_ op: Op) {
        fetch(op.a, into: .rax)
        asm.clear(.rcx)
        let condition = read(op.b, .rdx)
        asm.test(condition, condition)
        asm.cmov(op.code == .zeroIfZero ? .equal : .notEqual, .rax, .rcx)
        keep(op.destination, .rax)
    }

    // MARK: Bits

    mutating func singleBit(_ op: Op) {
        let kind: Assembler.BitOperation =
            switch op.code {
            case .bitClear: .reset
            case .bitSet: .set
            case .bitInvert: .complement
            default: .test
            }
        fetch(op.a, into: .rax)
        if op.b == .immediate {
            asm.bit(kind, .rax, immediate: UInt8(truncatingIfNeeded: op.immediate) & 63)
        } else {
            asm.bit(kind, .rax, read(op.b, .rcx))
        }
        if kind == .test {
            asm.set(.below, .rax)
            asm.extend(.rax, .rax, .b8, signed: false)
        }
        keep(op.destination, .rax)
    }

    mutating func bitCount(_ op: Op) {
        let from = read(op.a, .rax)
        let opcode: UInt8 =
            switch op.code {
            case .population: 0xb8
            case .countTrailingZeros: 0xbc
            default: 0xbd
            }
        let to = target(op.destination)
        asm.count(opcode, to, from, size(op))
        keep(op.destination, to)
    }

    mutating func extend(_ op: Op) {
        let from = read(op.a, .rax)
        let to = target(op.destination)
        switch op.code {
        case .signExtend8: asm.extend(to, from, .b8, signed: true)
        case .signExtend16: asm.extend(to, from, .b16, signed: true)
        default: asm.extend(to, from, .b16, signed: false)
        }
        keep(op.destination, to)
    }

    mutating func byteReverse(_ op: Op) {
        fetch(op.a, into: .rax)
        asm.bswap(.rax)
        keep(op.destination, .rax)
    }

    /// Each byte becomes 0xff unless it is zero: a borrow-free test of bit 7 after adding 0x7f.
    mutating func orCombine(_ op: Op) {
        fetch(op.a, into: .rax)
        asm.mov(.rcx, immediate: 0x7f7f_7f7f_7f7f_7f7f)
        asm.mov(.rdx, .rax)
        asm.alu(.and, .rdx, .rcx)
        asm.alu(.add, .rdx, .rcx)
        asm.alu(.or, .rax, .rdx)
        asm.unary(.not, .rcx)
        asm.alu(.and, .rax, .rcx)
        asm.shift(.shr, .rax, by: 7)
        asm.mov(.rcx, .rax)
        asm.shift(.shl, .rcx, by: 8)
        asm.alu(.sub, .rcx, .rax)
        keep(op.destination, .rcx)
    }

    // MARK: Constants and state

    mutating func constant(_ op: Op) {
        guard op.destination != .zero else { return }
        if map.register(op.destination) == nil, let short = Int32(exactly: op.immediate) {
            return asm.store(home(op.destination), immediate: short)
        }
        let to = target(op.destination)
        asm.mov(to, immediate: op.immediate)
        keep(op.destination, to)
    }

    mutating func pageRelative(_ op: Op) {
        guard op.destination != .zero else { return }
        let to = target(op.destination)
        asm.load(to, core(\.pageBase))
        if op.immediate != 0 { asm.alu(.add, to, immediate: Int32(truncatingIfNeeded: op.immediate)) }
        keep(op.destination, to)
    }

    mutating func loadState(_ op: Op) {
        guard op.destination != .zero else { return }
        let to = target(op.destination)
        asm.load(to, state(layout.displacement(Int(op.immediate))))
        keep(op.destination, to)
    }

    mutating func storeState(_ op: Op) {
        asm.store(state(layout.displacement(Int(op.immediate))), read(op.a, .rax))
    }

    mutating func exchangeState(_ op: Op) {
        let field = state(layout.displacement(Int(op.immediate)))
        let new = read(op.a, .rcx)
        asm.load(.rax, field)
        asm.store(field, new)
        keep(op.destination, .rax)
    }

    mutating func changeStateBits(_ op: Op) {
        let field = state(layout.displacement(Int(op.immediate)))
        if op.a == .zero {
            let bits = Int32(op.c)
            return asm.alu(
                op.code == .clearStateBits ? .and : .or, field,
                immediate: op.code == .clearStateBits ? ~bits : bits)
        }
        fetch(op.a, into: .rax)
        if op.code == .clearStateBits { asm.unary(.not, .rax) }
        asm.alu(op.code == .clearStateBits ? .and : .or, field, .rax)
    }

    mutating func attendIfPending(_ op: Op) {
        asm.load(.rax, state(layout.displacement(layout.pendingInterrupts.0)))
        asm.alu(.or, .rax, state(layout.displacement(layout.pendingInterrupts.1)))
        asm.alu(.and, .rax, state(layout.displacement(layout.enabledInterrupts)))
        cold(note(.attend, op, asm.jump(.notEqual)))
    }

    /// time = ((TSC * factor) >> 32) + offset. RDTSC is not ordered: a guest that wants order fences.
    mutating func readTime(_ op: Op) {
        asm.rdtsc()
        asm.shift(.shl, .rdx, by: 32)
        asm.alu(.or, .rax, .rdx)
        asm.unary(.mul, state(layout.displacement(layout.timeFactor)))
        asm.shift(.shr, .rax, by: 32)
        asm.shift(.shl, .rdx, by: 32)
        asm.alu(.or, .rax, .rdx)
        asm.alu(.add, .rax, state(layout.displacement(layout.timeOffset)))
        keep(op.destination, .rax)
    }
}
