import Translator

// Addresses and the check of the TLB.
extension UnitEmitter {
    /// Where the source is, once its page has been checked if it is in memory.
    mutating func sourcePlace(_ i: UnsafePointer<Instruction>, _ size: UInt8) -> Place {
        guard i.pointee.source == Operand.memory else { return guest(i.pointee.source) }
        access(i, size, write: false)
        return operand
    }

    /// Leaves the host's address of the operand in `r13`. Destroys `r14` and EFLAGS.
    mutating func access(_ i: UnsafePointer<Instruction>, _ size: UInt8, write: Bool, aligned: Bool = false) {
        if takesWindow() { return }
        locate(i)
        check(1 << Int32(size), write: write, aligned: aligned)
    }

    /// The same for an operand at a register of the guest, of 2^size bytes.
    mutating func access(_ base: UInt8, _ displacement: Int32, _ size: UInt8, write: Bool) {
        if takesWindow() { return }
        aboutToClobber()
        point(base, displacement)
        check(1 << Int32(size), write: write)
    }

    /// Whether a window has the operand, which it then leads to.
    private mutating func takesWindow() -> Bool {
        let use = windows[index]
        guard use.place >= 0 else { return false }
        if use.opens.bytes > 0 {
            aboutToClobber()
            point(use.opens.base, use.opens.start)
            check(use.opens.bytes, write: use.opens.isWritten, aligned: use.opens.isAligned, .window)
        }
        return true
    }

    private mutating func point(_ base: UInt8, _ displacement: Int32) {
        let place = Place.guest(base)
        if place.isMemory {
            asm.load(3, HostRegisters.address, place)
            if displacement == 0 { return }
            return asm.lea(HostRegisters.address, Address(HostRegisters.address, displacement))
        }
        if displacement == 0 { return asm.mov(HostRegisters.address, Register(place.base)) }
        asm.lea(HostRegisters.address, Address(Register(place.base), displacement))
    }

    /// Leaves the operand's linear address in `r13`. Destroys `r14` and EFLAGS.
    mutating func locate(_ i: UnsafePointer<Instruction>) {
        aboutToClobber()
        effective(i, HostRegisters.address, wide: true)
        if i.pointee.segment == SegmentSlot.fs || i.pointee.segment == SegmentSlot.gs {
            emitALU(
                .add, 3, .register(HostRegisters.address), .state(CoreLayout.base(i.pointee.segment)))
        }
    }

    /// The same for the linear address that is in `r13`; EFLAGS may be destroyed already.
    mutating func check(
        _ bytes: Int32, write: Bool, aligned: Bool = false, _ kind: ColdPath.Kind = .access
    ) {
        let (address, scratch) = (HostRegisters.address, HostRegisters.scratch)
        let set = CoreLayout.tlb(mode.set)
        let tag = Address(.rbp, scratch, set + (write ? TLBEntry.writeOffset : 0))
        asm.rorx(scratch, address, by: 7)
        asm.alu(.and, scratch, immediate: Int32(TLB.size - 1) * 32, .b32)
        asm.alu(.xor, address, tag)
        asm.alu(.cmp, address, immediate: 4096 - bytes)
        var path = ColdPath(kind, flags)
        path.field = jumpLater(7)
        if aligned {
            asm.byte(0x41)
            asm.byte(0xF6)
            asm.byte(0xC5)
            asm.byte(15)
            path.other = jumpLater(5)
        }
        asm.alu(.add, address, Address(.rbp, scratch, set + TLBEntry.hostOffset))
        path.back = asm.cursor
        path.tag = tag.displacement
        path.info =
            info | (write ? AccessInfo.write : 0) | (aligned ? AccessInfo.aligned : 0)
            | UInt32(bytes) << AccessInfo.bytesShift
        cold.append(path)
    }

    /// Leaves it to the interpreter if the next page is not where it was when the unit was made.
    mutating func checkSecondPage() {
        let (address, scratch) = (HostRegisters.address, HostRegisters.scratch)
        let set = CoreLayout.tlb(mode.set)
        asm.load(3, address, .state(CoreLayout.pageBase))
        asm.alu(.add, address, immediate: 4096)
        asm.rorx(scratch, address, by: 7)
        asm.alu(.and, scratch, immediate: Int32(TLB.size - 1) * 32, .b32)
        asm.alu(.cmp, address, Address(.rbp, scratch, set + TLBEntry.executeOffset))
        var path = ColdPath(.interpret, flags)
        path.field = jumpLater(5)
        asm.mov(address, immediate: Int64(bitPattern: secondPage))
        asm.alu(.cmp, address, Address(.rbp, scratch, set + TLBEntry.hostOffset))
        path.other = jumpLater(5)
        path.info = info
        cold.append(path)
    }

    /// Computes the operand's address without its segment's base; leaves EFLAGS alone and may destroy `r13` and
    /// `r14`. Without `wide` the result is cut to 32 bits.
    mutating func effective(_ i: UnsafePointer<Instruction>, _ to: Register, wide: Bool) {
        let size: Size = wide && !i.pointee.flags.contains(.address32) ? .b64 : .b32
        let displacement = i.pointee.displacement
        guard i.pointee.base != Slot.rip else {
            asm.load(3, HostRegisters.address, .state(CoreLayout.pageBase))
            return asm.lea(to, Address(HostRegisters.address, displacement &+ nextOffset), size)
        }
        let base = i.pointee.base < 16 ? component(i.pointee.base, HostRegisters.address) : nil
        let index = i.pointee.index < 16 ? component(i.pointee.index, HostRegisters.scratch) : nil
        switch (base, index) {
        case (nil, nil):
            let value = Int64(displacement)
            asm.mov(to, immediate: size == .b64 ? value : value & 0xFFFF_FFFF)
        case (let base?, nil):
            if displacement == 0 {
                asm.mov(to, base, size)
            } else {
                asm.lea(to, Address(base, displacement), size)
            }
        case (nil, let index?): lea(to, index, i.pointee.scale, displacement, size)
        case (let base?, let index?):
            asm.lea(to, Address(base, index, shift: i.pointee.scale, displacement), size)
        }
    }

    private mutating func component(_ number: UInt8, _ scratch: Register) -> Register {
        let place = Place.guest(number)
        guard place.isMemory else { return Register(place.base) }
        asm.load(3, scratch, place)
        return scratch
    }

    /// LEA without a base.
    private mutating func lea(
        _ to: Register, _ index: Register, _ shift: UInt8, _ displacement: Int32, _ size: Size
    ) {
        asm.byte(0x40 | (size == .b64 ? 8 : 0) | (to.code >> 3) << 2 | (index.code >> 3) << 1)
        asm.byte(0x8D)
        asm.byte(0x04 | (to.code & 7) << 3)
        asm.byte(shift << 6 | (index.code & 7) << 3 | 5)
        asm.word32(displacement)
    }
}

/// What a cold path of an access tells the runtime, in the bits above the instruction's place and length.
enum AccessInfo {
    static let write: UInt32 = 1 << 16
    static let aligned: UInt32 = 1 << 17
    static let bytesShift: UInt32 = 18

    static func offset(_ info: UInt32) -> UInt64 { UInt64(info & 0xFFF) }
    static func length(_ info: UInt32) -> UInt64 { UInt64(info >> 12 & 15) }
    static func bytes(_ info: UInt32) -> UInt64 { UInt64(info >> bytesShift) }
}
