/// One environment call from supervisor mode (RISC-V SBI Specification 2.0, chapter 3): the registers that
/// carry it.
package struct SBICall: Equatable, Sendable {
    /// Register a7: which extension.
    package let extensionID: UInt64
    /// Register a6: which of its functions; meaningless in legacy calls.
    package let functionID: UInt64
    package let a0, a1, a2, a3, a4, a5: UInt64

    package init(
        extensionID: UInt64, functionID: UInt64 = 0, a0: UInt64 = 0, a1: UInt64 = 0, a2: UInt64 = 0,
        a3: UInt64 = 0, a4: UInt64 = 0, a5: UInt64 = 0
    ) {
        self.extensionID = extensionID
        self.functionID = functionID
        self.a0 = a0
        self.a1 = a1
        self.a2 = a2
        self.a3 = a3
        self.a4 = a4
        self.a5 = a5
    }
}

/// What a call makes of the hart that called. All registers not named keep their values.
package enum SBIOutcome: Equatable, Sendable {
    /// The call returns; a0 and a1 become these two.
    case reply(SBIReply)
    /// A legacy call returns; only a0 changes.
    case legacy(UInt64)
    /// The call does not return. The hart executes nothing more until it is started again, or the machine
    /// ends or begins anew.
    case noReturn
    /// The hart waits until an interrupt that `sie` enables is pending, then tells `SBI.resumed`. It goes on
    /// at `resume` as a started hart does or, without one, after the call with a0 and a1 zero.
    case suspend(resume: HartEntry?)
}

/// The two values of a call that is not legacy.
package struct SBIReply: Equatable, Sendable {
    /// For a0.
    package let error: SBIError
    /// For a1.
    package let value: UInt64

    package init(_ error: SBIError, _ value: UInt64 = 0) {
        self.error = error
        self.value = value
    }

    static func success(_ value: UInt64 = 0) -> SBIReply { SBIReply(.success, value) }
}

/// Error codes, table 1 of the specification.
package enum SBIError: Int64, Sendable {
    case success = 0
    case failed = -1
    case notSupported = -2
    case invalidParameter = -3
    case denied = -4
    case invalidAddress = -5
    case alreadyAvailable = -6
    case alreadyStarted = -7
    case alreadyStopped = -8

    /// As a register holds it.
    package var register: UInt64 { UInt64(bitPattern: rawValue) }
}

/// Where a hart begins in supervisor mode, with translation off and interrupts disabled
/// (table 10 of the specification).
package struct HartEntry: Equatable, Sendable {
    /// Guest-physical address of the first instruction.
    package let address: UInt64
    /// For a0.
    package let hart: Int
    /// For a1: whatever the caller passes on.
    package let opaque: UInt64

    package init(address: UInt64, hart: Int, opaque: UInt64) {
        self.address = address
        self.hart = hart
        self.opaque = opaque
    }
}

/// What remote harts are to forget.
package enum RemoteFence: Equatable, Sendable {
    /// `FENCE.I`.
    case instructions
    /// `SFENCE.VMA` for virtual addresses from `start` to `last` (both included), or for all of them; and for
    /// one address space, or for all of them.
    case translations(addresses: ClosedRange<UInt64>?, addressSpace: UInt16?)
}

/// Sets of harts, bit 0 being hart 0.
package struct HartSet: OptionSet, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Harts 0 to `count - 1`; at most 64.
    package static func first(_ count: Int) -> HartSet {
        HartSet(rawValue: count >= 64 ? UInt64.max : (1 << UInt64(max(count, 0))) - 1)
    }

    /// Their numbers, ascending.
    package var indices: [Int] { (0..<64).filter { rawValue >> UInt64($0) & 1 != 0 } }
}
