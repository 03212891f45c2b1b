import Translator

// Control flow, within units and out of them.
extension UnitEmitter {
    mutating func branch(_ i: UnsafePointer<Instruction>) {
        switch i.pointee.op {
        case .jcc: conditional(i)
        case .jmp:
            go(to: target(i))
            goesOn = false
        case .call: call(i)
        case .ret, .retImm: comeBack(i)
        case .jmpIndirect:
            loadTarget(i)
            poll()
            throughTable(.interpret, info)
            goesOn = false
        default: callIndirect(i)
        }
    }

    /// Offset from the page's base; anything that does not fit is in no page near.
    private func target(_ i: UnsafePointer<Instruction>) -> Int64 { Int64(nextOffset) + i.pointee.immediate }

    private func isHere(_ target: Int64) -> Bool { target >= 0 && target < 4096 }

    /// Looks whether somebody wants the core, at a place where flags need not survive in EFLAGS.
    mutating func poll() {
        aboutToClobber()
        poll(next: offset)
    }

    private mutating func conditional(_ i: UnsafePointer<Instruction>) {
        requireLive()
        let target = target(i)
        if loop(i.pointee.extra & 15, to: target) { return }
        var path = ColdPath(isHere(target) ? .link : .otherPage, flags)
        path.field = jumpLater(i.pointee.extra & 15)
        path.target = Int32(truncatingIfNeeded: target)
        path.info = info
        cold.append(path)
    }

    /// Jumps for good to an offset from the page's base.
    private mutating func go(to target: Int64) {
        guard isHere(target) else {
            materialise()
            if target < 0 { poll() }
            return jumpToPage(Int32(truncatingIfNeeded: target), .interpret, info)
        }
        jumpWithinPage(Int32(truncatingIfNeeded: target))
    }

    private mutating func jumpWithinPage(_ target: Int32) {
        if !flags.isSaved { requireLive() }
        var path = ColdPath(flags.isLive ? .link : .linkSaved, flags)
        path.field = jumpLater()
        path.target = target
        cold.append(path)
    }

    /// What comes behind the unit's last instruction.
    mutating func fallThrough() {
        let next = offsets[count]
        // What stopped short of the longest unit goes on with an instruction on two pages.
        let straddles = next > 4096 - Int32(Decoder.longest) && count < UnitTranslation.longest
        if next < 4096, !straddles { return jumpWithinPage(next) }
        materialise()
        jumpToPage(next, .leaveAtAddress, 0)
    }

    mutating func poll(next: Int32) {
        emitALU(.cmp, 2, .state(CoreLayout.exitRequest), immediate: 0)
        var path = ColdPath(.leave, flags)
        path.field = jumpLater(5)
        path.target = next
        cold.append(path)
    }

    /// Jumps to another page; the flags are saved.
    mutating func jumpToPage(_ target: Int32, _ otherwise: ColdPath.Kind, _ info: UInt32) {
        asm.load(3, HostRegisters.address, .state(CoreLayout.pageBase))
        asm.lea(HostRegisters.address, Address(HostRegisters.address, target))
        throughTable(otherwise, info)
    }

    /// Jumps to the unit whose linear address is in `r13`, if the jump table knows it; the flags are saved.
    ///
    /// - Parameter set: the TLB set in which to go on; `nil` for the unit's own.
    mutating func throughTable(_ otherwise: ColdPath.Kind, _ info: UInt32, set: Int? = nil) {
        lookUp(otherwise, info, set: set)
        asm.jump(Address(.rbp, HostRegisters.scratch, shift: 3, CoreLayout.jumps(set ?? mode.set) + 8))
    }

    /// Leaves an entry's place in `r14`, in units of eight bytes.
    private mutating func lookUp(_ otherwise: ColdPath.Kind, _ info: UInt32, set: Int? = nil) {
        let (address, scratch) = (HostRegisters.address, HostRegisters.scratch)
        asm.lea(scratch, Address(address, address), .b32)
        asm.alu(.and, scratch, immediate: JumpTable.mask, .b32)
        asm.alu(.cmp, address, Address(.rbp, scratch, shift: 3, CoreLayout.jumps(set ?? mode.set)))
        var path = ColdPath(otherwise, FlagState())
        path.field = jumpLater(5)
        path.info = info
        cold.append(path)
    }

    // MARK: Calls

    /// Finds the host's address of the place for a return address and writes that there.
    private mutating func pushReturn() {
        access(4, -8, 3, write: true)
        asm.load(3, HostRegisters.scratch, .state(CoreLayout.pageBase))
        asm.lea(HostRegisters.scratch, Address(HostRegisters.scratch, nextOffset))
        asm.store(3, operand, HostRegisters.scratch)
    }

    private mutating func call(_ i: UnsafePointer<Instruction>) {
        let target = target(i)
        goesOn = false
        guard isHere(target) else {
            materialise()
            if target < 0 { poll() }
            asm.load(3, HostRegisters.address, .state(CoreLayout.pageBase))
            asm.lea(HostRegisters.address, Address(HostRegisters.address, Int32(truncatingIfNeeded: target)))
            return callThroughTable()
        }
        // Every way back has a poll, this one among them.
        if target <= Int64(offset) { poll() }
        pushReturn()
        willWrite(4)
        asm.lea(HostRegisters.stack, Address(HostRegisters.stack, -8))
        jumpWithinPage(Int32(truncatingIfNeeded: target))
    }

    /// The target is in `r13`, the flags are saved. A push that faults has not called.
    private mutating func callThroughTable() {
        lookUp(.interpret, info)
        asm.store(3, .state(CoreLayout.kept), HostRegisters.address)
        asm.load(
            HostRegisters.address,
            Address(.rbp, HostRegisters.scratch, shift: 3, CoreLayout.jumps(mode.set) + 8))
        asm.store(3, .state(CoreLayout.target), HostRegisters.address)
        pushReturn()
        asm.lea(HostRegisters.stack, Address(HostRegisters.stack, -8))
        asm.load(3, HostRegisters.address, .state(CoreLayout.kept))
        asm.jump(Address(.rbp, CoreLayout.target))
    }

    /// Puts the target of an indirect jump into `r13`, with the flags saved.
    private mutating func loadTarget(_ i: UnsafePointer<Instruction>) {
        materialise()
        if i.pointee.destination == Operand.memory {
            access(i, 3, write: false)
            asm.load(3, HostRegisters.address, operand)
        } else {
            asm.load(3, HostRegisters.address, guest(i.pointee.destination))
        }
    }

    private mutating func callIndirect(_ i: UnsafePointer<Instruction>) {
        loadTarget(i)
        poll()
        callThroughTable()
        goesOn = false
    }

    private mutating func comeBack(_ i: UnsafePointer<Instruction>) {
        materialise()
        poll()
        access(4, 0, 3, write: false)
        asm.load(3, HostRegisters.address, operand)
        lookUp(.interpret, info)
        let drop = i.pointee.op == .retImm ? Int32(i.pointee.immediate & 0xFFFF) : 0
        asm.lea(HostRegisters.stack, Address(HostRegisters.stack, 8 + drop))
        asm.jump(Address(.rbp, HostRegisters.scratch, shift: 3, CoreLayout.jumps(mode.set) + 8))
        goesOn = false
    }
}
