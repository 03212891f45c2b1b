import Model
import RISCV

/// What executes a hart's instructions, by the machine's accelerator.
struct Engine {
    /// Runs the hart until its thread is to end.
    let run: () -> Void

    /// The accelerator in place of `auto`.
    static func resolve(_ accelerator: Accelerator) -> Accelerator {
        accelerator == .auto ? .interpret : accelerator
    }

    /// Makes the engine of `hart` with everything it needs to run.
    init(_ accelerator: Accelerator, _ hart: Hart) {
        let interpreter = Interpreter(hart)
        run = { interpreter.run() }
    }
}
