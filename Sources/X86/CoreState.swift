import Machine
import Translator

/// A segment register: what the guest loaded, and the descriptor behind it.
package struct Segment: Sendable {
    package var selector: UInt16 = 0
    /// Bits 40 to 55 of the descriptor: type, S, DPL, P in the low byte; AVL, L, D, G in bits 12 to 15.
    package var attributes: UInt16 = 0
    /// In bytes, granularity already applied.
    package var limit: UInt32 = 0
    package var base: UInt64 = 0

    package init() {}
}

/// GDTR or IDTR.
package struct TableRegister: Sendable {
    package var base: UInt64 = 0
    package var limit: UInt16 = 0xFFFF

    package init() {}
}

/// The arithmetic flags, each as a word that tells it: cheap to set after every operation, made into bits
/// only when somebody asks.
package struct ArithmeticFlags: Sendable {
    /// CF is this word's truth; 0 or 1.
    package var carry: UInt64 = 0
    /// ZF: the word is zero.
    package var zero: UInt64 = 1
    /// SF: the highest bit.
    package var sign: UInt64 = 0
    /// OF: the highest bit.
    package var overflow: UInt64 = 0
    /// PF: the low byte has an even number of ones.
    package var parity: UInt64 = 1
    /// AF: bit 4.
    package var adjust: UInt64 = 0

    package init() {}
}

/// 128 bits of a vector register.
package struct Vector: Sendable, Equatable {
    package var low: UInt64 = 0
    package var high: UInt64 = 0

    package init(low: UInt64 = 0, high: UInt64 = 0) {
        self.low = low
        self.high = high
    }
}

/// The image that FXSAVE writes, 16-byte aligned: x87 state, MXCSR and the vector registers at once
/// (SDM vol. 1, table 10-2). It is where the guest's floating-point state lives.
package struct FloatArea: Sendable {
    package var control: UInt16 = 0x37F
    package var status: UInt16 = 0
    /// One bit a register: in use. FXSAVE's short form of the tag word.
    package var tags: UInt8 = 0
    var reserved: UInt8 = 0
    package var opcode: UInt16 = 0
    package var instructionPointer: UInt64 = 0
    package var dataPointer: UInt64 = 0
    package var mxcsr: UInt32 = 0x1F80
    package var mxcsrMask: UInt32 = 0xFFFF
    package var stack = InlineArray<8, Vector>(repeating: Vector())
    package var xmm = InlineArray<16, Vector>(repeating: Vector())
    var unused = InlineArray<12, UInt64>(repeating: 0)

    package init() {}
}

/// Everything one core knows, as plain storage with a fixed layout and no references.
///
/// It is allocated once, 64-byte aligned, and reached through a pointer. Only the core's own thread touches
/// it, except for the fields marked *shared*, which other threads change with atomic operations.
package struct CoreState {
    package var core = VCPUCore()
    /// RAX to R15 by number, then `Slot.zero` and `Slot.rip`.
    package var r = InlineArray<18, UInt64>(repeating: 0)
    var translation = TranslationState()
    package var flags = ArithmeticFlags()
    /// RFLAGS without the arithmetic flags; bit 1 is always set.
    package var systemFlags: UInt64 = 2
    /// Bases to add to addresses: see `SegmentSlot`.
    package var bases = InlineArray<8, UInt64>(repeating: 0)
    package var segments = InlineArray<6, Segment>(repeating: Segment())
    /// Instructions retired since reset.
    package var instructions: UInt64 = 0

    // MARK: What the interpreter keeps at hand

    /// Entries of the TLB set in force.
    var tlb: UInt = 0
    /// The block at work ends before this instruction; lowering it ends the block early.
    var blockEnd: UInt = 0
    /// The current privilege level, 0 to 3; 3 in virtual-8086 mode.
    package var privilege: UInt8 = 0
    /// How code is decoded: `Decoder.Mode`.
    package var mode: UInt8 = 0
    /// The bits of RSP that address the stack: `Core.updateMode`.
    package var stackMask: UInt64 = .max
    /// Bits for segments that need no checks: `Core.flatSegments`.
    package var flatSegments: UInt8 = 0
    /// Interrupts are held off for one instruction, after STI and MOV SS.
    package var isShadowed = false
    package var isHalted = false
    /// The core does nothing before it gets a SIPI.
    package var waitsForStart = false
    /// *Shared*: what the local APIC asks for, as bits: `CoreSignal`.
    package var signals: UInt32 = 0

    // MARK: System registers

    package var cr0: UInt64 = 0x6000_0010
    package var cr2: UInt64 = 0
    package var cr3: UInt64 = 0
    package var cr4: UInt64 = 0
    package var efer: UInt64 = 0
    package var xcr0: UInt64 = 1
    package var debug = InlineArray<8, UInt64>(repeating: 0)
    /// Data breakpoints that the instruction at work has hit, as bits of DR6.
    var debugHits: UInt8 = 0
    package var gdt = TableRegister()
    package var idt = TableRegister()
    package var ldt = Segment()
    package var task = Segment()

    // MARK: Model-specific registers

    package var star: UInt64 = 0
    package var lstar: UInt64 = 0
    package var cstar: UInt64 = 0
    package var syscallMask: UInt64 = 0
    package var kernelGSBase: UInt64 = 0
    package var sysenter = InlineArray<3, UInt64>(repeating: 0)
    /// Default type, then eight pairs of base and mask, then the eleven of fixed ranges.
    package var rangeTypes = InlineArray<28, UInt64>(repeating: 0)
    /// Of machine check: MCG_STATUS, MCG_CTL, then for each bank CTL, STATUS, ADDR and MISC.
    package var machineCheck = InlineArray<18, UInt64>(repeating: 0)
    package var pat: UInt64 = 0x0007_0406_0007_0406
    package var tscOffset: UInt64 = 0
    package var tscAux: UInt64 = 0
    package var miscEnable: UInt64 = 1

    package init() {
        debug[6] = 0xFFFF_0FF0
        debug[7] = 0x400
    }
}

/// Where a core's state lives.
package typealias CorePointer = UnsafeMutablePointer<CoreState>

/// Bits of RFLAGS.
package enum Flag {
    package static let carry: UInt64 = 1 << 0
    package static let fixed: UInt64 = 1 << 1
    package static let parity: UInt64 = 1 << 2
    package static let adjust: UInt64 = 1 << 4
    package static let zero: UInt64 = 1 << 6
    package static let sign: UInt64 = 1 << 7
    package static let trap: UInt64 = 1 << 8
    package static let interrupt: UInt64 = 1 << 9
    package static let direction: UInt64 = 1 << 10
    package static let overflow: UInt64 = 1 << 11
    package static let privilege: UInt64 = 3 << 12
    package static let nested: UInt64 = 1 << 14
    package static let resume: UInt64 = 1 << 16
    package static let virtual8086: UInt64 = 1 << 17
    package static let alignment: UInt64 = 1 << 18
    package static let virtualInterrupt: UInt64 = 1 << 19
    package static let virtualPending: UInt64 = 1 << 20
    package static let identification: UInt64 = 1 << 21
    package static let arithmetic = carry | parity | adjust | zero | sign | overflow
}

/// Bits of CR0, CR4 and EFER.
package enum Control {
    package static let protection: UInt64 = 1 << 0
    package static let monitor: UInt64 = 1 << 1
    package static let emulation: UInt64 = 1 << 2
    package static let taskSwitched: UInt64 = 1 << 3
    package static let extensionType: UInt64 = 1 << 4
    package static let numericError: UInt64 = 1 << 5
    package static let writeProtect: UInt64 = 1 << 16
    package static let alignmentMask: UInt64 = 1 << 18
    package static let paging: UInt64 = 1 << 31

    package static let cr4VME: UInt64 = 1 << 0
    package static let cr4PVI: UInt64 = 1 << 1
    package static let cr4TSD: UInt64 = 1 << 2
    package static let cr4DE: UInt64 = 1 << 3
    package static let cr4PSE: UInt64 = 1 << 4
    package static let cr4PAE: UInt64 = 1 << 5
    package static let cr4PGE: UInt64 = 1 << 7
    package static let cr4FXSR: UInt64 = 1 << 9
    package static let cr4UMIP: UInt64 = 1 << 11
    package static let cr4FSGSBASE: UInt64 = 1 << 16
    package static let cr4PCIDE: UInt64 = 1 << 17
    package static let cr4SMEP: UInt64 = 1 << 20
    package static let cr4SMAP: UInt64 = 1 << 21

    package static let syscallEnable: UInt64 = 1 << 0
    package static let longModeEnable: UInt64 = 1 << 8
    package static let longModeActive: UInt64 = 1 << 10
    package static let noExecute: UInt64 = 1 << 11
}
