/// The registers of a local APIC in xAPIC and x2APIC mode and the rules that choose the next interrupt
/// (Intel SDM volume 3, chapter 10).
struct LocalAPICCore {
    /// What the timer counts by.
    enum TimerMode: UInt32 {
        case oneShot, periodic, deadline, reserved
    }

    /// Something that a register write asks of the rest of the machine.
    enum Effect: Equatable {
        case none
        /// The handler of a level-triggered interrupt has ended.
        case endOfInterrupt(vector: UInt8)
        /// The timer's time of expiry has changed.
        case reschedule
        /// An interrupt command for the APICs that it names.
        case send(APICMessage)
        /// What was written is not allowed.
        case refused
    }

    private enum Register {
        static let identifier: UInt64 = 0x20
        static let version: UInt64 = 0x30
        static let taskPriority: UInt64 = 0x80
        static let processorPriority: UInt64 = 0xA0
        static let endOfInterrupt: UInt64 = 0xB0
        static let logicalDestination: UInt64 = 0xD0
        static let destinationFormat: UInt64 = 0xE0
        static let spurious: UInt64 = 0xF0
        static let inService: UInt64 = 0x100
        static let trigger: UInt64 = 0x180
        static let request: UInt64 = 0x200
        static let errorStatus: UInt64 = 0x280
        static let command: UInt64 = 0x300
        static let commandHigh: UInt64 = 0x310
        static let timer: UInt64 = 0x320
        static let lastVector: UInt64 = 0x370
        static let initialCount: UInt64 = 0x380
        static let currentCount: UInt64 = 0x390
        static let divide: UInt64 = 0x3E0
        /// Of x2APIC mode only.
        static let selfInterrupt: UInt64 = 0x3F0
    }

    /// Bits of IA32_APIC_BASE.
    private enum Base {
        static let isBootstrap: UInt64 = 1 << 8
        static let isExtended: UInt64 = 1 << 10
        static let isOn: UInt64 = 1 << 11
        static let address: UInt64 = (1 << 40 - 1) & ~0xFFF
    }

    /// Version 0x14, six entries in the local vector table.
    private static let version: UInt32 = 0x0005_0014
    private static let masked: UInt32 = 1 << 16

    let identifier: UInt32
    /// IA32_APIC_BASE.
    private(set) var base: UInt64
    private(set) var taskPriority: UInt8 = 0
    private var logicalDestination: UInt32 = 0
    private var destinationFormat: UInt32 = .max
    private var spurious: UInt32 = 0xFF
    private var errorStatus: UInt32 = 0
    private var command: UInt32 = 0
    private var commandHigh: UInt32 = 0
    /// Timer, thermal, performance, LINT0, LINT1, error.
    private var vectors = [UInt32](repeating: LocalAPICCore.masked, count: 6)
    private var inService = VectorSet()
    private var isLevel = VectorSet()
    private var request = VectorSet()

    private var initialCount: UInt32 = 0
    private var divide: UInt32 = 0
    /// The tick at which the count reaches zero; `nil` when the timer stands.
    private(set) var expiry: UInt64?
    let ticksPerCount: UInt64

    /// - Parameter ticksPerCount: ticks of the clock that one undivided timer count lasts.
    init(identifier: UInt32, ticksPerCount: UInt64) {
        self.identifier = identifier
        self.ticksPerCount = ticksPerCount
        base = LocalAPIC.address | Base.isOn | (identifier == 0 ? Base.isBootstrap : 0)
    }

    private var isEnabled: Bool { spurious & 1 << 8 != 0 && base & Base.isOn != 0 }

    /// Registers are MSRs, and identifiers have 32 bits (section 10.12).
    var isExtended: Bool { base & Base.isExtended != 0 }

    /// Where the registers lie in memory; `nil` while they do not.
    var window: UInt64? { base & (Base.isOn | Base.isExtended) == Base.isOn ? base & Base.address : nil }

    /// INIT: as after power-on, but where and how it was.
    mutating func initialise() {
        let base = base
        self = LocalAPICCore(identifier: identifier, ticksPerCount: ticksPerCount)
        self.base = base
    }

    /// Writes IA32_APIC_BASE. False for reserved bits, and for changes of mode that there are not (figure 10-27).
    mutating func setBase(_ value: UInt64) -> Bool {
        let bits = Base.isBootstrap | Base.isExtended | Base.isOn | Base.address
        let (old, new) = (base & (Base.isOn | Base.isExtended), value & (Base.isOn | Base.isExtended))
        if value & ~bits != 0 || new == Base.isExtended { return false }
        if old & Base.isExtended != 0, new == Base.isOn { return false }
        if old == 0, new & Base.isExtended != 0 { return false }
        if new == 0, old != 0 { initialise() }
        base = value & ~Base.isBootstrap | (identifier == 0 ? Base.isBootstrap : 0)
        return true
    }

    /// Whether a message is for this APIC (section 10.6.2).
    func isNamed(by message: APICMessage) -> Bool {
        let target = message.destination
        if isExtended {
            if target == .max { return true }
            guard message.isLogical else { return target == identifier }
            return target >> 16 == extendedLogical >> 16 && target & extendedLogical & 0xFFFF != 0
        }
        if target & 0xFF == 0xFF { return true }
        guard message.isLogical else { return target == identifier }
        let own = logicalDestination >> 24
        // The flat model, or clusters of four.
        if destinationFormat >> 28 == 0xF { return target & own != 0 }
        return target >> 4 & 0xF == own >> 4 && target & own & 0xF != 0
    }

    private var extendedLogical: UInt32 { (identifier >> 4) << 16 | 1 << (identifier & 15) }

    // MARK: Priorities (section 10.8)

    var processorPriority: UInt8 {
        max(taskPriority & 0xF0, (inService.highest ?? 0) & 0xF0)
            | (taskPriority & 0xF0 >= (inService.highest ?? 0) & 0xF0 ? taskPriority & 0xF : 0)
    }

    /// Whether an interrupt waits that the processor's priority lets through.
    var isAsserted: Bool {
        guard isEnabled, let vector = request.highest else { return false }
        return vector & 0xF0 > processorPriority & 0xF0
    }

    /// Hands the most urgent interrupt over: it is in service from now on.
    mutating func acknowledge() -> UInt8? {
        guard isAsserted, let vector = request.highest else { return nil }
        request.remove(vector)
        inService.insert(vector)
        return vector
    }

    /// Takes an interrupt message.
    mutating func accept(_ vector: UInt8, isLevel level: Bool) {
        guard vector >= 16 else { return }
        request.insert(vector)
        if level { isLevel.insert(vector) } else { isLevel.remove(vector) }
    }

    mutating func setTaskPriority(_ value: UInt8) { taskPriority = value }

    // MARK: Registers

    func read(at offset: UInt64, now: UInt64) -> UInt32 {
        switch offset & ~0xF {
        case Register.identifier: isExtended ? identifier : identifier << 24
        case Register.version: Self.version
        case Register.taskPriority: UInt32(taskPriority)
        case Register.processorPriority: UInt32(processorPriority)
        case Register.logicalDestination: isExtended ? extendedLogical : logicalDestination
        case Register.destinationFormat: destinationFormat
        case Register.spurious: spurious
        case Register.inService..<Register.trigger: inService.word(Int(offset >> 4 & 7))
        case Register.trigger..<Register.request: isLevel.word(Int(offset >> 4 & 7))
        case Register.request..<Register.errorStatus: request.word(Int(offset >> 4 & 7))
        case Register.errorStatus: errorStatus
        case Register.command: command
        case Register.commandHigh: commandHigh
        case Register.timer...Register.lastVector: vectors[Int((offset - Register.timer) >> 4)]
        case Register.initialCount: initialCount
        case Register.currentCount: currentCount(now)
        case Register.divide: divide
        default: 0
        }
    }

    mutating func write(at offset: UInt64, _ value: UInt32, now: UInt64) -> Effect {
        switch offset & ~0xF {
        case Register.taskPriority: taskPriority = UInt8(truncatingIfNeeded: value)
        case Register.endOfInterrupt: return endInterrupt()
        case Register.logicalDestination: logicalDestination = value & 0xFF00_0000
        case Register.destinationFormat: destinationFormat = value | 0x0FFF_FFFF
        case Register.spurious: setSpurious(value)
        case Register.errorStatus: errorStatus = 0
        case Register.command: return send(value, to: commandHigh >> 24)
        case Register.commandHigh: commandHigh = value & 0xFF00_0000
        case Register.timer...Register.lastVector:
            return setVector(Int((offset - Register.timer) >> 4), value, now)
        case Register.initialCount: return setCount(value, now)
        case Register.divide: divide = value & 0xB
        default: break
        }
        return .none
    }

    private mutating func endInterrupt() -> Effect {
        guard let vector = inService.highest else { return .none }
        inService.remove(vector)
        return isLevel.contains(vector) ? .endOfInterrupt(vector: vector) : .none
    }

    /// While the APIC is disabled by software, everything in the local vector table is masked.
    private mutating func setSpurious(_ value: UInt32) {
        spurious = value & 0x1FF
        guard !isEnabled else { return }
        for index in vectors.indices { vectors[index] |= Self.masked }
    }

    private mutating func setVector(_ index: Int, _ value: UInt32, _ now: UInt64) -> Effect {
        let before = timerMode
        vectors[index] = (index == 0 ? value & 0x7_00FF : value & 0x1_A7FF) | (isEnabled ? 0 : Self.masked)
        guard index == 0, timerMode != before else { return .none }
        expiry = nil
        return .reschedule
    }

    /// An interrupt command (section 10.6.1).
    private mutating func send(_ value: UInt32, to destination: UInt32) -> Effect {
        command = value & 0xC_CFFF
        return .send(
            APICMessage(
                vector: UInt8(truncatingIfNeeded: value), mode: APICMessage.Mode(rawValue: value >> 8 & 7),
                isLevel: value & 1 << 15 != 0, isAsserted: value & 1 << 14 != 0, destination: destination,
                isLogical: value & 1 << 11 != 0,
                shorthand: APICMessage.Shorthand(rawValue: value >> 18 & 3) ?? .none))
    }
}

// MARK: - x2APIC mode (section 10.12)

extension LocalAPICCore {
    /// What the registers are called as MSRs.
    static let registers: ClosedRange<UInt32> = 0x800...0x8FF

    /// `nil` for what is no register that may be read.
    func read(register number: UInt32, now: UInt64) -> UInt64? {
        let offset = UInt64(number & 0xFF) << 4
        switch offset {
        case _ where !isExtended: return nil
        case Register.command: return UInt64(commandHigh) << 32 | UInt64(command)
        case Register.identifier, Register.version, Register.taskPriority, Register.processorPriority,
            Register.logicalDestination, Register.spurious, Register.inService...Register.errorStatus,
            Register.timer...Register.lastVector, Register.initialCount, Register.currentCount,
            Register.divide:
            return UInt64(read(at: offset, now: now))
        default: return nil
        }
    }

    mutating func write(register number: UInt32, _ value: UInt64, now: UInt64) -> Effect {
        let offset = UInt64(number & 0xFF) << 4
        let low = UInt32(truncatingIfNeeded: value)
        if !isExtended { return .refused }
        if offset == Register.command {
            commandHigh = UInt32(truncatingIfNeeded: value >> 32)
            return send(low, to: commandHigh)
        }
        guard value >> 32 == 0 else { return .refused }
        switch offset {
        case Register.selfInterrupt:
            guard value < 0x100 else { return .refused }
            accept(UInt8(low), isLevel: false)
            return .none
        case Register.endOfInterrupt, Register.errorStatus:
            return value == 0 ? write(at: offset, 0, now: now) : .refused
        case Register.taskPriority:
            return value < 0x100 ? write(at: offset, low, now: now) : .refused
        case Register.spurious, Register.timer...Register.lastVector, Register.initialCount, Register.divide:
            return write(at: offset, low, now: now)
        default: return .refused
        }
    }
}

// MARK: - The timer (section 10.5.4)

extension LocalAPICCore {
    private var timerMode: TimerMode { TimerMode(rawValue: vectors[0] >> 17 & 3) ?? .reserved }

    /// Ticks of the clock that one count lasts.
    private var period: UInt64 {
        let shift = (divide & 3 | divide >> 1 & 4) &+ 1
        return ticksPerCount << UInt64(shift & 7)
    }

    private func currentCount(_ now: UInt64) -> UInt32 {
        guard let expiry, timerMode != .deadline, expiry > now else { return 0 }
        return UInt32(truncatingIfNeeded: (expiry - now) / period)
    }

    private mutating func setCount(_ value: UInt32, _ now: UInt64) -> Effect {
        guard timerMode != .deadline else { return .none }
        initialCount = value
        expiry = value == 0 ? nil : now &+ UInt64(value) &* period
        return .reschedule
    }

    /// The TSC deadline, in ticks of the clock; 0 stops it. Ignored in other modes.
    mutating func setDeadline(_ tick: UInt64) {
        guard timerMode == .deadline else { return }
        expiry = tick == 0 ? nil : tick
    }

    /// Lets the timer fire when its time has come.
    mutating func expire(now: UInt64) {
        guard let due = expiry, due <= now else { return }
        if vectors[0] & Self.masked == 0, isEnabled {
            accept(UInt8(truncatingIfNeeded: vectors[0]), isLevel: false)
        }
        guard timerMode == .periodic, initialCount != 0 else {
            expiry = nil
            return
        }
        // Whole periods that have been missed are gone.
        let length = UInt64(initialCount) &* period
        expiry = due &+ ((now &- due) / length &+ 1) &* length
    }
}

/// A set of the 256 interrupt vectors.
struct VectorSet: Equatable {
    private var words = [UInt32](repeating: 0, count: 8)

    /// 32 vectors as the registers show them.
    func word(_ index: Int) -> UInt32 { words[index & 7] }

    func contains(_ vector: UInt8) -> Bool { words[Int(vector >> 5)] >> UInt32(vector & 31) & 1 != 0 }

    mutating func insert(_ vector: UInt8) { words[Int(vector >> 5)] |= 1 << UInt32(vector & 31) }

    mutating func remove(_ vector: UInt8) { words[Int(vector >> 5)] &= ~(1 << UInt32(vector & 31)) }

    var highest: UInt8? {
        for index in (0..<8).reversed() where words[index] != 0 {
            return UInt8(index * 32 + 31 - words[index].leadingZeroBitCount)
        }
        return nil
    }
}
