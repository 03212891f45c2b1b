import Translator

// What kernels do most often.
extension UnitEmitter {
    mutating func system(_ i: UnsafePointer<Instruction>) {
        switch i.pointee.op {
        case .pushf: pushFlags()
        case .movFromSegment: moveFromSegment(i)
        case .cli:
            aboutToClobber()
            emitALU(.and, 2, .state(CoreLayout.systemFlags), immediate: ~Int64(Flag.interrupt))
        case .sti: enableInterrupts()
        case .stac, .clac: setAccessCheck(i)
        case .syscall, .sysret: changePrivilege(i)
        case .rdtsc, .rdtscp: readCounter(i)
        case .lfence, .mfence, .sfence: fence(i)
        case .movFromControl: readFaultAddress(i)
        default: swapBase()
        }
    }

    /// RFLAGS are put together from the flag word and the system flags.
    private mutating func pushFlags() {
        let (address, scratch) = (HostRegisters.address, HostRegisters.scratch)
        materialise()
        flags.isLive = false
        asm.gatherFlags()
        asm.alu(.and, address, immediate: ~Int32(Flag.resume | Flag.virtual8086), .b32)
        asm.store(3, .state(CoreLayout.kept), address)
        asm.lea(address, Address(HostRegisters.stack, -8))
        check(8, write: true)
        asm.load(3, scratch, .state(CoreLayout.kept))
        asm.store(3, operand, scratch)
        willWrite(4)
        asm.lea(HostRegisters.stack, Address(HostRegisters.stack, -8))
    }

    private mutating func moveFromSegment(_ i: UnsafePointer<Instruction>) {
        willWrite(i.pointee.destination >> 3)
        let selector = Place.state(CoreLayout.segment(i.pointee.source))
        asm.instruction(2, map: 1, 0xB7, HostRegisters.scratch.code, selector)
        setGuest(i.pointee.destination, i.pointee.size, HostRegisters.scratch)
    }

    /// CLD and STD: DF never reaches the host's EFLAGS.
    mutating func setDirection(_ i: UnsafePointer<Instruction>) {
        aboutToClobber()
        let bit = Int64(Flag.direction)
        let isUp = i.pointee.op == .cld
        emitALU(isUp ? .and : .or, 2, .state(CoreLayout.systemFlags), immediate: isUp ? ~bit : bit)
    }

    private mutating func fence(_ i: UnsafePointer<Instruction>) {
        asm.byte(0x0F)
        asm.byte(0xAE)
        asm.byte(i.pointee.op == .lfence ? 0xE8 : i.pointee.op == .mfence ? 0xF0 : 0xF8)
    }

    /// CR2.
    private mutating func readFaultAddress(_ i: UnsafePointer<Instruction>) {
        willWrite(i.pointee.destination >> 3)
        asm.load(3, HostRegisters.scratch, .state(CoreLayout.cr2))
        setGuest(i.pointee.destination, 3, HostRegisters.scratch)
    }

    private mutating func swapBase() {
        let (address, scratch) = (HostRegisters.address, HostRegisters.scratch)
        let base = Place.state(CoreLayout.base(SegmentSlot.gs))
        asm.load(3, address, .state(CoreLayout.kernelGSBase))
        asm.load(3, scratch, base)
        asm.store(3, .state(CoreLayout.kernelGSBase), scratch)
        asm.store(3, base, address)
        asm.store(3, .state(CoreLayout.segment(SegmentSlot.gs) + 8), address)
    }

    /// STI holds interrupts off for one instruction more: where one waits already, or the next instruction may
    /// leave the unit before it is done, that is the interpreter's.
    private mutating func enableInterrupts() {
        aboutToClobber()
        var path = ColdPath(.interpretHere, flags)
        emitALU(nil, 2, .state(CoreLayout.systemFlags), immediate: Int64(Flag.interrupt))
        let isSet = jumpLater(5)
        let next = index + 1
        let isQuiet = next < count && traits[next].isDisjoint(with: [.exits, .polls])
        if isQuiet {
            emitALU(.cmp, 2, .state(CoreLayout.signals), immediate: 0)
            path.field = jumpLater(5)
            emitALU(.or, 2, .state(CoreLayout.systemFlags), immediate: Int64(Flag.interrupt))
        } else {
            path.field = jumpLater()
        }
        bind(isSet)
        path.back = asm.cursor
        path.info = info
        cold.append(path)
    }

    /// STAC and CLAC: under SMAP the unit goes on as one of another TLB set.
    private mutating func setAccessCheck(_ i: UnsafePointer<Instruction>) {
        let allows = i.pointee.op == .stac
        let strict = TLB.Set.supervisorStrict.rawValue
        aboutToClobber()
        // With the check in force AC is clear.
        if !allows, mode.set == strict { return }
        materialise()
        flags.isLive = false
        var path = ColdPath(.interpretHere, flags)
        emitALU(nil, 2, .state(CoreLayout.cr4), immediate: Int64(Control.cr4SMAP))
        path.field = jumpLater(4)
        path.info = info
        path.back = asm.cursor
        let bit = Int64(Flag.alignment)
        emitALU(allows ? .or : .and, 2, .state(CoreLayout.systemFlags), immediate: allows ? bit : ~bit)
        if allows, mode.set != strict {
            // SMAP is on and the check is not in force: AC was set.
            cold.append(path)
            return
        }
        let set = allows ? TLB.Set.supervisor.rawValue : strict
        asm.selectTLB(set)
        asm.load(3, HostRegisters.address, .state(CoreLayout.pageBase))
        asm.lea(HostRegisters.address, Address(HostRegisters.address, nextOffset))
        throughTable(.leaveAtAddress, 0, set: set)
        // Without SMAP the interpreter did it, and the unit goes on.
        path.back = asm.cursor
        cold.append(path)
    }

    private mutating func changePrivilege(_ i: UnsafePointer<Instruction>) {
        materialise()
        asm.load(3, HostRegisters.address, .state(CoreLayout.pageBase))
        asm.lea(HostRegisters.address, Address(HostRegisters.address, nextOffset))
        asm.mov(HostRegisters.scratch, immediate: Int64(info))
        asm.jump(to: i.pointee.op == .syscall ? thunks[mode].systemCall : thunks.systemReturn)
        goesOn = false
    }

    /// The host's counter, scaled as the machine's clock does it.
    private mutating func readCounter(_ i: UnsafePointer<Instruction>) {
        let scratch = HostRegisters.scratch
        aboutToClobber()
        willWrite(0)
        willWrite(2)
        if i.pointee.op == .rdtscp { willWrite(1) }
        var path = ColdPath(.interpretHere, flags)
        emitALU(.cmp, 3, .state(CoreLayout.clockFactor), immediate: 0)
        path.field = jumpLater(4)
        if mode.set == TLB.Set.user.rawValue {
            emitALU(nil, 2, .state(CoreLayout.cr4), immediate: Int64(Control.cr4TSD))
            path.other = jumpLater(5)
        }
        asm.rdtsc()
        asm.shift(.shl, .rdx, by: 32)
        asm.alu(.or, .rax, .rdx)
        asm.instruction(3, 0xF7, 4, .state(CoreLayout.clockFactor))
        // SHRD rax, rdx, 32
        for value in [0x48, 0x0F, 0xAC, 0xD0, 32] as [UInt8] { asm.byte(value) }
        emitALU(.add, 3, .register(.rax), .state(CoreLayout.clockOffset))
        emitALU(.add, 3, .register(.rax), .state(CoreLayout.tscOffset))
        asm.mov(.rdx, .rax)
        asm.shift(.shr, .rdx, by: 32)
        asm.mov(.rax, .rax, .b32)
        if i.pointee.op == .rdtscp {
            asm.load(2, scratch, .state(CoreLayout.tscAux))
            asm.mov(.rcx, scratch)
        }
        path.back = asm.cursor
        path.info = info
        cold.append(path)
    }
}
