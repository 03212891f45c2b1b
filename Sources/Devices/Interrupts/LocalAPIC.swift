import Machine
import Synchronization

/// The local APIC of one core: its registers in memory (xAPIC) or as MSRs (x2APIC).
package final class LocalAPIC: Device {
    /// Bytes of the register window, and where it lies after reset.
    package static let windowSize: UInt64 = 0x1000
    package static let address: UInt64 = 0xFEE0_0000

    private let core: Mutex<LocalAPICCore>
    private let output: InterruptOutputs
    private let clock: any Clock
    private let schedule: @Sendable (UInt64) -> Void
    private let endOfInterrupt: @Sendable (UInt8) -> Void
    private let send: @Sendable (APICMessage, LocalAPIC) -> Void
    private let signal: @Sendable (Signal) -> Void

    /// What a message may ask of the core besides an interrupt.
    package enum Signal: Equatable, Sendable {
        case nonMaskable, initialise
        /// Begin at this page.
        case startUp(UInt8)
    }

    /// - Parameters:
    ///   - ticksPerCount: ticks of `clock` that one undivided timer count lasts.
    ///   - interrupt: asserted while an interrupt waits that the core should take.
    ///   - schedule: wants a call of `timerExpired` at that tick of the clock (`UInt64.max`: none), instead of any
    ///     asked for before. Called on the core's thread.
    ///   - endOfInterrupt: the handler of a level-triggered vector has ended.
    ///   - send: takes interrupt commands. Called on the core's thread.
    ///   - signal: called on whichever thread sends the message.
    package init(
        identifier: UInt32, clock: any Clock, ticksPerCount: UInt64, interrupt: InterruptLine,
        schedule: @escaping @Sendable (UInt64) -> Void, endOfInterrupt: @escaping @Sendable (UInt8) -> Void,
        send: @escaping @Sendable (APICMessage, LocalAPIC) -> Void = { $1.take($0) },
        signal: @escaping @Sendable (Signal) -> Void = { _ in }
    ) {
        self.send = send
        self.signal = signal
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
        carryOut(effect)
    }

    private func carryOut(_ effect: LocalAPICCore.Effect) {
        drive()
        switch effect {
        case .none, .refused: break
        case .endOfInterrupt(let vector): endOfInterrupt(vector)
        case .reschedule: reschedule()
        case .send(let message): send(message, self)
        }
    }

    package func reset() {
        core.withLock { $0 = LocalAPICCore(identifier: $0.identifier, ticksPerCount: $0.ticksPerCount) }
        drive()
    }

    // MARK: The core's side

    /// Where the registers lie in the core's memory: `windowSize` bytes, or `nil` for nowhere.
    package var window: UInt64? { core.withLock { $0.window } }

    /// IA32_APIC_BASE.
    package var base: UInt64 { core.withLock { $0.base } }

    /// Writes IA32_APIC_BASE. False for what is not allowed.
    package func setBase(_ value: UInt64) -> Bool {
        let isAllowed = core.withLock { $0.setBase(value) }
        drive()
        reschedule()
        return isAllowed
    }

    /// Reads a register of x2APIC mode by its number as MSR; `nil` for what there is not.
    package func read(register number: UInt32) -> UInt64? {
        guard LocalAPICCore.registers.contains(number) else { return nil }
        let now = clock.now()
        return core.withLock { $0.read(register: number, now: now) }
    }

    /// Writes a register of x2APIC mode. False for what is not allowed.
    package func write(register number: UInt32, _ value: UInt64) -> Bool {
        guard LocalAPICCore.registers.contains(number) else { return false }
        let now = clock.now()
        let effect = core.withLock { $0.write(register: number, value, now: now) }
        carryOut(effect)
        return effect != .refused
    }

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

    func isNamed(by message: APICMessage) -> Bool { core.withLock { $0.isNamed(by: message) } }

    var processorPriority: UInt8 { core.withLock { $0.processorPriority } }

    /// Takes a message that is for this APIC. From any thread.
    package func take(_ message: APICMessage) {
        switch message.mode {
        case .fixed, .lowestPriority: accept(message.vector, isLevel: message.isLevel)
        case .nonMaskable: signal(.nonMaskable)
        case .initialise:
            guard message.isAsserted else { return }
            core.withLock { $0.initialise() }
            drive()
            signal(.initialise)
        case .startUp: signal(.startUp(message.vector))
        case .management, .reserved, .external: break
        }
    }

    private func reschedule() { schedule(core.withLock { $0.expiry } ?? .max) }

    private func drive() { output.drive { core.withLock { $0.isAsserted ? 1 : 0 } } }
}
