import CLinux
import Machine
import Synchronization

/// What a hart is doing, in the words of the SBI's hart state management.
package enum Condition: UInt8, Sendable {
    case started = 0
    case stopped = 1
    case startPending = 2
    case suspended = 4
}

/// What others ask of a hart's thread, as bits.
enum HartRequest {
    static let park: UInt32 = 1
    static let end: UInt32 = 2
}

// Starting, stopping, sleeping, parking.
extension Hart {
    // MARK: Any thread

    /// What the hart is doing. *Any thread.*
    package var condition: Condition {
        Condition(rawValue: conditionValue.load(ordering: .acquiring)) ?? .stopped
    }

    /// Makes the hart leave what it is doing, sleep included, and attend to its requests. *Any thread.*
    package func kick() {
        _ = viv_exchange32(state.exitRequest, 1)
        if isAsleep.load(ordering: .sequentiallyConsistent) { sleeper.wake() }
    }

    /// Asks the hart to stand still between two instructions. *Any thread.*
    package func park() {
        _ = requests.bitwiseOr(HartRequest.park, ordering: .sequentiallyConsistent)
        kick()
    }

    /// Waits until a hart that was asked to park, or whose thread has ended, stands still. *Any other
    /// thread.*
    package func waitUntilParked() { sleeper.await { isParkedValue.load(ordering: .acquiring) } }

    /// Lets a parked hart go on. *Any thread.*
    package func unpark() {
        _ = requests.bitwiseAnd(~HartRequest.park, ordering: .sequentiallyConsistent)
        kick()
    }

    /// Makes the hart's thread leave its engine for good. *Any thread.*
    package func end() {
        _ = requests.bitwiseOr(HartRequest.end, ordering: .sequentiallyConsistent)
        kick()
    }

    /// Starts a stopped hart in supervisor mode with `a0` = hart id and `a1` = `argument` (SBI, "Hart State
    /// Management"). False when it is not stopped. *Any thread.*
    package func start(at address: UInt64, argument: UInt64) -> Bool {
        let won = sleeper.announce {
            guard condition == .stopped else { return false }
            startAddress = address
            startArgument = argument
            set(.startPending)
            return true
        }
        if won { kick() }
        return won
    }

    /// Whether the hart sleeps with nothing that a device or a timer could do to wake it. *Any thread.*
    ///
    /// It stays awake in this sense from the moment it is kicked.
    package var isDormant: Bool {
        isDormantValue.load(ordering: .sequentiallyConsistent) && viv_load32(state.exitRequest) == 0
    }

    // MARK: Own thread

    /// Whether the hart is to park or to end.
    var isAsked: Bool { requests.load(ordering: .relaxed) != 0 }

    /// SBI `hart_stop`: the hart sleeps, from its next `attend` on, until it is started again.
    package func stop() {
        set(.stopped)
        viv_store32(state.exitRequest, 1)
    }

    /// SBI `hart_suspend`: the hart sleeps, from its next `attend` on, until an enabled interrupt is pending.
    ///
    /// - Parameter resume: where to go on and with which `a1`, for a suspension that loses the registers.
    package func suspend(resume: (address: UInt64, argument: UInt64)?) {
        resumption = resume
        set(.suspended)
        waitForInterrupt()
    }

    /// WFI: the hart sleeps, from its next `attend` on, until an interrupt enabled in `mie` is pending.
    package func waitForInterrupt() {
        isWaiting = true
        viv_store32(state.exitRequest, 1)
    }

    func set(_ condition: Condition) {
        conditionValue.store(condition.rawValue, ordering: .sequentiallyConsistent)
    }

    // MARK: While not running

    /// Power-on state: every register as after reset, the hart stopped.
    package func reset() {
        var fresh = HartState(hartID: id)
        // The core belongs to the engine, which lives on.
        fresh.core = state.pointee.core
        state.pointee = fresh
        takeTimeScale()
        isWaiting = false
        resumption = nil
        set(.stopped)
        // An engine that caches anything must look again.
        viv_store32(state.exitRequest, 1)
    }

    /// Lets the hart begin in machine mode at `address`, as after power-on with firmware.
    package func startMachineMode(at address: UInt64) {
        state.pointee.pc = address
        state.pointee.privilege = Privilege.machine.rawValue
        set(.started)
        kick()
    }

    /// Does what firmware would do before it enters a supervisor that it serves from outside the machine:
    /// opens all memory, delegates every trap but the supervisor's own calls, and enables counters, timer and
    /// extensions. A and D bits are set in hardware (Svadu).
    package func prepareSupervisor() {
        state.pointee.pmpaddr[0] = 1 << 54 - 1
        state.pointee.pmpcfg[0] = 0x1F
        state.pointee.medeleg = 0xB1FF
        state.pointee.mideleg = Interrupts.supervisor
        state.pointee.mcounteren = 0xFFFF_FFFF
        state.pointee.scounteren = 0xFFFF_FFFF
        state.pointee.menvcfg = EnvironmentConfiguration.machineWritable & ~EnvironmentConfiguration.fiom
    }
}
