/// Code that a unit needs only rarely, noted while the expected path is written.
struct ColdStub {
    enum Kind: UInt8 {
        /// A load or store whose page is not in the TLB: the runtime finds the host address or
        /// does the whole access.
        case load, store
        /// A check on behalf of several accesses failed.
        case hoist
        /// The same in a region, and the group is not within one page: the block goes on with a check at
        /// every access. `number` = the operation.
        case singly
        /// A base has gone beyond the bound of window `number` that accesses do not look at.
        case emptyWindow
        /// An atomic access failed its check: fill, or let the interpreter do it.
        case atomic
        /// The interpreter does the operation, then the unit goes on.
        case interpret
        /// The interpreter does the operation, and the unit ends.
        case interpretAndLeave
        /// The result was a NaN: make it the canonical one.
        case canonicalNaN
        /// A branch out of the unit was taken.
        case takenExit
        /// An exit that is not linked yet, or must not be followed now.
        case exitStub
        /// An interrupt may be taken now: leave behind the instruction.
        case attend
        /// The target of an exit has become hot.
        case hotStub
        /// The poll at a branch back within a region wants out; `number` is where to go on, `register` how
        /// many instructions too many were counted.
        case regionExit
        /// The same, when it is only time to poll.
        case regionPoll
        /// A region cannot begin with the state as it is.
        case refusal
        /// The region has used up its credit.
        case regret
        /// The second page of the unit is not known to be mapped where it was.
        case secondPage
        /// An indirect jump missed the jump cache, or the poll wants out; `rax` holds the target.
        case indirectMiss
    }

    var kind: Kind
    var op: Op
    /// Branches that lead here.
    var sources: (Fixup?, Fixup?, Fixup?, Fixup?) = (nil, nil, nil, nil)
    /// Where the expected path goes on.
    var resume: UnsafePointer<UInt8>?
    /// Register that holds the guest address, or the vector register of a NaN.
    var register: UInt8 = 0
    /// The access whose check failed: base register, offset, bytes, right.
    var base: Value = .zero
    /// The window that was asked, not yet the TLB.
    var window: Int?
    var isWrite = false
    var span: UInt16 = 0
    var offset: Int32 = 0
    /// Where the access is done once `rdx` holds its host address.
    var access: UnsafePointer<UInt8>?
    /// What the kind of stub needs to know: a group's extent and right, the index of an exit.
    var number: Int64 = 0
    /// What the region's temporaries hold here.
    var holders = InlineArray<4, Value>(repeating: .zero)
    /// Integer registers that hold words here.
    var words: UInt32 = 0
    /// Floating-point registers that may hold doubles and singles whose NaNs are not canonical yet.
    var openNaNs: (UInt32, UInt32) = (0, 0)
    /// Floating-point registers in vector registers that hold the guest's values here, and those
    /// of them that memory does not hold yet.
    var liveFloats: UInt32 = 0
    var dirtyFloats: UInt32 = 0
}

/// Buffers that emitters of one vCPU share, one after the other.
struct EmitterContext {
    static let coldCapacity = 4096

    var cold: UnsafeMutablePointer<ColdStub>
    var coldCount = 0
    /// The cache's table of exits and how many are in it.
    var exits: UnsafeMutablePointer<Exit>
    var exitCount: Int
    /// Floating-point registers that the unit writes before it reads them.
    var firstWritten: UInt32 = 0
    var hoisting = HoistingView()
    var uses: UnsafePointer<LocalUses.Uses>?
    /// For regions only.
    var windows: WindowsView?
    /// For regions, by half of the page offset: 0 = no label here, 1 = one to come, else 2 + the
    /// offset of its code from the thunks' base.
    var labels: UnsafeMutablePointer<UInt32>
    /// By half of the page offset of a label: see `WordAnalysis`.
    var labelFacts: UnsafeMutablePointer<UInt32>
    var labelWords: UnsafeMutablePointer<UInt32>
    /// The same: see `NaNAnalysis`.
    var labelNaNs: UnsafeMutablePointer<UInt32>
    /// Branches to labels yet to come.
    var forward: UnsafeMutablePointer<ForwardBranch>
    var forwardCount = 0
    /// By operation: where the copy of its block that checks every access comes by, as an offset from the
    /// thunks' base; 0 = there is none.
    var singly: UnsafeMutablePointer<UInt32>
}

/// A branch within a region to a label that has no code yet.
struct ForwardBranch {
    var fixup: Fixup
    var offset: Int64
}

/// What the emitter reads of the hoisting pass.
struct HoistingView {
    var roles: UnsafePointer<UInt16>?
    var groups: UnsafePointer<Hoisting.Group>?
}

/// What the emitter reads of the pass over windows.
struct WindowsView {
    var sites: UnsafePointer<UInt8>
    var watched: UnsafePointer<UInt32>
}

/// One way out of a unit to an address known relative to its page.
struct Exit {
    /// Offset in the code buffer of the jump's displacement field.
    var field: UInt32
    /// Target minus the start of the page, in bytes; outside 0..<4096 when it is another page.
    var target: Int32
    /// Key of the target unit.
    var key: UInt32
    /// Offset in the code buffer of the expected host page of a target in another page; 0 = same page.
    var expected: UInt32
    /// Page offset of the guest instruction that it belongs to.
    var source: UInt16
    /// The counter that a branch back uses; see `Heat`.
    var heat: UInt8
}
