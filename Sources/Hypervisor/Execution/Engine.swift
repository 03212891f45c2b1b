import Firmware
import Machine
import Model
import RISCV
import Translator

/// What executes a hart's instructions, by the machine's accelerator. All but `run` happens inside
/// `Hart.serveEngine`, on the hart's thread.
struct Engine {
    /// Runs the hart until its thread is to end.
    let run: () -> Void
    /// The hart was reset.
    let reset: () -> Void
    /// Forgets what the fence names.
    let fence: (RemoteFence) -> Void

    /// The accelerator that `auto` stands for.
    static func resolve(_ accelerator: Accelerator) -> Accelerator {
        guard accelerator == .auto else { return accelerator }
        return CodeCache.isSupported ? .translate : .interpret
    }

    /// One engine for each hart, with everything it needs to run.
    static func make(
        _ accelerator: Accelerator, _ harts: [Hart], _ memory: GuestMemory
    ) throws(MachineError) -> [Engine] {
        guard resolve(accelerator) == .translate else { return harts.map { Engine(Interpreter($0)) } }
        guard CodeCache.isSupported else {
            let needs = "translation needs a processor with AVX2, BMI2 and FMA"
            throw MachineError(.refused, needs + "; use --accel interpret")
        }
        guard let cache = CodeCache(memory: memory) else {
            throw MachineError(.refused, "this host allows no executable memory; use --accel interpret")
        }
        return harts.map { Engine(TranslatedHart($0, cache: cache)) }
    }

    /// The interpreter keeps nothing between two instructions.
    private init(_ interpreter: Interpreter) {
        run = { interpreter.run() }
        reset = {}
        fence = { _ in }
    }

    private init(_ translated: TranslatedHart) {
        run = { translated.run() }
        reset = { translated.reset() }
        fence = { Self.forget($0, translated) }
    }

    /// Beyond so many pages it is cheaper to forget all.
    private static let largestRange: UInt64 = 16 * GuestMemory.pageSize

    /// Stores to translated instructions are seen by every hart at once, so a remote FENCE.I needs no more
    /// than the interruption.
    private static func forget(_ fence: RemoteFence, _ hart: TranslatedHart) {
        guard case .translations(let addresses, let space) = fence else { return }
        let identifier = space.map(UInt64.init)
        guard let addresses, addresses.upperBound - addresses.lowerBound < largestRange else {
            return hart.fence(page: nil, identifier: identifier)
        }
        let first = addresses.lowerBound & ~(GuestMemory.pageSize - 1)
        for page in stride(from: first, through: addresses.upperBound, by: Int(GuestMemory.pageSize)) {
            hart.fence(page: page, identifier: identifier)
        }
    }
}
