/// NaNs that wait for being made canonical (see `NaNAnalysis`).
///
/// `openDoubles` and `openSingles` say which registers may hold one at this point. All of them have vector registers.
extension Emitter {
    private func bit(_ value: Value) -> UInt32 { 1 << UInt32(value & 31) }

    /// Behind arithmetic that left its result in `register`: true when a NaN may wait, else it is made canonical.
    mutating func leaveNaN(_ op: Op, _ register: VectorRegister, isDouble: Bool) -> Bool {
        let lazy = isDouble ? lazyDoubles : lazySingles
        if map.vector(op.destination) != nil, bit(op.destination) & lazy != 0 { return true }
        canonicalise(register, isDouble: isDouble)
        return false
    }

    mutating func openNaN(_ value: Value, isDouble: Bool) {
        if isDouble { openDoubles |= bit(value) } else { openSingles |= bit(value) }
    }

    /// Makes a NaN in `register` the canonical one.
    private mutating func canonicalise(_ register: VectorRegister, isDouble: Bool) {
        asm.compare(isDouble ? .double : .single, register, register)
        let constant = isDouble ? core(\.constants.nanDouble) : core(\.constants.nanSingle)
        if isCold {
            let isNumber = asm.jump(.notParity)
            asm.load(register, constant, .double)
            return asm.bind(isNumber)
        }
        var note = note(.canonicalNaN, Op(.nothing), asm.jump(.parity))
        note.register = register.code
        note.number = isDouble ? 1 : 0
        note.resume = UnsafePointer(asm.cursor)
        cold(note)
    }

    /// Makes canonical what `value` holds, before it is seen. Spoils the flags.
    mutating func settleNaN(_ value: Value) {
        guard value.isFloat, (openDoubles | openSingles) & bit(value) != 0, let register = map.vector(value)
        else {
            return
        }
        canonicalise(register, isDouble: openDoubles & bit(value) != 0)
        forgetNaN(value)
    }

    mutating func forgetNaN(_ value: Value) {
        openDoubles &= ~bit(value)
        openSingles &= ~bit(value)
    }

    /// Before registers are spilled.
    mutating func settleNaNs(_ mask: UInt32) {
        var left = mask & (openDoubles | openSingles)
        while left != 0 {
            settleNaN(.float(UInt8(left.trailingZeroBitCount)))
            left &= left - 1
        }
    }

    // MARK: Labels

    /// Makes canonical what the label at `offset` does not expect to wait.
    mutating func settleNaNs(for offset: Int64) {
        settleNaNs(~context.pointee.labelNaNs[Int(offset) >> 1])
    }

    /// What may wait behind a label.
    mutating func adoptNaNs(of offset: Int64) {
        let open = context.pointee.labelNaNs[Int(offset) >> 1]
        openDoubles = open & lazyDoubles
        openSingles = open & lazySingles
    }

    /// Gives the region up at its entry if a register that may wait at its head holds a NaN of other origin.
    mutating func requireNumbersAtEntry(_ head: UInt16) {
        var left = context.pointee.labelNaNs[Int(head) >> 1]
        while left != 0 {
            let value = Value.float(UInt8(left.trailingZeroBitCount))
            left &= left - 1
            guard let register = map.vector(value) else { continue }
            asm.compare(lazyDoubles & bit(value) != 0 ? .double : .single, register, register)
            refuse(unless: .notParity)
        }
    }
}
