import Translator

// MOVS and STOS, repeated, by the host's own while they stay within a page on each side.
extension UnitEmitter {
    /// More than that, or downwards, is the interpreter's.
    mutating func string(_ i: UnsafePointer<Instruction>) {
        let size = i.pointee.size
        let count = Register.rcx
        aboutToClobber()
        // Also where the interpreter goes on, which may come upon a fault.
        willWrite(1, mayShow: true)
        willWrite(7, mayShow: true)
        if i.pointee.op == .movs { willWrite(6, mayShow: true) }
        var path = ColdPath(.interpretHere, flags)
        asm.test(count, count)
        let nothing = jumpLater(4)
        emitALU(.cmp, 3, .register(count), immediate: 4096 >> Int64(size))
        var fields = [jumpLater(7)]
        emitALU(nil, 2, .state(CoreLayout.systemFlags), immediate: Int64(Flag.direction))
        fields.append(jumpLater(5))
        if i.pointee.op == .movs {
            fields += reach(.rsi, size, write: false)
            asm.store(3, .state(CoreLayout.source), HostRegisters.scratch)
        }
        fields += reach(.rdi, size, write: true)
        repeatHere(i)
        path.fields = fields
        path.info = info
        path.back = asm.cursor
        cold.append(path)
        bind(nothing)
    }

    /// Leaves the host's address of what a register points at in `r14`; all turns must lie in its page.
    private mutating func reach(_ pointer: Register, _ size: UInt8, write: Bool)
        -> [UnsafeMutablePointer<UInt8>]
    {
        let (address, scratch) = (HostRegisters.address, HostRegisters.scratch)
        let set = CoreLayout.tlb(mode.set)
        asm.mov(address, pointer)
        asm.rorx(scratch, address, by: 7)
        asm.alu(.and, scratch, immediate: Int32(TLB.size - 1) * 32, .b32)
        asm.alu(.xor, address, Address(.rbp, scratch, set + (write ? TLBEntry.writeOffset : 0)))
        asm.alu(.cmp, address, immediate: 4095)
        let missed = jumpLater(7)
        asm.load(scratch, Address(.rbp, scratch, set + TLBEntry.hostOffset))
        asm.alu(.add, scratch, address)
        asm.lea(address, Address(address, .rcx, shift: size))
        asm.alu(.cmp, address, immediate: 4096)
        return [missed, jumpLater(7)]
    }

    /// The host's address of the target is in `r14`, that of a source in the state.
    private mutating func repeatHere(_ i: UnsafePointer<Instruction>) {
        let (address, scratch, size) = (HostRegisters.address, HostRegisters.scratch, i.pointee.size)
        asm.lea(address, Address(.rdi, .rcx, shift: size))
        asm.mov(.rdi, scratch)
        if i.pointee.op == .movs {
            asm.lea(scratch, Address(.rsi, .rcx, shift: size))
            asm.load(3, .rsi, .state(CoreLayout.source))
        }
        if size == 1 { asm.byte(0x66) }
        asm.byte(0xF3)
        if size == 3 { asm.byte(0x48) }
        asm.byte((i.pointee.op == .movs ? 0xA4 : 0xAA) | (size == 0 ? 0 : 1))
        asm.mov(.rdi, address)
        if i.pointee.op == .movs { asm.mov(.rsi, scratch) }
    }
}
