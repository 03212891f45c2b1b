/// Ways out of a unit.
extension Emitter {
    /// Leaves to `target` (bytes from the start of the page) after `retired` more instructions, the last of which
    /// is at `source`.
    ///
    /// The jump starts out leading to its stub, which asks the runtime to link it. A target in
    /// another page is followed only while that page is mapped where it was when it was linked, so
    /// the same code serves every address space.
    mutating func exit(to target: Int64, from source: UInt16, retired: Int, key: UInt32, polls: Bool) {
        spillFloats(mappedFloats & writtenFloats)
        if retired > 0 { countInstructions(retired) }
        leaveRegion()
        var stub = ColdStub(kind: .exitStub, op: Op(.jump))
        let number = context.pointee.exitCount
        context.pointee.exitCount += 1
        let slot = Heat.slot(physicalPage &+ UInt64(bitPattern: target))
        if polls, region == nil, target >= -4096, target < 4096, key == unitKey { heat(slot, number) }
        if polls {
            asm.alu(.cmp, core(\.exitRequest), immediate: 0, .b32)
            stub.sources.1 = asm.jump(.notEqual)
        }
        let exits = target < 0 || target >= 4096
        if exits { verifyPage(target & ~0xfff, &stub) }
        asm.alignField(offset: 1, width: 4)
        let jump = asm.jump()
        if !exits { stub.sources.0 = jump } else { stub.sources.3 = jump }
        context.pointee.exits[number] = Exit(
            field: UInt32(truncatingIfNeeded: jump.field - thunks.base),
            target: Int32(truncatingIfNeeded: target),
            key: key, expected: 0, source: source, heat: UInt8(slot))
        stub.number = Int64(number)
        cold(stub)
    }

    /// Counts a turn of a loop, whose head may also lie in the page before this one.
    private mutating func heat(_ slot: Int, _ exit: Int) {
        asm.alu(.sub, state(layout.core(\.heat) + Int32(slot) * 4), immediate: 1, .b32)
        var stub = ColdStub(kind: .hotStub, op: Op(.jump))
        stub.sources.0 = asm.jump(.sign)
        stub.number = Int64(exit)
        cold(stub)
    }

    mutating func countInstructions(_ count: Int) {
        asm.alu(.add, state(layout.displacement(layout.instructions)), immediate: Int32(count))
    }

    /// Goes on only if `distance` bytes from the running page begins the page that the exit was
    /// linked to, and makes it the running page.
    private mutating func verifyPage(_ distance: Int64, _ stub: inout ColdStub) {
        asm.load(.rax, core(\.pageBase))
        asm.alu(.add, .rax, immediate: Int32(truncatingIfNeeded: distance))
        asm.rorx(.rcx, .rax, by: 7, .b32)
        asm.alu(.and, .rcx, core(\.tlbMask), .b32)
        asm.alu(.cmp, .rax, Address(.tlb, .rcx, TLBEntry.executeOffset))
        stub.sources.2 = asm.jump(.notEqual)
        asm.load(.rdx, Address(.tlb, .rcx, TLBEntry.distanceOffset))
        asm.alu(.add, .rdx, .rax)
        // The stub holds the expected host page right before its code.
        stub.resume = UnsafePointer(asm.compare(withDataLater: .rdx).field)
        stub.sources.0 = asm.jump(.notEqual)
        asm.store(core(\.pageBase), .rax)
    }

    mutating func branch(_ op: Op) {
        if region != nil { return branchInRegion(op) }
        compare(op.a, op.b, 0)
        let taken = asm.jump(Condition(rawValue: op.c) ?? .equal)
        cold(note(.takenExit, op, taken))
    }

    mutating func jump(_ op: Op) {
        linkRegister(op)
        if region != nil, op.destination == .zero { return jumpInRegion(op) }
        let backward = op.immediate <= Int64(op.pageOffset)
        exit(
            to: op.immediate, from: op.pageOffset, retired: Int(op.retired) + 1, key: unitKey & UnitKey.mode,
            polls: backward)
    }

    /// `c` = length of the instruction, when it saves its successor's address.
    private mutating func linkRegister(_ op: Op) {
        guard op.destination != .zero else { return }
        // `rax` may hold the target.
        let to = map.register(op.destination) ?? .rcx
        asm.load(to, core(\.pageBase))
        asm.alu(.add, to, immediate: Int32(op.pageOffset) + Int32(op.c))
        keep(op.destination, to)
    }

    /// The jump cache knows even addresses only, so an odd one, whose lowest bit does not count, goes the cold way.
    mutating func jumpIndirect(_ op: Op) {
        fetch(op.a, into: .rax)
        if op.immediate != 0 { asm.alu(.add, .rax, immediate: Int32(truncatingIfNeeded: op.immediate)) }
        linkRegister(op)
        spillFloats(mappedFloats & writtenFloats)
        countInstructions(Int(op.retired) + 1)
        leaveRegion()
        var stub = ColdStub(kind: .indirectMiss, op: op)
        asm.alu(.cmp, core(\.exitRequest), immediate: 0, .b32)
        stub.sources.0 = asm.jump(.notEqual)
        asm.mov(.rcx, .rax, .b32)
        asm.alu(.and, .rcx, immediate: JumpCache.indexMask, .b32)
        asm.load(.rdx, core(\.jumpCache))
        asm.lea(.rdx, Address(.rdx, .rcx, shift: 3))
        asm.alu(.cmp, .rax, Address(.rdx))
        stub.sources.1 = asm.jump(.notEqual)
        asm.load(.rcx, core(\.generation), .b32)
        asm.alu(.cmp, .rcx, Address(.rdx, JumpCache.generationOffset), .b32)
        stub.sources.2 = asm.jump(.notEqual)
        asm.alu(.and, .rax, immediate: -4096)
        asm.store(core(\.pageBase), .rax)
        asm.load(.rcx, Address(.rdx, JumpCache.codeOffset), .b32)
        asm.jump(.rcx)
        cold(stub)
    }

    // MARK: The interpreter's help

    mutating func interpret(_ op: Op) {
        callInterpreter(op, mappedFloats & writtenFloats, liveFloats)
        // It may have written any of them.
        boxedFloats = 0
        (openDoubles, openSingles) = (0, 0)
    }

    mutating func callInterpreter(_ op: Op, _ dirty: UInt32, _ live: UInt32) {
        spillFloats(dirty)
        asm.mov(.rdx, immediate: info(op) & 0xff_ffff)
        asm.mov(.rcx, immediate: encoding(op))
        callOut(thunks.interpret)
        loadFloats(live)
    }

    /// The guest's encoding, where the operation stands for nothing else; 0 = to be fetched.
    private func encoding(_ op: Op) -> Int64 {
        op.code == .interpret || op.code == .interpretAndLeave ? op.immediate : 0
    }

    mutating func interpretAndLeave(_ op: Op) {
        spillFloats(mappedFloats & writtenFloats)
        leaveRegion()
        asm.mov(.rdx, immediate: info(op) & 0xff_ffff)
        asm.mov(.rcx, immediate: encoding(op))
        asm.jump(to: thunks.interpretAndLeave)
    }
}
