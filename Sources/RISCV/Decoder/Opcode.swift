/// One operation of the instruction set, after compressed encodings have been expanded.
///
/// The cases stand in the order of the lines of `encodingText`: the raw value is the line's number.
package enum Opcode: UInt8, CaseIterable, Sendable {
    // RV64I
    case lui, auipc, jal, jalr
    case beq, bne, blt, bge, bltu, bgeu
    case lb, lh, lw, ld, lbu, lhu, lwu
    case sb, sh, sw, sd
    case addi, slti, sltiu, xori, ori, andi, slli, srli, srai
    case addiw, slliw, srliw, sraiw
    case add, sub, sll, slt, sltu, xor, srl, sra, or, and
    case addw, subw, sllw, srlw, sraw
    case fence, fenceI, ecall, ebreak
    // M
    case mul, mulh, mulhsu, mulhu, div, divu, rem, remu
    case mulw, divw, divuw, remw, remuw
    // A
    case lrW, scW, amoswapW, amoaddW, amoxorW, amoandW, amoorW, amominW, amomaxW, amominuW, amomaxuW
    case lrD, scD, amoswapD, amoaddD, amoxorD, amoandD, amoorD, amominD, amomaxD, amominuD, amomaxuD
    // F
    case flw, fsw
    case fmaddS, fmsubS, fnmsubS, fnmaddS
    case faddS, fsubS, fmulS, fdivS, fsqrtS
    case fsgnjS, fsgnjnS, fsgnjxS, fminS, fmaxS
    case fcvtWS, fcvtWUS, fcvtLS, fcvtLUS, fmvXW, feqS, fltS, fleS, fclassS
    case fcvtSW, fcvtSWU, fcvtSL, fcvtSLU, fmvWX
    // D
    case fld, fsd
    case fmaddD, fmsubD, fnmsubD, fnmaddD
    case faddD, fsubD, fmulD, fdivD, fsqrtD
    case fsgnjD, fsgnjnD, fsgnjxD, fminD, fmaxD
    case fcvtSD, fcvtDS
    case fcvtWD, fcvtWUD, fcvtLD, fcvtLUD, fmvXD, feqD, fltD, fleD, fclassD
    case fcvtDW, fcvtDWU, fcvtDL, fcvtDLU, fmvDX
    // Zicsr
    case csrrw, csrrs, csrrc, csrrwi, csrrsi, csrrci
    // Zba
    case addUW, sh1add, sh2add, sh3add, sh1addUW, sh2addUW, sh3addUW, slliUW
    // Zbb
    case andn, orn, xnor, clz, ctz, cpop, clzw, ctzw, cpopw
    case max, maxu, min, minu, sextB, sextH, zextH
    case rol, ror, rori, rolw, rorw, roriw, orcB, rev8
    // Zbs
    case bclr, bext, binv, bset, bclri, bexti, binvi, bseti
    // Zicond
    case czeroEqz, czeroNez
    // Zicbom, Zicboz
    case cboInval, cboClean, cboFlush, cboZero
    // Zawrs
    case wrsNto, wrsSto
    // Privileged
    case mret, sret, wfi, sfenceVMA, sinvalVMA, sfenceWInval, sfenceInvalIR
    /// No encoding of the table: raises an illegal-instruction exception.
    case illegal
}
