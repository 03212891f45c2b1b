/// What emitted code keeps in memory beside the guest's registers.
package struct TranslationState: Sendable {
    /// The arithmetic flags when they are not in EFLAGS: OF in bit 0, and in bits 8 to 15 what LAHF gives.
    var flagWord: UInt64 = 0
    /// Linear address of the page of the unit at work.
    var pageBase: UInt64 = 0
    /// Operands from which flags can be computed again.
    var first: UInt64 = 0
    var second: UInt64 = 0
    /// Values that an instruction keeps while both scratch registers find a host address.
    var kept: UInt64 = 0
    var target: UInt64 = 0
    /// The unmanaged `TranslatedCore` of this state.
    var engine: UInt = 0
    /// Stack pointer of the Swift caller of emitted code.
    var hostStack: UInt64 = 0
    /// The host's address that a string instruction reads from.
    var source: UInt64 = 0
    /// Whether the jump table of user mode holds units with vectors.
    var userHasVectors = false
    /// MXCSR for Swift code.
    var hostMXCSR: UInt64 = 0x1F80

    /// The time-stamp counter out of the host's: `HostClock`. The offset holds until emitted code is left.
    var clockFactor: UInt64 = 0
    var clockOffset: UInt64 = 0

    init() {}

    /// `flagWord` for these RFLAGS.
    static func flagWord(_ flags: UInt64) -> UInt64 { flags >> 11 & 1 | (flags & 0xD5 | 2) << 8 }

    /// The arithmetic flags of `flagWord`.
    var arithmetic: UInt64 { (flagWord & 1) << 11 | flagWord >> 8 & 0xD5 }
}

/// Where the parts of a core's memory lie, in bytes from its state.
enum CoreLayout {
    static let float = (MemoryLayout<CoreState>.size + 63) & ~63
    static let tlb = float + 512
    static let jumps = tlb + TLB.bytes
    static let size = jumps + JumpTable.bytes

    private static func offset<Field>(_ field: KeyPath<CoreState, Field>) -> Int {
        MemoryLayout<CoreState>.offset(of: field) ?? 0
    }

    /// What `rbp` holds in emitted code: the general registers are in reach of 8-bit displacements.
    static let anchor = offset(\.r) + 128

    /// Displacement from `rbp` of the byte at `offset`.
    private static func place(_ offset: Int) -> Int32 { Int32(truncatingIfNeeded: offset - anchor) }

    static let state = place(0)
    static let rip = place(offset(\.r) + 8 * Int(Slot.rip))
    static let exitRequest = place(offset(\.core.exitRequest))
    static let flagWord = place(offset(\.translation.flagWord))
    static let pageBase = place(offset(\.translation.pageBase))
    static let first = place(offset(\.translation.first))
    static let second = place(offset(\.translation.second))
    static let kept = place(offset(\.translation.kept))
    static let target = place(offset(\.translation.target))
    static let source = place(offset(\.translation.source))
    static let userHasVectors = place(offset(\.translation.userHasVectors))
    static let clockFactor = place(offset(\.translation.clockFactor))
    static let clockOffset = place(offset(\.translation.clockOffset))
    static let hostStack = place(offset(\.translation.hostStack))
    static let hostMXCSR = place(offset(\.translation.hostMXCSR))
    static let systemFlags = place(offset(\.systemFlags))
    static let signals = place(offset(\.signals))
    static let tlbInForce = place(offset(\.tlb))
    static let privilege = place(offset(\.privilege))
    static let cr0 = place(offset(\.cr0))
    static let cr2 = place(offset(\.cr2))
    static let cr4 = place(offset(\.cr4))
    static let efer = place(offset(\.efer))
    static let star = place(offset(\.star))
    static let lstar = place(offset(\.lstar))
    static let syscallMask = place(offset(\.syscallMask))
    static let tscOffset = place(offset(\.tscOffset))
    static let tscAux = place(offset(\.tscAux))
    static let kernelGSBase = place(offset(\.kernelGSBase))
    static let guestMXCSR = place(float + 24)

    /// A general register of the guest.
    static func register(_ number: UInt8) -> Int32 { Int32(number) * 8 - 128 }

    /// A segment's base: `SegmentSlot`.
    static func base(_ slot: UInt8) -> Int32 { bases + 8 * Int32(slot) }
    private static let bases = place(offset(\.bases))

    /// A segment register: `SegmentSlot`.
    static func segment(_ slot: UInt8) -> Int32 {
        segments + Int32(MemoryLayout<Segment>.stride) * Int32(slot)
    }
    private static let segments = place(offset(\.segments))

    /// A vector register of the guest.
    static func vector(_ number: UInt8) -> Int32 { place(float) + 160 + 16 * Int32(number) }

    /// Entries of a TLB set.
    static func tlb(_ set: Int) -> Int32 { place(tlb + set * TLB.size * TLBEntry.stride) }

    /// Entries of a set's jump table.
    static func jumps(_ set: Int) -> Int32 { place(jumps + set * JumpTable.size * JumpTable.stride) }
}
