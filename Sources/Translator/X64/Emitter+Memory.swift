/// Guest memory: the TLB check and the access itself.
extension Emitter {
    /// The check of `span` bytes at base + offset. Leaves in `rdx`, on the expected path, the distance from the
    /// guest's addresses in that page to the host's; `rax` and `rcx` are used up. Returns the branch taken when
    /// the check fails, and the register that holds the guest address.
    ///
    /// The distance is loaded and added beside the check, so an access waits for neither.
    /// One comparison covers tag, permission and page crossing: tag xor address is the offset in
    /// the page when the tag matches, and at least 4096 otherwise.
    mutating func check(_ base: Value, _ offset: Int64, span: Int64, write: Bool) -> (Fixup, Register) {
        let address: Register
        if offset == 0, let register = map.register(base) {
            address = register
        } else {
            computeAddress(base, offset, into: .rax)
            inHand = nil
            address = .rax
        }
        let miss = probe(address, span: span, write: write)
        return (miss, address)
    }

    /// Looks `address` up in the TLB; see `check`.
    mutating func probe(_ address: Register, span: Int64, write: Bool) -> Fixup {
        let entry = tlbEntry(address)
        asm.load(.rdx, entry.at(write ? 8 : 0))
        asm.alu(.xor, .rdx, address)
        asm.alu(.cmp, .rdx, immediate: Int32(4096 - span))
        let miss = asm.jump(.above)
        asm.load(.rdx, entry.at(TLBEntry.distanceOffset))
        return miss
    }

    /// Makes the TLB entry that `address` belongs to addressable; uses up `rcx`. A region may have another
    /// use for the register that points at the TLB.
    mutating func tlbEntry(_ address: Register) -> Address {
        asm.rorx(.rcx, address, by: 7, .b32)
        asm.alu(.and, .rcx, core(\.tlbMask), .b32)
        if region?.keepsTLB ?? true { return Address(.tlb, .rcx) }
        asm.alu(.add, .rcx, core(\.tlb))
        return Address(.rcx)
    }

    mutating func computeAddress(_ base: Value, _ offset: Int64, into register: Register) {
        if let home = map.register(base), offset != 0 {
            asm.lea(register, Address(home, Int32(truncatingIfNeeded: offset)))
        } else {
            fetch(base, into: register)
            if offset != 0 { asm.alu(.add, register, immediate: Int32(truncatingIfNeeded: offset)) }
        }
    }

    /// Makes of the host address in `rdx`, that a slow path found, the distance that the access wants, and leaves
    /// the guest address in `rax`.
    mutating func measureDistance(_ stub: ColdStub) {
        computeAddress(stub.base, Int64(stub.offset), into: .rax)
        asm.alu(.sub, .rdx, .rax)
        keepDistance(stub)
    }

    /// Either check, and the note of its cold path.
    private mutating func check(
        _ kind: ColdStub.Kind, _ op: Op, _ index: Int, _ base: Value, _ offset: Int64, span: Int64,
        write: Bool
    ) -> ColdStub {
        var note: ColdStub
        if let window = usableWindow(index) {
            let (first, second) = askWindow(window)
            note = self.note(kind, op, first)
            note.sources.1 = second
            note.window = window
        } else {
            let (miss, address) = check(base, offset, span: span, write: write)
            note = self.note(kind, op, miss)
            note.register = address.code
        }
        note.base = base
        note.offset = Int32(truncatingIfNeeded: offset)
        note.span = UInt16(truncatingIfNeeded: span)
        note.isWrite = write
        note.resume = UnsafePointer(asm.cursor)
        note.access = note.resume
        return note
    }

    /// Mapped registers whose vector register holds the guest's value at this point.
    var liveFloats: UInt32 {
        mappedFloats & (~context.pointee.firstWritten | writtenFloats)
    }

    /// A note for the operation's cold path, with the floating-point state of this point.
    func note(_ kind: ColdStub.Kind, _ op: Op, _ source: Fixup) -> ColdStub {
        var note = ColdStub(
            kind: kind, op: op, holders: temporaries.holders, words: words,
            openNaNs: (openDoubles, openSingles), liveFloats: liveFloats,
            dirtyFloats: mappedFloats & writtenFloats)
        note.sources.0 = source
        return note
    }

    /// The group that `index` belongs to, when it is worth a slot.
    private func group(_ index: Int) -> Hoisting.Group? {
        guard let roles = context.pointee.hoisting.roles, let groups = context.pointee.hoisting.groups,
            roles[index] != Hoisting.Role.none, !checksSingly
        else { return nil }
        let group = groups[Int(roles[index])]
        return group.slot == Hoisting.noSlot ? nil : group
    }

    /// The window that the check of operation `index` asks; that of a group is no use to a single access.
    private func usableWindow(_ index: Int) -> Int? {
        guard let number = window(index) else { return nil }
        guard checksSingly, let roles = context.pointee.hoisting.roles,
            let groups = context.pointee.hoisting.groups,
            roles[index] != Hoisting.Role.none, groups[Int(roles[index])].slot != Hoisting.noSlot
        else { return number }
        return nil
    }

    /// Whether all accesses of a group come while `rdx` still holds its distance.
    private func staysInHand(_ group: Hoisting.Group, _ number: UInt16) -> Bool {
        guard let roles = context.pointee.hoisting.roles else { return false }
        var left = group.members - 1
        var next = group.leader + 1
        while left > 0, next < count {
            let op = ops[next]
            if roles[next] == number {
                left -= 1
            } else if op.code.isAccess || !op.code.sparesAddress {
                return false
            }
            next += 1
        }
        return left == 0
    }

    /// Where a group's distance is kept.
    private func slot(_ group: Hoisting.Group) -> Address {
        if let window = window(group.leader) { return windowDistance(window) }
        return state(layout.core(\.hoisted) + Int32(group.slot) * 8)
    }

    /// Emits what makes the host address of the access known, and returns it together with, for a lone access,
    /// its unfinished cold note.
    private mutating func locate(_ op: Op, _ index: Int, write: Bool) -> (Address, ColdStub?) {
        guard let group = group(index), let role = context.pointee.hoisting.roles?[index] else {
            slotInHand = Hoisting.noSlot
            let span = Int64(MemoryWidth(rawValue: op.c).bytes)
            let note = check(write ? .store : .load, op, index, op.a, op.immediate, span: span, write: write)
            let inScratch = note.window == nil && note.register == Register.rax.code
            return (inScratch ? Address(.rax, .rdx) : place(op, note.window), note)
        }
        let window = window(group.leader)
        let isInRegister = window.map { windows[$0].distance != nil } ?? false
        if group.leader != index {
            if slotInHand != group.slot, !isInRegister { asm.load(.rdx, slot(group)) }
        } else {
            let span = group.high - group.low
            var note = check(.hoist, op, index, group.base, group.low, span: span, write: group.isWrite)
            note.number = span | (group.isWrite ? 1 << 16 : 0) | Int64(index) << 32
            cold(note)
            if window == nil, !staysInHand(group, role) { asm.store(slot(group), .rdx) }
        }
        slotInHand = isInRegister ? Hoisting.noSlot : group.slot
        return (place(op, window), nil)
    }

    /// Where an access is, once the window's register or else `rdx` holds the distance.
    private mutating func place(_ op: Op, _ window: Int?) -> Address {
        let distance = window.flatMap { windows[$0].distance } ?? .rdx
        return Address(read(op.a, .rcx), distance, Int32(truncatingIfNeeded: op.immediate))
    }

    // MARK: Integer accesses

    mutating func load(_ op: Op, _ index: Int) {
        let (address, note) = locate(op, index, write: false)
        let width = MemoryWidth(rawValue: op.c)
        let to = target(op.destination)
        asm.load(to, address, width.size, signed: width.isSigned)
        keep(op.destination, to)
        if let note { cold(note) }
    }

    mutating func store(_ op: Op, _ index: Int) {
        let (address, note) = locate(op, index, write: true)
        // A cold path may have come by, and used it up.
        inHand = nil
        let size = MemoryWidth(rawValue: op.c).size
        if op.b == .zero {
            asm.store(address, immediate: 0, size)
        } else {
            asm.store(address, read(op.b, spare(address)), size)
        }
        finishStore(note)
    }

    /// A scratch register that `address` does not use.
    private func spare(_ address: Address) -> Register { address.base == .rcx ? .rax : .rcx }

    /// The runtime does a missed store as a whole, so it resumes behind it.
    private mutating func finishStore(_ note: ColdStub?) {
        guard var note else { return }
        note.resume = UnsafePointer(asm.cursor)
        cold(note)
    }

    // MARK: Floating-point accesses

    mutating func floatLoad(_ op: Op, _ index: Int) {
        let (address, note) = locate(op, index, write: false)
        let isDouble = MemoryWidth(rawValue: op.c).bytes == 8
        if let to = map.vector(op.destination) {
            asm.load(to, address, isDouble ? .double : .single)
            if !isDouble { asm.bitwise(0x56, to, to, core(\.constants.box)) }
        } else if isDouble {
            asm.load(.rax, address)
            asm.store(home(op.destination), .rax)
        } else {
            asm.load(.rax, address, .b32)
            asm.store(home(op.destination), .rax, .b32)
            asm.store(upperHalf(op.destination), immediate: -1, .b32)
        }
        if let note { cold(note) }
        wrote(op.destination, boxed: !isDouble)
    }

    func upperHalf(_ value: Value) -> Address { Address(.state, home(value).displacement + 4) }

    mutating func floatStore(_ op: Op, _ index: Int) {
        settleNaN(op.b)
        let (address, note) = locate(op, index, write: true)
        let isDouble = MemoryWidth(rawValue: op.c).bytes == 8
        if let from = map.vector(op.b) {
            asm.store(address, from, isDouble ? .double : .single)
        } else {
            let value = spare(address)
            asm.load(value, home(op.b), isDouble ? .b64 : .b32)
            asm.store(address, value, isDouble ? .b64 : .b32)
        }
        finishStore(note)
    }
}
