/// The pieces of code that every unit shares: entry, exit and the calls into the runtime.
///
/// They are emitted once, at the start of the code buffer, for one register map.
struct Thunks {
    /// Start of the writable view; all places below are in it.
    let base: UnsafeMutablePointer<UInt8>
    /// `enter(state register value, code address) -> LeaveReason or exit number`, a C function.
    private(set) var enter: UnsafePointer<UInt8>
    /// Leaves with what `eax` says, writing pinned registers back.
    private(set) var leave: UnsafePointer<UInt8>
    /// Leaves when they are written back already.
    private var leaveClean: UnsafePointer<UInt8>
    /// In: rax = address, edx = info. Out: rdx = host address to load from. Does not return on a trap.
    private(set) var load: UnsafePointer<UInt8>
    /// In: rax = address, rcx = value, edx = info. Does not return on a trap.
    private(set) var store: UnsafePointer<UInt8>
    /// In: rax = address, edx = span and write bit. Out: rdx = host address or 0.
    private(set) var hoist: UnsafePointer<UInt8>
    /// In: edx = info, ecx = encoding. Returns when the unit may go on.
    private(set) var interpret: UnsafePointer<UInt8>
    /// In: edx = info, ecx = encoding. Jumped to, never returns to the unit.
    private(set) var interpretAndLeave: UnsafePointer<UInt8>
    /// Called by the entry of a unit that is no longer valid; its page offset follows the call.
    private(set) var stale: UnsafePointer<UInt8>
    private(set) var end: UnsafeMutablePointer<UInt8>

    private static let saved: [Register] = [.rbx, .rbp, .r12, .r13, .r14, .r15]

    /// The C functions that the thunks call, by address.
    struct Targets {
        var load: UInt
        var store: UInt
        var hoist: UInt
        var interpret: UInt
    }

    init(at start: UnsafeMutablePointer<UInt8>, layout: StateLayout, targets: Targets) {
        base = start
        var asm = Assembler(at: start)
        // Offset 0 of the buffer is never a unit's entry nor an exit's datum.
        asm.nop(16)
        let map = RegisterMap(pinned: layout.pinned)
        let writer = Writer(layout: layout, map: map)
        enter = UnsafePointer(asm.cursor)
        writer.enter(&asm)
        leave = UnsafePointer(asm.cursor)
        writer.spill(&asm)
        leaveClean = UnsafePointer(asm.cursor)
        writer.leave(&asm)
        load = UnsafePointer(asm.cursor)
        writer.slowLoad(&asm, targets.load, leaveClean)
        store = UnsafePointer(asm.cursor)
        writer.slowStore(&asm, targets.store, leaveClean)
        hoist = UnsafePointer(asm.cursor)
        writer.slowHoist(&asm, targets.hoist)
        interpret = UnsafePointer(asm.cursor)
        writer.interpret(&asm, targets.interpret, leaveClean)
        interpretAndLeave = UnsafePointer(asm.cursor)
        writer.interpretAndLeave(&asm, targets.interpret, leaveClean)
        stale = UnsafePointer(asm.cursor)
        writer.stale(&asm, leave)
        end = asm.cursor
    }

    private struct Writer {
        let layout: StateLayout
        let map: RegisterMap

        func home(_ value: Value) -> Address { Address(.state, Int32(value) * 8 - Int32(StateLayout.bias)) }

        func core<Field>(_ field: KeyPath<VCPUCore, Field>) -> Address { Address(.state, layout.core(field)) }

        func spill(_ asm: inout Assembler) {
            for value in layout.pinned {
                if let register = map.register(value) { asm.store(home(value), register) }
            }
        }

        func reload(_ asm: inout Assembler) {
            asm.load(.tlb, core(\.tlb))
            for value in layout.pinned {
                if let register = map.register(value) { asm.load(register, home(value)) }
            }
        }

        func enter(_ asm: inout Assembler) {
            for register in Thunks.saved { asm.push(register) }
            asm.alu(.sub, .rsp, immediate: 8)
            asm.mov(.state, .rdi)
            asm.mov(.rax, .rsi)
            asm.store(core(\.hostStack), .rsp)
            reload(&asm)
            asm.jump(.rax)
        }

        func leave(_ asm: inout Assembler) {
            asm.load(.rsp, core(\.hostStack))
            asm.alu(.add, .rsp, immediate: 8)
            for register in Thunks.saved.reversed() { asm.pop(register) }
            asm.ret()
        }

        /// Calls a C function with the address of the state's core as its first argument. The
        /// stack is misaligned by the return address of whoever called the thunk.
        func call(_ asm: inout Assembler, _ target: UInt) {
            asm.lea(.rdi, Address(.state, layout.displacement(0)))
            asm.mov(.rax, immediate: Int64(Int(bitPattern: target)))
            asm.alu(.sub, .rsp, immediate: 8)
            asm.call(.rax)
            asm.alu(.add, .rsp, immediate: 8)
        }

        func slowLoad(_ asm: inout Assembler, _ target: UInt, _ leave: UnsafePointer<UInt8>) {
            spill(&asm)
            asm.mov(.rsi, .rax)
            call(&asm, target)
            asm.test(.rax, .rax)
            let trapped = asm.jump(.equal)
            asm.mov(.rdx, .rax)
            reload(&asm)
            asm.ret()
            asm.bind(trapped)
            resume(&asm, leave)
        }

        func slowStore(_ asm: inout Assembler, _ target: UInt, _ leave: UnsafePointer<UInt8>) {
            spill(&asm)
            asm.mov(.rsi, .rax)
            asm.extend(.rdx, .rdx, .b32, signed: false)
            asm.mov(.r8, .rdx)
            asm.mov(.rdx, .rcx)
            asm.mov(.rcx, .r8)
            call(&asm, target)
            asm.test(.rax, .rax)
            let trapped = asm.jump(.notEqual)
            reload(&asm)
            asm.ret()
            asm.bind(trapped)
            resume(&asm, leave)
        }

        func slowHoist(_ asm: inout Assembler, _ target: UInt) {
            spill(&asm)
            asm.mov(.rsi, .rax)
            call(&asm, target)
            asm.mov(.rdx, .rax)
            reload(&asm)
            asm.ret()
        }

        func interpret(_ asm: inout Assembler, _ target: UInt, _ leave: UnsafePointer<UInt8>) {
            spill(&asm)
            asm.mov(.rsi, .rdx)
            asm.mov(.rdx, .rcx)
            call(&asm, target)
            asm.test(.rax, .rax)
            let left = asm.jump(.notEqual)
            reload(&asm)
            asm.ret()
            asm.bind(left)
            resume(&asm, leave)
        }

        /// Bit 31 of the info tells the runtime that the unit ends here.
        func interpretAndLeave(_ asm: inout Assembler, _ target: UInt, _ leave: UnsafePointer<UInt8>) {
            spill(&asm)
            asm.mov(.rsi, .rdx)
            asm.mov(.rdx, .rcx)
            asm.bit(.set, .rsi, immediate: 31)
            asm.alu(.sub, .rsp, immediate: 8)
            call(&asm, target)
            resume(&asm, leave)
        }

        func resume(_ asm: inout Assembler, _ leave: UnsafePointer<UInt8>) {
            asm.mov(.rax, immediate: Int64(LeaveReason.resume.rawValue))
            asm.jump(to: leave)
        }

        func stale(_ asm: inout Assembler, _ leave: UnsafePointer<UInt8>) {
            asm.pop(.rax)
            asm.load(.rax, Address(.rax), .b16, signed: false)
            asm.alu(.add, .rax, core(\.pageBase))
            asm.store(Address(.state, layout.displacement(layout.pc)), .rax)
            asm.mov(.rax, immediate: Int64(LeaveReason.stale.rawValue))
            asm.jump(to: leave)
        }
    }
}
