/// One decoded instruction. Fields that its encoding lacks are zero.
package struct Instruction: Sendable, Equatable {
    package var op: Opcode
    package var rd: UInt8 = 0
    /// First source register; the operand itself in CSRRWI, CSRRSI and CSRRCI.
    package var rs1: UInt8 = 0
    package var rs2: UInt8 = 0
    package var rs3: UInt8 = 0
    /// Rounding mode: 0 to 4, or 7 (look in `frm`). Decoding makes 5 and 6 illegal.
    package var rm: UInt8 = 0
    /// Bytes it occupies: 2 or 4.
    package var length: UInt8
    /// The sign-extended immediate, a shift amount or a CSR number.
    package var imm: Int32 = 0
    /// The encoding as fetched (16 bits when `length` is 2), which an illegal-instruction trap reports.
    package var raw: UInt32

    package init(_ op: Opcode, length: UInt8, raw: UInt32) {
        self.op = op
        self.length = length
        self.raw = raw
    }
}
