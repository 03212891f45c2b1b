import Host
import RISCV

/// A hart with its engine and the thread that it runs on.
final class HartThread: @unchecked Sendable {
    // SAFETY: the engine is used by its own thread alone; the hart says for itself what others may call.

    let hart: Hart
    private let engine: Engine

    /// Starts the thread; the hart is parked.
    init(_ hart: Hart, _ engine: Engine) throws(SystemError) {
        self.hart = hart
        self.engine = engine
        hart.park()
        _ = try Thread(name: "hart-\(hart.id)") { [self] in self.engine.run() }
    }
}
