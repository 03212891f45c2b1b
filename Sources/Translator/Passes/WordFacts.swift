/// Which integer registers are known to hold a sign-extended 32-bit value.
///
/// Guests with 64-bit registers keep 32-bit integers like that, and extend after nearly every computation.
/// Where the fact is known, the low half says it all: computations, comparisons and copies need no more, and
/// the extension waits until somebody asks for the upper half.
struct WordFacts {
    /// One bit a register.
    private(set) var mask: UInt32

    init(_ mask: UInt32 = 0) { self.mask = mask }

    /// What is an integer register's bit; 0 for anything else.
    @inline(__always)
    static func bit(_ value: Value) -> UInt32 { value < 32 ? 1 << UInt32(value) : 0 }

    @inline(__always)
    func holds(_ value: Value) -> Bool { value == .zero || mask & Self.bit(value) != 0 }

    /// Takes note of what `op` writes.
    @inline(__always)
    mutating func apply(_ op: Op) {
        if op.code == .interpret { return mask = 0 }
        let bit = Self.bit(op.destination)
        guard bit != 0 else { return }
        mask = makesWord(op) ? mask | bit : mask & ~bit
    }

    /// Whether the result of `op` is a sign-extended word, its operands being what they are.
    func makesWord(_ op: Op) -> Bool {
        switch op.code {
        case .add: op.c == Op.word || Self.isConstant(op) || copied(op)
        case .sub: op.c == Op.word || op.b == .zero && holds(op.a)
        case .and: isSmallMask(op) || holds(op.a) && holdsSecond(op)
        case .or, .xor, .andNot, .orNot, .xorNot, .min, .max, .minUnsigned, .maxUnsigned:
            holds(op.a) && holdsSecond(op)
        case .shiftRight: op.c == Op.word || op.b == .immediate && op.immediate & 63 > 32
        case .shiftRightSigned:
            op.c == Op.word || holds(op.a) || op.b == .immediate && op.immediate & 63 >= 32
        case .shiftLeft, .rotateLeft, .rotateRight, .multiply, .divide, .divideUnsigned, .remainder,
            .remainderUnsigned:
            op.c == Op.word
        case .setLess, .setLessUnsigned, .bitExtract, .countLeadingZeros, .countTrailingZeros, .population,
            .signExtend8, .signExtend16, .zeroExtend16, .storeConditional, .floatEqual, .floatLess,
            .floatLessOrEqual, .readExceptions:
            true
        case .constant: Int32(exactly: op.immediate) != nil
        case .load: Self.loadsWord(MemoryWidth(rawValue: op.c))
        case .zeroIfZero, .zeroIfNotZero: holds(op.a)
        default: false
        }
    }

    private func holdsSecond(_ op: Op) -> Bool {
        op.b == .immediate ? Int32(exactly: op.immediate) != nil : holds(op.b)
    }

    private func isSmallMask(_ op: Op) -> Bool {
        op.b == .immediate && op.immediate >= 0 && op.immediate <= Int64(Int32.max)
    }

    private static func isConstant(_ op: Op) -> Bool { op.a == .zero && op.b == .immediate }

    /// A copy written as an addition of nothing.
    private func copied(_ op: Op) -> Bool {
        if op.b == .immediate { return op.immediate == 0 && holds(op.a) }
        return op.b == .zero && holds(op.a) || op.a == .zero && holds(op.b)
    }

    private static func loadsWord(_ width: MemoryWidth) -> Bool {
        width.bytes < 4 || width.bytes == 4 && width.isSigned
    }
}

/// How much of its sources an operation looks at.
extension Op {
    /// Only the low words of its integer sources matter.
    @inline(__always)
    var readsLowWords: Bool {
        switch code {
        case .add, .sub, .multiply, .shiftLeft, .shiftRight, .shiftRightSigned, .rotateLeft, .rotateRight,
            .divide, .divideUnsigned, .remainder, .remainderUnsigned, .countLeadingZeros,
            .countTrailingZeros, .population:
            c == Op.word || code == .shiftLeft && b == .immediate && immediate & 63 >= 32
        case .signExtend8, .signExtend16, .zeroExtend16, .shiftLeftUnsignedWord: true
        case .and: b == .immediate && immediate >= 0
        default: false
        }
    }

    /// Does the same on low words as on whole registers while both sources are sign-extended words: order,
    /// equality and bitwise logic are kept by the extension.
    @inline(__always)
    var isWordAgnostic: Bool {
        switch code {
        case .and, .or, .xor, .setLess, .setLessUnsigned, .branch: true
        default: false
        }
    }

    /// A plain copy, written as an operation with nothing.
    @inline(__always)
    var isCopy: Bool {
        guard c == 0, code == .add || code == .or || code == .xor else { return false }
        return a == .zero && b != .immediate || b == .zero
            || code == .add && b == .immediate && immediate == 0
    }

    /// Needs all of `value`, one of its sources, in any case.
    func readsWhole(_ value: Value) -> Bool {
        switch code {
        case .store: value == a || MemoryWidth(rawValue: c).bytes == 8
        case .shiftAdd: value == b || c == 0
        default: !readsLowWords && !isWordAgnostic && !isCopy
        }
    }
}
