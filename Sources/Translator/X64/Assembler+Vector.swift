/// Scalar floating point, in VEX encoding throughout: three operands, and no penalty for mixing
/// with the dirty upper halves that a C library may leave.
extension Assembler {
    package enum Precision: UInt8, Sendable {
        /// Prefix field pp: F3 for single, F2 for double.
        case single = 2, double = 3
    }

    /// The arithmetic opcodes of map 0F that take two sources.
    package enum FloatOperation: UInt8, Sendable {
        case sqrt = 0x51, add = 0x58, mul = 0x59, sub = 0x5c, min = 0x5d, div = 0x5e, max = 0x5f
    }

    @inline(__always)
    package mutating func float(
        _ op: FloatOperation, _ p: Precision, _ to: VectorRegister, _ a: VectorRegister, _ b: VectorRegister
    ) {
        vex(reg: to.code, base: b.code, v: a.code, map: 1, pp: p.rawValue, wide: false)
        byte(op.rawValue)
        modRM(to.code, b.code)
    }

    /// FMA3 with operand order 231: `to = ±(a * b) ± to`. Opcodes b9 add, bb sub, bd neg-add, bf neg-sub.
    package mutating func fma231(
        _ opcode: UInt8, _ p: Precision, _ to: VectorRegister, _ a: VectorRegister, _ b: VectorRegister
    ) {
        vex(reg: to.code, base: b.code, v: a.code, map: 2, pp: 1, wide: p == .double)
        byte(opcode)
        modRM(to.code, b.code)
    }

    /// UCOMISS/UCOMISD (0x2e) or COMISS/COMISD (0x2f).
    package mutating func compare(
        _ p: Precision, _ a: VectorRegister, _ b: VectorRegister, ordered: Bool = false
    ) {
        vex(reg: a.code, base: b.code, v: 0, map: 1, pp: p == .double ? 1 : 0, wide: false)
        byte(ordered ? 0x2f : 0x2e)
        modRM(a.code, b.code)
    }

    /// MOVSS/MOVSD from memory; zeroes the rest.
    package mutating func load(_ to: VectorRegister, _ from: Address, _ p: Precision) {
        vex(
            reg: to.code, index: from.index.code & 8, base: from.base.code, v: 0, map: 1, pp: p.rawValue,
            wide: false)
        byte(0x10)
        modRM(to.code, from)
    }

    /// MOVSS/MOVSD to memory.
    package mutating func store(_ to: Address, _ from: VectorRegister, _ p: Precision) {
        vex(
            reg: from.code, index: to.index.code & 8, base: to.base.code, v: 0, map: 1, pp: p.rawValue,
            wide: false)
        byte(0x11)
        modRM(from.code, to)
    }

    /// Stores all 128 bits at any alignment (MOVUPS).
    package mutating func store128(_ to: Address, _ from: VectorRegister) {
        vex(reg: from.code, index: to.index.code & 8, base: to.base.code, v: 0, map: 1, pp: 0, wide: false)
        byte(0x11)
        modRM(from.code, to)
    }

    /// Copies all 128 bits (MOVAPS).
    package mutating func move(_ to: VectorRegister, _ from: VectorRegister) {
        vex(reg: to.code, base: from.code, v: 0, map: 1, pp: 0, wide: false)
        byte(0x28)
        modRM(to.code, from.code)
    }

    /// MOVD/MOVQ from a general register; zeroes the rest.
    package mutating func move(_ to: VectorRegister, _ from: Register, _ size: Size) {
        vex(reg: to.code, base: from.code, v: 0, map: 1, pp: 1, wide: size == .b64)
        byte(0x6e)
        modRM(to.code, from.code)
    }

    /// MOVD/MOVQ to a general register.
    package mutating func move(_ to: Register, _ from: VectorRegister, _ size: Size) {
        vex(reg: from.code, base: to.code, v: 0, map: 1, pp: 1, wide: size == .b64)
        byte(0x7e)
        modRM(from.code, to.code)
    }

    /// The bitwise operations of map 0F: and 54, andn 55 (~a & b), or 56, xor 57.
    package mutating func bitwise(
        _ opcode: UInt8, _ to: VectorRegister, _ a: VectorRegister, _ b: VectorRegister
    ) {
        vex(reg: to.code, base: b.code, v: a.code, map: 1, pp: 0, wide: false)
        byte(opcode)
        modRM(to.code, b.code)
    }

    /// The same with a 128-bit constant in memory.
    package mutating func bitwise(_ opcode: UInt8, _ to: VectorRegister, _ a: VectorRegister, _ b: Address) {
        vex(reg: to.code, index: b.index.code & 8, base: b.base.code, v: a.code, map: 1, pp: 0, wide: false)
        byte(opcode)
        modRM(to.code, b)
    }

    /// CVTSS2SD (from single) or CVTSD2SS (from double).
    package mutating func convertPrecision(_ to: VectorRegister, _ from: VectorRegister, from p: Precision) {
        vex(reg: to.code, base: from.code, v: from.code, map: 1, pp: p.rawValue, wide: false)
        byte(0x5a)
        modRM(to.code, from.code)
    }

    /// CVTSI2SS/SD from a 32- or 64-bit signed integer. Clear `to` first: the upper bits merge.
    package mutating func convert(_ to: VectorRegister, _ from: Register, _ p: Precision, _ size: Size) {
        vex(reg: to.code, base: from.code, v: to.code, map: 1, pp: p.rawValue, wide: size == .b64)
        byte(0x2a)
        modRM(to.code, from.code)
    }

    /// CVT(T)SS/SD2SI to a 32- or 64-bit signed integer.
    package mutating func convert(
        _ to: Register, _ from: VectorRegister, _ p: Precision, _ size: Size, truncating: Bool
    ) {
        vex(reg: to.code, base: from.code, v: 0, map: 1, pp: p.rawValue, wide: size == .b64)
        byte(truncating ? 0x2c : 0x2d)
        modRM(to.code, from.code)
    }

    /// LDMXCSR.
    package mutating func loadMXCSR(_ from: Address) {
        rex(false, 2, from)
        byte(0x0f)
        byte(0xae)
        modRM(2, from)
    }

    /// STMXCSR.
    package mutating func storeMXCSR(_ to: Address) {
        rex(false, 3, to)
        byte(0x0f)
        byte(0xae)
        modRM(3, to)
    }
}
