/// Writes the code behind a unit's expected path.
extension Emitter {
    mutating func emitColdStubs() {
        isCold = true
        // Taken exits note further stubs while the list is walked.
        var index = 0
        while index < context.pointee.coldCount {
            emit(context.pointee.cold[index])
            index += 1
        }
    }

    private mutating func bindSources(_ stub: ColdStub) {
        if let source = stub.sources.0 { asm.bind(source) }
        if let source = stub.sources.1 { asm.bind(source) }
        if let source = stub.sources.2 { asm.bind(source) }
        if let source = stub.sources.3 { asm.bind(source) }
    }

    private mutating func resume(_ stub: ColdStub) {
        if let place = stub.resume { asm.jump(to: place) }
    }

    private mutating func emit(_ stub: ColdStub) {
        adopt(stub.holders)
        words = stub.words
        (openDoubles, openSingles) = stub.openNaNs
        switch stub.kind {
        case .load: emitLoad(stub)
        case .store: emitStore(stub)
        case .hoist: emitHoist(stub)
        case .singly: emitSingly(stub)
        case .emptyWindow: emitEmptyWindow(stub)
        case .atomic: emitAtomic(stub)
        case .interpret: emitInterpret(stub)
        case .interpretAndLeave:
            bindSources(stub)
            withFloats(stub) { $0.interpretAndLeave(stub.op) }
        case .canonicalNaN: emitNaN(stub)
        case .takenExit: emitTakenExit(stub)
        case .exitStub: emitExitStub(stub)
        case .indirectMiss: emitIndirectMiss(stub)
        case .attend: emitAttend(stub)
        case .hotStub:
            bindSources(stub)
            asm.mov(.rax, immediate: stub.number | Int64(LeaveReason.hot))
            asm.jump(to: thunks.leave)
        case .regionExit: emitRegionExit(stub)
        case .regionPoll: emitRegionPoll(stub)
        case .refusal: emitRefusal(stub)
        case .regret: emitRegret(stub)
        case .secondPage: emitSecondPage(stub)
        }
    }

    private mutating func emitLoad(_ stub: ColdStub) {
        bindSources(stub)
        let found = refillWindow(stub)
        spillFloats(stub.dirtyFloats)
        if stub.register != 0 { asm.mov(.rax, Register(stub.register)) }
        asm.mov(.rdx, immediate: info(stub.op))
        callOut(thunks.load)
        loadFloats(stub.liveFloats)
        measureDistance(stub)
        fillWindow(stub, found)
        resume(stub)
    }

    private mutating func emitStore(_ stub: ColdStub) {
        bindSources(stub)
        refillWindow(stub)
        spillFloats(stub.dirtyFloats)
        if stub.register != 0 { asm.mov(.rax, Register(stub.register)) }
        if stub.op.b.isFloat {
            if let value = map.vector(stub.op.b) {
                asm.move(.rcx, value, .b64)
            } else {
                asm.load(.rcx, home(stub.op.b))
            }
        } else {
            fetch(stub.op.b, into: .rcx)
        }
        asm.mov(.rdx, immediate: info(stub.op))
        callOut(thunks.store)
        loadFloats(stub.liveFloats)
        resume(stub)
    }

    /// Fills the page; when the group's range is not all plain memory with the right to it, the
    /// guest goes on at this very instruction in the variant without hoisting.
    private mutating func emitHoist(_ stub: ColdStub) {
        bindSources(stub)
        let found = refillWindow(stub)
        if stub.register != 0 { asm.mov(.rax, Register(stub.register)) }
        let crosses = region == nil ? nil : crossing(stub)
        spillFloats(stub.dirtyFloats)
        asm.mov(.rdx, immediate: stub.number & 0xffff_ffff)
        callOut(thunks.hoist)
        loadFloats(stub.liveFloats)
        asm.test(.rdx, .rdx)
        let failed = asm.jump(.equal)
        measureDistance(stub)
        fillWindow(stub, found)
        resume(stub)
        if let crosses { return goOnSingly(stub, crosses, failed) }
        asm.bind(failed)
        withFloats(stub) {
            $0.exit(
                to: Int64(stub.op.pageOffset), from: stub.op.pageOffset, retired: Int(stub.op.retired),
                key: $0.unitKey | UnitKey.unhoisted,
                polls: false)
        }
    }

    private mutating func emitAtomic(_ stub: ColdStub) {
        if let miss = stub.sources.0 { asm.bind(miss) }
        spillFloats(stub.dirtyFloats)
        asm.mov(.rdx, immediate: stub.number & 0xffff_ffff)
        callOut(thunks.hoist)
        loadFloats(stub.liveFloats)
        asm.test(.rdx, .rdx)
        guard let place = stub.resume else { return }
        asm.jump(.notEqual, to: place)
        if let misaligned = stub.sources.1 { asm.bind(misaligned) }
        words = stub.words
        (openDoubles, openSingles) = stub.openNaNs
        callInterpreter(stub.op, stub.dirtyFloats, stub.liveFloats)
        asm.jump(to: place + Int(stub.number >> 32))
    }

    private mutating func emitInterpret(_ stub: ColdStub) {
        bindSources(stub)
        callInterpreter(stub.op, stub.dirtyFloats, stub.liveFloats)
        resume(stub)
    }

    private mutating func emitNaN(_ stub: ColdStub) {
        bindSources(stub)
        let isDouble = stub.number != 0
        let constant = isDouble ? core(\.constants.nanDouble) : core(\.constants.nanSingle)
        asm.load(VectorRegister(stub.register), constant, .double)
        resume(stub)
    }

    /// Runs `body` with the floating-point state that held where the stub was noted.
    private mutating func withFloats(_ stub: ColdStub, _ body: (inout Emitter) -> Void) {
        let written = writtenFloats
        writtenFloats = stub.dirtyFloats
        body(&self)
        writtenFloats = written
    }

    private mutating func emitTakenExit(_ stub: ColdStub) {
        bindSources(stub)
        let backward = stub.op.immediate <= Int64(stub.op.pageOffset)
        // A region has counted its branches already.
        let retired = region == nil ? Int(stub.op.retired) + 1 : 0
        withFloats(stub) {
            $0.exit(
                to: stub.op.immediate, from: stub.op.pageOffset, retired: retired,
                key: $0.unitKey & UnitKey.mode, polls: backward)
        }
    }

    private mutating func emitAttend(_ stub: ColdStub) {
        bindSources(stub)
        asm.store(core(\.exitRequest), immediate: 1, .b32)
        let next = Int64(stub.op.pageOffset) + stub.op.immediate
        withFloats(stub) {
            $0.exit(
                to: next, from: stub.op.pageOffset, retired: Int(stub.op.retired) + 1,
                key: $0.unitKey & UnitKey.mode, polls: true)
        }
    }

    private mutating func emitExitStub(_ stub: ColdStub) {
        if let field = stub.resume {
            asm.nop(Int(8 - UInt(bitPattern: asm.cursor) & 7) & 7)
            asm.bind(Fixup(field: UnsafeMutablePointer(mutating: field)))
            context.pointee.exits[Int(stub.number)].expected =
                UInt32(truncatingIfNeeded: asm.cursor - thunks.base)
            asm.word64(0)
        }
        bindSources(stub)
        asm.mov(.rax, immediate: stub.number)
        asm.jump(to: thunks.leave)
    }

    private mutating func emitIndirectMiss(_ stub: ColdStub) {
        bindSources(stub)
        asm.alu(.and, .rax, immediate: -2)
        asm.store(state(layout.displacement(layout.pc)), .rax)
        asm.mov(.rax, immediate: Int64(LeaveReason.indirect.rawValue))
        asm.jump(to: thunks.leave)
    }
}
