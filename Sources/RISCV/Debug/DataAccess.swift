/// What an instruction will access, told before it is executed.
struct DataAccess {
    let address: UInt64
    let bytes: UInt64
    let reads: Bool
    let writes: Bool

    /// `nil` when it accesses no data.
    init?(_ instruction: Instruction, _ state: HartPointer) {
        let base = state.pointee.x[Int(instruction.rs1 & 31)]
        switch Chapter(instruction.op) {
        case .memory:
            address = base &+ UInt64(bitPattern: Int64(instruction.imm))
            bytes = Self.width(instruction.op)
            writes = [.sb, .sh, .sw, .sd, .fsw, .fsd].contains(instruction.op)
            reads = !writes
        case .atomic:
            address = base
            bytes = instruction.op.rawValue < Opcode.lrD.rawValue ? 4 : 8
            reads = instruction.op != .scW && instruction.op != .scD
            writes = instruction.op != .lrW && instruction.op != .lrD
        case .system where instruction.op == .cboZero:
            address = base & ~63
            (bytes, reads, writes) = (64, false, true)
        default: return nil
        }
    }

    private static func width(_ op: Opcode) -> UInt64 {
        switch op {
        case .lb, .lbu, .sb: 1
        case .lh, .lhu, .sh: 2
        case .lw, .lwu, .sw, .flw, .fsw: 4
        default: 8
        }
    }
}
