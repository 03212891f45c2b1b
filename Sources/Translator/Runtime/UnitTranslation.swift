/// Makes units: asks the guest's front end for operations, runs the passes, emits code and puts
/// the unit into the cache. One per vCPU, with buffers that are reused; runs under the cache's lock.
final class UnitTranslation {
    private let cache: CodeCache
    private let layout: StateLayout
    private let thunks: Thunks
    private var unit = UnitBuilder()
    private var hoisting = Hoisting()
    private var localUses = LocalUses()
    private var windows = PageWindows()
    private var formation = RegionFormation()
    private let context = UnsafeMutablePointer<EmitterContext>.allocate(capacity: 1)

    init(cache: CodeCache, layout: StateLayout, thunks: Thunks) {
        self.cache = cache
        self.layout = layout
        self.thunks = thunks
        let cold = UnsafeMutablePointer<ColdStub>.allocate(capacity: EmitterContext.coldCapacity)
        let labels = UnsafeMutablePointer<UInt32>.allocate(capacity: 4096)
        labels.initialize(repeating: 0, count: 4096)
        let facts = UnsafeMutablePointer<UInt32>.allocate(capacity: 3 * 4096)
        let singly = UnsafeMutablePointer<UInt32>.allocate(capacity: UnitBuilder.capacity)
        singly.initialize(repeating: 0, count: UnitBuilder.capacity)
        let forward = UnsafeMutablePointer<ForwardBranch>.allocate(capacity: UnitBuilder.capacity)
        context.initialize(
            to: EmitterContext(
                cold: cold, exits: cache.exits, exitCount: 1, labels: labels, labelFacts: facts,
                labelWords: facts + 4096, labelNaNs: facts + 2 * 4096, forward: forward, singly: singly))
    }

    deinit {
        context.pointee.cold.deallocate()
        context.pointee.labels.deallocate()
        context.pointee.labelFacts.deallocate()
        context.pointee.forward.deallocate()
        context.pointee.singly.deallocate()
        context.deallocate()
    }

    /// The page behind the one that a unit starts in, when it may be used.
    struct SecondPage {
        var physical: UInt64
        var host: UInt64
    }

    /// Longest straight run, in instructions.
    private static let longest = 64

    /// Makes the unit at guest-physical `address` for `key` and returns its code offset; `nil` when
    /// the page is not watched for stores, or memory is out.
    func make(_ address: UInt64, _ key: UInt32, _ second: SecondPage?, _ isa: any GuestISA) -> UInt32? {
        guard let window = window(address, second) else { return nil }
        let offset = Int(address & 0xfff)
        unit.reset(startOffset: UInt16(offset))
        let next = isa.build(
            &unit, code: window, offset: offset, limit: Self.longest, key: key & UnitKey.mode)
        if let next { unit.append(Op(.jump, immediate: Int64(next))) }
        guard let code = emit(address, key, second, nil) else { return nil }
        cache.blocks.insert(physical: address, end: firstEnd(address), key: key, code: code)
        enterSpan(address, key, code, second)
        return code
    }

    /// What became of a loop that was hot.
    enum RegionResult {
        case made
        /// There is no loop that is worth it, or it was tried before.
        case refused
        /// The branch back that was hot is not one of the loop that a region would cover: the head is reached
        /// by calls or indirect jumps, as in interpreters.
        case elsewhere
    }

    /// Makes a region of the loop at `address`, and lets the unit that was there lead to it.
    ///
    /// - Parameters:
    ///   - source: offset in the head's page of the branch back to it that has become hot.
    ///   - present: what registers hold now.
    func makeRegion(
        _ address: UInt64, _ key: UInt32, _ second: SecondPage?, _ isa: any GuestISA, from source: Int,
        present: PresentValues
    ) -> RegionResult {
        self.present = present
        guard let window = window(address, second), !cache.wasTried(address, key) else { return .refused }
        let head = Int(address & 0xfff)
        let isLoop = formation.run(head: head, window, key, isa)
        if isLoop, !formation.covers(source) { return .elsewhere }
        cache.noteTried(address, key)
        guard isLoop else { return .refused }
        unit.reset(startOffset: UInt16(head))
        guard formation.emit(into: &unit, window, key, isa) else { return .refused }
        // Inner loops that have regions of their own keep them, unless one register map can serve all.
        let allocation = RegionAllocation(unit.ops, unit.count, nil)
        guard allocation.fits || !formation.contains(cache.triedHeads(address), but: head) else {
            return .refused
        }
        guard let code = emit(address, key, second, UInt16(head)) else { return .refused }
        if let old = cache.blocks.replace(address, key, code: code) {
            cache.enterRegion(code, insteadOf: old)
        } else {
            cache.blocks.insert(physical: address, end: address + 2, key: key, code: code)
        }
        let page = address & ~0xfff
        let low = formation.blocks.filter(\.isMember).map(\.start).min() ?? head
        cache.blocks.insertSpan(
            physical: page + UInt64(min(low, 4095)), end: firstEnd(address), key: key, code: code,
            primary: address)
        enterSpan(address, key, code, second)
        return .made
    }

    private func window(_ address: UInt64, _ second: SecondPage?) -> CodeWindow? {
        let page = address & ~0xfff
        guard cache.isWatched(page), let host = cache.memory.pointer(to: page, count: 4096) else {
            return nil
        }
        guard let second, cache.isWatched(second.physical) else { return CodeWindow(page: host, next: nil) }
        return CodeWindow(page: host, next: UnsafeRawPointer(bitPattern: UInt(second.host)))
    }

    /// Where the unit's bytes end in its first page.
    private func firstEnd(_ address: UInt64) -> UInt64 {
        max((address & ~0xfff) + UInt64(min(unit.endOffset, 4096)), address + 1)
    }

    private func enterSpan(_ address: UInt64, _ key: UInt32, _ code: UInt32, _ second: SecondPage?) {
        guard let second, unit.endOffset > 4096 else { return }
        cache.blocks.insertSpan(
            physical: second.physical, end: second.physical + UInt64(min(unit.endOffset, 8192) - 4096),
            key: key,
            code: code, primary: address)
    }

    private func emit(_ address: UInt64, _ key: UInt32, _ second: SecondPage?, _ head: UInt16?) -> UInt32? {
        guard let start = cache.buffer.next() else { return nil }
        DivisionPairs.run(unit.ops, unit.count)
        Fusion.run(unit.ops, unit.count)
        localUses.run(unit.ops, unit.count)
        if key & UnitKey.unhoisted == 0 {
            hoisting.run(unit.ops, unit.count)
        } else {
            hoisting.skip(unit.count)
        }
        context.pointee.coldCount = 0
        context.pointee.forwardCount = 0
        context.pointee.exitCount = cache.exitCount
        context.pointee.uses = UnsafePointer(localUses.uses)
        context.pointee.hoisting = HoistingView(roles: hoisting.roles, groups: hoisting.groups)
        // What `CodeCache.makeStale` reads: the unit's page offset, in the eight bytes before its entry.
        UnsafeMutableRawPointer(start).storeBytes(of: UInt64(unit.startOffset), as: UInt64.self)
        let entry = start + 8
        var emitter = Emitter(
            asm: Assembler(at: entry), map: RegisterMap(pinned: layout.pinned), layout: layout,
            thunks: thunks,
            ops: UnsafePointer(unit.ops), count: unit.count, context: context, unitKey: key,
            physicalPage: address & ~0xfff)
        emitter.isSolitary = cache.isSolitary
        if unit.endOffset > 4096, let second { emitter.secondPage = second.host }
        if let head { allocate(&emitter, head) } else { mapFloats(&emitter) }
        emitter.run()
        forgetPlaces()
        cache.exitCount = context.pointee.exitCount
        cache.buffer.commit(to: emitter.asm.cursor)
        return cache.buffer.offset(of: entry)
    }

    // MARK: Registers

    private var present = PresentValues()

    /// Tells each label what it may take for words.
    private func analyseWords(_ map: RegisterMap, _ head: UInt16, _ flow: RegionFlow) {
        let analysis = WordAnalysis(unit.ops, flow: flow, head: Int(head), present: present.words)
        let mapped = (0..<32 as Range<Value>).reduce(UInt32(0)) {
            $0 | (map.register($1) != nil ? 1 << UInt32($1) : 0)
        }
        for (number, block) in flow.blocks.enumerated() {
            context.pointee.labelFacts[block.offset >> 1] = analysis.facts[number]
            context.pointee.labelWords[block.offset >> 1] = analysis.words(number) & mapped
        }
    }

    /// Tells each label what NaNs may wait there.
    private func analyseNaNs(_ emitter: inout Emitter, _ head: UInt16, _ flow: RegionFlow) {
        let analysis = NaNAnalysis(
            unit.ops, flow: flow, head: Int(head), mapped: emitter.mappedFloats, present: present)
        emitter.lazyDoubles = analysis.doubles
        emitter.lazySingles = analysis.singles
        for (number, block) in flow.blocks.enumerated() {
            context.pointee.labelNaNs[block.offset >> 1] = analysis.open[number]
        }
    }

    /// Gives a region its own register map, and announces its labels.
    private func allocate(_ emitter: inout Emitter, _ head: UInt16) {
        let allocation = RegionAllocation(unit.ops, unit.count, localUses.uses)
        let flow = RegionFlow(unit.ops, unit.count)
        windows.run(unit.ops, unit.count, hoisting, flow)
        let region = allocation.registers(
            &emitter.map, pinned: layout.pinned, head: head, windows: &windows)
        emitter.windows = windows.windows
        context.pointee.windows = WindowsView(
            sites: UnsafePointer(windows.sites), watched: UnsafePointer(windows.watched))
        emitter.region = region
        emitter.temporaries = region.temporaries
        emitter.mappedFloats = allocation.floats(&emitter.map)
        analyseWords(emitter.map, head, flow)
        analyseNaNs(&emitter, head, flow)
        context.pointee.firstWritten = 0
        for index in 0..<unit.count {
            let op = unit.ops[index]
            if op.code == .label { context.pointee.labels[Int(op.immediate) >> 1] = 1 }
            if op.destination.isFloat { emitter.writtenFloats |= 1 << UInt32(op.destination & 31) }
            if op.code == .interpret { emitter.writtenFloats = .max }
        }
    }

    private func forgetPlaces() {
        context.pointee.windows = nil
        context.pointee.singly.update(repeating: 0, count: unit.count)
        for index in 0..<unit.count where unit.ops[index].code == .label {
            context.pointee.labels[Int(unit.ops[index].immediate) >> 1] = 0
        }
    }

    /// Gives the floating-point registers that the unit uses most a vector register each.
    private func mapFloats(_ emitter: inout Emitter) {
        var uses = InlineArray<32, UInt16>(repeating: 0)
        var seen: UInt32 = 0
        var firstWritten: UInt32 = 0
        func use(_ value: Value) {
            guard value.isFloat else { return }
            uses[Int(value & 31)] += 1
            seen |= 1 << UInt32(value & 31)
        }
        for index in 0..<unit.count where unit.ops[index].code.usesFloats {
            let op = unit.ops[index]
            use(op.a)
            use(op.b)
            if op.code == .floatFused { use(Value(truncatingIfNeeded: op.immediate >> 8)) }
            guard op.destination.isFloat else { continue }
            firstWritten |= 1 << UInt32(op.destination & 31) & ~seen
            use(op.destination)
        }
        context.pointee.firstWritten = firstWritten
        assign(&emitter, uses)
    }

    private func assign(_ emitter: inout Emitter, _ uses: InlineArray<32, UInt16>) {
        var next = Emitter.firstMapped
        for threshold in [4, 2] as [UInt16] {
            for register in 0..<32 where next < 16 && uses[register] >= threshold {
                let value = Value.float(UInt8(register))
                guard emitter.map.vector(value) == nil else { continue }
                emitter.map[value] = next
                emitter.mappedFloats |= 1 << UInt32(register)
                next += 1
            }
        }
    }
}
