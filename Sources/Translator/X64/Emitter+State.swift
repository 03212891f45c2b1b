/// Constants, and fields of the guest's state that are no registers.
extension Emitter {
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
