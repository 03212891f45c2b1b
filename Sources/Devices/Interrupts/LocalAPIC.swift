import Machine
import Synchronization

/// The local APIC of one core, memory-mapped (xAPIC).
package final class LocalAPIC: Device {
    /// Bytes of the register window, and where it lies after reset.
    package static let windowSize: UInt64 = 0x1000
    package static let address: UInt64 = 0xFEE0_0000

    private let core: Mutex<LocalAPICCore>
    private let output: InterruptOutputs
    private let clock: any Clock
    private let schedule: @Sendable (UInt64) -> Void
    private let endOfInterrupt: @Sendable (UInt8) -> Void
    private let fresh: @Sendable () -> LocalAPICCore

    /// - Parameters:
    ///   - ticksPerCount: ticks of `clock` that one undivided timer count lasts.
    ///   - interrupt: asserted while an interrupt waits that the core should take.
    ///   - schedule: wants a call of `timerExpired` at that tick of the clock (`UInt64.max`: none), instead of any
    ///     asked for before. Called on the core's thread.
    ///   - endOfInterrupt: the handler of a level-triggered vector has ended.
    package init(
        identifier: UInt32, clock: any Clock, ticksPerCount: UInt64, interrupt: InterruptLine,
        schedule: @escaping @Sendable (UInt64) -> Void, endOfInterrupt: @escaping @Sendable (UInt8) -> Void
    ) {
        fresh = { LocalAPICCore(identifier: identifier, ticksPerCount: ticksPerCount) }
        core = Mutex(LocalAPICCore(identifier: identifier, ticksPerCount: ticksPerCount))
        output = InterruptOutputs([interrupt])
        self.clock = clock
        self.schedule = schedule
        self.endOfInterrupt = endOfInterrupt
    }

    /// Registers are words at multiples of 16; other accesses read zero and write nothing.
    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        guard width == .word, offset & 0xF == 0 else { return 0 }
        let now = clock.now()
        return UInt64(core.withLock { $0.read(at: offset, now: now) })
    }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        guard width == .word, offset & 0xF == 0 else { return }
        let now = clock.now()
        let effect = core.withLock { $0.write(at: offset, UInt32(truncatingIfNeeded: value), now: now) }
        drive()
        switch effect {
        case .none: break
        case .endOfInterrupt(let vector): endOfInterrupt(vector)
        case .reschedule: reschedule()
        }
    }

    package func reset() {
        let fresh = fresh()
        core.withLock { $0 = fresh }
        drive()
    }

    // MARK: The core's side

    /// Takes the most urgent interrupt.
    package func acknowledge() -> UInt8? {
        let vector = core.withLock { $0.acknowledge() }
        drive()
        return vector
    }

    /// CR8, the upper half of the task priority.
    package var taskPriority: UInt8 {
        get { core.withLock { $0.taskPriority >> 4 } }
        set {
            core.withLock { $0.setTaskPriority(newValue << 4) }
            drive()
        }
    }

    /// IA32_TSC_DEADLINE in ticks of the clock; 0 stops the timer.
    package func setDeadline(_ tick: UInt64) {
        core.withLock { $0.setDeadline(tick) }
        reschedule()
    }

    /// The tick that was asked for has come. Early calls do no harm.
    package func timerExpired() {
        let now = clock.now()
        core.withLock { $0.expire(now: now) }
        drive()
        reschedule()
    }

    // MARK: The bus's side

    /// An interrupt message. From any thread.
    package func accept(_ vector: UInt8, isLevel: Bool) {
        core.withLock { $0.accept(vector, isLevel: isLevel) }
        drive()
    }

    private func reschedule() { schedule(core.withLock { $0.expiry } ?? .max) }

    private func drive() { output.drive { core.withLock { $0.isAsserted ? 1 : 0 } } }
}
