/// How EFLAGS can be had again from operands that are still there: an instruction and where its operands are.
///
/// Checks of the TLB destroy EFLAGS. As long as nothing but a fault could see the flags that were there, nothing
/// is saved: the cold path, or whatever needs them after all, computes them again.
struct FlagRecipe: Equatable {
    enum Kind: UInt8 {
        case none
        /// CMP or TEST of both operands.
        case compare, test
        /// The first operand is the result of a logical operation.
        case logic
        /// The first operand is the sum, or difference, in which the second was the other operand.
        case add, subtract
        /// The first operand is what NEG made.
        case negate
        /// The first operand was shifted by the immediate.
        case shiftLeft, shiftRight, shiftArithmetic
    }

    /// Where an operand is: 0 to 15 in the guest's register, or one of these.
    enum Source {
        static let first: UInt8 = 16
        static let second: UInt8 = 17
        static let immediate: UInt8 = 18
    }

    var kind = Kind.none
    var size: UInt8 = 0
    var a = Source.immediate
    var b = Source.immediate
    var immediate: Int32 = 0

    static let none = FlagRecipe()

    /// Where an operand that is no immediate is found.
    static func place(_ source: UInt8) -> Place {
        switch source {
        case Source.first: .state(CoreLayout.first)
        case Source.second: .state(CoreLayout.second)
        default: .guest(source)
        }
    }
}

/// Where the guest's arithmetic flags are at some point of a unit. If nowhere, nobody can see them.
struct FlagState {
    /// In EFLAGS.
    var isLive = false
    /// In `TranslationState.flagWord`.
    var isSaved = true
    var recipe = FlagRecipe.none
}
