import CLinux
import Machine
import Synchronization

/// Runs one vCPU by translated code: finds units, has them made, links them, enters them.
///
/// Everything here happens on the vCPU's own thread, except `drop`.
package final class TranslatedVCPU: @unchecked Sendable {
    // SAFETY: `pendingDrops` and `isInCode` are synchronised; all else belongs to the vCPU's thread.

    /// The owner of this object: it cannot go first, and every slow path comes by here.
    unowned(unsafe) let isa: any GuestISA
    let calls: DirectCalls
    let core: UnsafeMutablePointer<VCPUCore>
    let cache: CodeCache
    let tlb: SoftTLB
    private let translation: UnitTranslation
    /// The way into emitted code, and the value of the state register there.
    private let gate: Enter
    private let stateRegister: UnsafeMutableRawPointer
    /// The guest's program counter and its count of retired instructions.
    let pc: UnsafeMutablePointer<UInt64>
    let instructions: UnsafeMutablePointer<UInt64>
    private let jumps = JumpCache.allocate()
    private var context: AddressContext?
    private var key: UInt32 = 0
    /// Pages whose write tags other vCPUs want gone, by host address.
    private let pendingDrops = Mutex<[UInt64]>([])
    /// Emitted code is running, and may use any tag of the TLB.
    let isInCode = Atomic<Bool>(false)

    private typealias Enter = @convention(c) (UnsafeMutableRawPointer, UInt) -> UInt32

    /// - Parameter core: the first field of the vCPU's state, whose layout `isa` tells.
    package init(isa: any GuestISA, core: UnsafeMutablePointer<VCPUCore>, cache: CodeCache) {
        self.isa = isa
        calls = DirectCalls(isa)
        self.core = core
        self.cache = cache
        tlb = SoftTLB(core: core)
        let layout = isa.layout
        let thunks = cache.thunks(for: layout)
        translation = UnitTranslation(cache: cache, layout: layout, thunks: thunks)
        stateRegister = UnsafeMutableRawPointer(core) + layout.values + StateLayout.bias
        let state = UnsafeMutableRawPointer(core)
        pc = (state + layout.pc).assumingMemoryBound(to: UInt64.self)
        instructions = (state + layout.instructions).assumingMemoryBound(to: UInt64.self)
        let entry = cache.buffer.entry(cache.buffer.offset(of: thunks.enter))
        gate = unsafeBitCast(entry, to: Enter.self)
        cache.add(self)
        attach()
        tlb.wrapped = { [unowned self] in forgetCode() }
    }

    deinit { jumps.deallocate() }

    /// Fills the runtime's part of the state; call again whenever the state was reset.
    package func attach() {
        core.pointee.runtime = UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque())
        core.pointee.jumpCache = UInt(bitPattern: jumps)
        let bits = isa.layout.exceptionBits
        for flags in 0..<64 {
            core.pointee.exceptions[flags] = bits.indices.reduce(0) {
                flags >> $1 & 1 != 0 ? $0 | bits[$1] : $0
            }
        }
        let host = UInt64(UInt(bitPattern: cache.memory.host))
        core.pointee.physicalDelta = cache.memory.base &- host
        tlb.flush { _ in true }
        context = nil
        refresh()
    }

    func forgetCode() { jumps.update(repeating: JumpCache.Entry(), count: JumpCache.count) }

    /// Forgets translations of addresses: all of them, or one page's, in the contexts chosen.
    package func flush(page: UInt64?, where applies: (AddressContext) -> Bool) {
        if let page { tlb.flush(page, where: applies) } else { tlb.flush(where: applies) }
    }

    // MARK: The loop

    /// Executes until `exitRequest` is set.
    package func run() {
        refresh()
        var pending: Int?
        while viv_load32(core) == 0 {
            let epoch = cache.epoch.load(ordering: .acquiring)
            if epoch != self.epoch { pending = nil }
            self.epoch = epoch
            guard let code = find(pc.pointee, link: pending) else {
                pending = nil
                continue
            }
            pending = enter(code)
        }
    }

    /// Brings the TLB set and the mode key up to date with the guest's state.
    private func refresh() {
        let now = calls.regime()
        guard now.context != context || now.key != key else { return }
        context = now.context
        key = now.key
        tlb.select(now.context, key: now.key)
    }

    /// Runs from `code` until it comes back. Returns the number of the exit that asked for its
    /// target; the state's pc says where to go on.
    private func enter(_ code: UInt) -> Int? {
        let alone = cache.isSolitary
        if !alone, !goInside() { return nil }
        let reason = gate(stateRegister, code)
        if !alone { isInCode.store(false, ordering: .sequentiallyConsistent) }
        switch reason {
        case LeaveReason.indirect.rawValue:
            indirect = true
        case LeaveReason.stale.rawValue:
            jumps[JumpCache.index(pc.pointee)] = JumpCache.Entry()
            indirect = true
        case LeaveReason.regret.rawValue:
            isRegretted = true
        case LeaveReason.resume.rawValue:
            refresh()
            indirect = true
        default:
            let number = Int(reason & ~LeaveReason.hot)
            isHot = reason & LeaveReason.hot != 0
            pc.pointee = core.pointee.pageBase &+ UInt64(bitPattern: Int64(cache.exits[number].target))
            return number
        }
        return nil
    }

    /// The cache's epoch when the code about to run was looked up.
    private var epoch: UInt64 = 0
    /// The exit just taken leads to a loop head that has become hot.
    private var isHot = false
    /// The region at the state's pc has used up its credit.
    private var isRegretted = false
    /// The last unit was left by an indirect jump, a trap or the like: the jump cache may know where
    /// to go on, or should learn it.
    private var indirect = false

    /// The code for `pc`, or `nil` when something else had to be done first (then `pc` may have changed).
    private func find(_ pc: UInt64, link: Int?) -> UInt? {
        let learns = indirect
        indirect = false
        if learns, let code = recall(pc) { return code }
        guard let host = tlb.executable(pc) ?? fill(pc, .execute) else {
            // A fetch fault, or instructions outside RAM.
            _ = calls.interpret(nil)
            refresh()
            return nil
        }
        let physical = host &+ core.pointee.physicalDelta
        let wanted = link.map { cache.exits[$0].key } ?? key
        if isRegretted { giveUp(physical) }
        if isHot { promote(pc, physical, link) }
        guard let code = unit(pc, physical, wanted) else { return nil }
        core.pointee.pageBase = pc & ~0xfff
        if let link { connect(link, code, host & ~0xfff) }
        if learns { learn(pc, code) }
        return cache.buffer.entry(code)
    }

    /// The code for `pc`, when the jump cache knows it.
    private func recall(_ pc: UInt64) -> UInt? {
        let entry = jumps[JumpCache.index(pc)]
        guard entry.address == pc, entry.generation == core.pointee.generation else { return nil }
        core.pointee.pageBase = pc & ~0xfff
        return UInt(entry.code)
    }

    /// Links an exit, unless the cache was emptied since it was taken.
    private func connect(_ exit: Int, _ code: UInt32, _ hostPage: UInt64) {
        cache.withLock {
            guard cache.epoch.load(ordering: .relaxed) == epoch else { return }
            cache.link(exit, to: code, hostPage: hostPage)
        }
    }

    private func learn(_ pc: UInt64, _ code: UInt32) {
        tlb.noteJump(to: pc)
        jumps[JumpCache.index(pc)] = JumpCache.Entry(
            address: pc, code: UInt32(truncatingIfNeeded: cache.buffer.entry(code)),
            generation: core.pointee.generation)
    }

    private func unit(_ pc: UInt64, _ physical: UInt64, _ key: UInt32) -> UInt32? {
        let found: UInt32? = cache.withLock {
            let number = cache.blocks.find(physical, key)
            return number == 0 ? nil : cache.blocks[number].code
        }
        if let found { return found }
        guard prepare(page: physical & ~0xfff) else { return nil }
        // Only a run that starts near the end may need the next page.
        let second = physical & 0xfff >= 0xf00 ? secondPage(pc) : nil
        var isFull = false
        let made: UInt32? = asHost {
            isFull = cache.isFull
            return isFull ? nil : translation.make(physical, key, second, isa)
        }
        if isFull { emptyCache() }
        return made
    }

    /// Translates under the cache's lock. MXCSR belongs to the guest, and Swift's hash tables compute
    /// with floating point.
    private func asHost<Result>(_ body: () -> Result) -> Result {
        let word = viv_get_mxcsr()
        defer { viv_set_mxcsr(word) }
        return cache.withLock(body)
    }

    /// The page behind the one of `pc`, ready to be translated from.
    private func secondPage(_ pc: UInt64) -> UnitTranslation.SecondPage? {
        let next = (pc & ~0xfff) &+ 4096
        guard let host = tlb.executable(next) ?? fill(next, .execute) else { return nil }
        let physical = host &+ core.pointee.physicalDelta
        return prepare(page: physical) ? .init(physical: physical, host: host) : nil
    }

    /// Tries to make a region of the loop at `pc`, which the instruction of an exit led back to.
    private func promote(_ pc: UInt64, _ physical: UInt64, _ link: Int?) {
        isHot = false
        guard let exit = link.map({ cache.exits[$0] }) else { return }
        core.pointee.heat[Int(exit.heat)] = Heat.start
        let source = Int(physical & 0xfff) + Int(exit.source) - Int(exit.target)
        guard prepare(page: physical & ~0xfff) else { return }
        let second = physical & 0xfff >= 0x800 ? secondPage(pc) : nil
        asHost {
            guard !cache.isFull else { return }
            let result = translation.makeRegion(
                physical, key, second, isa, from: source, present: presentValues)
            if result != .made { core.pointee.heat[Int(exit.heat)] = Heat.patience }
        }
    }

    private func giveUp(_ physical: UInt64) {
        isRegretted = false
        core.pointee.credit[Heat.slot(physical)] = Credit.start
        cache.withLock { cache.giveUpRegion(physical, key) }
    }

    /// What registers hold at this moment.
    private var presentValues: PresentValues {
        let values = (UnsafeRawPointer(core) + isa.layout.values).assumingMemoryBound(to: Int64.self)
        var result = PresentValues()
        for register in 0..<32 {
            let bit = UInt32(1) << UInt32(register)
            let float = UInt64(bitPattern: values[32 + register])
            if Int32(exactly: values[register]) != nil { result.words |= bit }
            // By their bits: floating point here would touch the guest's exceptions.
            if float << 1 <= 0xffe0_0000_0000_0000 { result.doubles |= bit }
            if UInt32(truncatingIfNeeded: float) << 1 <= 0xff00_0000 { result.singles |= bit }
        }
        return result
    }

    // MARK: Pages that become code

    /// Makes sure that no store to the page can go unseen. Returns false when the caller should
    /// look around and try again.
    private func prepare(page physical: UInt64) -> Bool {
        let memory = cache.memory
        let flags = memory.pageFlags + Int((physical &- memory.base) >> 12)
        let wanted = GuestMemory.PageFlags.code.rawValue
        if flags.pointee & wanted != 0, flags.pointee & Self.settling == 0 { return true }
        let before = viv_fetch_or8(flags, wanted | Self.settling)
        if before & Self.settling != 0 { return waitUntilSettled(flags) }
        let host = UInt64(UInt(bitPattern: memory.host)) &+ (physical &- memory.base)
        tlb.dropWrites(host: host)
        cache.forEach(but: self) { $0.drop(host) }
        cache.forEach(but: self) { waitFor($0, host) }
        _ = viv_fetch_and8(flags, ~(Self.settling | GuestMemory.PageFlags.writable.rawValue))
        return true
    }

    private static let settling = GuestMemory.PageFlags.settling.rawValue

    private func waitUntilSettled(_ flags: UnsafeMutablePointer<UInt8>) -> Bool {
        while viv_load8(flags) & Self.settling != 0 {
            serveDrops()
            viv_pause()
        }
        return true
    }

    /// Asks this vCPU, from another one's thread, to take away the write tags of a page.
    private func drop(_ host: UInt64) {
        pendingDrops.withLock { $0.append(host) }
        viv_store32(core, 1)
    }

    private func waitFor(_ other: TranslatedVCPU, _ host: UInt64) {
        while other.isInCode.load(ordering: .sequentiallyConsistent),
            other.pendingDrops.withLock({ $0.contains(host) })
        {
            serveDrops()
            viv_pause()
        }
    }

    /// Takes away the write tags that others asked for. Only outside emitted code.
    private func serveDrops() {
        let hosts = pendingDrops.withLock { drops in
            defer { drops.removeAll(keepingCapacity: true) }
            return drops
        }
        for host in hosts { tlb.dropWrites(host: host) }
    }

    /// From here on others wait for this vCPU; what they asked for before is done first. False
    /// when the code that was about to run is gone.
    private func goInside() -> Bool {
        while true {
            isInCode.store(true, ordering: .sequentiallyConsistent)
            let asked =
                pendingDrops.withLock { !$0.isEmpty }
                || cache.isEmptying.load(ordering: .sequentiallyConsistent)
            if !asked {
                if cache.epoch.load(ordering: .acquiring) == epoch { return true }
                isInCode.store(false, ordering: .sequentiallyConsistent)
                return false
            }
            isInCode.store(false, ordering: .sequentiallyConsistent)
            while cache.isEmptying.load(ordering: .sequentiallyConsistent) { viv_pause() }
            serveDrops()
        }
    }

    /// Empties the cache when it is full.
    private func emptyCache() {
        let won = cache.isEmptying.compareExchange(
            expected: false, desired: true, ordering: .sequentiallyConsistent
        ).exchanged
        guard won else { return }
        cache.forEach(but: self) { other in
            viv_store32(other.core, 1)
            while other.isInCode.load(ordering: .sequentiallyConsistent) {
                serveDrops()
                viv_pause()
            }
        }
        cache.withLock { if cache.isFull { cache.removeAll() } }
        cache.isEmptying.store(false, ordering: .sequentiallyConsistent)
    }
}
