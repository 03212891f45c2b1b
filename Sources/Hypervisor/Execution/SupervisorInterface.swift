import Firmware
import Glibc
import Machine
import RISCV

/// Joins the built-in SBI to the harts: environment calls in, effects on harts out.
final class SupervisorInterface: SBIHarts, @unchecked Sendable {
    // SAFETY: `harts` never changes; every method of `Hart` used here may be called from the thread it is called on.

    private let harts: [Hart]
    private let memory: GuestMemory
    private let fences: @Sendable (RemoteFence, HartSet) -> Void

    /// `fences` returns when the harts' engines have forgotten what the fence names.
    init(_ harts: [Hart], _ memory: GuestMemory, fences: @escaping @Sendable (RemoteFence, HartSet) -> Void) {
        self.harts = harts
        self.memory = memory
        self.fences = fences
    }

    var count: Int { harts.count }

    func setTimer(_ time: UInt64, of hart: Int) { harts[hart].setSupervisorTimer(time) }

    func setSoftwareInterrupt(_ pending: Bool, of hart: Int) {
        harts[hart].setInterrupt(.supervisorSoftware, pending)
    }

    func fence(_ fence: RemoteFence, on harts: HartSet) { fences(fence, harts) }

    func start(at entry: HartEntry) {
        // The hart may be on its last steps from its own call of stop.
        while !harts[entry.hart].start(at: entry.address, argument: entry.opaque) { sched_yield() }
    }

    func load(virtual address: UInt64, of hart: Int) -> UInt64? {
        let bytes = (0..<8).map { index in byte(virtual: address &+ UInt64(index), of: harts[hart]) }
        return bytes.reversed().reduce(0) { value, byte in
            guard let value, let byte else { return nil }
            return value << 8 | UInt64(byte)
        }
    }

    /// Byte by byte, as the eight may lie on two pages.
    private func byte(virtual address: UInt64, of hart: Hart) -> UInt8? {
        let mapping = try? PageWalker.walk(hart.state, memory, address, count: 1, .read, .supervisor)
        guard let mapping, mapping.readable else { return nil }
        return memory.load8(mapping.physical)
    }
}

extension SBI {
    private enum Register {
        static let a0 = 10
        static let a6 = 16
        static let a7 = 17
    }

    /// Carries out the environment call that `hart` is making, on its thread.
    func handleCall(from hart: Hart, of harts: [Hart]) {
        let x = hart.state.pointee.x
        let call = SBICall(
            extensionID: x[Register.a7], functionID: x[Register.a6], a0: x[Register.a0],
            a1: x[Register.a0 + 1], a2: x[Register.a0 + 2], a3: x[Register.a0 + 3], a4: x[Register.a0 + 4],
            a5: x[Register.a0 + 5])
        if call.extensionID == Extension.hartState.rawValue { noteWoken(harts) }
        switch handle(call, from: Int(hart.id)) {
        case .reply(let reply): answer(hart, reply.error.register, reply.value)
        case .legacy(let value): hart.state.pointee.x[Register.a0] = value
        case .noReturn: hart.stop()
        case .suspend(let resume):
            answer(hart, 0, 0)
            hart.suspend(resume: resume.map { ($0.address, $0.opaque) })
        }
    }

    private func answer(_ hart: Hart, _ error: UInt64, _ value: UInt64) {
        hart.state.pointee.x[Register.a0] = error
        hart.state.pointee.x[Register.a0 + 1] = value
    }

    /// Harts wake from suspension by themselves; only who asks for their state needs to know.
    private func noteWoken(_ harts: [Hart]) {
        for hart in harts where hart.condition == .started { resumed(Int(hart.id)) }
    }
}
