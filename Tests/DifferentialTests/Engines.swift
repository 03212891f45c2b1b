import Machine
import RISCV
import Translator

/// The state that a program leaves, for comparison.
struct Outcome: Equatable {
    var registers: [UInt64]
    var floats: [UInt64]
    var pc: UInt64
    var flags: UInt32
    var instructions: UInt64
    var cause: UInt64
    var value: UInt64
    var memory: [UInt8]
}

/// One hart on bare memory that runs one program under either engine.
final class Bench {
    static let base: UInt64 = 0x8000_0000
    static let code: UInt64 = base + 0x1000
    static let handler: UInt64 = base + 0x800
    static let data: UInt64 = base + 0x10000
    static let dataSize: UInt64 = 0x4000

    let memory: GuestMemory
    let hart: Hart
    /// The translations that the last run made.
    private(set) var cache: CodeCache?

    init() {
        // swift-format-ignore: NeverForceUnwrap
        memory = GuestMemory(base: Self.base, size: 1 << 20)!
        hart = Hart(id: 0, memory: memory, bus: AddressSpace(), clock: ManualClock())
        hart.environmentCall = { hart in
            hart.end()
            return true
        }
    }

    /// Runs `program` at `start` in supervisor mode until its call.
    ///
    /// - Parameter scattered: whether its pages lie elsewhere, see `scatter`.
    func run(
        _ program: RandomProgram, translating: Bool, at start: UInt64 = Bench.code, rounding: UInt32 = 0,
        scattered: Bool = false
    ) -> Outcome {
        prepare(program, start)
        hart.state.pointee.frm = rounding
        if scattered { scatter() }
        if translating {
            // swift-format-ignore: NeverForceUnwrap
            let cache = CodeCache(memory: memory)!
            self.cache = cache
            TranslatedHart(hart, cache: cache).run()
        } else {
            Interpreter(hart).run()
        }
        return outcome()
    }

    /// What the hart would start `program` with, for an engine of others.
    func start(_ program: RandomProgram) -> Outcome {
        prepare(program, Self.code)
        return outcome()
    }

    private func prepare(_ program: RandomProgram, _ start: UInt64) {
        fill(program, start)
        hart.startMachineMode(at: start)
        hart.prepareSupervisor()
        let state = hart.state
        for index in 1..<32 { state.pointee.x[index] = program.registers[index] }
        for index in 0..<32 { state.pointee.f[index] = program.floats[index] }
        state.pointee.x[8] = Self.data + 0x1000 + program.registers[8] & 0x7ff
        if !program.isLoop { state.pointee.x[9] = Self.data + 0x2ff0 }
        state.pointee.privilege = 1
        state.pointee.mstatus |= Status.fs
        state.pointee.stvec = Self.handler
    }

    /// Translates by Sv39: code is where it was, pages of data lie in reverse order, so that neighbours are none
    /// in memory; one cannot be written to, and one is missing.
    private func scatter() {
        let root = Self.base + 0xf0000
        let (middle, leaves) = (root + 0x1000, root + 0x2000)
        _ = memory.store64(root + 2 * 8, middle >> 2 | 1)
        _ = memory.store64(middle, leaves >> 2 | 1)
        for page in 0..<256 as Range<UInt64> {
            let physical = Self.base + (16..<128 ~= page ? 143 - page : page) << 12
            let rights: UInt64 = page == 22 ? 0xcb : page == 28 ? 0 : 0xcf
            _ = memory.store64(leaves + page * 8, physical >> 2 | rights)
        }
        hart.state.pointee.satp = 8 << 60 | root >> 12
    }

    private func fill(_ program: RandomProgram, _ start: UInt64) {
        for (index, word) in program.words.enumerated() {
            _ = memory.store32(start + UInt64(index) * 4, word)
        }
        _ = memory.store32(Self.handler, RandomProgram.call)
        for offset in stride(from: 0, to: Self.dataSize, by: 8) {
            _ = memory.store64(Self.data + offset, offset &* 0x0123_4567_89ab_cdef)
        }
    }

    private func outcome() -> Outcome {
        let state = hart.state
        let size = memory.base + memory.size - Self.data
        let bytes = UnsafeRawBufferPointer(
            start: memory.pointer(to: Self.data, count: size), count: Int(size))
        return Outcome(
            registers: (0..<32).map { state.pointee.x[$0] }, floats: (0..<32).map { state.pointee.f[$0] },
            pc: state.pointee.pc, flags: state.pointee.fflags, instructions: state.pointee.instructions,
            cause: state.pointee.scause, value: state.pointee.stval, memory: Array(bytes))
    }
}
