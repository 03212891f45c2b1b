import CLinux
import Machine

/// Executes a hart's instructions one by one, as the manual tells them: the reference that every other engine
/// is held against. Every access walks the page tables, so that there is nothing to flush.
package struct Interpreter {
    package let hart: Hart
    let state: HartPointer
    let memory: GuestMemory
    private let decoder = Decoder()

    package init(_ hart: Hart) {
        self.hart = hart
        state = hart.state
        memory = hart.memory
    }

    /// Runs until the hart is asked to end.
    package func run() {
        while hart.attend() {
            if hart.debug.isActive {
                repeat { hart.executeObserved(self, step) } while viv_load32(state.exitRequest) == 0
            } else {
                while viv_load32(state.exitRequest) == 0 { step() }
            }
        }
    }

    /// Executes one instruction, or enters the handler of the exception that it raises. Interrupts are taken
    /// by `Hart.attend`, not here.
    package func step() {
        do throws(Trap) {
            let next = try execute(try fetch())
            state.pointee.pc = next
            state.pointee.instructions &+= 1
        } catch {
            state.take(error)
        }
    }

    /// The instruction at `pc`. Of one that crosses pages each half is translated for itself, and a fault reports
    /// the half's address.
    package func fetch() throws(Trap) -> Instruction {
        let pc = state.pointee.pc
        let mapping = try PageWalker.walk(state, memory, pc, count: 2, .execute, state.privilege)
        let low = try fetchHalf(pc, mapping.physical)
        if low & 3 != 3 { return decoder.decode(low) }
        var rest = mapping.physical &+ 2
        if pc & 0xFFF == 0xFFE || !mapping.isUniform {
            rest = try PageWalker.walk(state, memory, pc &+ 2, count: 2, .execute, state.privilege).physical
        }
        return decoder.decode(try fetchHalf(pc &+ 2, rest) << 16 | low)
    }

    private func fetchHalf(_ address: UInt64, _ physical: UInt64) throws(Trap) -> UInt32 {
        guard let half = hart.loadPhysical(physical, .half) else { throw Access.execute.accessFault(address) }
        return UInt32(truncatingIfNeeded: half)
    }

    /// Executes an instruction that was fetched from `pc`; returns where the next one is.
    ///
    /// - Throws: its exception; then nothing has changed, except that some accesses may have been made.
    package func execute(_ instruction: Instruction) throws(Trap) -> UInt64 {
        switch Chapter(instruction.op) {
        case .integer: integer(instruction)
        case .multiply: multiply(instruction)
        case .bits: bits(instruction)
        case .control: return control(instruction)
        case .memory: try accessMemory(instruction)
        case .atomic: try atomic(instruction)
        case .single: try float(instruction, Binary32.self)
        case .double: try float(instruction, Binary64.self)
        case .floatMove: try floatMove(instruction)
        case .system: return try system(instruction)
        }
        return next(instruction)
    }

    // MARK: Registers

    func next(_ instruction: Instruction) -> UInt64 { state.pointee.pc &+ UInt64(instruction.length) }

    func x(_ register: UInt8) -> UInt64 { state.pointee.x[Int(register & 31)] }

    func setX(_ register: UInt8, _ value: UInt64) {
        if register != 0 { state.pointee.x[Int(register & 31)] = value }
    }

    /// The second operand of a computation: a register or an immediate. The one that the encoding lacks is
    /// zero.
    func operand(_ instruction: Instruction) -> UInt64 { x(instruction.rs2) | immediate(instruction) }

    func immediate(_ instruction: Instruction) -> UInt64 { UInt64(bitPattern: Int64(instruction.imm)) }

    /// The address of a load, store or jump.
    func address(_ instruction: Instruction) -> UInt64 { x(instruction.rs1) &+ immediate(instruction) }
}

/// The low half of a value, sign-extended: what the W instructions deliver.
func signExtended(_ value: UInt64) -> UInt64 { UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value))) }
