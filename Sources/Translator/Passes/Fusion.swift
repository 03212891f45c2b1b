/// Turns shifts and what follows them into what they are for: rotations, extensions by zeroes, indexing.
///
/// Compilers for a guest without these instructions write `x << n | x >> (size - n)`, `x << 32 >> m` and
/// `(x << n) + y`. The
/// operation that ends the pattern is replaced; the shifts before it stay where their results are still
/// wanted, and are left to `LocalUses` otherwise.
struct Fusion {
    private let ops: UnsafeMutablePointer<Op>
    /// For each integer register, the operation of this basic block that wrote it last, or -1.
    private var writer = InlineArray<32, Int>(repeating: -1)

    private init(_ ops: UnsafeMutablePointer<Op>) { self.ops = ops }

    static func run(_ ops: UnsafeMutablePointer<Op>, _ count: Int) {
        var pass = Fusion(ops)
        for index in 0..<count { pass.visit(index) }
    }

    private mutating func visit(_ index: Int) {
        switch ops[index].code {
        case .label, .interpret: writer = InlineArray(repeating: -1)
        case .or, .xor: rotation(index)
        case .shiftRight: zeroExtension(index)
        case .add: scaledAddition(index)
        default: break
        }
        if ops[index].destination < 32 { writer[Int(ops[index].destination)] = index }
    }

    /// The operation that made the value of `register`, if it shifts some register by a constant.
    private func shift(_ register: Value, _ code: Op.Code) -> (op: Op, index: Int)? {
        guard register < 32, writer[Int(register)] >= 0 else { return nil }
        let index = writer[Int(register)]
        let op = ops[index]
        guard op.code == code, op.b == .immediate, op.a < 32, op.a != op.destination else { return nil }
        return (op, index)
    }

    private mutating func rotation(_ index: Int) {
        let op = ops[index]
        guard op.c == 0 else { return }
        for (left, right) in [(op.a, op.b), (op.b, op.a)] {
            guard let left = shift(left, .shiftLeft), let right = shift(right, .shiftRight),
                left.op.a == right.op.a, left.op.c == right.op.c,
                writer[Int(left.op.a)] < min(left.index, right.index)
            else { continue }
            let size: Int64 = left.op.c == Op.word ? 32 : 64
            let amount = right.op.immediate & (size - 1)
            guard amount != 0, left.op.immediate & (size - 1) == size - amount else { continue }
            ops[index].code = .rotateRight
            ops[index].a = left.op.a
            ops[index].b = .immediate
            ops[index].c = left.op.c
            ops[index].immediate = amount
            return
        }
    }

    /// x << 32 >> m with m in 1...32, both on 64 bits, is the low word of x, extended by zeroes, << (32 - m).
    private mutating func zeroExtension(_ index: Int) {
        let op = ops[index]
        guard op.c == 0, op.b == .immediate, op.a < 32, 1...32 ~= op.immediate & 63 else { return }
        let earlier = writer[Int(op.a)]
        guard earlier >= 0 else { return }
        let first = ops[earlier]
        guard first.code == .shiftLeft, first.c == 0, first.b == .immediate, first.immediate & 63 == 32,
            first.a < 32
        else { return }
        guard frees(first, earlier, index) else { return }
        ops[index].code = .shiftLeftUnsignedWord
        ops[index].a = first.a
        ops[index].b = .zero
        ops[index].immediate = 32 - op.immediate & 63
    }

    /// (x << n) + y with n in 1...3, both on 64 bits.
    private mutating func scaledAddition(_ index: Int) {
        let op = ops[index]
        guard op.c == 0, op.a < 32, op.b < 32, op.a != op.b else { return }
        for (scaled, other) in [(op.a, op.b), (op.b, op.a)] {
            let earlier = writer[Int(scaled)]
            guard earlier >= 0 else { continue }
            let first = ops[earlier]
            guard first.code == .shiftLeft, first.c == 0, first.b == .immediate, first.a < 32,
                1...3 ~= first.immediate & 63, frees(first, earlier, index)
            else { continue }
            ops[index].code = .shiftAdd
            ops[index].a = first.a
            ops[index].b = other
            ops[index].immediate = first.immediate & 63
            return
        }
    }

    /// Whether operation `index` can do without `first`, at `earlier`, whose source must still be there. When
    /// `first` has overwritten it, it goes, if nobody can have seen its result.
    private mutating func frees(_ first: Op, _ earlier: Int, _ index: Int) -> Bool {
        if first.a != first.destination { return writer[Int(first.a)] < earlier }
        guard ops[index].destination == first.destination, earlier == index - 1 else { return false }
        ops[earlier].code = .nothing
        ops[earlier].destination = .zero
        return true
    }
}
