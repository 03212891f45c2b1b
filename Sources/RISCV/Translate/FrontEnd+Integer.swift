import Translator

extension FrontEnd {
    /// The operation of an integer computation, or `nil` for everything else.
    func integer(_ i: Instruction) -> Op? {
        if let op = immediateForm(i) { return op }
        if let (code, word) = registerForm(i.op) {
            return Op(code, i.destination, i.first, i.second, c: word ? Op.word : 0)
        }
        return bits(i)
    }

    private func immediateForm(_ i: Instruction) -> Op? {
        let code: Op.Code
        var word = false
        switch i.op {
        case .addi: code = .add
        case .addiw: (code, word) = (.add, true)
        case .slti: code = .setLess
        case .sltiu: code = .setLessUnsigned
        case .xori: code = .xor
        case .ori: code = .or
        case .andi: code = .and
        case .slli: code = .shiftLeft
        case .srli: code = .shiftRight
        case .srai: code = .shiftRightSigned
        case .slliw: (code, word) = (.shiftLeft, true)
        case .srliw: (code, word) = (.shiftRight, true)
        case .sraiw: (code, word) = (.shiftRightSigned, true)
        case .rori: code = .rotateRight
        case .roriw: (code, word) = (.rotateRight, true)
        case .bclri: code = .bitClear
        case .bexti: code = .bitExtract
        case .binvi: code = .bitInvert
        case .bseti: code = .bitSet
        default: return nil
        }
        return Op(
            code, i.destination, i.first, .immediate, c: word ? Op.word : 0, immediate: Int64(i.imm))
    }

    private func registerForm(_ op: Opcode) -> (Op.Code, word: Bool)? {
        switch op {
        case .add: (.add, false)
        case .sub: (.sub, false)
        case .sll: (.shiftLeft, false)
        case .slt: (.setLess, false)
        case .sltu: (.setLessUnsigned, false)
        case .xor: (.xor, false)
        case .srl: (.shiftRight, false)
        case .sra: (.shiftRightSigned, false)
        case .or: (.or, false)
        case .and: (.and, false)
        case .addw: (.add, true)
        case .subw: (.sub, true)
        case .sllw: (.shiftLeft, true)
        case .srlw: (.shiftRight, true)
        case .sraw: (.shiftRightSigned, true)
        case .mul: (.multiply, false)
        case .mulh: (.multiplyHigh, false)
        case .mulhsu: (.multiplyHighSignedUnsigned, false)
        case .mulhu: (.multiplyHighUnsigned, false)
        case .div: (.divide, false)
        case .divu: (.divideUnsigned, false)
        case .rem: (.remainder, false)
        case .remu: (.remainderUnsigned, false)
        case .mulw: (.multiply, true)
        case .divw: (.divide, true)
        case .divuw: (.divideUnsigned, true)
        case .remw: (.remainder, true)
        case .remuw: (.remainderUnsigned, true)
        default: bitRegisterForm(op)
        }
    }

    private func bitRegisterForm(_ op: Opcode) -> (Op.Code, word: Bool)? {
        switch op {
        case .andn: (.andNot, false)
        case .orn: (.orNot, false)
        case .xnor: (.xorNot, false)
        case .max: (.max, false)
        case .maxu: (.maxUnsigned, false)
        case .min: (.min, false)
        case .minu: (.minUnsigned, false)
        case .rol: (.rotateLeft, false)
        case .ror: (.rotateRight, false)
        case .rolw: (.rotateLeft, true)
        case .rorw: (.rotateRight, true)
        case .bclr: (.bitClear, false)
        case .bext: (.bitExtract, false)
        case .binv: (.bitInvert, false)
        case .bset: (.bitSet, false)
        case .czeroEqz: (.zeroIfZero, false)
        case .czeroNez: (.zeroIfNotZero, false)
        default: nil
        }
    }

    /// Zba, and the Zbb operations with one source.
    private func bits(_ i: Instruction) -> Op? {
        func add(_ shift: Int64, word: Bool = false) -> Op {
            Op(.shiftAdd, i.destination, i.first, i.second, c: word ? 1 : 0, immediate: shift)
        }
        func unary(_ code: Op.Code, word: Bool = false) -> Op {
            Op(code, i.destination, i.first, c: word ? Op.word : 0)
        }
        switch i.op {
        case .sh1add: return add(1)
        case .sh2add: return add(2)
        case .sh3add: return add(3)
        case .addUW: return add(0, word: true)
        case .sh1addUW: return add(1, word: true)
        case .sh2addUW: return add(2, word: true)
        case .sh3addUW: return add(3, word: true)
        case .slliUW:
            return Op(.shiftLeftUnsignedWord, i.destination, i.first, immediate: Int64(i.imm))
        case .clz: return unary(.countLeadingZeros)
        case .ctz: return unary(.countTrailingZeros)
        case .cpop: return unary(.population)
        case .clzw: return unary(.countLeadingZeros, word: true)
        case .ctzw: return unary(.countTrailingZeros, word: true)
        case .cpopw: return unary(.population, word: true)
        case .sextB: return unary(.signExtend8)
        case .sextH: return unary(.signExtend16)
        case .zextH: return unary(.zeroExtend16)
        case .orcB: return unary(.orCombine)
        case .rev8: return unary(.byteReverse)
        default: return nil
        }
    }
}
