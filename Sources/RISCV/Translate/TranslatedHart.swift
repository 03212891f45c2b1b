import CLinux
import Machine
import Translator

/// A hart run by translated code.
///
/// The hart keeps the architectural state and attends to interrupts; the translator's vCPU runs
/// units that `FrontEnd` made from its instructions; the interpreter does what is rare.
package final class TranslatedHart: GuestISA {
    package let hart: Hart
    private let state: HartPointer
    private let interpreter: Interpreter
    private let frontEnd = FrontEnd()
    private(set) var vcpu: TranslatedVCPU?
    /// The rounding mode that MXCSR was last set to.
    private var roundingInForce: UInt32 = 0

    /// Prepares `hart` for translation into `cache`, which all harts of a machine share. Make all of
    /// them before the first one runs.
    package init(_ hart: Hart, cache: CodeCache) {
        self.hart = hart
        state = hart.state
        interpreter = Interpreter(hart)
        let core = UnsafeMutableRawPointer(state).assumingMemoryBound(to: VCPUCore.self)
        vcpu = TranslatedVCPU(isa: self, core: core, cache: cache)
    }

    /// Runs until the hart is asked to end. To be called on the hart's own thread.
    package func run() {
        guard let vcpu else { return }
        vcpu.attach()
        // Whatever the thread did before is not the guest's doing.
        _ = viv_take_exceptions()
        viv_set_rounding(0)
        roundingInForce = 0
        while hart.attend() {
            applyRounding()
            if hart.debug.isStepping {
                hart.executeObserved(interpreter) { _ = perform(nil) }
            } else {
                vcpu.run()
            }
            // A debugger may read the flags while the hart is parked.
            if hart.isAsked { collectFlags() }
        }
        collectFlags()
        // Nor is what the thread does next.
        viv_set_rounding(0)
    }

    // MARK: GuestISA

    package let layout = StateLayout(
        values: offset(\.x), pc: offset(\.pc), instructions: offset(\.instructions),
        timeFactor: offset(\.timeFactor), timeOffset: offset(\.timeOffset),
        reservationAddress: offset(\.reservationAddress), reservationValue: offset(\.reservationValue),
        reservationSize: offset(\.reservationSize), exceptions: offset(\.fflags),
        exceptionBits: [16, 0, 8, 4, 2, 1], pendingInterrupts: (offset(\.mip), offset(\.interruptLines)),
        enabledInterrupts: offset(\.mie),
        // a0, a1, a2 ... as the compilers like them: x10 x11 x12 x13 x14 x15, sp, s0, s1, ra.
        pinned: [10, 11, 12, 13, 14, 15, 2, 8, 9, 1])

    static func offset<Field>(_ field: KeyPath<HartState, Field>) -> Int {
        MemoryLayout<HartState>.offset(of: field) ?? 0
    }

    package var addressContext: AddressContext {
        let satp = state.pointee.satp
        let mode = satp >> TranslationRegister.modeShift
        let privilege = state.privilege
        guard privilege != .machine, mode != 0 else {
            return AddressContext(
                root: 0, identifier: 0, rights: privilege == .machine ? 3 : 4, isShared: false)
        }
        let status = state.pointee.mstatus
        let sum: UInt8 = privilege == .supervisor && status & Status.sum != 0 ? 2 : 0
        let mxr: UInt8 = status & Status.mxr != 0 ? 8 : 0
        return AddressContext(
            root: satp, identifier: satp >> TranslationRegister.asidShift & 0xffff,
            rights: UInt8(truncatingIfNeeded: mode) << 4 | mxr | (sum != 0 ? sum : privilege.rawValue),
            // Without SUM the supervisor sees its own pages only, which are global in practice.
            isShared: privilege == .supervisor && sum == 0)
    }

    package var modeKey: UInt32 { ModeKey(state).rawValue }

    package func build(
        _ unit: inout UnitBuilder, code: CodeWindow, offset: Int, limit: Int, key: UInt32
    ) -> Int? {
        frontEnd.build(&unit, code: code, offset: offset, limit: limit, mode: ModeKey(rawValue: key))
    }

    package func translate(_ address: UInt64, _ access: MemoryAccess) -> PageTranslation? {
        let wanted: Access = access == .read ? .read : access == .write ? .write : .execute
        let privilege = access == .execute ? state.privilege : state.dataPrivilege
        guard let found = try? PageWalker.walk(state, hart.memory, address, count: 1, wanted, privilege),
            found.isUniform
        else { return nil }
        let page = PageTranslation(
            physical: found.physical & ~0xfff, size: 1 << UInt64(found.sizeBits), readable: found.readable,
            writable: found.writable, executable: found.executable, global: found.global)
        return hart.debug.isActive ? unobserved(page, address, access) : page
    }

    /// The page without the rights that a debugger wants to see used; `nil` when the access at hand needs one.
    private func unobserved(_ page: PageTranslation, _ address: UInt64, _ access: MemoryAccess)
        -> PageTranslation?
    {
        let points = hart.debug.points
        var page = page
        if points.watches(inPageOf: address, .read) { page.readable = false }
        if points.watches(inPageOf: address, .write) { page.writable = false }
        if points.breaks(inPageOf: address) { page.executable = false }
        let isLeft =
            switch access {
            case .read: page.readable
            // A page that is not marked dirty yet is written to without the right.
            case .write: !points.watches(inPageOf: address, .write)
            case .execute: page.executable
            }
        return isLeft ? page : nil
    }

    package func load(_ address: UInt64, bytes: Int) -> UInt64? {
        if hart.stops(at: address, UInt64(bytes), .read) { return nil }
        do throws(Trap) {
            return try interpreter.load(address, AccessWidth(rawValue: UInt8(bytes)) ?? .byte)
        } catch {
            state.take(error)
            return nil
        }
    }

    package func store(_ address: UInt64, bytes: Int, _ value: UInt64) -> Bool {
        if hart.stops(at: address, UInt64(bytes), .write) { return false }
        do throws(Trap) {
            try interpreter.store(address, AccessWidth(rawValue: UInt8(bytes)) ?? .byte, value)
            return true
        } catch {
            state.take(error)
            return false
        }
    }

    // MARK: One instruction at a time

    private let decoder = Decoder()

    package func interpret(_ encoding: UInt32?) -> Bool {
        if hart.debug.isActive, isHeldUp(encoding) { return false }
        return perform(encoding)
    }

    /// Whether a debugger wants to stop before the instruction at `pc`, or to see what it accesses.
    private func isHeldUp(_ encoding: UInt32?) -> Bool {
        if hart.stopsHere() { return true }
        guard hart.debug.points.hasWatches else { return false }
        let instruction = encoding.map(decoder.decode) ?? (try? interpreter.fetch())
        return instruction.map(hart.stops(at:)) ?? false
    }

    private func perform(_ encoding: UInt32?) -> Bool {
        let pc = state.pointee.pc
        let before = Regime(state)
        let instruction: Instruction
        do throws(Trap) {
            if let encoding {
                instruction = decoder.decode(encoding)
            } else {
                instruction = try interpreter.fetch()
            }
            state.pointee.pc = try execute(instruction)
            state.pointee.instructions &+= 1
        } catch {
            state.take(error)
            return false
        }
        return state.pointee.pc == pc &+ UInt64(instruction.length) && viv_load32(state) == 0
            && Regime(state) == before
    }

    /// All that the address context and the mode key are made of.
    private struct Regime: Equatable {
        private let status: UInt64
        private let satp: UInt64
        private let environment: UInt64
        private let counters: UInt64
        private let modes: UInt64

        private static let relevant = Status.fs | Status.sum | Status.mxr | Status.mprv | Status.mpp

        @inline(__always)
        init(_ state: HartPointer) {
            status = state.pointee.mstatus & Self.relevant
            satp = state.pointee.satp
            environment = state.pointee.menvcfg ^ state.pointee.senvcfg << 8
            counters = state.pointee.mcounteren ^ state.pointee.scounteren << 32
            modes = UInt64(state.pointee.frm) << 8 | UInt64(state.pointee.privilege)
        }
    }

    private func execute(_ instruction: Instruction) throws(Trap) -> UInt64 {
        switch instruction.op {
        case .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci: try accessRegister(instruction)
        case .sfenceVMA, .sinvalVMA:
            let next = try interpreter.execute(instruction)
            flush(instruction)
            return next
        default: return try interpreter.execute(instruction)
        }
        return state.pointee.pc &+ UInt64(instruction.length)
    }

    private func accessRegister(_ instruction: Instruction) throws(Trap) {
        if instruction.imm >= 1 && instruction.imm <= 3 { collectFlags() }
        let effects = try hart.executeRegisterAccess(instruction)
        if effects.contains(.protection) { fence(page: nil, identifier: nil) }
        if effects.contains(.rounding) { applyRounding() }
        guard effects.contains(.interrupts) else { return }
        // A new comparator value must reach the alarm clock, which `attend` sets.
        let isTimer = instruction.imm == Int32(RegisterNumber.stimecmp)
        if isTimer || state.interruptToTake != nil { viv_store32(state.exitRequest, 1) }
    }

    /// SFENCE.VMA and SINVAL.VMA (privileged spec, "Supervisor Memory-Management Fence Instruction").
    private func flush(_ instruction: Instruction) {
        let page = instruction.rs1 == 0 ? nil : state.pointee.x[Int(instruction.rs1 & 31)]
        let identifier = instruction.rs2 == 0 ? nil : state.pointee.x[Int(instruction.rs2 & 31)] & 0xffff
        fence(page: page, identifier: identifier)
    }

    // MARK: Floating-point environment

    /// Moves the exceptions that MXCSR has collected into `fflags`.
    private func collectFlags() {
        let flags = viv_take_exceptions()
        for (bit, exception) in layout.exceptionBits.enumerated() where flags >> UInt32(bit) & 1 != 0 {
            state.pointee.fflags |= UInt32(exception)
        }
    }

    /// Puts `frm` into MXCSR; a mode that SSE lacks is left to the interpreter.
    private func applyRounding() {
        guard state.pointee.frm != roundingInForce else { return }
        roundingInForce = state.pointee.frm
        switch roundingInForce {
        case 1: viv_set_rounding(3)
        case 2: viv_set_rounding(1)
        case 3: viv_set_rounding(2)
        default: viv_set_rounding(0)
        }
    }
}

/// The part of a hart's mode that translations depend on, in nine bits.
struct ModeKey {
    let rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }

    init(_ state: HartPointer) {
        let status = state.pointee.mstatus
        let privilege = state.privilege
        var key = UInt32(privilege.rawValue)
        if status & Status.fs == Status.fs { key |= 4 }
        key |= (state.pointee.frm & 7) << 3
        if status & Status.mprv != 0, privilege == .machine { key |= 64 }
        if Self.mayReadTime(state, privilege) { key |= 128 }
        if Self.mayZeroBlocks(state, privilege) { key |= 256 }
        rawValue = key
    }

    private static func mayReadTime(_ state: HartPointer, _ privilege: Privilege) -> Bool {
        guard state.pointee.timeFactor != 0 else { return false }
        if privilege < .machine, state.pointee.mcounteren & 2 == 0 { return false }
        return privilege > .user || state.pointee.scounteren & 2 != 0
    }

    private static func mayZeroBlocks(_ state: HartPointer, _ privilege: Privilege) -> Bool {
        let enabled = EnvironmentConfiguration.cbze
        if privilege < .machine, state.pointee.menvcfg & enabled == 0 { return false }
        return privilege > .user || state.pointee.senvcfg & enabled != 0
    }

    var mayZeroBlocks: Bool { rawValue & 256 != 0 }
    var privilege: UInt32 { rawValue & 3 }
    /// The FS field is Dirty: floating point needs no bookkeeping.
    var hasFloat: Bool { rawValue & 4 != 0 }
    var rounding: UInt8 { UInt8(rawValue >> 3 & 7) }
    /// Loads and stores act in another mode than fetches.
    var isSplit: Bool { rawValue & 64 != 0 }
    var mayReadTime: Bool { rawValue & 128 != 0 }
}
