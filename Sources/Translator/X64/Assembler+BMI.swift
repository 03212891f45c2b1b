/// VEX-encoded integer instructions of BMI1 and BMI2, which leave the flags alone (ANDN aside)
/// and take three operands.
extension Assembler {
    /// VEX prefix of three bytes. `map`: 1 = 0F, 2 = 0F38, 3 = 0F3A. `pp`: 0 none, 1 66, 2 F3, 3 F2.
    @inline(__always)
    mutating func vex(
        reg: UInt8, index: UInt8 = 0, base: UInt8, v: UInt8, map: UInt8, pp: UInt8, wide: Bool,
        long: Bool = false
    ) {
        byte(0xc4)
        byte((~reg & 8) << 4 | (~index & 8) << 3 | (~base & 8) << 2 | map)
        byte((wide ? 0x80 : 0) | (~v & 15) << 3 | (long ? 4 : 0) | pp)
    }

    /// SHLX (pp 1), SARX (pp 2), SHRX (pp 3): `to = from shifted by count`, count taken modulo the size.
    package mutating func shiftX(
        _ op: Shift, _ to: Register, _ from: Register, by count: Register, _ size: Size = .b64
    ) {
        let pp: UInt8 = op == .shl ? 1 : op == .sar ? 2 : 3
        vex(reg: to.code, base: from.code, v: count.code, map: 2, pp: pp, wide: size == .b64)
        byte(0xf7)
        modRM(to.code, from.code)
    }

    /// RORX: `to = from` rotated right, no flags.
    package mutating func rorx(_ to: Register, _ from: Register, by count: UInt8, _ size: Size = .b64) {
        vex(reg: to.code, base: from.code, v: 0, map: 3, pp: 3, wide: size == .b64)
        byte(0xf0)
        modRM(to.code, from.code)
        byte(count)
    }

    /// ANDN: `to = ~a & b`.
    package mutating func andn(_ to: Register, _ a: Register, _ b: Register, _ size: Size = .b64) {
        vex(reg: to.code, base: b.code, v: a.code, map: 2, pp: 0, wide: size == .b64)
        byte(0xf2)
        modRM(to.code, b.code)
    }
}
