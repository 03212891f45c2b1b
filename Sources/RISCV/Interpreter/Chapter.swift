/// The chapter of the manual that an operation is from, which is also the file that executes it.
enum Chapter {
    case integer, multiply, bits, control, memory, atomic, single, double, floatMove, system

    init(_ op: Opcode) {
        self =
            switch op {
            case .addi, .slti, .sltiu, .xori, .ori, .andi, .slli, .srli, .srai, .addiw, .slliw, .srliw,
                .sraiw,
                .add, .sub, .sll, .slt, .sltu, .xor, .srl, .sra, .or, .and, .addw, .subw, .sllw, .srlw, .sraw:
                .integer
            case .mul, .mulh, .mulhsu, .mulhu, .div, .divu, .rem, .remu, .mulw, .divw, .divuw, .remw, .remuw:
                .multiply
            case .addUW, .sh1add, .sh2add, .sh3add, .sh1addUW, .sh2addUW, .sh3addUW, .slliUW, .andn, .orn,
                .xnor,
                .clz, .ctz, .cpop, .clzw, .ctzw, .cpopw, .max, .maxu, .min, .minu, .sextB, .sextH, .zextH,
                .rol,
                .ror, .rori, .rolw, .rorw, .roriw, .orcB, .rev8, .bclr, .bext, .binv, .bset, .bclri, .bexti,
                .binvi, .bseti, .czeroEqz, .czeroNez:
                .bits
            case .lui, .auipc, .jal, .jalr, .beq, .bne, .blt, .bge, .bltu, .bgeu: .control
            case .lb, .lh, .lw, .ld, .lbu, .lhu, .lwu, .sb, .sh, .sw, .sd, .flw, .fld, .fsw, .fsd: .memory
            case .lrW, .scW, .amoswapW, .amoaddW, .amoxorW, .amoandW, .amoorW, .amominW, .amomaxW, .amominuW,
                .amomaxuW, .lrD, .scD, .amoswapD, .amoaddD, .amoxorD, .amoandD, .amoorD, .amominD, .amomaxD,
                .amominuD, .amomaxuD:
                .atomic
            case .fmaddS, .fmsubS, .fnmsubS, .fnmaddS, .faddS, .fsubS, .fmulS, .fdivS, .fsqrtS, .fsgnjS,
                .fsgnjnS,
                .fsgnjxS, .fminS, .fmaxS, .fcvtWS, .fcvtWUS, .fcvtLS, .fcvtLUS, .feqS, .fltS, .fleS, .fclassS,
                .fcvtSW, .fcvtSWU, .fcvtSL, .fcvtSLU:
                .single
            case .fmaddD, .fmsubD, .fnmsubD, .fnmaddD, .faddD, .fsubD, .fmulD, .fdivD, .fsqrtD, .fsgnjD,
                .fsgnjnD,
                .fsgnjxD, .fminD, .fmaxD, .fcvtWD, .fcvtWUD, .fcvtLD, .fcvtLUD, .feqD, .fltD, .fleD, .fclassD,
                .fcvtDW, .fcvtDWU, .fcvtDL, .fcvtDLU:
                .double
            case .fcvtSD, .fcvtDS, .fmvXW, .fmvWX, .fmvXD, .fmvDX: .floatMove
            case .fence, .fenceI, .ecall, .ebreak, .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci,
                .cboInval,
                .cboClean, .cboFlush, .cboZero, .wrsNto, .wrsSto, .mret, .sret, .wfi, .sfenceVMA, .sinvalVMA,
                .sfenceWInval, .sfenceInvalIR, .illegal:
                .system
            }
    }
}
