import Translator

/// Writes the host code of one unit: a straight run of instructions within one page of code.
///
/// A unit has three entries. `far` expects RIP in `r13` and the flags in the flag word, and takes note of the
/// page. `saved` expects the flags in the flag word, `live` in EFLAGS; both are for jumps within the page.
struct UnitEmitter: ~Copyable {
    var asm: Assembler
    let mode: UnitMode
    /// No other core is there from which LOCK would hold memory off.
    let isAlone: Bool
    let thunks: CoreThunks
    let instructions: UnsafeMutablePointer<Instruction>
    let traits: UnsafeMutablePointer<FlagTraits>
    let windows: UnsafeMutablePointer<WindowUse>
    /// Offsets in the page of the instructions and, last, of what follows.
    let offsets: UnsafeMutablePointer<Int32>
    let count: Int
    let writable: UnsafeMutablePointer<UInt8>
    /// The host's address of the page that the unit's only instruction goes on in; 0 for none.
    let secondPage: UInt64

    var flags = FlagState()
    var cold: [ColdPath] = []
    /// Where the operand in memory of the instruction being emitted is.
    var operand = Place.operand(0)
    /// The instruction being emitted.
    var index = 0
    /// Whether code of the unit can go on behind the instruction being emitted.
    var goesOn = true
    private(set) var rounds = Rounds()

    /// A loop back to the unit's first instruction. Its second and later rounds have code of their own, which need
    /// not save the flags of the round before: their recipe is known.
    struct Rounds {
        /// Units of more instructions are not worth it.
        static let longest = 40
        /// The displacement of the branch back in the first round.
        var field: UnsafeMutablePointer<UInt8>?
        var recipe = FlagRecipe.none
        /// The code of later rounds.
        var head: UnsafeMutablePointer<UInt8>?
    }

    struct Entries {
        var far: UInt32 = 0
        var live: UInt32 = 0
        var saved: UInt32 = 0
        /// Where its bytes end, from its page's base.
        var end: Int32 = 0
        /// Its instruction lies on two pages: it is reached through the jump table only.
        var isStraddling = false
    }

    var offset: Int32 { offsets[index] }
    var nextOffset: Int32 { offsets[index + 1] }

    private func place(_ cursor: UnsafeMutablePointer<UInt8>) -> UInt32 {
        UInt32(truncatingIfNeeded: cursor - writable)
    }

    /// Emits everything.
    mutating func run() -> Entries {
        var entries = Entries()
        entries.far = place(asm.cursor)
        asm.alu(.and, HostRegisters.address, immediate: -4096)
        asm.store(3, .state(CoreLayout.pageBase), HostRegisters.address)
        var skip: UnsafeMutablePointer<UInt8>?
        let needsFlags = visible(from: 0)
        if needsFlags { skip = jumpLater() }
        entries.live = place(asm.cursor)
        if needsFlags { emitSave() }
        if let skip { bind(skip) }
        entries.saved = place(asm.cursor)
        if secondPage != 0 { checkSecondPage() }
        emitRound()
        if let field = rounds.field {
            bind(field)
            rounds.head = asm.cursor
            index = 0
            goesOn = true
            flags = FlagState(isLive: true, isSaved: false, recipe: rounds.recipe)
            emitRound()
        }
        emitColdPaths()
        entries.isStraddling = secondPage != 0
        entries.end = offsets[count]
        return entries
    }

    private mutating func emitRound() {
        while index < count, goesOn {
            if traits[index].contains(.polls) { poll() }
            operand = .operand(max(windows[index].place, 0))
            emit(UnsafePointer(instructions + index))
            index += 1
        }
        if goesOn { fallThrough() }
    }

    /// Goes back to the unit's first instruction on a condition, if the flags will do. They are in EFLAGS.
    mutating func loop(_ condition: UInt8, to target: Int64) -> Bool {
        guard target == Int64(offsets[0]), flags.recipe.kind != .none, count <= Rounds.longest else {
            return false
        }
        guard let head = rounds.head else {
            guard rounds.field == nil else { return false }
            rounds.field = jumpLater(condition)
            rounds.recipe = flags.recipe
            return true
        }
        guard flags.recipe == rounds.recipe else { return false }
        UnsafeMutableRawPointer(jumpLater(condition)).storeBytes(
            of: Int32(truncatingIfNeeded: head - asm.cursor), as: Int32.self)
        return true
    }

    private mutating func emit(_ i: UnsafePointer<Instruction>) {
        guard Lowering.isNative(i, mode) else { return interpret(i) }
        switch i.pointee.chapter {
        case .arithmetic: arithmetic(i)
        case .unary: unary(i)
        case .multiply: multiply(i)
        case .move: move(i)
        case .bits: bits(i)
        case .branch: branch(i)
        case .system: system(i)
        case .string: string(i)
        default: vector(i)
        }
    }

    /// What every cold path tells the runtime: where the instruction is.
    var info: UInt32 { UInt32(offset & 0xFFF) | UInt32(instructions[index].length) << 12 }

    /// Leaves an instruction to the interpreter.
    private mutating func interpret(_ i: UnsafePointer<Instruction>) {
        materialise()
        asm.mov(HostRegisters.scratch, immediate: Int64(info))
        if i.pointee.chapter.endsBlock, !i.pointee.op.comesBack {
            asm.jump(to: thunks[mode].interpretAndLeave)
            goesOn = false
        } else {
            asm.call(thunks[mode].interpret)
            flags = FlagState()
        }
    }

    /// Whether the instruction has LOCK and somebody could tell: other cores, or a device whose driver uses it as a
    /// barrier. Kernels take it out themselves where they find one core; programs do not.
    func isLocked(_ i: UnsafePointer<Instruction>) -> Bool {
        let isBarrier = i.pointee.source == Operand.immediate && i.pointee.immediate == 0
        return i.pointee.flags.contains(.lock)
            && (!isAlone || isBarrier || mode.set != TLB.Set.user.rawValue)
    }

    mutating func lockPrefix(_ i: UnsafePointer<Instruction>) {
        if isLocked(i) { asm.byte(0xF0) }
    }

    // MARK: Registers

    /// A general operand, of any size but for AH, CH, DH and BH.
    @inline(__always)
    func guest(_ operand: UInt8) -> Place { .guest(operand >> 3) }

    /// Writes a register of the guest as its width demands; the value's upper half is zero for 32 bits.
    mutating func setGuest(_ operand: UInt8, _ size: UInt8, _ value: Register) {
        let target = guest(operand)
        if target.isMemory {
            asm.store(size == 2 ? 3 : size, target, value)
        } else {
            asm.store(size, target, value)
        }
    }

    /// A register of the guest as ModRM.reg, loaded into `r14` when it lives in memory.
    mutating func inRegister(_ operand: UInt8, _ size: UInt8) -> UInt8 {
        let source = guest(operand)
        guard source.isMemory else { return source.base }
        asm.load(size, HostRegisters.scratch, source)
        return HostRegisters.scratch.code
    }

    // MARK: Branches of the host

    mutating func jumpLater() -> UnsafeMutablePointer<UInt8> {
        asm.byte(0xE9)
        asm.word32(0)
        return asm.cursor - 4
    }

    mutating func jumpLater(_ condition: UInt8) -> UnsafeMutablePointer<UInt8> {
        asm.byte(0x0F)
        asm.byte(0x80 | condition)
        asm.word32(0)
        return asm.cursor - 4
    }

    /// Lets the branch with this displacement lead to the cursor.
    func bind(_ field: UnsafeMutablePointer<UInt8>) {
        UnsafeMutableRawPointer(field).storeBytes(
            of: Int32(truncatingIfNeeded: asm.cursor - field - 4), as: Int32.self)
    }
}

extension Operation {
    /// System instructions behind which a unit may go on.
    var comesBack: Bool {
        switch self {
        case .cli, .sti, .stac, .clac, .pushf, .popf, .rdtsc, .rdtscp, .cpuid, .lfence, .mfence, .sfence,
            .rdmsr, .wrmsr,
            .inDX, .outDX, .inImmediate, .outImmediate, .movFromControl, .movFromSegment, .clflush, .rdfsbase,
            .rdgsbase, .wrfsbase, .wrgsbase, .stmxcsr, .fxsave, .sldt, .str, .swapgs, .verw, .verr:
            true
        default: false
        }
    }
}
