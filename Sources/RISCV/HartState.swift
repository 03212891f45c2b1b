import Translator

/// Everything one hart knows, as plain storage with a fixed layout and no references.
///
/// It is allocated once and reached through a pointer, by the interpreter and by emitted code (which takes
/// the offsets of its fields). Only the hart's own thread touches it, except for the fields marked *shared*,
/// which other threads change with atomic operations.
///
/// Registers carry the names of the manual. CSR fields hold legal values only; `SystemRegisters` keeps them
/// so.
package struct HartState {
    package var core = VCPUCore()

    // MARK: Unprivileged state

    /// Integer registers; `x[0]` is always zero.
    package var x = InlineArray<32, UInt64>(repeating: 0)
    /// Floating-point registers; single-precision numbers are NaN-boxed.
    package var f = InlineArray<32, UInt64>(repeating: 0)
    package var pc: UInt64 = 0
    /// Instructions retired since reset.
    package var instructions: UInt64 = 0
    /// `mcycle` minus `instructions` (one cycle an instruction); while inhibited, `mcycle` itself.
    package var cycleOffset: UInt64 = 0
    /// `minstret` minus `instructions`; while inhibited, `minstret` itself.
    package var instretOffset: UInt64 = 0
    /// Accrued floating-point exceptions, the five low bits.
    package var fflags: UInt32 = 0
    /// Dynamic rounding mode, three bits; 5 to 7 are held as written.
    package var frm: UInt32 = 0
    /// Current mode: 0 U, 1 S, 3 M.
    package var privilege: UInt8 = 3
    /// Bytes covered by the reservation: 4 or 8.
    package var reservationSize: UInt8 = 0
    /// Physical address of the reservation; `UInt64.max` when there is none.
    package var reservationAddress: UInt64 = .max
    /// What LR loaded there, which SC compares with memory.
    package var reservationValue: UInt64 = 0

    // MARK: Time

    /// The clock's scale, so that emitted code computes `time = ((rdtsc * timeFactor) >> 32) + timeOffset`.
    /// Zero when the clock does not follow the TSC.
    package var timeFactor: UInt64 = 0
    package var timeOffset: UInt64 = 0
    /// *Shared*: the ACLINT's compare register of this hart.
    package var mtimecmp: UInt64 = .max
    package var stimecmp: UInt64 = .max

    // MARK: Machine level

    package var mstatus: UInt64 = HartState.resetStatus
    package var medeleg: UInt64 = 0
    package var mideleg: UInt64 = 0
    package var mie: UInt64 = 0
    /// *Shared*: pending bits that software wrote. What is pending is `mip | interruptLines`.
    package var mip: UInt64 = 0
    /// *Shared*: pending bits that wires and timers drive, laid out as `mip`.
    package var interruptLines: UInt64 = 0
    package var mtvec: UInt64 = 0
    package var mscratch: UInt64 = 0
    package var mepc: UInt64 = 0
    package var mcause: UInt64 = 0
    package var mtval: UInt64 = 0
    package var mcounteren: UInt64 = 0
    package var mcountinhibit: UInt64 = 0
    package var menvcfg: UInt64 = 0

    // MARK: Supervisor level

    package var stvec: UInt64 = 0
    package var sscratch: UInt64 = 0
    package var sepc: UInt64 = 0
    package var scause: UInt64 = 0
    package var stval: UInt64 = 0
    package var satp: UInt64 = 0
    package var scounteren: UInt64 = 0
    package var senvcfg: UInt64 = 0

    // MARK: Physical memory protection

    package var pmpcfg = InlineArray<16, UInt8>(repeating: 0)
    package var pmpaddr = InlineArray<16, UInt64>(repeating: 0)

    /// `mhartid`.
    package var hartID: UInt64 = 0

    package init(hartID: UInt64 = 0) { self.hartID = hartID }

    /// UXL = SXL = 2 (64 bits), everything else zero.
    package static let resetStatus: UInt64 = 2 << 32 | 2 << 34
}
