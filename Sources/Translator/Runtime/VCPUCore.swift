/// The part of a vCPU's state that the runtime and emitted code share, the same for every guest ISA.
///
/// It is the first field of each ISA's state struct. Emitted code reaches it through the pinned
/// state register; other threads touch nothing but `exitRequest`.
package struct VCPUCore {
    /// Non-zero asks the vCPU to leave emitted code at its next poll. Set by any thread with an
    /// atomic store, cleared by the vCPU's own thread before it looks for the reasons.
    package var exitRequest: UInt32 = 0
    /// Names the instruction mappings in force: a jump-cache entry counts only under its generation.
    var generation: UInt32 = 0
    /// Entries of the TLB set in force, and its index mask: (entries - 1) * 32.
    var tlb: UInt = 0
    var tlbMask: UInt64 = 0
    /// Virtual address of the page that the running unit starts in.
    var pageBase: UInt64 = 0
    /// `JumpCache` entries.
    var jumpCache: UInt = 0
    /// Stack pointer of the Swift caller of emitted code.
    var hostStack: UInt = 0
    /// Guest-physical address minus host address, for every byte of RAM.
    var physicalDelta: UInt64 = 0
    /// The unmanaged `TranslatedVCPU` of this state.
    var runtime: UInt = 0
    /// What a load from a device, or across two pages, has fetched for emitted code to pick up.
    var bounce: UInt64 = 0
    /// Where emitted code reads and writes MXCSR.
    var mxcsrTransfer: UInt32 = 0
    /// What the exception bits of MXCSR are to the guest.
    var exceptions = InlineArray<64, UInt8>(repeating: 0)
    /// Host addresses that the running unit keeps for base registers it has checked.
    var hoisted = InlineArray<16, UInt64>(repeating: 0)

    /// The pages that the running region remembers. Valid while it runs.
    var windows = InlineArray<24, PageWindow>(repeating: PageWindow())
    /// How often each hashed loop head may still be reached before a region is tried.
    var heat = InlineArray<256, Int32>(repeating: Heat.start)
    /// What regions have to their credit, by their hashed heads: instructions that they ran, less what it costs to
    /// enter them. One that uses it up is given up.
    var credit = InlineArray<256, Int64>(repeating: Credit.start)
    let constants = FloatConstants()

    package init() {}
}

/// One page as the accesses of a region see it that have one base register, offset and width in common.
struct PageWindow {
    /// The base is within when it is above the floor and below the ceiling, as unsigned numbers.
    var floor: UInt64 = .max
    var ceiling: UInt64 = 0
    /// What to add to an address in the page for the host's.
    var distance: UInt64 = 0

    static let stride: Int32 = 24
    static let floorOffset: Int32 = 0
    static let ceilingOffset: Int32 = 8
    static let distanceOffset: Int32 = 16
}

/// When a loop is worth a region of its own.
enum Heat {
    /// Turns of a loop before it is looked at.
    static let start: Int32 = 600
    /// The same for a loop that turns elsewhere than where a region would reach.
    static let patience: Int32 = 20_000

    /// Which counter the loop head at `physical` uses. A branch back into the page before its own takes that for the
    /// one before in memory, too, right or wrong: loops share counters anyhow.
    static func slot(_ physical: UInt64) -> Int {
        Int(truncatingIfNeeded: physical >> 1 ^ physical >> 9) & 255
    }
}

/// When a region is worth entering: a register map of its own, and pages to be found again, cost as much as a
/// straight unit needs for some instructions.
enum Credit {
    /// Instructions that a stay in a region must last to be worth it.
    static let entry: Int32 = 32
    static let start: Int64 = 16_384
}

/// Constants of floating-point code, each padded to the 16 bytes that a vector operand reads.
struct FloatConstants {
    /// Upper half of a NaN-boxed single.
    let box: (UInt64, UInt64) = (0xffff_ffff_0000_0000, 0)
    let signSingle: (UInt64, UInt64) = (0x8000_0000, 0)
    let signDouble: (UInt64, UInt64) = (0x8000_0000_0000_0000, 0)
    let magnitudeSingle: (UInt64, UInt64) = (0xffff_ffff_7fff_ffff, 0)
    let magnitudeDouble: (UInt64, UInt64) = (0x7fff_ffff_ffff_ffff, 0)
    /// The canonical NaNs, the single one boxed.
    let nanSingle: (UInt64, UInt64) = (0xffff_ffff_7fc0_0000, 0)
    let nanDouble: (UInt64, UInt64) = (0x7ff8_0000_0000_0000, 0)
    /// -1 and 2^32, the open bounds of what truncates to a 32-bit unsigned integer.
    let minusOneSingle: (UInt64, UInt64) = (0xbf80_0000, 0)
    let minusOneDouble: (UInt64, UInt64) = (0xbff0_0000_0000_0000, 0)
    let twoTo32Single: (UInt64, UInt64) = (0x4f80_0000, 0)
    let twoTo32Double: (UInt64, UInt64) = (0x41f0_0000_0000_0000, 0)
}

/// Where a guest ISA's state struct keeps what emitted code needs, in bytes from its start.
package struct StateLayout: Sendable {
    /// `Value` n is at `values + 8 * n`: integer registers, then floating-point registers.
    package var values: Int
    package var pc: Int
    /// Count of retired instructions.
    package var instructions: Int
    package var timeFactor: Int
    package var timeOffset: Int
    package var reservationAddress: Int
    package var reservationValue: Int
    package var reservationSize: Int
    /// A 32-bit field with the guest's sticky floating-point exceptions, to which those in MXCSR add.
    package var exceptions: Int
    /// What the guest calls the exceptions of MXCSR: invalid, denormal, divide by zero, overflow,
    /// underflow, inexact.
    package var exceptionBits: [UInt8]
    /// Two fields whose union tells the pending interrupts, and the field that enables them.
    package var pendingInterrupts: (Int, Int)
    package var enabledInterrupts: Int
    /// Integer registers that deserve a host register everywhere, most wanted first.
    package var pinned: [Value]

    package init(
        values: Int, pc: Int, instructions: Int, timeFactor: Int, timeOffset: Int, reservationAddress: Int,
        reservationValue: Int, reservationSize: Int, exceptions: Int, exceptionBits: [UInt8],
        pendingInterrupts: (Int, Int), enabledInterrupts: Int,
        pinned: [Value]
    ) {
        self.values = values
        self.pc = pc
        self.instructions = instructions
        self.timeFactor = timeFactor
        self.timeOffset = timeOffset
        self.reservationAddress = reservationAddress
        self.reservationValue = reservationValue
        self.reservationSize = reservationSize
        self.exceptions = exceptions
        self.exceptionBits = exceptionBits
        self.pendingInterrupts = pendingInterrupts
        self.enabledInterrupts = enabledInterrupts
        self.pinned = pinned
    }

    /// The state register points this far behind `values`, so that 32 of them are in reach of an
    /// 8-bit displacement.
    static let bias = 128

    /// Displacement from the state register of the byte at `offset` of the state.
    @inline(__always)
    func displacement(_ offset: Int) -> Int32 { Int32(truncatingIfNeeded: offset - values - Self.bias) }

    /// Displacement of a field of `VCPUCore`.
    @inline(__always)
    func core<Field>(_ field: KeyPath<VCPUCore, Field>) -> Int32 {
        displacement(MemoryLayout<VCPUCore>.offset(of: field) ?? 0)
    }
}
