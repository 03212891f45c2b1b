import CLinux
import Machine
import Translator

/// Executes a core's instructions as host code, which it makes unit by unit; what it does not know, and modes
/// other than 64-bit mode, it leaves to the interpreter.
package final class TranslatedCore: @unchecked Sendable {
    // SAFETY: made before its core's thread, and used by that alone.

    let core: Core
    let interpreter: Interpreter
    let state: CorePointer
    private let buffer: CodeBuffer
    private let thunks: CoreThunks
    private let translation: UnitTranslation
    let units = UnitMap()
    /// The clock, where emitted code can read it by itself.
    private let clock: HostClock?
    private var isFull = false
    /// The last mode seen of each TLB set, whose jump table holds units of that mode.
    private var modes = (0..<3).map { UnitMode(set: $0, hasVectors: false) }

    private typealias Enter = @convention(c) (UnsafeMutableRawPointer, UInt) -> Int64
    private static let codeSize = 64 << 20

    /// Whether the host's processor has the instructions that emitted code uses.
    package static var isSupported: Bool { viv_cpu_is_v3() != 0 }

    /// `nil` when the host refuses memory, or executable memory.
    ///
    /// - Parameter isAlone: whether the machine has no other core.
    package init?(_ core: Core, isAlone: Bool) {
        guard let buffer = CodeBuffer(size: Self.codeSize) else { return nil }
        self.core = core
        self.buffer = buffer
        translation = UnitTranslation(isAlone: isAlone)
        interpreter = Interpreter(core)
        clock = core.clock as? HostClock
        state = core.state
        thunks = CoreThunks(at: buffer.writable, SlowPaths.targets)
        buffer.commit(to: thunks.end)
        state.pointee.translation.clockFactor = clock?.factor ?? 0
        state.pointee.translation.engine = UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque())
        core.blocks.forgotten = { [unowned self] page in forget(page) }
    }

    // MARK: Running

    /// Runs until the core is asked to end.
    package func run() {
        while core.attend() {
            if core.debug.isStepping {
                interpreter.stepObserved()
                continue
            }
            while true {
                if state.pointee.isShadowed {
                    state.pointee.isShadowed = false
                    interpreter.step()
                    // It may have been HLT.
                    continue
                }
                if viv_load32(core.exitRequest) != 0 { break }
                if interpreter.isTraced { interpreter.stepTraced() } else { runUnits() }
            }
        }
    }

    /// Executes units from RIP on, until something needs looking after.
    package func runUnits() {
        guard state.pointee.mode == Decoder.Mode.bits64.rawValue else { return interpreter.runBlock() }
        guard let code = known() else { return interpreter.step() }
        var wanted = run(code)
        while wanted != LeaveReason.resume.rawValue, viv_load32(core.exitRequest) == 0 {
            let changes = units.changes
            guard let next = find(plain: wanted & LeaveReason.plainBit != 0), units.changes == changes else {
                return
            }
            if !next.isStraddling { link(wanted, next) }
            wanted = run(buffer.entry(next.far))
        }
    }

    /// Executes the unit at RIP from its far entry on.
    private func run(_ code: UInt) -> Int64 {
        let mode = mode
        state.pointee.translation.flagWord = TranslationState.flagWord(state.rflags)
        state.pointee.translation.clockOffset = clock?.offset ?? 0
        let enter = unsafeBitCast(buffer.entry(buffer.offset(of: thunks[mode].enter)), to: Enter.self)
        let reason = enter(UnsafeMutableRawPointer(state) + CoreLayout.anchor, code)
        state.setArithmetic(state.pointee.translation.arithmetic)
        return reason
    }

    private func link(_ wanted: Int64, _ unit: UnitEmitter.Entries) {
        let field = buffer.writable + Int(wanted & (LeaveReason.savedBit - 1))
        let target = wanted & LeaveReason.savedBit != 0 ? unit.saved : unit.live
        let distance = Int64(target) - Int64(field - buffer.writable) - 4
        viv_store32(field, UInt32(truncatingIfNeeded: distance))
    }

    var mode: UnitMode {
        let set = core.currentSet.rawValue
        guard set == 0 else { return UnitMode(set: set, hasVectors: false) }
        let cr0 = state.pointee.cr0 & (Control.emulation | Control.taskSwitched)
        let isMasked = core.float.pointee.mxcsr & 0x1F80 == 0x1F80
        return UnitMode(
            set: 0, hasVectors: cr0 == 0 && state.pointee.cr4 & Control.cr4FXSR != 0 && isMasked)
    }

    // MARK: Units

    /// The far entry of the unit at RIP; `nil` when the interpreter has to execute what is there.
    private func known() -> UInt? {
        let mode = mode
        if modes[mode.set] == mode, let code = core.jumps.code(core.registers[Int(Slot.rip)], mode.set) {
            return UInt(code)
        }
        return find().map { buffer.entry($0.far) }
    }

    /// The unit at RIP, made if need be; `nil` when the interpreter has to execute what is there.
    private func find(plain: Bool = false) -> UnitEmitter.Entries? {
        var mode = mode
        if modes[mode.set] != mode {
            modes[mode.set] = mode
            core.jumps.flush()
            state.pointee.translation.userHasVectors = modes[0].hasVectors
        }
        let rip = core.registers[Int(Slot.rip)]
        guard let physical = locate(rip) else { return nil }
        mode.isPlain = plain
        let key = UnitMap.key(physical, mode)
        guard let entries = units[key] ?? make(physical, rip, mode, key) else { return nil }
        if plain { return entries }
        let isGlobal = core.tlb.isGlobal(rip, core.currentSet)
        core.jumps.fill(rip, mode.set, code: UInt64(buffer.entry(entries.far)), isGlobal: isGlobal)
        return entries
    }

    /// The physical address of code in RAM that may be executed.
    private func locate(_ rip: UInt64) -> UInt64? {
        let entry = interpreter.tlbEntry(rip)
        if entry.pointee.execute ^ rip <= 4095 {
            return core.physical(ofHost: entry.pointee.host) | rip & 0xFFF
        }
        guard !core.isObservedCode(rip), let mapping = try? core.translate(rip, .execute),
            let host = core.memory.pointer(to: mapping.physical, count: 4096)
        else { return nil }
        core.enter(rip, mapping, host)
        return mapping.physical | rip & 0xFFF
    }

    private func make(_ physical: UInt64, _ rip: UInt64, _ mode: UnitMode, _ key: UInt64)
        -> UnitEmitter.Entries?
    {
        if isFull || buffer.next() == nil { empty() }
        let page = physical & ~0xFFF
        guard let code = watched(page) else { return nil }
        let offset = Int(physical & 0xFFF)
        let made = core.watch.reading { () -> UnitEmitter.Entries? in
            let entries = translation.make(code, offset, mode, buffer, thunks)
            if let entries { note(physical, bytes: UInt64(entries.end) &- physical & 0xFFF) }
            return entries
        }
        if let made {
            units.enter(key, made)
            return made
        }
        guard let next = locate((rip | 0xFFF) &+ 1), let second = watched(next, besides: page) else {
            return nil
        }
        let straddling = core.watch.reading { () -> UnitEmitter.Entries? in
            let entries = translation.makeStraddling(code, second, offset, mode, buffer, thunks)
            guard let entries else { return nil }
            note(physical, bytes: 4096 - physical & 0xFFF)
            note(next, bytes: UInt64(entries.end) - 4096)
            return entries
        }
        if let straddling { units.enter(key, straddling, second: next) }
        return straddling
    }

    private func note(_ physical: UInt64, bytes: UInt64) { core.watch.note(physical, bytes: bytes) }

    /// The bytes of a page of code, whose stores are seen from before they are read.
    private func watched(_ page: UInt64, besides other: UInt64? = nil) -> UnsafePointer<UInt8>? {
        guard let bytes = core.memory.pointer(to: page, count: 4096) else { return nil }
        core.watchCode(page, other)
        return UnsafePointer(bytes.assumingMemoryBound(to: UInt8.self))
    }

    /// Forgets all code, which nobody is inside of.
    private func empty() {
        isFull = false
        units.remove(page: nil)
        core.jumps.flush()
        buffer.truncate(to: thunks.end - buffer.writable)
    }

    /// What was made of a page counts no longer. Its code stays where it is, as it may be at work.
    private func forget(_ page: UInt64?) {
        units.remove(page: page)
        core.jumps.flush()
        if page == nil { isFull = true }
    }
}
