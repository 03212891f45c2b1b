import CLinux

// Identification, counters, model-specific registers, caches, and what else concerns the processor as such.
extension Interpreter {
    func miscellaneous(_ i: UnsafePointer<Instruction>) throws(Fault) {
        switch i.pointee.op {
        case .cpuid: identify()
        case .rdtsc, .rdtscp: try readCounter(i)
        case .rdmsr:
            try demandSupervisor()
            setPair(try cpu.readMSR(UInt32(truncatingIfNeeded: r[1])))
        case .wrmsr:
            try demandSupervisor()
            try cpu.writeMSR(UInt32(truncatingIfNeeded: r[1]), r[0] & 0xFFFF_FFFF | r[2] << 32)
        case .invlpg:
            try demandSupervisor()
            cpu.tlb.flush(page: address(i))
        case .invpcid: try invalidate(i)
        case .invd, .wbinvd: try demandSupervisor()
        case .clac, .stac:
            try demandSupervisor()
            if i.pointee.op == .stac {
                s.pointee.systemFlags |= Flag.alignment
            } else {
                s.pointee.systemFlags &= ~Flag.alignment
            }
            cpu.selectTLB()
        case .rdfsbase, .rdgsbase, .wrfsbase, .wrgsbase: try segmentBase(i)
        case .lfence, .mfence, .sfence: viv_fence()
        case .clflush: _ = try load(address(i), 0)
        case .rdrand, .rdseed:
            setRegister(i.pointee.destination, i.pointee.size, UInt64.random(in: 0...UInt64.max))
            s.setArithmetic(Flag.carry)
        default: throw .undefined
        }
    }

    private func setPair(_ value: UInt64) {
        r[0] = value & 0xFFFF_FFFF
        r[2] = value >> 32
    }

    private func identify() {
        let leaf = Identification.leaf(
            UInt32(truncatingIfNeeded: r[0]), UInt32(truncatingIfNeeded: r[1]), core: cpu)
        r[0] = UInt64(leaf.eax)
        r[3] = UInt64(leaf.ebx)
        r[1] = UInt64(leaf.ecx)
        r[2] = UInt64(leaf.edx)
    }

    private func readCounter(_ i: UnsafePointer<Instruction>) throws(Fault) {
        if s.pointee.cr4 & Control.cr4TSD != 0 { try demandSupervisor() }
        setPair(cpu.timeStamp)
        if i.pointee.op == .rdtscp { r[1] = s.pointee.tscAux & 0xFFFF_FFFF }
    }

    /// INVPCID: a page, an address space, all of them with global pages, all of them without.
    private func invalidate(_ i: UnsafePointer<Instruction>) throws(Fault) {
        try demandSupervisor()
        let kind = truncate(register(i.pointee.destination), cpu.isWide ? 3 : 2)
        let place = address(i)
        let space = try load(place, 3)
        let page = try load(place &+ 8, 3)
        guard kind < 4, space >> 12 == 0 else { throw .protection }
        let hasSpaces = s.pointee.cr4 & Control.cr4PCIDE != 0
        if kind < 2, !hasSpaces, space != 0 { throw .protection }
        switch kind {
        case 0:
            guard Core.isCanonical(page) else { throw .protection }
            cpu.tlb.flush(page: page)
        case 2: cpu.tlb.flush()
        default: cpu.tlb.flushLocal()
        }
    }

    private func segmentBase(_ i: UnsafePointer<Instruction>) throws(Fault) {
        guard s.pointee.cr4 & Control.cr4FSGSBASE != 0, s.pointee.mode == Decoder.Mode.bits64.rawValue else {
            throw .undefined
        }
        let slot = i.pointee.op == .rdfsbase || i.pointee.op == .wrfsbase ? 4 : 5
        let size = i.pointee.sourceSize
        if i.pointee.op == .rdfsbase || i.pointee.op == .rdgsbase {
            return setRegister(i.pointee.destination, size, cpu.bases[slot])
        }
        let value = truncate(register(i.pointee.destination), size)
        try checkTarget(value)
        cpu.setBase(slot, value)
    }
}

extension Core {
    /// What RDTSC reads.
    package var timeStamp: UInt64 { clock.now() &+ state.pointee.tscOffset }

    func setBase(_ slot: Int, _ value: UInt64) {
        state.pointee.segments[slot].base = value
        bases[slot] = value
    }
}
