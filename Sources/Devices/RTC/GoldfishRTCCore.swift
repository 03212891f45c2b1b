/// The registers of Android's Goldfish real-time clock: nanoseconds since 1970 and one alarm.
package struct GoldfishRTCCore {
    enum Register: UInt64 {
        case timeLow = 0x00
        case timeHigh = 0x04
        case alarmLow = 0x08
        case alarmHigh = 0x0c
        case interruptEnable = 0x10
        case clearAlarm = 0x14
        case alarmStatus = 0x18
        case clearInterrupt = 0x1c
    }

    /// What the guest's clock is ahead of the host's, modulo 2^64.
    private var offset: UInt64 = 0
    /// Reading the low half latches this one, so that the pair is one moment.
    private var latchedHigh: UInt32 = 0
    private var alarm: UInt64 = 0
    private var alarmArmed = false
    private var interruptEnabled = false
    private var interruptPending = false

    package init() {}

    package var interruptAsserted: Bool { interruptEnabled && interruptPending }

    /// `now` is the host's wall clock in nanoseconds since 1970.
    package mutating func read(at register: UInt64, now: UInt64) -> UInt32 {
        switch Register(rawValue: register) {
        case .timeLow:
            let time = now &+ offset
            latchedHigh = UInt32(truncatingIfNeeded: time >> 32)
            return UInt32(truncatingIfNeeded: time)
        case .timeHigh: return latchedHigh
        case .alarmLow: return UInt32(truncatingIfNeeded: alarm)
        case .alarmHigh: return UInt32(truncatingIfNeeded: alarm >> 32)
        case .interruptEnable: return interruptEnabled ? 1 : 0
        case .alarmStatus: return alarmArmed ? 1 : 0
        case .clearAlarm, .clearInterrupt, nil: return 0
        }
    }

    /// Nanoseconds until the alarm is due; `nil` when none is armed.
    package func timeToAlarm(now: UInt64) -> UInt64? {
        guard alarmArmed else { return nil }
        let time = now &+ offset
        return alarm > time ? alarm - time : 0
    }

    /// Drivers write the high half first; the low half of the alarm arms it.
    ///
    /// Returns whether `timeToAlarm` may have changed other than by time passing.
    package mutating func write(at register: UInt64, _ value: UInt32, now: UInt64) -> Bool {
        let time = now &+ offset
        switch Register(rawValue: register) {
        case .timeLow: offset = (time & ~0xffff_ffff | UInt64(value)) &- now
        case .timeHigh: offset = (time & 0xffff_ffff | UInt64(value) << 32) &- now
        case .alarmLow:
            alarm = alarm & ~0xffff_ffff | UInt64(value)
            alarmArmed = true
        case .alarmHigh: alarm = alarm & 0xffff_ffff | UInt64(value) << 32
        case .clearAlarm: alarmArmed = false
        case .interruptEnable:
            interruptEnabled = value & 1 != 0
            return false
        case .clearInterrupt:
            interruptPending = false
            return false
        case .alarmStatus, nil: return false
        }
        check(now: now)
        return true
    }

    /// Fires the alarm if it is due.
    package mutating func check(now: UInt64) {
        guard timeToAlarm(now: now) == 0 else { return }
        alarmArmed = false
        interruptPending = true
    }
}
