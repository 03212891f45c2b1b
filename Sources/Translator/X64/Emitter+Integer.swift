/// Integer arithmetic. Results of 32-bit operations are sign-extended to 64 bits, as RISC-V keeps
/// them; `Op.word` in `c` asks for that.
extension Emitter {
    func size(_ op: Op) -> Size { op.c & Op.word != 0 ? .b32 : .b64 }

    /// Puts a result where it lives: all of it, or a word.
    mutating func finish(_ op: Op, _ register: Register) {
        if size(op) == .b32 { keepWord(op.destination, register) } else { keep(op.destination, register) }
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
        copy(source, to: op.destination, extends: size(op) == .b32)
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
        if op.code == .and, value >= 0 { return mask(op, value, to) }
        fetch(op.a, into: to, size(op))
        if op.code == .xor, value == -1 {
            asm.unary(.not, to, size(op))
        } else {
            asm.alu(kind, to, immediate: value, size(op))
        }
        finish(op, to)
    }

    /// Keeps some of the low bits; a 32-bit operation clears the upper half.
    private mutating func mask(_ op: Op, _ value: Int32, _ to: Register) {
        if value == 0xff, let from = map.register(op.a) {
            asm.extend(to, from, .b8, signed: false)
        } else {
            fetch(op.a, into: to, .b32)
            asm.alu(.and, to, immediate: value, .b32)
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
            let size = commonSize(a, .zero)
            if value == 0 { return asm.test(register, register, size) }
            return asm.alu(.cmp, register, immediate: value, size)
        }
        apply(.cmp, read(a, .rax), b, commonSize(a, b))
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
}
