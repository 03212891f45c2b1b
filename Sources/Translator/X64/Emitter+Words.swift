/// Sign-extended words whose extension waits (see `WordFacts`).
extension Emitter {
    @inline(__always)
    private func isWord(_ value: Value) -> Bool { words & WordFacts.bit(value) != 0 }

    /// The size at which to compare or combine `a` and `b`.
    @inline(__always)
    func commonSize(_ a: Value, _ b: Value) -> Size { isWord(a) || isWord(b) ? .b32 : .b64 }

    /// Extends the sources of `op` that it needs as a whole. Returns `op`, or the form of it that computes on
    /// words alone.
    mutating func settleWords(_ op: Op) -> Op {
        guard words != 0, !op.readsLowWords, !op.isCopy else { return op }
        if op.isWordAgnostic, commonSize(op.a, op.b) == .b32, facts.holds(op.a),
            op.b == .immediate || facts.holds(op.b)
        {
            guard op.code == .and || op.code == .or || op.code == .xor else { return op }
            var narrow = op
            narrow.c = Op.word
            return narrow
        }
        switch op.code {
        case .interpret: widen(.max)
        case .store:
            widen(WordFacts.bit(op.a))
            if MemoryWidth(rawValue: op.c).bytes == 8 { widen(WordFacts.bit(op.b)) }
        case .shiftAdd where op.c == 1: widen(WordFacts.bit(op.b))
        default: widen(WordFacts.bit(op.a) | WordFacts.bit(op.b))
        }
        return op
    }

    /// Extends those of `registers` that are kept as words. Leaves flags and scratch registers alone.
    mutating func widen(_ registers: UInt32) {
        var left = words & registers
        while left != 0 {
            let value = Value(left.trailingZeroBitCount)
            left &= left - 1
            if let register = map.register(value) { asm.extend(register, register, .b32, signed: true) }
        }
        words &= ~registers
    }

    /// Puts a word result, computed in `register`, where `value` lives.
    mutating func keepWord(_ value: Value, _ register: Register) {
        guard let home = map.register(value) else {
            asm.extend(register, register, .b32, signed: true)
            return keep(value, register)
        }
        if home != register { asm.mov(home, register, .b32) }
        words |= WordFacts.bit(value)
    }

    /// Copies `source` to `destination`, whose register or scratch is `to`. `extends`: it is the low word that
    /// counts.
    mutating func copy(_ source: Value, to destination: Value, extends: Bool) {
        let to = target(destination)
        let isOpen = isWord(source) || extends && !facts.holds(source)
        guard isOpen, source != .zero else {
            fetch(source, into: to)
            return keep(destination, to)
        }
        guard let from = map.register(source) else {
            asm.load(to, home(source), .b32, signed: true)
            return keep(destination, to)
        }
        if map.register(destination) != nil { return keepWord(destination, from) }
        asm.extend(to, from, .b32, signed: true)
        keep(destination, to)
    }

    // MARK: Labels

    /// Makes what is kept as words agree with what the label at `offset` expects.
    mutating func settleWords(for offset: Int64) {
        widen(~context.pointee.labelWords[Int(offset) >> 1])
    }

    /// What is known behind a label.
    mutating func adoptWords(of offset: Int64) {
        words = context.pointee.labelWords[Int(offset) >> 1]
        facts = WordFacts(context.pointee.labelFacts[Int(offset) >> 1])
    }

    /// Gives the region up at its entry unless the registers that its head takes for words are.
    mutating func requireWordsAtEntry(_ head: UInt16) {
        var left = context.pointee.labelFacts[Int(head) >> 1]
        while left != 0 {
            let value = Value(left.trailingZeroBitCount)
            left &= left - 1
            if let register = map.register(value) {
                asm.extend(.rax, register, .b32, signed: true)
                asm.alu(.cmp, .rax, register)
            } else {
                asm.load(.rax, home(value), .b32, signed: true)
                asm.alu(.cmp, .rax, home(value))
            }
            refuse(unless: .equal)
        }
    }
}
