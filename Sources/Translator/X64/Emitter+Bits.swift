/// Shifts and operations on bits.
extension Emitter {
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
        if kind == .ror, amount != 0, let from = map.register(op.a) {
            asm.rorx(to, from, by: amount, size(op))
            return finish(op, to)
        }
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
}
