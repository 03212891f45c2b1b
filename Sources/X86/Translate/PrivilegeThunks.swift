import Translator

// SYSCALL and SYSRET between 64-bit code (SDM vol. 2): what they do to the state, and on to the next unit.
extension CoreThunks {
    /// Bits that the emulated flags have in a word of RFLAGS.
    private static let arithmetic = Int32(Flag.arithmetic)

    /// In: r13 = the address behind the instruction, r14 = its place and length, the flags in the flag word.
    ///
    /// - Parameters:
    ///   - refused: interprets the instruction.
    ///   - leave: leaves to the supervisor's code; vectors are in the state.
    static func writeSystemCall(
        _ asm: inout Assembler, vectors: Bool, refused: UnsafePointer<UInt8>, leave: UnsafePointer<UInt8>
    ) {
        let (address, scratch) = (HostRegisters.address, HostRegisters.scratch)
        asm.test(.state(CoreLayout.efer), Int32(Control.syscallEnable))
        asm.jump(.equal, to: refused)
        asm.mov(.rcx, address)
        asm.gatherFlags()
        asm.alu(.and, address, immediate: ~Int32(Flag.resume), .b32)
        asm.store(3, .state(CoreLayout.register(11)), address)
        asm.load(3, scratch, .state(CoreLayout.syscallMask))
        asm.andn(address, scratch, address)
        asm.spreadFlags()
        if vectors { spillVectors(&asm) }
        asm.instruction(2, map: 1, 0xB7, scratch.code, .state(CoreLayout.star + 4))
        asm.alu(.and, scratch, immediate: ~3, .b32)
        asm.loadFlat(SegmentSlot.cs, attributes: 0xA09B)
        asm.lea(scratch, Address(scratch, 8), .b32)
        asm.loadFlat(SegmentSlot.ss, attributes: 0xC093)
        asm.store(.state(CoreLayout.privilege), byte: 0)
        asm.load(3, address, .state(CoreLayout.lstar))
        asm.test(.state(CoreLayout.cr4), Int32(Control.cr4SMAP))
        let plain = asm.jump(.equal)
        asm.test(.state(CoreLayout.systemFlags), Int32(Flag.alignment))
        let allowed = asm.jump(.notEqual)
        enterUnit(&asm, .supervisorStrict, leave)
        asm.bind(plain)
        asm.bind(allowed)
        enterUnit(&asm, .supervisor, leave)
    }

    /// In: r14 = place and length of the instruction, the flags in the flag word. It goes on only in a user mode
    /// whose units have vectors.
    ///
    /// - Parameter leave: leaves to user code; vectors are in registers.
    static func writeSystemReturn(
        _ asm: inout Assembler, refused: UnsafePointer<UInt8>, leave: UnsafePointer<UInt8>
    ) {
        let (address, scratch) = (HostRegisters.address, HostRegisters.scratch)
        checkUser(&asm, refused)
        asm.load(3, address, .state(CoreLayout.register(11)))
        asm.alu(.and, address, immediate: 0x3C_7FD7 & ~Int32(Flag.resume), .b32)
        asm.alu(.or, address, immediate: Int32(Flag.fixed), .b32)
        asm.spreadFlags()
        asm.instruction(2, map: 1, 0xB7, scratch.code, .state(CoreLayout.star + 6))
        asm.lea(scratch, Address(scratch, 8), .b32)
        asm.alu(.or, scratch, immediate: 3, .b32)
        asm.loadFlat(SegmentSlot.ss, attributes: 0xC0F3)
        asm.instruction(2, map: 1, 0xB7, scratch.code, .state(CoreLayout.star + 6))
        asm.lea(scratch, Address(scratch, 16), .b32)
        asm.alu(.or, scratch, immediate: 3, .b32)
        asm.loadFlat(SegmentSlot.cs, attributes: 0xA0FB)
        asm.store(.state(CoreLayout.privilege), byte: 3)
        // An interrupt that waits for being allowed.
        asm.test(.state(CoreLayout.systemFlags), Int32(Flag.interrupt))
        let heldOff = asm.jump(.equal)
        asm.instruction(2, 0x83, 7, .state(CoreLayout.signals))
        asm.byte(0)
        let none = asm.jump(.equal)
        asm.instruction(2, 0xC7, 0, .state(CoreLayout.exitRequest))
        asm.word32(1)
        asm.bind(heldOff)
        asm.bind(none)
        reloadVectors(&asm)
        asm.mov(address, .rcx)
        enterUnit(&asm, .user, leave)
    }

    /// Leaves to the interpreter unless SYSRET is allowed and leads to where the jump table of user mode is right.
    private static func checkUser(_ asm: inout Assembler, _ refused: UnsafePointer<UInt8>) {
        let address = HostRegisters.address
        asm.test(.state(CoreLayout.efer), Int32(Control.syscallEnable))
        asm.jump(.equal, to: refused)
        asm.mov(address, .rcx)
        asm.shift(.sar, address, by: 47)
        asm.alu(.add, address, immediate: 1)
        asm.alu(.cmp, address, immediate: 1)
        asm.jump(.above, to: refused)
        asm.test(.state(CoreLayout.register(11)), Int32(Flag.trap | Flag.resume))
        asm.jump(.notEqual, to: refused)
        asm.test(.state(CoreLayout.cr0), Int32(Control.emulation | Control.taskSwitched))
        asm.jump(.notEqual, to: refused)
        asm.test(.state(CoreLayout.cr4), Int32(Control.cr4FXSR))
        asm.jump(.equal, to: refused)
        asm.load(2, address, .state(CoreLayout.guestMXCSR))
        asm.unary(.not, address, .b32)
        asm.test(address, immediate: 0x1F80)
        asm.jump(.notEqual, to: refused)
        asm.instruction(0, 0x80, 7, .state(CoreLayout.userHasVectors))
        asm.byte(0)
        asm.jump(.equal, to: refused)
    }

    /// Goes on at the linear address in `r13` under another TLB set.
    private static func enterUnit(_ asm: inout Assembler, _ set: TLB.Set, _ leave: UnsafePointer<UInt8>) {
        let (address, scratch) = (HostRegisters.address, HostRegisters.scratch)
        let table = CoreLayout.jumps(set.rawValue)
        asm.selectTLB(set.rawValue)
        asm.lea(scratch, Address(address, address), .b32)
        asm.alu(.and, scratch, immediate: JumpTable.mask, .b32)
        asm.alu(.cmp, address, Address(.rbp, scratch, shift: 3, table))
        let unknown = asm.jump(.notEqual)
        asm.jump(Address(.rbp, scratch, shift: 3, table + 8))
        asm.bind(unknown)
        asm.store(3, .state(CoreLayout.rip), address)
        asm.mov(scratch, immediate: LeaveReason.resume.rawValue)
        asm.jump(to: leave)
    }
}

extension Assembler {
    /// RFLAGS in `r13`, from the flag word and the system flags; destroys `r14`.
    mutating func gatherFlags() {
        let (address, scratch) = (HostRegisters.address, HostRegisters.scratch)
        load(2, scratch, .state(CoreLayout.flagWord))
        mov(address, scratch, .b32)
        shift(.shr, address, by: 8, .b32)
        alu(.and, address, immediate: 0xD5, .b32)
        alu(.and, scratch, immediate: 1, .b32)
        shift(.shl, scratch, by: 11, .b32)
        alu(.or, address, scratch, .b32)
        instruction(2, 0x0B, address.code, .state(CoreLayout.systemFlags))
    }

    /// The flag word and the system flags from RFLAGS in `r13`; destroys `r13` and `r14`.
    fileprivate mutating func spreadFlags() {
        let (address, scratch) = (HostRegisters.address, HostRegisters.scratch)
        mov(scratch, address, .b32)
        alu(.and, scratch, immediate: ~Int32(Flag.arithmetic), .b32)
        alu(.or, scratch, immediate: Int32(Flag.fixed), .b32)
        store(3, .state(CoreLayout.systemFlags), scratch)
        mov(scratch, address, .b32)
        shift(.shr, scratch, by: 11, .b32)
        alu(.and, scratch, immediate: 1, .b32)
        alu(.and, address, immediate: 0xD5, .b32)
        alu(.or, address, immediate: 2, .b32)
        shift(.shl, address, by: 8, .b32)
        alu(.or, address, scratch, .b32)
        store(3, .state(CoreLayout.flagWord), address)
    }

    /// A segment register with the selector in `r14w`, base 0 and no limit.
    fileprivate mutating func loadFlat(_ slot: UInt8, attributes: UInt16) {
        let segment = CoreLayout.segment(slot)
        store(1, .state(segment), HostRegisters.scratch)
        instruction(1, 0xC7, 0, .state(segment + 2))
        immediate(Int64(attributes), 1)
        instruction(2, 0xC7, 0, .state(segment + 4))
        word32(-1)
        instruction(3, 0xC7, 0, .state(segment + 8))
        word32(0)
    }

    /// Notes which TLB set is in force; destroys `r14`.
    mutating func selectTLB(_ set: Int) {
        lea(HostRegisters.scratch, Address(.rbp, CoreLayout.tlb(set)))
        store(3, .state(CoreLayout.tlbInForce), HostRegisters.scratch)
    }

    fileprivate mutating func test(_ place: Place, _ bits: Int32) {
        instruction(2, 0xF7, 0, place)
        word32(bits)
    }

    fileprivate mutating func store(_ place: Place, byte value: UInt8) {
        instruction(0, 0xC6, 0, place)
        byte(value)
    }
}
