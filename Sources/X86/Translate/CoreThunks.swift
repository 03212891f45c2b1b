import Translator

/// The pieces of code that all units of a core share: entry, exit and the calls into the runtime. There are two
/// of each, for modes with and without vectors.
struct CoreThunks {
    /// The pieces for one kind of mode.
    struct Set {
        /// `enter(anchor, code) -> LeaveReason`, a C function.
        let enter: UnsafePointer<UInt8>
        /// Leaves with what `r14` says; the flags are saved.
        let leave: UnsafePointer<UInt8>
        /// In: r13 = linear address, r14 = `AccessInfo`. Out: r13 = host's address. Does not return when the
        /// interpreter had to execute the instruction.
        let fill: UnsafePointer<UInt8>
        /// The same for a window. Out: r13 = host's address, or 0.
        let probe: UnsafePointer<UInt8>
        /// In: r14 = place and length of an instruction. Returns when the unit may go on behind it.
        let interpret: UnsafePointer<UInt8>
        /// See PrivilegeThunks.
        var systemCall: UnsafePointer<UInt8>
        /// The same as `interpret`, jumped to; never goes on.
        let interpretAndLeave: UnsafePointer<UInt8>
    }

    /// See PrivilegeThunks.
    let systemReturn: UnsafePointer<UInt8>

    private let plain: Set
    private let vectors: Set
    let end: UnsafeMutablePointer<UInt8>

    /// The C functions that the thunks call.
    struct Targets {
        let fill: UInt
        let probe: UInt
        let interpret: UInt
    }

    init(at start: UnsafeMutablePointer<UInt8>, _ targets: Targets) {
        var asm = Assembler(at: start)
        // Place 0 is no displacement's.
        asm.nop(16)
        var plain = Self.write(&asm, targets, vectors: false)
        var vectors = Self.write(&asm, targets, vectors: true)
        plain.systemCall = UnsafePointer(asm.cursor)
        Self.writeSystemCall(&asm, vectors: false, refused: plain.interpretAndLeave, leave: plain.leave)
        vectors.systemCall = UnsafePointer(asm.cursor)
        Self.writeSystemCall(&asm, vectors: true, refused: vectors.interpretAndLeave, leave: plain.leave)
        systemReturn = UnsafePointer(asm.cursor)
        Self.writeSystemReturn(&asm, refused: plain.interpretAndLeave, leave: vectors.leave)
        (self.plain, self.vectors) = (plain, vectors)
        end = asm.cursor
    }

    subscript(mode: UnitMode) -> Set { mode.hasVectors ? vectors : plain }

    private static let saved: [Register] = [.rbx, .rbp, .r12, .r13, .r14, .r15]

    private static func write(_ asm: inout Assembler, _ targets: Targets, vectors: Bool) -> Set {
        let enter = UnsafePointer(asm.cursor)
        for register in saved { asm.push(register) }
        asm.alu(.sub, .rsp, immediate: 8)
        asm.mov(.rbp, .rdi)
        asm.mov(HostRegisters.scratch, .rsi)
        asm.store(3, .state(CoreLayout.hostStack), .rsp)
        reload(&asm, vectors)
        asm.load(3, HostRegisters.address, .state(CoreLayout.rip))
        asm.jump(HostRegisters.scratch)

        let leave = UnsafePointer(asm.cursor)
        spill(&asm, vectors)
        let leaveClean = UnsafePointer(asm.cursor)
        asm.mov(.rax, HostRegisters.scratch)
        asm.load(3, .rsp, .state(CoreLayout.hostStack))
        asm.alu(.add, .rsp, immediate: 8)
        for register in saved.reversed() { asm.pop(register) }
        asm.ret()

        let fill = writeFill(&asm, targets.fill, vectors, leave: leaveClean)
        let probe = writeFill(&asm, targets.probe, vectors, leave: nil)

        let interpret = UnsafePointer(asm.cursor)
        spill(&asm, vectors)
        asm.mov(.rsi, HostRegisters.scratch)
        call(&asm, targets.interpret)
        asm.test(.rax, .rax)
        let left = asm.jump(.equal)
        reload(&asm, vectors)
        asm.ret()
        asm.bind(left)
        resume(&asm, leaveClean)

        let interpretAndLeave = UnsafePointer(asm.cursor)
        spill(&asm, vectors)
        asm.mov(.rsi, HostRegisters.scratch)
        asm.alu(.sub, .rsp, immediate: 8)
        call(&asm, targets.interpret)
        resume(&asm, leaveClean)
        return Set(
            enter: enter, leave: leave, fill: fill, probe: probe, interpret: interpret, systemCall: leave,
            interpretAndLeave: interpretAndLeave)
    }

    /// - Parameter leave: where the thunk goes when there is no address.
    private static func writeFill(
        _ asm: inout Assembler, _ target: UInt, _ vectors: Bool, leave: UnsafePointer<UInt8>?
    ) -> UnsafePointer<UInt8> {
        let start = UnsafePointer(asm.cursor)
        spill(&asm, vectors)
        asm.mov(.rsi, HostRegisters.address)
        asm.mov(.rdx, HostRegisters.scratch)
        call(&asm, target)
        asm.mov(HostRegisters.address, .rax)
        var failed: Fixup?
        if leave != nil {
            asm.test(.rax, .rax)
            failed = asm.jump(.equal)
        }
        reload(&asm, vectors)
        asm.ret()
        if let failed, let leave {
            asm.bind(failed)
            resume(&asm, leave)
        }
        return start
    }

    private static func resume(_ asm: inout Assembler, _ leave: UnsafePointer<UInt8>) {
        asm.mov(HostRegisters.scratch, immediate: LeaveReason.resume.rawValue)
        asm.jump(to: leave)
    }

    /// Calls a C function with the state's address as its first argument. The stack is misaligned by the return
    /// address of whoever called the thunk.
    private static func call(_ asm: inout Assembler, _ target: UInt) {
        asm.lea(.rdi, Address(.rbp, CoreLayout.state))
        asm.mov(.rax, immediate: Int64(Int(bitPattern: target)))
        asm.alu(.sub, .rsp, immediate: 8)
        asm.call(.rax)
        asm.alu(.add, .rsp, immediate: 8)
    }

    private static func spill(_ asm: inout Assembler, _ vectors: Bool) {
        for number in HostRegisters.pinned {
            asm.store(3, .state(CoreLayout.register(number)), Register(Place.guest(number).base))
        }
        if vectors { spillVectors(&asm) }
    }

    static func spillVectors(_ asm: inout Assembler) {
        for number in 0..<UInt8(16) {
            asm.instruction(2, map: 1, 0x11, number, .state(CoreLayout.vector(number)))
        }
        asm.instruction(2, map: 1, 0xAE, 3, .state(CoreLayout.guestMXCSR))
        asm.instruction(2, map: 1, 0xAE, 2, .state(CoreLayout.hostMXCSR))
    }

    private static func reload(_ asm: inout Assembler, _ vectors: Bool) {
        for number in HostRegisters.pinned {
            asm.load(3, Register(Place.guest(number).base), .state(CoreLayout.register(number)))
        }
        if vectors { reloadVectors(&asm) }
    }

    static func reloadVectors(_ asm: inout Assembler) {
        // VZEROUPPER: wide registers that Swift code has left make the guest's instructions wait for each other.
        for value in [0xC5, 0xF8, 0x77] as [UInt8] { asm.byte(value) }
        for number in 0..<UInt8(16) {
            asm.instruction(2, map: 1, 0x10, number, .state(CoreLayout.vector(number)))
        }
        asm.instruction(2, map: 1, 0xAE, 2, .state(CoreLayout.guestMXCSR))
    }
}
