/// Chooses which guest registers a region keeps in host registers.
///
/// One host register counts instructions; the most used guest registers get the others, those that
/// are pinned between units their own.
struct RegionAllocation {
    private var weights = InlineArray<64, UInt32>(repeating: 0)
    private var unboxed: UInt32 = 0
    private var singles: UInt32 = 0
    private var interprets = false
    private var operations = 0
    private var blocks = 1
    /// What each integer register would cost in memory with temporaries at hand: a load where a basic block
    /// reads it first, a store where it leaves a result.
    private var traffic = InlineArray<32, UInt32>(repeating: 0)

    /// - Parameter uses: what `LocalUses` found; without it only `fits` means something.
    init(_ ops: UnsafePointer<Op>, _ count: Int, _ uses: UnsafePointer<LocalUses.Uses>?) {
        if let uses { measureTraffic(ops, count, uses) }
        var weight: UInt32 = 1
        for index in 0..<count {
            let op = ops[index]
            if op.code == .label {
                weight = 1 << (3 * UInt32(op.c))
                blocks += 1
            }
            operations += 1
            if op.code == .interpret { interprets = true }
            weigh(op, weight)
            if op.code.usesFloats { look(op) }
        }
    }

    private mutating func measureTraffic(
        _ ops: UnsafePointer<Op>, _ count: Int, _ uses: UnsafePointer<LocalUses.Uses>
    ) {
        var weight: UInt32 = 1
        var seen: UInt32 = 0
        for index in 0..<count {
            let op = ops[index]
            if op.code == .label {
                weight = 1 << (3 * UInt32(op.c))
                seen = 0
            }
            for value in [op.a, op.b] where value < 32 && seen & WordFacts.bit(value) == 0 {
                seen |= WordFacts.bit(value)
                traffic[Int(value)] &+= weight
            }
            guard op.destination < 32 else { continue }
            seen |= WordFacts.bit(op.destination)
            if uses[index].isVisible { traffic[Int(op.destination)] &+= weight }
        }
    }

    private mutating func weigh(_ op: Op, _ weight: UInt32) {
        add(op.a, weight)
        add(op.b, weight)
        add(op.destination, weight)
        if op.code == .floatFused { add(Value(truncatingIfNeeded: op.immediate >> 8), weight) }
    }

    private mutating func add(_ value: Value, _ weight: UInt32) {
        if value.isRegister { weights[Int(value)] &+= weight }
    }

    /// Which registers are used as singles, and which ever get something else.
    private mutating func look(_ op: Op) {
        let isSingle = op.code == .floatLoad ? MemoryWidth(rawValue: op.c).bytes == 4 : op.c & 1 == 0
        let makesSingle = op.code == .floatConvert ? !isSingle : isSingle
        if op.destination.isFloat, !makesSingle { unboxed |= 1 << UInt32(op.destination & 31) }
        guard isSingle, op.code != .floatStore, op.code != .floatMoveToInteger else { return }
        if op.a.isFloat { singles |= 1 << UInt32(op.a & 31) }
        if op.b.isFloat { singles |= 1 << UInt32(op.b & 31) }
        if op.code == .floatFused { singles |= 1 << UInt32(op.immediate >> 8 & 31) }
    }

    /// Fills the integer part of `map`.
    func registers(
        _ map: inout RegisterMap, pinned: [Value], head: UInt16, windows: inout PageWindows
    ) -> RegionRegisters {
        let countsInMemory = operations > Self.longBlock * blocks
        let room = Register.pool.count + 1 - (countsInMemory ? 0 : 1)
        let used = (1..<32).filter { weights[$0] > 0 }
        let spare = used.count > room ? Self.temporaries : 0
        var chosen = used.sorted { spare > 0 ? traffic[$0] > traffic[$1] : weights[$0] > weights[$1] }
            .prefix(room - spare).map { Value($0) }
        // The register that points at the TLB is in the room, but no use to windows.
        let left = room - chosen.count - 1
        if spare == 0 { chosen.removeLast(yielding(chosen, windows.demands, free: left)) }
        var free = zip(pinned, Register.pool).filter { !chosen.contains($0.0) } + [(Value.zero, Register.tlb)]
        var result = RegionRegisters(counter: nil, head: head)
        for owner in free where owner.0 != .zero { map[owner.0] = RegisterMap.inMemory }
        for value in chosen where !pinned.contains(value) {
            let (owner, register) = free.removeFirst()
            map[value] = register.code
            result.add(register, inside: value, outside: owner)
        }
        if !countsInMemory {
            let (owner, register) = free.removeFirst()
            result.counter = register
            result.add(register, inside: .zero, outside: owner)
        }
        for _ in 0..<spare {
            let (owner, register) = free.removeFirst()
            result.temporaries.add(register)
            result.add(register, inside: .zero, outside: owner)
        }
        var spares: [Register] = []
        while spares.count < windows.demands.count, let (owner, register) = free.first, register != .tlb {
            free.removeFirst()
            spares.append(register)
            result.add(register, inside: .zero, outside: owner)
        }
        windows.assign(spares)
        result.keepsTLB = free.last?.1 == .tlb
        for (owner, register) in free where owner != .zero { map[owner] = register.code }
        result.boxed = interprets ? 0 : singles & ~unboxed
        return result
    }

    /// How many of `chosen`, the most used first, had better leave their registers to windows: one that is asked in
    /// every turn is worth more than a value that is used once around the loop.
    private func yielding(_ chosen: [Value], _ demands: [UInt32], free: Int) -> Int {
        var count = 0
        for demand in demands.dropFirst(max(free, 0)) {
            let more = free < 0 && count == 0 ? 2 : 1
            guard count + more <= chosen.count else { break }
            guard 2 * weights[Int(chosen[chosen.count - count - more])] < demand else { break }
            count += more
        }
        return count
    }

    /// Whether nearly all that the region uses finds room in registers.
    var fits: Bool { (1..<32).filter { weights[$0] > 0 }.count <= Register.pool.count + 4 }

    /// Registers set aside when not all values find one.
    private static let temporaries = 3

    /// Operations in a basic block from which on counting in memory costs less than a register.
    private static let longBlock = 14

    /// Gives the most used floating-point registers a vector register each.
    func floats(_ map: inout RegisterMap) -> UInt32 {
        let chosen = (32..<64).filter { weights[$0] > 0 }.sorted { weights[$0] > weights[$1] }
            .prefix(16 - Int(Emitter.firstMapped))
        var mapped: UInt32 = 0
        for (number, value) in chosen.enumerated() {
            map[Value(value)] = Emitter.firstMapped + UInt8(number)
            mapped |= 1 << UInt32(value & 31)
        }
        return mapped
    }
}

extension RegionRegisters {
    init(counter: Register?, head: UInt16) {
        self.counter = counter
        self.head = head
    }

    mutating func add(_ register: Register, inside: Value, outside: Value) {
        exchanges[count] = Exchange(register: register, inside: inside, outside: outside)
        count += 1
    }
}
