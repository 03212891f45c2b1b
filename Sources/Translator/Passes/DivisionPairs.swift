/// Moves a remainder to right behind the division of the same operands, where it costs nothing: the host's
/// division leaves both.
enum DivisionPairs {
    /// How far back the division may be.
    private static let reach = 6

    static func run(_ ops: UnsafeMutablePointer<Op>, _ count: Int) {
        for index in 0..<count {
            let op = ops[index]
            guard op.code == .remainder || op.code == .remainderUnsigned, op.destination < 32 else {
                continue
            }
            if let division = partner(ops, index) { move(ops, index, to: division + 1) }
        }
    }

    /// The division, when nobody in between could tell that the remainder came early.
    private static func partner(_ ops: UnsafeMutablePointer<Op>, _ index: Int) -> Int? {
        let op = ops[index]
        var earlier = index - 1
        while earlier >= max(0, index - reach), ops[earlier].isPure {
            let other = ops[earlier]
            if other.destination == op.a || other.destination == op.b { return nil }
            if other.dividesLike(op) { return other.destination == op.destination ? nil : earlier }
            let touches = [other.a, other.b, other.destination].contains(op.destination)
            if touches { return nil }
            earlier -= 1
        }
        return nil
    }

    /// Positions keep their place in the guest's code.
    private static func move(_ ops: UnsafeMutablePointer<Op>, _ index: Int, to place: Int) {
        let moved = ops[index]
        for position in stride(from: index, to: place, by: -1) {
            put(ops[position - 1], at: position, ops)
        }
        put(moved, at: place, ops)
    }

    private static func put(_ op: Op, at position: Int, _ ops: UnsafeMutablePointer<Op>) {
        var op = op
        op.pageOffset = ops[position].pageOffset
        op.retired = ops[position].retired
        ops[position] = op
    }
}

extension Op {
    /// Whether this is the division whose remainder `other` is.
    func dividesLike(_ other: Op) -> Bool {
        let quotient: Code = other.code == .remainder ? .divide : .divideUnsigned
        return code == quotient && a == other.a && b == other.b && c == other.c
            && destination != a && destination != b
    }
}
