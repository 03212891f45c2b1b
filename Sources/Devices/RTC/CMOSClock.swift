import Machine
import Synchronization

/// A PC's real-time clock and CMOS RAM at its two ports, index and data. It shows the host's wall clock, in UTC,
/// until the guest sets it.
package final class CMOSClock: Device {
    package static let size: UInt64 = 2
    /// The byte that counts centuries, which ACPI's tables tell.
    package static let centuryRegister = UInt8(CMOSClockCore.Register.century)

    private let core: Mutex<CMOSClockCore>
    private let interrupt: InterruptOutputs
    private let wallClock: @Sendable () -> UInt64
    /// Whether a timer is asked for.
    private let isScheduled = Mutex(false)
    private let schedule: @Sendable (_ nanoseconds: UInt64?) -> Void

    /// - Parameters:
    ///   - interrupt: asserted from an event until the guest reads register C.
    ///   - wallClock: nanoseconds since 1970.
    ///   - contents: bytes of RAM that firmware finds set, by their place.
    ///   - schedule: asks for one call of `alarmExpired` after so many nanoseconds, instead of any asked for before;
    ///     `nil` asks for none. Early and spurious calls do no harm.
    package init(
        interrupt: InterruptLine, wallClock: @escaping @Sendable () -> UInt64 = GoldfishRTC.hostTime,
        contents: [Int: UInt8] = [:], schedule: @escaping @Sendable (_ nanoseconds: UInt64?) -> Void
    ) {
        var core = CMOSClockCore(now: wallClock())
        for (place, value) in contents { core.preset(place, value) }
        self.core = Mutex(core)
        self.interrupt = InterruptOutputs([interrupt])
        self.wallClock = wallClock
        self.schedule = schedule
    }

    /// The timer asked for has run out; callable from any thread.
    package func alarmExpired() {
        let now = wallClock()
        core.withLock { $0.check(now: now) }
        settle()
    }

    /// Ports are bytes. The index cannot be read back.
    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        guard width == .byte, offset == 1 else { return 0xFF }
        let now = wallClock()
        let value = core.withLock { $0.read(now: now) }
        settle()
        return UInt64(value)
    }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        guard width == .byte else { return }
        let byte = UInt8(truncatingIfNeeded: value)
        if offset == 0 { return core.withLock { $0.select(byte) } }
        let now = wallClock()
        core.withLock { $0.write(byte, now: now) }
        settle()
    }

    package func reset() {
        core.withLock { $0.reset() }
        settle()
    }

    /// Serialised, so that the last timer asked for is that of the registers as they stand.
    private func settle() {
        isScheduled.withLock { isScheduled in
            let now = wallClock()
            let next = core.withLock { $0.timeToEvent(now: now) }
            guard isScheduled || next != nil else { return }
            isScheduled = next != nil
            schedule(next)
        }
        interrupt.drive { core.withLock { $0.interruptAsserted ? 1 : 0 } }
    }
}
