import Machine
import RISCV

/// One hart with 1 MiB of RAM at 0x8000_0000 and whatever devices a test attaches. Time stands still.
final class TestMachine {
    static let base: UInt64 = 0x8000_0000

    let memory: GuestMemory
    let bus = AddressSpace()
    let clock = ManualClock()
    let hart: Hart
    let interpreter: Interpreter

    /// The hart is in machine mode at the start of RAM, with floating point on and all memory open to every
    /// mode.
    init(size: UInt64 = 1 << 20) {
        guard let memory = GuestMemory(base: Self.base, size: size) else { fatalError("no memory") }
        self.memory = memory
        hart = Hart(id: 0, memory: memory, bus: bus, clock: clock)
        hart.startMachineMode(at: Self.base)
        hart.state.pointee.mstatus |= Status.fs
        hart.state.pointee.pmpcfg[0] = 0x1F
        hart.state.pointee.pmpaddr[0] = 1 << 54 - 1
        interpreter = Interpreter(hart)
    }

    var state: HartPointer { hart.state }

    subscript(x register: Int) -> UInt64 {
        get { state.pointee.x[register] }
        set { state.pointee.x[register] = newValue }
    }

    var pc: UInt64 { state.pointee.pc }

    /// Puts instructions at `pc`.
    func write(_ words: [UInt32]) {
        for (index, word) in words.enumerated() { precondition(memory.store32(pc + 4 * UInt64(index), word)) }
    }

    /// Executes one instruction at the current `pc`, taking whatever trap it raises.
    func run(_ word: UInt32) {
        write([word])
        interpreter.step()
    }

    /// The exception that an instruction at `pc` raises; `nil` when it retires.
    func trap(_ word: UInt32) -> Trap? {
        write([word])
        let before = pc
        do throws(Trap) {
            state.pointee.pc = try interpreter.execute(try interpreter.fetch())
            return nil
        } catch {
            state.pointee.pc = before
            return error
        }
    }
}

/// Encodes instructions from the table: what is not a field must come with the pattern.
enum Assemble {
    static func encoding(_ op: Opcode) -> Encoding { EncodingTable.shared.encodings[Int(op.rawValue)] }

    /// Register-register form, and everything whose immediate is given as twelve bits in the place of rs2.
    static func r(_ op: Opcode, _ rd: UInt32, _ rs1: UInt32, _ rs2: UInt32 = 0, rm: UInt32 = 0) -> UInt32 {
        let encoding = encoding(op)
        let fields = rd << 7 | rs1 << 15 | rs2 << 20 | rm << 12
        return encoding.match | fields & ~encoding.mask
    }

    static func i(_ op: Opcode, _ rd: UInt32, _ rs1: UInt32, _ imm: Int32) -> UInt32 {
        let encoding = encoding(op)
        return encoding.match | (rd << 7 | rs1 << 15 | UInt32(bitPattern: imm) << 20) & ~encoding.mask
    }

    static func s(_ op: Opcode, _ rs2: UInt32, _ rs1: UInt32, _ imm: Int32) -> UInt32 {
        let bits = UInt32(bitPattern: imm)
        return encoding(op).match | rs2 << 20 | rs1 << 15 | (bits & 0x1F) << 7 | (bits >> 5) << 25
    }

    static func csr(_ op: Opcode, _ rd: UInt32, _ number: UInt16, _ rs1: UInt32) -> UInt32 {
        encoding(op).match | rd << 7 | rs1 << 15 | UInt32(number) << 20
    }
}
