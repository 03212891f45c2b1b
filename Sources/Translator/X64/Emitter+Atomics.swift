/// Atomic accesses between vCPUs: guest atomics become locked instructions of the host. With one vCPU there is nobody to
/// lock out, as devices do not write to words that drivers change atomically; a locked instruction costs up to 20 cycles.
extension Emitter {
    private mutating func lock() {
        if !isSolitary { asm.lock() }
    }

    /// Leaves the host address of a naturally aligned access in `rdx`; anything else goes the cold
    /// way, where the page is filled or the interpreter does the operation.
    private mutating func locateAtomic(_ op: Op, write: Bool) -> ColdStub {
        let bytes = MemoryWidth(rawValue: op.c).bytes
        fetch(op.a, into: .rax)
        asm.test(.rax, immediate: Int32(bytes - 1))
        let misaligned = asm.jump(.notEqual)
        let miss = probe(.rax, span: 1, write: write)
        var note = note(.atomic, op, miss)
        note.sources.1 = misaligned
        note.number = Int64(bytes) | (write ? 1 << 16 : 0)
        asm.alu(.add, .rdx, .rax)
        note.resume = UnsafePointer(asm.cursor)
        return note
    }

    /// `number` becomes the address behind the operation, where the interpreter's way resumes.
    private mutating func finishAtomic(_ note: ColdStub) {
        var note = note
        note.number |=
            Int64(asm.cursor - UnsafeMutablePointer(mutating: note.resume ?? UnsafePointer(asm.cursor))) << 32
        cold(note)
    }

    private mutating func keepLoaded(_ op: Op, _ register: Register) {
        if MemoryWidth(rawValue: op.c).bytes == 4 { asm.extend(register, register, .b32, signed: true) }
        keep(op.destination, register)
    }

    mutating func atomic(_ op: Op) {
        let note = locateAtomic(op, write: true)
        let size = MemoryWidth(rawValue: op.c).size
        switch op.code {
        case .atomicSwap:
            fetch(op.b, into: .rcx)
            exchange(op, size)
        case .atomicAdd where op.destination == .zero:
            change(.add, op, size)
        case .atomicAdd:
            fetch(op.b, into: .rcx)
            lock()
            asm.exchangeAdd(Address(.rdx), .rcx, size)
            keepLoaded(op, .rcx)
        default:
            let kind: ALU = op.code == .atomicAnd ? .and : op.code == .atomicOr ? .or : .xor
            if op.destination == .zero {
                change(kind, op, size)
            } else {
                compareExchangeLoop(op, kind, size)
            }
        }
        finishAtomic(note)
    }

    /// `rcx` goes to memory, and what was there to the destination. XCHG locks by itself.
    private mutating func exchange(_ op: Op, _ size: Size) {
        guard isSolitary else {
            asm.exchange(Address(.rdx), .rcx, size)
            return keepLoaded(op, .rcx)
        }
        asm.load(.rax, Address(.rdx), size)
        asm.store(Address(.rdx), .rcx, size)
        keepLoaded(op, .rax)
    }

    private mutating func change(_ kind: ALU, _ op: Op, _ size: Size) {
        let value = read(op.b, .rcx)
        lock()
        asm.alu(kind, Address(.rdx), value, size)
    }

    private mutating func compareExchangeLoop(_ op: Op, _ kind: ALU, _ size: Size) {
        asm.load(.rax, Address(.rdx), size)
        let retry = UnsafePointer(asm.cursor)
        asm.mov(.rcx, .rax)
        apply(kind, .rcx, op.b, .b64)
        lock()
        asm.compareExchange(Address(.rdx), .rcx, size)
        asm.jump(.notEqual, to: retry)
        keepLoaded(op, .rax)
    }

    /// Not atomic as a whole, but like the others all right or left to the interpreter.
    mutating func zeroBlock(_ op: Op) {
        fetch(op.a, into: .rax)
        asm.alu(.and, .rax, immediate: -64)
        var note = note(.atomic, op, probe(.rax, span: 64, write: true))
        note.number = 64 | 1 << 16
        asm.alu(.add, .rdx, .rax)
        note.resume = UnsafePointer(asm.cursor)
        asm.bitwise(0x57, .xmm0, .xmm0, .xmm0)
        for part in 0..<4 { asm.store128(Address(.rdx, Int32(part) * 16), .xmm0) }
        finishAtomic(note)
    }

    mutating func loadReserved(_ op: Op) {
        let note = locateAtomic(op, write: false)
        let width = MemoryWidth(rawValue: op.c)
        asm.load(.rax, Address(.rdx), width.size)
        asm.store(state(layout.displacement(layout.reservationValue)), .rax)
        asm.alu(.add, .rdx, core(\.physicalDelta))
        asm.store(state(layout.displacement(layout.reservationAddress)), .rdx)
        asm.store(state(layout.displacement(layout.reservationSize)), immediate: Int32(width.bytes), .b8)
        keepLoaded(op, .rax)
        finishAtomic(note)
    }

    /// Succeeds when memory still holds what LR loaded. A value that was changed and changed back
    /// in between goes unnoticed (see the ADR on reservations).
    mutating func storeConditional(_ op: Op) {
        let note = locateAtomic(op, write: true)
        let width = MemoryWidth(rawValue: op.c)
        let address = state(layout.displacement(layout.reservationAddress))
        asm.mov(.rcx, .rdx)
        asm.alu(.add, .rcx, core(\.physicalDelta))
        asm.alu(.cmp, .rcx, address)
        asm.store(address, immediate: -1)
        let elsewhere = asm.jump(.notEqual)
        asm.load(.rcx, state(layout.displacement(layout.reservationSize)), .b8, signed: false)
        asm.alu(.cmp, .rcx, immediate: Int32(width.bytes), .b32)
        let otherSize = asm.jump(.notEqual)
        asm.load(.rax, state(layout.displacement(layout.reservationValue)))
        let value = read(op.b, .rcx)
        lock()
        asm.compareExchange(Address(.rdx), value, width.size)
        asm.bind(elsewhere)
        asm.bind(otherSize)
        asm.set(.notEqual, .rax)
        asm.extend(.rax, .rax, .b8, signed: false)
        keep(op.destination, .rax)
        finishAtomic(note)
    }
}
