/// Turns the operations of one unit into x86-64 code.
///
/// Everything on the expected path is written straight on; what is rarely needed is noted as a
/// `ColdStub` and written behind it. One emitter serves one translation.
struct Emitter: ~Copyable {
    var asm: Assembler
    var map: RegisterMap
    let layout: StateLayout
    let thunks: Thunks
    let ops: UnsafePointer<Op>
    let count: Int
    let context: UnsafeMutablePointer<EmitterContext>

    /// Floating-point registers that live in vector registers in this unit, and those of them that
    /// have been written at this point (in a region: anywhere in it).
    var mappedFloats: UInt32 = 0
    var writtenFloats: UInt32 = 0
    /// Floating-point registers known to hold a NaN-boxed single at this point.
    var boxedFloats: UInt32 = 0
    let unitKey: UInt32
    /// Guest-physical address of the page that the unit starts in.
    let physicalPage: UInt64
    /// Host address of its second page; 0 when it has only one.
    var secondPage: UInt64 = 0
    /// What a region changes about the registers; `nil` for a straight unit.
    var region: RegionRegisters?
    /// The value in memory that `rax` holds as well at this point, and the one that the operation
    /// being emitted leaves there.
    var inHand: Value?
    var kept: Value?
    /// The operation being emitted has no cold path that resumes behind its result.
    var keepsInHand = false
    /// Integer registers known to hold sign-extended words at this point, and those of them whose host register
    /// holds the word only: its upper half is open.
    var facts = WordFacts()
    var words: UInt32 = 0
    /// Floating-point registers that may hold NaNs which are not canonical yet, at this point and in this unit.
    var openDoubles: UInt32 = 0
    var openSingles: UInt32 = 0
    var lazyDoubles: UInt32 = .max
    var lazySingles: UInt32 = .max
    /// What is written now lies behind the expected path.
    var isCold = false
    var temporaries = Temporaries()
    /// What a region remembers of pages.
    var windows: [PageWindows.Window] = []
    /// There is no other vCPU.
    var isSolitary = false
    /// Accesses are checked one by one, whatever groups there are.
    var checksSingly = false
    /// The group whose host address `rdx` holds at this point.
    var slotInHand = Hoisting.noSlot

    /// A memory operand for the state field at `displacement` from the state register.
    @inline(__always)
    func state(_ displacement: Int32) -> Address { Address(.state, displacement) }

    @inline(__always)
    func core<Field>(_ field: KeyPath<VCPUCore, Field>) -> Address { Address(.state, layout.core(field)) }

    /// Where `value` lives in memory.
    @inline(__always)
    func home(_ value: Value) -> Address {
        Address(.state, Int32(value) &* 8 &- Int32(StateLayout.bias))
    }

    // MARK: Integer operands

    /// A register that holds `value`: its own, or `scratch` after loading it.
    @inline(__always)
    mutating func read(_ value: Value, _ scratch: Register) -> Register {
        if let register = map.register(value) { return register }
        fetch(value, into: scratch)
        return scratch
    }

    /// Copies `value` into `register`.
    mutating func fetch(_ value: Value, into register: Register, _ size: Size = .b64) {
        if let held = inHand, held == value {
            if register != .rax { asm.mov(register, .rax, size) }
            // The caller computes in `rax` from here on.
            if register == .rax { inHand = nil }
            return
        }
        if register == .rax { inHand = nil }
        if let home = map.register(value) {
            if home != register { asm.mov(register, home, size) }
        } else if value == .zero {
            asm.mov(register, immediate: 0)
        } else {
            asm.load(register, home(value), size)
        }
    }

    /// The register to compute `value` in; `keep` must follow.
    @inline(__always)
    func target(_ value: Value) -> Register { map.register(value) ?? .rax }

    /// Puts what was computed in `register` where `value` lives.
    @inline(__always)
    mutating func keep(_ value: Value, _ register: Register) {
        guard value != .zero else { return }
        words &= ~WordFacts.bit(value)
        if let home = map.register(value) {
            if home != register { asm.mov(home, register) }
        } else {
            asm.store(home(value), register)
            if register == .rax, keepsInHand { kept = value }
        }
    }

    /// `op register, value` with the value wherever it lives.
    mutating func apply(_ op: ALU, _ register: Register, _ value: Value, _ size: Size) {
        if let other = map.register(value) {
            asm.alu(op, register, other, size)
        } else if value == .zero {
            asm.alu(op, register, immediate: 0, size)
        } else if inHand == value, register != .rax {
            asm.alu(op, register, .rax, size)
        } else {
            asm.alu(op, register, home(value), size)
        }
    }

    // MARK: Bookkeeping

    /// The word that slow paths get: where the guest stands, and how wide the access is.
    func info(_ op: Op) -> Int64 {
        Int64(op.pageOffset) | Int64(op.retired) << 16 | Int64(op.c) << 24
    }

    /// Notes code to be written later, and returns the note for further fields.
    mutating func cold(_ stub: ColdStub) {
        context.pointee.cold[context.pointee.coldCount] = stub
        context.pointee.coldCount += 1
    }

    // MARK: The whole unit

    /// Emits entry, operations and cold code. The entry is at the cursor; its first eight bytes
    /// are one patchable no-operation.
    mutating func run() {
        asm.nop(8)
        if secondPage != 0 { verifySecondPage() }
        if region == nil {
            loadFloats(mappedFloats & ~context.pointee.firstWritten)
        } else {
            enterRegionFirst()
        }
        for index in 0..<count where ops[index].code != .nothing {
            borrow(ops[index], index)
            emit(settleWords(ops[index]), index)
            finish(ops[index], index)
        }
        inHand = nil
        emitColdStubs()
        if region != nil { bindForwardBranches() }
    }

    /// Behind the code of operation `index`.
    mutating func finish(_ op: Op, _ index: Int) {
        facts.apply(op)
        giveBack(op, index)
        watchBases(op, index)
    }

    mutating func emit(_ op: Op, _ index: Int) {
        keepsInHand = op.code.readsThroughFetch
        inHand = keepsInHand ? kept : nil
        kept = nil
        if !op.code.sparesAddress { slotInHand = Hoisting.noSlot }
        switch op.code {
        case .add, .sub, .and, .or, .xor, .andNot, .orNot, .xorNot, .multiply: binary(op)
        case .shiftLeft, .shiftRight, .shiftRightSigned, .rotateLeft, .rotateRight: shift(op)
        case .setLess, .setLessUnsigned: compareAndSet(op)
        case .multiplyHigh, .multiplyHighUnsigned, .multiplyHighSignedUnsigned: multiplyHigh(op)
        case .divide, .remainder: if !reuseRemainder(op, index) { divideSigned(op) }
        case .divideUnsigned, .remainderUnsigned: if !reuseRemainder(op, index) { divideUnsigned(op) }
        case .min, .max, .minUnsigned, .maxUnsigned: extremum(op)
        case .bitClear, .bitSet, .bitInvert, .bitExtract: singleBit(op)
        case .zeroIfZero, .zeroIfNotZero: conditionalZero(op)
        case .shiftAdd: shiftAdd(op)
        case .shiftLeftUnsignedWord: shiftLeftUnsignedWord(op)
        case .countLeadingZeros, .countTrailingZeros, .population: bitCount(op)
        case .signExtend8, .signExtend16, .zeroExtend16: extend(op)
        case .orCombine: orCombine(op)
        case .byteReverse: byteReverse(op)
        case .constant: constant(op)
        case .pageRelative: pageRelative(op)
        case .load: load(op, index)
        case .store: store(op, index)
        case .loadReserved: loadReserved(op)
        case .storeConditional: storeConditional(op)
        case .atomicSwap, .atomicAdd, .atomicAnd, .atomicOr, .atomicXor: atomic(op)
        case .fence: asm.fence()
        case .nothing: break
        case .loadState: loadState(op)
        case .storeState: storeState(op)
        case .exchangeState: exchangeState(op)
        case .setStateBits, .clearStateBits: changeStateBits(op)
        case .attendIfPending: attendIfPending(op)
        case .readTime: readTime(op)
        case .zeroBlock: zeroBlock(op)
        case .floatLoad: floatLoad(op, index)
        case .floatStore: floatStore(op, index)
        case .floatAdd, .floatSub, .floatMul, .floatDiv, .floatSqrt: floatArithmetic(op)
        case .floatFused: floatFused(op)
        case .floatMin, .floatMax: floatExtremum(op)
        case .floatEqual, .floatLess, .floatLessOrEqual: floatCompare(op)
        case .floatSign: floatSign(op)
        case .floatMoveToInteger: floatMoveToInteger(op)
        case .floatMoveFromInteger: floatMoveFromInteger(op)
        case .readExceptions: readExceptions(op)
        case .writeExceptions: writeExceptions(op)
        case .floatConvert: floatConvert(op)
        case .floatToInteger: floatToInteger(op)
        case .floatFromInteger: floatFromInteger(op)
        case .interpret: interpret(op)
        case .interpretAndLeave: interpretAndLeave(op)
        case .branch: branch(op)
        case .jump: jump(op)
        case .jumpIndirect: jumpIndirect(op)
        case .label: label(op, index)
        }
    }
}
