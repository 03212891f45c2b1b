/// High products and division. RISC-V division never traps: x / 0 = -1, x % 0 = x, and the most
/// negative number divided by -1 is itself with remainder zero (unprivileged specification, M).
extension Emitter {
    mutating func multiplyHigh(_ op: Op) {
        if op.code == .multiplyHighSignedUnsigned { return multiplyHighMixed(op) }
        fetch(op.a, into: .rax)
        let kind: Unary = op.code == .multiplyHigh ? .imul : .mul
        if let b = map.register(op.b) {
            asm.unary(kind, b)
        } else {
            fetch(op.b, into: .rcx)
            asm.unary(kind, .rcx)
        }
        keep(op.destination, .rdx)
    }

    /// signed a * unsigned b: the unsigned product less b where a is negative.
    private mutating func multiplyHighMixed(_ op: Op) {
        fetch(op.a, into: .rax)
        fetch(op.b, into: .rcx)
        asm.unary(.mul, .rcx)
        fetch(op.a, into: .rax)
        asm.shift(.sar, .rax, by: 63)
        asm.alu(.and, .rax, .rcx)
        asm.alu(.sub, .rdx, .rax)
        keep(op.destination, .rdx)
    }

    /// A remainder right behind the division of the same operands is in `rdx` already.
    mutating func reuseRemainder(_ op: Op, _ index: Int) -> Bool {
        guard index > 0, op.code == .remainder || op.code == .remainderUnsigned else { return false }
        guard ops[index - 1].dividesLike(op) else { return false }
        finish(op, .rdx)
        return true
    }

    mutating func divideSigned(_ op: Op) {
        let size = size(op)
        fetch(op.b, into: .rcx, size)
        fetch(op.a, into: .rax, size)
        // b + 1 is 0 or 1 exactly for the two special divisors.
        asm.lea(.rdx, Address(.rcx, 1), size)
        asm.alu(.cmp, .rdx, immediate: 1, size)
        let special = asm.jump(.belowOrEqual)
        asm.signExtendAccumulator(size)
        asm.unary(.idiv, .rcx, size)
        let done = asm.jump()
        asm.bind(special)
        let isZero = asm.jump(.equal)
        asm.clear(.rdx)
        asm.unary(.neg, .rax, size)
        let minusOne = asm.jump()
        asm.bind(isZero)
        divideByZero(size)
        asm.bind(minusOne)
        asm.bind(done)
        result(op, remainder: op.code == .remainder)
    }

    mutating func divideUnsigned(_ op: Op) {
        let size = size(op)
        fetch(op.b, into: .rcx, size)
        fetch(op.a, into: .rax, size)
        asm.test(.rcx, .rcx, size)
        let isZero = asm.jump(.equal)
        asm.clear(.rdx)
        asm.unary(.div, .rcx, size)
        let done = asm.jump()
        asm.bind(isZero)
        divideByZero(size)
        asm.bind(done)
        result(op, remainder: op.code == .remainderUnsigned)
    }

    private mutating func divideByZero(_ size: Size) {
        asm.mov(.rdx, .rax, size)
        asm.mov(.rax, immediate: -1)
    }

    private mutating func result(_ op: Op, remainder: Bool) {
        finish(op, remainder ? Register.rdx : .rax)
    }
}
