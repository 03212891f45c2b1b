/// Regions whose groups of accesses straddle two pages for a while.
///
/// Leaving the region for every such turn of its loop would cost more than all checks. So the block goes on in a
/// copy of itself that checks every access alone; it is made once, behind the region, and entered at whichever
/// group does not lie in one page. Registers are in the same places there: what decides on them does not look
/// at groups.
extension Emitter {
    /// In the cold path of a group's check, with the address in `rax`: branches if the group is not in one page.
    mutating func crossing(_ stub: ColdStub) -> Fixup {
        asm.mov(.rcx, .rax, .b32)
        asm.alu(.and, .rcx, immediate: 0xfff, .b32)
        asm.alu(.cmp, .rcx, immediate: 4096 - Int32(stub.span), .b32)
        return asm.jump(.above)
    }

    /// Goes on in the block's copy, by either of two branches.
    mutating func goOnSingly(_ stub: ColdStub, _ crosses: Fixup, _ failed: Fixup) {
        var next = stub
        next.kind = .singly
        next.sources = (crosses, failed, nil, nil)
        next.number = stub.number >> 32
        cold(next)
    }

    mutating func emitSingly(_ stub: ColdStub) {
        let index = Int(stub.number)
        if context.pointee.singly[index] == 0 { copyBlock(of: index) }
        let place = UnsafePointer(thunks.base + Int(context.pointee.singly[index]))
        if let source = stub.sources.0 { Assembler.patch(source, to: place) }
        if let source = stub.sources.1 { Assembler.patch(source, to: place) }
    }

    /// Emits the block of operation `index` once more.
    private mutating func copyBlock(of index: Int) {
        var next = index
        while next > 0, ops[next].code != .label { next -= 1 }
        returnAll()
        adoptWords(of: ops[next].immediate)
        adoptNaNs(of: ops[next].immediate)
        boxedFloats = region?.boxed ?? 0
        kept = nil
        checksSingly = true
        isCold = false
        next += 1
        while next < count, ops[next].code != .label {
            if ops[next].code != .nothing { emitCopy(next) }
            next += 1
        }
        (checksSingly, isCold) = (false, true)
        // Cold paths have nothing in hand.
        inHand = nil
        if next < count, !ops[next - 1].endsRun { fallThrough(to: next) }
    }

    private mutating func emitCopy(_ index: Int) {
        borrow(ops[index], index)
        let op = settleWords(ops[index])
        if op.a < 32, op.code.isAccess {
            // Whoever comes in here has nothing in hand.
            kept = nil
            context.pointee.singly[index] = UInt32(truncatingIfNeeded: asm.cursor - thunks.base)
        }
        emit(op, index)
        finish(ops[index], index)
    }

    /// From the end of a copy to the block behind.
    private mutating func fallThrough(to label: Int) {
        tallyFallThrough(ops[label - 1])
        settleWords(for: ops[label].immediate)
        settleNaNs(for: ops[label].immediate)
        branchTo(ops[label].immediate)
    }
}
