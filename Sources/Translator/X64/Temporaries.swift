/// Host registers that a region has set aside for values whose place is in memory: within a basic block the
/// most wanted of them are kept here, so that they are loaded once and their results need not be waited for.
///
/// Memory holds the right value wherever the state of the guest is visible (see `LocalUses`).
struct Temporaries {
    struct Slot {
        var register = Register.rax
        /// The guest's register that it holds, or `.zero`.
        var holder = Value.zero
        /// The next operation that reads it; `LocalUses.never` = it may go.
        var nextRead = LocalUses.never
        /// Memory does not have the value.
        var isDirty = false
    }

    static let most = 4
    var slots = InlineArray<4, Slot>(repeating: Slot())
    var count = 0

    mutating func add(_ register: Register) {
        slots[count].register = register
        count += 1
    }

    /// The slot that holds `value`.
    @inline(__always)
    func find(_ value: Value) -> Int? {
        for slot in 0..<count where slots[slot].holder == value && value != .zero { return slot }
        return nil
    }

    /// The slot to give up for a value that is next read at `next`: an empty one, or one whose value is needed
    /// later than that. `busy` slots (bits) are out of the question.
    func victim(for next: UInt16, busy: UInt8) -> Int? {
        var best: Int?
        for slot in 0..<count where busy >> UInt8(slot) & 1 == 0 {
            if slots[slot].holder == .zero { return slot }
            if slots[slot].nextRead > best.map({ slots[$0].nextRead }) ?? next { best = slot }
        }
        return best
    }

    /// Who holds what, for a cold path.
    var holders: InlineArray<4, Value> {
        [slots[0].holder, slots[1].holder, slots[2].holder, slots[3].holder]
    }
}

extension Emitter {
    // MARK: Before and behind an operation

    /// Brings the sources of `op` in that are worth it, and finds a register for its result.
    mutating func borrow(_ op: Op, _ index: Int) {
        guard temporaries.count > 0, let all = context.pointee.uses else { return }
        if op.code == .label || op.code == .interpret { return returnAll() }
        let uses = all[index]
        let computes = op.isPure || op.code == .load
        if !computes, let slot = temporaries.find(op.destination) { release(slot) }
        var busy: UInt8 = 0
        let wanted = computes ? uses.result : LocalUses.never
        bringIn(op.a, op.a == op.destination ? wanted : uses.a, op.a == op.destination, &busy)
        bringIn(op.b, op.b == op.destination ? wanted : uses.b, op.b == op.destination, &busy)
        // A result that is also a source has got its register above, or has to be read from memory.
        guard wanted != LocalUses.never, op.destination != op.a, op.destination != op.b else { return }
        makeRoom(op.destination, wanted, busy)
    }

    /// `stays`: the operation overwrites the value itself.
    private mutating func bringIn(_ value: Value, _ next: UInt16, _ stays: Bool, _ busy: inout UInt8) {
        guard value < 32 else { return }
        if let slot = temporaries.find(value) {
            temporaries.slots[slot].nextRead = next
            busy |= 1 << UInt8(slot)
        } else if map.register(value) == nil, next != LocalUses.never,
            let slot = temporaries.victim(for: next, busy: busy)
        {
            occupy(slot, value, next)
            asm.load(temporaries.slots[slot].register, home(value))
            busy |= 1 << UInt8(slot)
        }
    }

    /// Finds a register for a result; that of a source which is read for the last time will do.
    private mutating func makeRoom(_ value: Value, _ next: UInt16, _ busy: UInt8) {
        guard value < 32, map.register(value) == nil else { return }
        for slot in 0..<temporaries.count
        where busy >> UInt8(slot) & 1 != 0 && temporaries.slots[slot].nextRead == LocalUses.never {
            map[value] = temporaries.slots[slot].register.code
            return
        }
        guard let slot = temporaries.victim(for: next, busy: busy) else { return }
        evict(slot)
        map[value] = temporaries.slots[slot].register.code
    }

    /// Puts the result of `op` into memory if it may be seen there, and gives up what is not read any more.
    mutating func giveBack(_ op: Op, _ index: Int) {
        guard temporaries.count > 0, let all = context.pointee.uses else { return }
        let uses = all[index]
        settleResult(op.destination, uses)
        for slot in 0..<temporaries.count
        where temporaries.slots[slot].holder != .zero && temporaries.slots[slot].nextRead == LocalUses.never {
            release(slot)
        }
    }

    private mutating func settleResult(_ value: Value, _ uses: LocalUses.Uses) {
        guard value < 32, let register = map.register(value) else { return }
        for slot in 0..<temporaries.count where temporaries.slots[slot].register == register {
            let old = temporaries.slots[slot].holder
            if old != value, old != .zero { release(slot) }
            temporaries.slots[slot].holder = value
            temporaries.slots[slot].nextRead = uses.result
            temporaries.slots[slot].isDirty = !uses.isVisible
            map[value] = register.code
            guard uses.isVisible else { return }
            widen(WordFacts.bit(value))
            asm.store(home(value), register)
        }
    }

    // MARK: Slots

    private mutating func occupy(_ slot: Int, _ value: Value, _ next: UInt16) {
        evict(slot)
        temporaries.slots[slot].holder = value
        temporaries.slots[slot].nextRead = next
        map[value] = temporaries.slots[slot].register.code
    }

    /// Gives up a value that is still wanted, from memory.
    private mutating func evict(_ slot: Int) {
        let value = temporaries.slots[slot].holder
        guard value != .zero else { return }
        if temporaries.slots[slot].isDirty {
            widen(WordFacts.bit(value))
            asm.store(home(value), temporaries.slots[slot].register)
        }
        release(slot)
    }

    /// Forgets what a slot holds.
    private mutating func release(_ slot: Int) {
        let value = temporaries.slots[slot].holder
        guard value != .zero else { return }
        map[value] = RegisterMap.inMemory
        words &= ~WordFacts.bit(value)
        temporaries.slots[slot].holder = .zero
        temporaries.slots[slot].isDirty = false
    }

    mutating func returnAll() {
        for slot in 0..<temporaries.count { release(slot) }
    }

    // MARK: Cold paths

    /// Takes the registers for what they held where a cold path branches off.
    mutating func adopt(_ holders: InlineArray<4, Value>) {
        returnAll()
        for slot in 0..<temporaries.count where holders[slot] != .zero {
            temporaries.slots[slot].holder = holders[slot]
            map[holders[slot]] = temporaries.slots[slot].register.code
        }
    }

    /// Behind a call: gets the values back, which memory has.
    mutating func reloadTemporaries() {
        for slot in 0..<temporaries.count where temporaries.slots[slot].holder != .zero {
            asm.load(temporaries.slots[slot].register, home(temporaries.slots[slot].holder))
        }
    }

    /// The guest's registers that are in temporaries, as bits.
    var borrowed: UInt32 {
        var mask: UInt32 = 0
        for slot in 0..<temporaries.count { mask |= WordFacts.bit(temporaries.slots[slot].holder) }
        return mask
    }
}
