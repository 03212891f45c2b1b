// Single steps and breakpoints of the guest's own debuggers (SDM vol. 3, chapter 17).
extension Interpreter {
    /// Whether instructions have to be executed one by one, as something may happen after or before any of them.
    @inline(__always)
    var isTraced: Bool {
        s.pointee.systemFlags & Flag.trap != 0 || s.pointee.debug[7] & DebugControl.enabled != 0
    }

    /// Executes one instruction with everything that debug registers and TF ask for.
    func stepTraced() {
        let flags = s.pointee.systemFlags
        if flags & Flag.resume == 0, hitsBreakpoint() { return cpu.raise(Fault(1)) }
        s.pointee.systemFlags &= ~Flag.resume
        s.pointee.debugHits = 0
        s.pointee.isShadowed = false
        do throws(Fault) {
            try executeNext()
        } catch {
            // A fault is told with RF as it was; data that was accessed before it is told of another time.
            if !error.isTrap { s.pointee.systemFlags |= flags & Flag.resume }
            return cpu.raise(error)
        }
        // MOV SS holds debug exceptions off for an instruction, too; STI, which changes IF, does not.
        let holdsOff = s.pointee.isShadowed && (flags ^ s.pointee.systemFlags) & Flag.interrupt == 0
        if holdsOff { return }
        var status = UInt64(s.pointee.debugHits)
        if flags & Flag.trap != 0 { status |= DebugControl.single }
        guard status != 0 else { return }
        s.pointee.debug[6] = s.pointee.debug[6] & ~0xF | status
        cpu.raise(Fault(1, isTrap: true))
    }

    /// Whether an instruction breakpoint is at RIP; DR6 says which then.
    private func hitsBreakpoint() -> Bool {
        let place = cpu.linear(r[17] &+ cpu.bases[Int(SegmentSlot.cs)])
        let hits = cpu.debugMatches(place, 1, .execute)
        guard hits != 0 else { return false }
        s.pointee.debug[6] = s.pointee.debug[6] & ~0xF | hits
        return true
    }
}

/// Bits of DR6 and DR7.
enum DebugControl {
    /// Of DR7: a breakpoint is enabled, for this task or for all.
    static let enabled: UInt64 = 0xFF
    /// Of DR7: whoever touches debug registers is told of.
    static let general: UInt64 = 1 << 13
    /// Of DR6: so it was.
    static let detected: UInt64 = 1 << 13
    /// Of DR6: an instruction was executed under TF.
    static let single: UInt64 = 1 << 14
    /// Of DR6: a task was entered whose segment asks for that.
    static let taskSwitch: UInt64 = 1 << 15
}

extension Core {
    /// What a breakpoint waits for.
    enum Watched {
        case execute, read, write, port
    }

    /// The breakpoints, as bits of DR6, that an access of `count` bytes hits.
    func debugMatches(_ address: UInt64, _ count: UInt64, _ access: Watched) -> UInt64 {
        let control = state.pointee.debug[7]
        guard control & DebugControl.enabled != 0 else { return 0 }
        var hits: UInt64 = 0
        for number in 0..<4 where control >> UInt64(2 * number) & 3 != 0 {
            let condition = control >> UInt64(16 + 4 * number)
            let fits =
                switch condition & 3 {
                case 0: access == .execute
                case 1: access == .write
                case 2: access == .port && state.pointee.cr4 & Control.cr4DE != 0
                default: access == .read || access == .write
                }
            // The length says how many bits of the address do not count.
            let size = [1, 2, 8, 4][Int(condition >> 2 & 3)] as UInt64
            let first = state.pointee.debug[number] & ~(size - 1)
            if fits, address < first &+ size, first < address &+ count { hits |= 1 << UInt64(number) }
        }
        return hits
    }

    /// Whether a data breakpoint lies in the page of `address`, so that the TLB may not know it.
    func isWatched(_ address: UInt64) -> Bool {
        state.pointee.debug[7] & DebugControl.enabled != 0
            && debugMatches(address & ~0xFFF, 4096, .write) != 0
    }

    /// An access is made that the TLB does not know.
    func noteDebug(_ address: UInt64, _ count: UInt64, _ access: Watched) {
        guard state.pointee.debug[7] & DebugControl.enabled != 0 else { return }
        state.pointee.debugHits |= UInt8(debugMatches(address, count, access))
    }
}
