/// Targets of indirect jumps, by guest virtual address, looked up by emitted code.
enum JumpCache {
    struct Entry {
        /// No instruction starts at an odd address: 1 is never found.
        var address: UInt64 = 1
        /// Low 32 bits of the address of the unit's entry: the code lies below 2 GiB.
        var code: UInt32 = 0
        /// `VCPUCore.generation` under which the entry counts; never 0.
        var generation: UInt32 = 0
    }

    static let count = 4096
    /// Selects bits 1...12 of an address; times 8 that is the entry's byte offset.
    static let indexMask: Int32 = 0x1ffe
    static let codeOffset: Int32 = 8
    static let generationOffset: Int32 = 12

    static func allocate() -> UnsafeMutablePointer<Entry> {
        let entries = UnsafeMutablePointer<Entry>.allocate(capacity: count)
        entries.initialize(repeating: Entry(), count: count)
        return entries
    }

    @inline(__always)
    static func index(_ address: UInt64) -> Int { Int(truncatingIfNeeded: address >> 1) & (count - 1) }
}

/// Why emitted code came back. Anything else in `eax` is the number of an exit to be linked, with
/// `hot` added when its target is a loop head that has become hot.
enum LeaveReason: UInt32 {
    static let hot: UInt32 = 1 << 30

    /// An indirect jump: the target is in the state's pc.
    case indirect = 0xffff_fff0
    /// Go on at the state's pc, whatever it is.
    case resume = 0xffff_fff1
    /// The same, and what the jump cache says about that pc is out of date.
    case stale = 0xffff_fff2
    /// The same, and the region that begins there is entered too often for what it does.
    case regret = 0xffff_fff3
}

/// What selects a translation of the same bytes.
enum UnitKey {
    /// The guest's mode bits.
    static let mode: UInt32 = 0xfff
    /// The variant that checks every access by itself.
    static let unhoisted: UInt32 = 1 << 12
}
