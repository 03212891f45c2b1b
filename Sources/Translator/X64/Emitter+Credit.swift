/// What a region pays for being entered, and is paid for what it runs (see `Credit`).
extension Emitter {
    var credit: Address {
        let slot = Heat.slot(physicalPage &+ UInt64(region?.head ?? 0))
        return state(layout.core(\.credit) + Int32(slot) * 8)
    }

    mutating func payForEntry() {
        asm.alu(.sub, credit, immediate: Credit.entry)
        var stub = ColdStub(kind: .regret, op: Op(.jump))
        stub.sources.0 = asm.jump(.sign)
        cold(stub)
    }

    mutating func emitRegret(_ stub: ColdStub) {
        if let source = stub.sources.0 { asm.bind(source) }
        asm.load(.rax, core(\.pageBase))
        asm.alu(.add, .rax, immediate: Int32(region?.head ?? 0))
        asm.store(state(layout.displacement(layout.pc)), .rax)
        asm.mov(.rax, immediate: Int64(LeaveReason.regret.rawValue))
        asm.jump(to: thunks.leave)
    }
}
