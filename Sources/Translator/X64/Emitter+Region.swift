/// How a region's registers differ from the map that is in force between units.
struct RegionRegisters {
    /// A host register that holds another value inside the region than outside it.
    struct Exchange {
        var register: Register
        /// Inside: a guest register, or `.zero` for the counter.
        var inside: Value
        /// Outside: a guest register, or `.zero` for the pointer to the TLB.
        var outside: Value
    }

    var exchanges = InlineArray<16, Exchange>(
        repeating: Exchange(register: .rax, inside: .zero, outside: .zero))
    var count = 0
    /// Counts instructions retired since the region was entered, or since the last call out of it, up from
    /// minus `budget`; a region of long basic blocks counts in memory.
    var counter: Register?
    /// Instructions between two polls, roughly.
    static let budget: Int32 = 512
    /// Set aside for values in memory.
    var temporaries = Temporaries()
    /// Page offset of the region's head.
    var head: UInt16
    /// No value of the guest took the place of the pointer to the TLB.
    var keepsTLB = false
    /// Floating-point registers that hold boxed singles throughout, if they do at entry.
    var boxed: UInt32 = 0
}

/// Regions: loops with a register map of their own.
extension Emitter {
    // MARK: Changing maps

    /// From the map between units to the region's, at the entry.
    mutating func enterRegionFirst() {
        guard let region else { return }
        if region.counter != nil { payForEntry() }
        for i in 0..<region.count where region.exchanges[i].outside != .zero {
            asm.store(home(region.exchanges[i].outside), region.exchanges[i].register)
        }
        enterRegion()
        emptyWindows()
        if let counter = region.counter {
            asm.mov(counter, immediate: Int64(-RegionRegisters.budget))
        }
        loadFloats(mappedFloats)
        requireBoxedAtEntry(region.boxed)
        requireWordsAtEntry(region.head)
        requireNumbersAtEntry(region.head)
        branchTo(Int64(region.head))
    }

    /// Loads what the region keeps in registers of its own, but for the counter.
    private mutating func enterRegion() {
        guard let region else { return }
        for i in 0..<region.count where region.exchanges[i].inside != .zero {
            asm.load(region.exchanges[i].register, home(region.exchanges[i].inside))
        }
    }

    /// Back to the map between units, with whole values; leaves scratch registers alone. `comesBack`: it is for a
    /// call only.
    mutating func leaveRegion(comesBack: Bool = false) {
        // Memory has what temporaries hold.
        words &= ~borrowed
        widen(.max)
        guard let region else { return }
        settleCounter()
        if !comesBack, let counter = region.counter { asm.alu(.add, credit, counter) }
        for i in 0..<region.count {
            let exchange = region.exchanges[i]
            if exchange.inside != .zero { asm.store(home(exchange.inside), exchange.register) }
            asm.load(exchange.register, exchange.outside == .zero ? core(\.tlb) : home(exchange.outside))
        }
    }

    /// Adds what the counter has counted to the guest's count.
    private mutating func settleCounter() {
        guard let counter = region?.counter else { return }
        asm.alu(.add, counter, immediate: RegionRegisters.budget)
        asm.alu(.add, state(layout.displacement(layout.instructions)), counter)
    }

    /// Calls a thunk, which expects the map between units. The next branch back polls: a loop that calls out
    /// in every turn would else never get to it.
    mutating func callOut(_ thunk: UnsafePointer<UInt8>) {
        leaveRegion(comesBack: true)
        asm.call(thunk)
        enterRegion()
        reloadTemporaries()
        reloadWindows()
        guard let counter = region?.counter else { return }
        countInstructions(1 - Int(RegionRegisters.budget))
        asm.mov(counter, immediate: -1)
    }

    /// Refuses the region while a register that it takes for a single is not boxed.
    private mutating func requireBoxedAtEntry(_ mask: UInt32) {
        var left = mask
        while left != 0 {
            let value = Value.float(UInt8(left.trailingZeroBitCount))
            left &= left - 1
            asm.load(.rax, Address(.state, home(value).displacement + 4), .b32)
            asm.alu(.cmp, .rax, immediate: -1, .b32)
            refuse(unless: .equal)
        }
    }

    /// Gives the region up, at its entry, unless `condition` holds.
    mutating func refuse(unless condition: Condition) {
        guard let opposite = Condition(rawValue: condition.rawValue ^ 1) else { return }
        var stub = ColdStub(kind: .refusal, op: Op(.jump))
        stub.sources.0 = asm.jump(opposite)
        stub.number = Int64(region?.head ?? 0)
        cold(stub)
    }

    // MARK: Control flow inside

    mutating func label(_ op: Op, _ index: Int) {
        if index > 0 { tallyFallThrough(ops[index - 1]) }
        if index > 0, ops[index - 1].endsRun { (words, openDoubles, openSingles) = (0, 0, 0) }
        settleWords(for: op.immediate)
        settleNaNs(for: op.immediate)
        adoptWords(of: op.immediate)
        adoptNaNs(of: op.immediate)
        context.pointee.labels[Int(op.immediate) >> 1] =
            UInt32(truncatingIfNeeded: asm.cursor - thunks.base) + 2
        boxedFloats = region?.boxed ?? 0
    }

    /// Counts the instructions of a block that ends with `last` and goes on with the next one.
    mutating func tallyFallThrough(_ last: Op) {
        if last.code != .branch, !last.endsRun { tally(Int(last.retired) + 1) }
    }

    private mutating func tally(_ retired: Int) {
        guard let region, retired != 0 else { return }
        guard let counter = region.counter else { return countInstructions(retired) }
        asm.alu(.add, counter, immediate: Int32(retired))
    }

    private func isInside(_ offset: Int64) -> Bool {
        offset >= 0 && offset < 8192 && context.pointee.labels[Int(offset) >> 1] != 0
    }

    /// Branches to a label of the region, always or on a condition.
    mutating func branchTo(_ offset: Int64, _ condition: Condition? = nil) {
        let place = context.pointee.labels[Int(offset) >> 1]
        if place >= 2 {
            let target = UnsafePointer(thunks.base + Int(place - 2))
            if let condition { asm.jump(condition, to: target) } else { asm.jump(to: target) }
            return
        }
        let fixup = condition.map { asm.jump($0) } ?? asm.jump()
        context.pointee.forward[context.pointee.forwardCount] = ForwardBranch(fixup: fixup, offset: offset)
        context.pointee.forwardCount += 1
    }

    mutating func bindForwardBranches() {
        for i in 0..<context.pointee.forwardCount {
            let branch = context.pointee.forward[i]
            let place = context.pointee.labels[Int(branch.offset) >> 1]
            Assembler.patch(branch.fixup, to: UnsafePointer(thunks.base + Int(place - 2)))
        }
    }

    /// A poll where the loop closes; the guest goes on at `offset` if it has to leave, `early` instructions
    /// before the last one that was counted. With a counter only when that has used up its budget.
    private mutating func poll(_ offset: Int64, early: UInt8) {
        var stub: ColdStub
        if region?.counter == nil {
            asm.alu(.cmp, core(\.exitRequest), immediate: 0, .b32)
            stub = note(.regionExit, Op(.jump), asm.jump(.notEqual))
        } else {
            stub = note(.regionPoll, Op(.jump), asm.jump(.notSign))
        }
        stub.number = offset
        stub.register = early
        stub.resume = UnsafePointer(asm.cursor)
        cold(stub)
    }

    mutating func branchInRegion(_ op: Op) {
        let inside = isInside(op.immediate)
        tally(Int(op.retired) + 1)
        if inside {
            settleWords(for: op.immediate)
            settleNaNs(for: op.immediate)
            if op.immediate <= Int64(op.pageOffset) { poll(Int64(op.pageOffset), early: 1) }
        }
        compare(op.a, op.b, 0)
        let condition = Condition(rawValue: op.c) ?? .equal
        if inside { return branchTo(op.immediate, condition) }
        cold(note(.takenExit, op, asm.jump(condition)))
    }

    /// A jump that the region's making added has no instruction of its own (`c` = 0).
    mutating func jumpInRegion(_ op: Op) {
        let isAdded = op.c == 0
        tally(isAdded && lastWasBranch(op) ? 0 : Int(op.retired) + 1)
        guard isInside(op.immediate) else {
            return exit(
                to: op.immediate, from: op.pageOffset, retired: 0, key: unitKey & UnitKey.mode,
                polls: op.immediate <= Int64(op.pageOffset))
        }
        settleWords(for: op.immediate)
        settleNaNs(for: op.immediate)
        if op.immediate <= Int64(op.pageOffset) { poll(op.immediate, early: 0) }
        branchTo(op.immediate)
    }

    /// Whether the instruction that `op` stands behind is a branch, which has counted itself.
    private func lastWasBranch(_ op: Op) -> Bool {
        for index in 0..<count where ops[index].code == .branch && ops[index].pageOffset == op.pageOffset {
            return true
        }
        return false
    }

    /// The budget is used up: leaves if asked to, else goes on with a new one.
    mutating func emitRegionPoll(_ stub: ColdStub) {
        guard let counter = region?.counter, let source = stub.sources.0, let place = stub.resume else {
            return
        }
        asm.bind(source)
        asm.alu(.cmp, core(\.exitRequest), immediate: 0, .b32)
        var leaving = stub
        leaving.sources.0 = asm.jump(.notEqual)
        settleCounter()
        asm.store(credit, immediate: Int32(Credit.start))
        asm.mov(counter, immediate: Int64(-RegionRegisters.budget))
        asm.jump(to: place)
        emitRegionExit(leaving)
    }

    mutating func emitRegionExit(_ stub: ColdStub) {
        if let source = stub.sources.0 { asm.bind(source) }
        if stub.register != 0 { tally(-Int(stub.register)) }
        let written = writtenFloats
        writtenFloats = stub.dirtyFloats
        exit(
            to: stub.number, from: stub.op.pageOffset, retired: 0, key: unitKey & UnitKey.mode, polls: false)
        writtenFloats = written
    }

    /// The region does not suit the state that it was entered with: a straight unit does this turn.
    mutating func emitRefusal(_ stub: ColdStub) {
        if let source = stub.sources.0 { asm.bind(source) }
        exit(
            to: stub.number, from: stub.op.pageOffset, retired: 0,
            key: unitKey & UnitKey.mode | UnitKey.unhoisted, polls: false)
    }

    // MARK: Units of two pages

    /// The second page must be mapped where the unit was made from.
    mutating func verifySecondPage() {
        asm.load(.rax, core(\.pageBase))
        asm.alu(.add, .rax, immediate: 4096)
        asm.rorx(.rcx, .rax, by: 7, .b32)
        asm.alu(.and, .rcx, core(\.tlbMask), .b32)
        var stub = ColdStub(kind: .secondPage, op: ops[0])
        asm.alu(.cmp, .rax, Address(.tlb, .rcx, TLBEntry.executeOffset))
        stub.sources.0 = asm.jump(.notEqual)
        asm.load(.rdx, Address(.tlb, .rcx, TLBEntry.distanceOffset))
        asm.alu(.add, .rdx, .rax)
        asm.mov(.rcx, immediate: Int64(bitPattern: secondPage))
        asm.alu(.cmp, .rdx, .rcx)
        stub.sources.1 = asm.jump(.notEqual)
        stub.resume = UnsafePointer(asm.cursor)
        cold(stub)
    }

    /// Looks the page up; the instruction at the head is interpreted when it is another one.
    mutating func emitSecondPage(_ stub: ColdStub) {
        if let source = stub.sources.0 { asm.bind(source) }
        if let source = stub.sources.1 { asm.bind(source) }
        asm.mov(.rdx, immediate: 1 | 1 << 17)
        asm.call(thunks.hoist)
        asm.mov(.rcx, immediate: Int64(bitPattern: secondPage))
        asm.alu(.cmp, .rdx, .rcx)
        if let place = stub.resume { asm.jump(.equal, to: place) }
        let offset = region.map { Int64($0.head) } ?? Int64(ops[0].pageOffset)
        asm.mov(.rdx, immediate: offset)
        asm.mov(.rcx, immediate: 0)
        asm.jump(to: thunks.interpretAndLeave)
    }
}
