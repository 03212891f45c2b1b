import Model
import X86

/// What executes an x86 core's instructions, by the machine's accelerator.
enum X86Engine {
    /// The accelerator that `auto` stands for.
    static func resolve(_ accelerator: Accelerator) -> Accelerator {
        guard accelerator == .auto else { return accelerator }
        return TranslatedCore.isSupported ? .translate : .interpret
    }

    /// What runs `core` until its thread is to end. Only 64-bit mode is ever translated.
    ///
    /// - Parameter isAlone: no other core shares its memory.
    static func make(
        _ accelerator: Accelerator, _ core: Core, isAlone: Bool
    ) throws(MachineError) -> @Sendable () -> Void {
        guard accelerator == .translate else { return { Interpreter(core).run() } }
        guard TranslatedCore.isSupported else {
            let needs = "translation needs a processor with AVX2, BMI2 and FMA"
            throw MachineError(.refused, needs + "; use --accel interpret")
        }
        guard let translated = TranslatedCore(core, isAlone: isAlone) else {
            throw MachineError(.refused, "this host allows no executable memory; use --accel interpret")
        }
        return { translated.run() }
    }
}
