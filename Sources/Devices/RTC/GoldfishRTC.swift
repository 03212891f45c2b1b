import Glibc
import Machine
import Synchronization

/// The Goldfish real-time clock on the bus. It shows the host's wall clock until the guest sets it.
package final class GoldfishRTC: DescribedDevice {
    private let core = Mutex(GoldfishRTCCore())
    private let interrupt: InterruptOutputs
    private let wallClock: @Sendable () -> UInt64
    private let scheduleOrder = Mutex(())
    private let schedule: @Sendable (_ nanoseconds: UInt64?) -> Void

    /// - Parameters:
    ///   - interrupt: asserted from an alarm until the guest clears it.
    ///   - wallClock: nanoseconds since 1970.
    ///   - schedule: asks for one call of `alarmExpired` after so many nanoseconds, instead of any asked
    ///     for before; `nil` asks for none. Early and spurious calls do no harm.
    package init(
        interrupt: InterruptLine,
        wallClock: @escaping @Sendable () -> UInt64 = GoldfishRTC.hostTime,
        schedule: @escaping @Sendable (_ nanoseconds: UInt64?) -> Void
    ) {
        self.interrupt = InterruptOutputs([interrupt])
        self.wallClock = wallClock
        self.schedule = schedule
    }

    /// The host's wall clock in nanoseconds since 1970.
    package static func hostTime() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    package var description: DeviceDescription {
        DeviceDescription(name: "rtc", compatible: ["google,goldfish-rtc"], size: 0x1000, interrupts: true)
    }

    /// The timer asked for has run out; callable from any thread.
    package func alarmExpired() {
        let now = wallClock()
        core.withLock { $0.check(now: now) }
        reschedule()
        driveInterrupt()
    }

    /// Registers are words: other widths read as zero and write nothing.
    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        guard width == .word else { return 0 }
        let now = wallClock()
        return UInt64(core.withLock { $0.read(at: offset, now: now) })
    }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        guard width == .word else { return }
        let value = UInt32(truncatingIfNeeded: value)
        let now = wallClock()
        if core.withLock({ $0.write(at: offset, value, now: now) }) { reschedule() }
        driveInterrupt()
    }

    package func reset() {
        core.withLock { $0 = GoldfishRTCCore() }
        reschedule()
        driveInterrupt()
    }

    /// Serialised, so that the last timer asked for is that of the alarm as it stands.
    private func reschedule() {
        scheduleOrder.withLock { _ in
            let now = wallClock()
            schedule(core.withLock { $0.timeToAlarm(now: now) })
        }
    }

    private func driveInterrupt() {
        interrupt.drive { core.withLock { $0.interruptAsserted ? 1 : 0 } }
    }
}
