/// A 64-bit general-purpose register of the host, by its encoding.
package struct Register: Equatable, Sendable {
    package let code: UInt8
    @inline(__always) package init(_ code: UInt8) { self.code = code }

    package static let rax = Register(0), rcx = Register(1), rdx = Register(2), rbx = Register(3)
    package static let rsp = Register(4), rbp = Register(5), rsi = Register(6), rdi = Register(7)
    package static let r8 = Register(8), r9 = Register(9), r10 = Register(10), r11 = Register(11)
    package static let r12 = Register(12), r13 = Register(13), r14 = Register(14), r15 = Register(15)
}

/// A host vector register, by its encoding.
package struct VectorRegister: Equatable, Sendable {
    package let code: UInt8
    @inline(__always) package init(_ code: UInt8) { self.code = code }

    package static let xmm0 = VectorRegister(0), xmm1 = VectorRegister(1)
}

/// A memory operand: `[base + index * scale + displacement]`.
package struct Address: Sendable {
    package let base: Register
    /// `rsp` stands for no index, as in the SIB byte.
    package let index: Register
    /// Logarithm of the scale, 0...3.
    package let shift: UInt8
    package let displacement: Int32

    @inline(__always)
    package init(_ base: Register, _ displacement: Int32 = 0) {
        self.base = base
        index = .rsp
        shift = 0
        self.displacement = displacement
    }

    @inline(__always)
    package init(_ base: Register, _ index: Register, shift: UInt8 = 0, _ displacement: Int32 = 0) {
        self.base = base
        self.index = index
        self.shift = shift
        self.displacement = displacement
    }
}

extension Address {
    /// The same place, `more` bytes on.
    @inline(__always)
    func at(_ more: Int32) -> Address { Address(base, index, shift: shift, displacement &+ more) }
}

/// A condition code, as encoded in Jcc, SETcc and CMOVcc.
package enum Condition: UInt8, Sendable {
    case overflow = 0, notOverflow, below, aboveOrEqual, equal, notEqual, belowOrEqual, above
    case sign, notSign, parity, notParity, less, greaterOrEqual, lessOrEqual, greater
}

/// The eight two-operand integer instructions that share one encoding scheme.
package enum ALU: UInt8, Sendable {
    case add = 0, or, adc, sbb, and, sub, xor, cmp
}

/// The shifts and rotates of opcode group 2.
package enum Shift: UInt8, Sendable {
    case rol = 0, ror = 1, shl = 4, shr = 5, sar = 7
}

/// The one-operand instructions of opcode group 3.
package enum Unary: UInt8, Sendable {
    case not = 2, neg = 3, mul = 4, imul = 5, div = 6, idiv = 7
}

/// Operand size of an integer instruction.
package enum Size: UInt8, Sendable {
    case b8 = 1, b16 = 2, b32 = 4, b64 = 8
}
