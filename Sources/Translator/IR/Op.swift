/// A place that holds a value of the guest: 0...31 integer registers, 32...63 floating-point
/// registers, or one of the markers below.
package typealias Value = UInt8

extension Value {
    /// As a source, the constant zero; as a destination, nothing is kept.
    package static let zero: Value = 0xfe
    /// The second source is `Op.immediate`.
    package static let immediate: Value = 0xff
    /// The number of places that a register map covers.
    package static let count = 64

    /// The floating-point register `number`.
    @inline(__always)
    package static func float(_ number: UInt8) -> Value { 32 + number }

    @inline(__always) package var isRegister: Bool { self < 64 }
    @inline(__always) package var isFloat: Bool { self >= 32 && self < 64 }
}

/// One operation of the intermediate representation: flat, fixed-size, without references.
///
/// Operands are the guest's own registers (no renaming), so that the state before each operation
/// is the architectural state and any operation that may fault needs no recovery information
/// beyond `pageOffset` and `retired`.
package struct Op {
    package var code: Code
    package var destination: Value = .zero
    package var a: Value = .zero
    package var b: Value = .zero
    /// Byte offset of the guest instruction from the start of its unit's first page.
    package var pageOffset: UInt16 = 0
    /// A further operand: width, third source, rounding or condition, by `code`.
    package var c: UInt8 = 0
    /// Instructions of this basic block that have retired before this one.
    package var retired: UInt8 = 0
    package var immediate: Int64 = 0

    @inline(__always)
    package init(
        _ code: Code, _ destination: Value = .zero, _ a: Value = .zero, _ b: Value = .zero, c: UInt8 = 0,
        immediate: Int64 = 0
    ) {
        self.code = code
        self.destination = destination
        self.a = a
        self.b = b
        self.c = c
        self.immediate = immediate
    }

    /// `c` of integer operations: compute on 32 bits and sign-extend the result.
    package static let word: UInt8 = 1

    /// What an operation does. `b` may be `.immediate` where it says "a, b".
    package enum Code: UInt8, Sendable {
        // Integer, destination = a op b; `c` may be `Op.word`.
        case add, sub, and, or, xor, andNot, orNot, xorNot
        case shiftLeft, shiftRight, shiftRightSigned, rotateLeft, rotateRight
        case setLess, setLessUnsigned
        case multiply, multiplyHigh, multiplyHighUnsigned, multiplyHighSignedUnsigned
        case divide, divideUnsigned, remainder, remainderUnsigned
        case min, max, minUnsigned, maxUnsigned
        case bitClear, bitSet, bitInvert, bitExtract
        /// destination = b == 0 ? 0 : a, and the reverse.
        case zeroIfZero, zeroIfNotZero
        /// destination = (a << immediate) + b; `c` = 1 zero-extends the low word of a first.
        case shiftAdd
        /// destination = low word of a, zero-extended, << immediate.
        case shiftLeftUnsignedWord
        // Integer, one source; `c` may be `Op.word` for the counts.
        case countLeadingZeros, countTrailingZeros, population
        case signExtend8, signExtend16, zeroExtend16, orCombine, byteReverse
        // Constants
        case constant, pageRelative
        // Memory: address = a + immediate, `c` = MemoryWidth
        case load, store
        case loadReserved, storeConditional
        case atomicSwap, atomicAdd, atomicAnd, atomicOr, atomicXor
        case fence
        case nothing
        // State: a field of the guest's state at byte offset `immediate`
        case loadState, storeState
        /// destination = the field, the field = a.
        case exchangeState
        /// The bits in a or, when a is `.zero`, those of `c`.
        case setStateBits, clearStateBits
        /// Leaves behind the instruction, `immediate` bytes long, when an enabled interrupt is pending.
        case attendIfPending
        case readTime
        // Floating point; `c` bit 0 = double
        case floatLoad, floatStore
        case floatAdd, floatSub, floatMul, floatDiv, floatSqrt
        /// immediate: bit 0 negates the product, bit 1 negates the addend; immediate >> 8 = third source
        case floatFused
        case floatMin, floatMax
        case floatEqual, floatLess, floatLessOrEqual
        /// immediate: 0 copy, 1 negate, 2 exclusive or of the signs
        case floatSign
        case floatMoveToInteger, floatMoveFromInteger
        /// destination = the sticky exceptions; the sticky exceptions = a.
        case readExceptions, writeExceptions
        /// To the other precision: `c` bit 0 = the source is double
        case floatConvert
        /// `c` bit 0 double, bit 1 the integer has 64 bits, bit 2 unsigned, bit 3 truncating
        case floatToInteger, floatFromInteger
        /// Zeroes the 64-byte block that contains the byte at a.
        case zeroBlock
        // Anything else: the reference interpreter executes the instruction encoded in `immediate`
        case interpret
        /// The same, and the mode may change: the unit ends here.
        case interpretAndLeave
        // Control
        /// To the page offset `immediate` when a `c` b.
        case branch
        case jump
        /// To (a + immediate) & ~1.
        case jumpIndirect
        /// Marks the start of a basic block; `immediate` = its page offset, `c` = depth of loops.
        case label

        /// Whether its code gets at its operands by `Emitter.fetch` alone before it changes `rax`.
        @inline(__always)
        var readsThroughFetch: Bool {
            rawValue <= Code.setLessUnsigned.rawValue || self == .load || self == .store || self == .branch
        }

        /// Whether its code leaves `rdx`, where memory accesses keep addresses, as it is.
        @inline(__always)
        var sparesAddress: Bool {
            rawValue <= Code.rotateRight.rawValue || self == .load || self == .store || self == .floatLoad
                || self == .floatStore || self == .constant
        }

        /// Loads or stores at an address that `Hoisting` and windows deal with.
        @inline(__always)
        var isAccess: Bool { self == .load || self == .store || self == .floatLoad || self == .floatStore }

        @inline(__always)
        var usesFloats: Bool {
            rawValue >= Code.floatLoad.rawValue && rawValue <= Code.floatFromInteger.rawValue
        }
    }
}

extension Op {
    /// Nothing goes on behind it.
    @inline(__always)
    var endsRun: Bool { code == .jump || code == .jumpIndirect || code == .interpretAndLeave }
}

/// Width and extension of a memory access, in `Op.c`.
package struct MemoryWidth: Equatable, Sendable {
    package let rawValue: UInt8
    @inline(__always) package init(rawValue: UInt8) { self.rawValue = rawValue }
    @inline(__always)
    package init(_ size: Size, signed: Bool = false) {
        rawValue = size.rawValue | (signed ? 0x80 : 0)
    }

    @inline(__always) package var bytes: Int { Int(rawValue & 15) }
    @inline(__always) package var isSigned: Bool { rawValue & 0x80 != 0 }
    @inline(__always) package var size: Size {
        switch rawValue & 15 {
        case 1: .b8
        case 2: .b16
        case 4: .b32
        default: .b64
        }
    }
}
