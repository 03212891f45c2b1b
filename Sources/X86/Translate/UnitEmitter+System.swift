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
        default: swapBase()
        }
    }

    /// RFLAGS are put together from the flag word and the system flags.
    private mutating func pushFlags() {
        let (address, scratch) = (HostRegisters.address, HostRegisters.scratch)
        materialise()
        flags.isLive = false
        asm.load(2, scratch, .state(CoreLayout.flagWord))
        asm.mov(address, scratch, .b32)
        asm.shift(.shr, address, by: 8, .b32)
        asm.alu(.and, address, immediate: 0xD5, .b32)
        asm.alu(.and, scratch, immediate: 1, .b32)
        asm.shift(.shl, scratch, by: 11, .b32)
        asm.alu(.or, address, scratch, .b32)
        emitALU(.or, 2, .register(address), .state(CoreLayout.systemFlags))
        asm.alu(.and, address, immediate: ~Int32(Flag.resume | Flag.virtual8086), .b32)
        asm.store(3, .state(CoreLayout.kept), address)
        asm.lea(address, Address(HostRegisters.stack, -8))
        check(3, write: true)
        asm.load(3, scratch, .state(CoreLayout.kept))
        asm.store(3, .operand, scratch)
        willWrite(4)
        asm.lea(HostRegisters.stack, Address(HostRegisters.stack, -8))
    }

    private mutating func moveFromSegment(_ i: UnsafePointer<Instruction>) {
        willWrite(i.pointee.destination >> 3)
        let selector = Place.state(CoreLayout.segment(i.pointee.source))
        asm.instruction(2, map: 1, 0xB7, HostRegisters.scratch.code, selector)
        setGuest(i.pointee.destination, i.pointee.size, HostRegisters.scratch)
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
}
