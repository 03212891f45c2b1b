import CLinux
import Machine
import Synchronization

/// One RISC-V hart: its state and everything that an engine (interpreter or translator) shares with the rest
/// of the machine. The engine owns the thread and runs
///
///     while hart.attend() { ...execute until core.exitRequest... }
///
/// Methods marked *any thread* may be called from anywhere; all others belong to the hart's own thread, or to
/// a machine whose harts are parked or not yet running.
package final class Hart: @unchecked Sendable {
    // SAFETY: other threads reach the shared fields of the state by atomic operations, `requests`,
    // `condition` and `isAsleep` are atomic, closures are set before the thread starts, and everything else
    // is the own thread's.

    package let id: UInt64
    package let state: HartPointer
    package let memory: GuestMemory
    package let bus: AddressSpace
    package let clock: any Clock
    /// What a debugger wants of the hart.
    package let debug = DebugLatch()
    private let alarm: AlarmClock?
    private var alarmNumber = 0
    /// The deadline that `alarm` was last given.
    private var alarmTime: UInt64 = .max

    /// The built-in SBI: asked on every environment call from supervisor mode. True when it has handled the
    /// call, and the hart goes on after it; false lets the exception happen.
    package var environmentCall: ((Hart) -> Bool)?
    /// The engine's own requests: called on the hart's thread whenever `exitRequest` has been cleared, also
    /// while the hart sleeps or is parked, so that a request made by `kick` is never lost.
    package var serveEngine: (() -> Void)?
    /// Called on the hart's thread each time it falls asleep with nothing left that a device or a timer could
    /// do to wake it. When all harts are so, the guest is dead.
    package var fellDormant: ((Hart) -> Void)?

    let sleeper = Sleeper()
    let requests = Atomic<UInt32>(0)
    let conditionValue = Atomic<UInt8>(Condition.stopped.rawValue)
    let isAsleep = Atomic<Bool>(false)
    let isParkedValue = Atomic<Bool>(false)
    let isDormantValue = Atomic<Bool>(false)
    /// Where `start` wants the hart; guarded by the sleeper's lock.
    var startAddress: UInt64 = 0
    var startArgument: UInt64 = 0
    /// Whether the hart is in WFI or suspended.
    var isWaiting = false
    var resumption: (address: UInt64, argument: UInt64)?

    /// A stopped hart in its reset state.
    ///
    /// - Parameter alarm: what kicks the hart when a timer comes due while it runs; without one, timers are
    ///   looked
    ///   at whenever the hart attends to something else.
    package init(
        id: UInt64, memory: GuestMemory, bus: AddressSpace, clock: any Clock, alarm: AlarmClock? = nil
    ) {
        self.id = id
        self.memory = memory
        self.bus = bus
        self.clock = clock
        self.alarm = alarm
        state = HartPointer.allocate(capacity: 1)
        state.initialize(to: HartState(hartID: id))
        if let alarm { alarmNumber = alarm.add { [weak self] in self?.kick() } }
        takeTimeScale()
    }

    deinit { state.deallocate() }

    /// Copies the clock's scale to where emitted code finds it. Call again after the clock was resumed.
    package func takeTimeScale() {
        guard let host = clock as? HostClock else { return }
        state.pointee.timeFactor = host.factor
        state.pointee.timeOffset = host.offset
    }

    func setAlarm(_ deadline: UInt64) {
        guard deadline != alarmTime else { return }
        alarmTime = deadline
        alarm?.set(alarmNumber, to: deadline)
    }

    // MARK: Physical memory

    /// Reads RAM, or else a device; `nil` where there is neither.
    package func loadPhysical(_ address: UInt64, _ width: AccessWidth) -> UInt64? {
        guard let pointer = memory.pointer(to: address, count: UInt64(width.rawValue)) else {
            return bus.read(address, width: width)
        }
        return switch width {
        case .byte: UInt64(pointer.load(as: UInt8.self))
        case .half: UInt64(pointer.loadUnaligned(as: UInt16.self))
        case .word: UInt64(pointer.loadUnaligned(as: UInt32.self))
        case .double: pointer.loadUnaligned(as: UInt64.self)
        }
    }

    /// Writes RAM, or else a device; false where there is neither.
    package func storePhysical(_ address: UInt64, _ width: AccessWidth, _ value: UInt64) -> Bool {
        let count = UInt64(width.rawValue)
        guard let pointer = memory.pointer(to: address, count: count) else {
            return bus.write(address, width: width, value)
        }
        switch width {
        case .byte: pointer.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
        case .half: pointer.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
        case .word: pointer.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
        case .double: pointer.storeBytes(of: value, as: UInt64.self)
        }
        memory.didWrite(address, count)
        return true
    }
}
