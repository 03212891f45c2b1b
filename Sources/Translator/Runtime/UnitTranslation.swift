/// Makes units: asks the guest's front end for operations, runs the passes, emits code and puts
/// the unit into the cache. One per vCPU, with buffers that are reused; runs under the cache's lock.
final class UnitTranslation {
    private let cache: CodeCache
    private let layout: StateLayout
    private let thunks: Thunks
    private var unit = UnitBuilder()
    private var hoisting = Hoisting()
    private let context = UnsafeMutablePointer<EmitterContext>.allocate(capacity: 1)

    init(cache: CodeCache, layout: StateLayout, thunks: Thunks) {
        self.cache = cache
        self.layout = layout
        self.thunks = thunks
        let cold = UnsafeMutablePointer<ColdStub>.allocate(capacity: EmitterContext.coldCapacity)
        context.initialize(to: EmitterContext(cold: cold, exits: cache.exits, exitCount: 1))
    }

    deinit {
        context.pointee.cold.deallocate()
        context.deallocate()
    }

    /// Makes the unit at guest-physical `address` for `key` and returns its code offset; `nil` when
    /// the page is not watched for stores, or memory is out.
    func make(_ address: UInt64, _ key: UInt32, _ isa: any GuestISA) -> UInt32? {
        let page = address & ~0xfff
        guard cache.isWatched(page), let host = cache.memory.pointer(to: page, count: 4096) else { return nil }
        let offset = Int(address & 0xfff)
        unit.reset(startOffset: UInt16(offset))
        isa.build(&unit, page: host, offset: offset, key: key & 0xff)
        guard let code = emit(key) else { return nil }
        let end = page + UInt64(min(unit.endOffset, 4096))
        _ = cache.blocks.insert(physical: address, end: max(end, address + 1), key: key, code: code)
        return code
    }

    private func emit(_ key: UInt32) -> UInt32? {
        guard let start = cache.buffer.next() else { return nil }
        if key & UnitKey.unhoisted == 0 {
            hoisting.run(unit.ops, unit.count)
        } else {
            hoisting.skip(unit.count)
        }
        context.pointee.coldCount = 0
        context.pointee.exitCount = cache.exitCount
        context.pointee.hoisting = HoistingView(roles: hoisting.roles, groups: hoisting.groups)
        // What `CodeCache.makeStale` reads: the unit's page offset, in the eight bytes before its entry.
        UnsafeMutableRawPointer(start).storeBytes(of: UInt64(unit.startOffset), as: UInt64.self)
        let entry = start + 8
        var emitter = Emitter(
            asm: Assembler(at: entry), map: RegisterMap(pinned: layout.pinned), layout: layout, thunks: thunks,
            ops: UnsafePointer(unit.ops), count: unit.count, context: context, unitKey: key)
        mapFloats(&emitter)
        emitter.run()
        cache.exitCount = context.pointee.exitCount
        cache.buffer.commit(to: emitter.asm.cursor)
        return cache.buffer.offset(of: entry)
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
