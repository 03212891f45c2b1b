/// The registers of a PC's real-time clock (Motorola MC146818A datasheet) and its battery-backed RAM: fourteen clock
/// registers and 114 bytes that belong to firmware, of which the one at 0x32 counts centuries.
///
/// Time is the host's plus an offset, in nanoseconds since 1970; nothing moves unless asked.
package struct CMOSClockCore {
    enum Register {
        static let second = 0
        static let secondAlarm = 1
        static let minute = 2
        static let minuteAlarm = 3
        static let hour = 4
        static let hourAlarm = 5
        static let weekday = 6
        static let day = 7
        static let month = 8
        static let year = 9
        static let a = 10
        static let b = 11
        static let c = 12
        static let d = 13
        static let century = 0x32
    }

    /// Bits of register B; those of C lie in the same places.
    enum Bit {
        static let hours24: UInt8 = 1 << 1
        static let binary: UInt8 = 1 << 2
        static let updateEnded: UInt8 = 1 << 4
        static let alarm: UInt8 = 1 << 5
        static let periodic: UInt8 = 1 << 6
        /// Register B: the clock stands still while it is being set.
        static let set: UInt8 = 1 << 7
        /// Register C: one of the enabled three.
        static let interrupt: UInt8 = 1 << 7
    }

    private static let second: Int64 = 1_000_000_000
    /// Updates are announced so long before they happen (datasheet, table 5).
    private static let announcement: Int64 = 244_000
    /// The year 2223.
    private static let latest: Int64 = 8_000_000_000
    private static let clockRegisters = [0, 2, 4, 6, 7, 8, 9, Register.century]

    private var bytes = [UInt8](repeating: 0, count: 128)
    /// Which byte the data port shows.
    package private(set) var index = 0
    /// What the guest's clock is ahead of the host's.
    private var offset: Int64 = 0
    /// Up to when flags have been raised, in the guest's time.
    private var seen: Int64

    /// - Parameter now: the host's wall clock in nanoseconds since 1970.
    package init(now: UInt64) {
        seen = min(Int64(clamping: now), Self.latest * Self.second)
        bytes[Register.a] = 0x26
        bytes[Register.b] = Bit.hours24
        bytes[Register.d] = 0x80
    }

    /// Sets a byte that belongs to firmware; the clock's own are left alone.
    package mutating func preset(_ place: Int, _ value: UInt8) {
        guard bytes.indices.contains(place), place > Register.d else { return }
        bytes[place] = value
    }

    /// A reset of the machine: interrupts are off, everything else the battery keeps.
    package mutating func reset() {
        bytes[Register.b] &= ~(Bit.updateEnded | Bit.alarm | Bit.periodic)
        bytes[Register.c] = 0
        index = 0
    }

    /// Bit 7 masks the non-maskable interrupt, of which there is none.
    package mutating func select(_ value: UInt8) { index = Int(value & 0x7F) }

    package var interruptAsserted: Bool { bytes[Register.c] & Bit.interrupt != 0 }

    private var isSetting: Bool { bytes[Register.b] & Bit.set != 0 }

    private func guestTime(_ now: UInt64) -> Int64 {
        min(Int64(clamping: now), Self.latest * Self.second) + offset
    }

    // MARK: Data port

    package mutating func read(now: UInt64) -> UInt8 {
        check(now: now)
        switch index {
        case Register.a:
            let left = Self.second - Self.fraction(guestTime(now))
            return bytes[Register.a] | (left <= Self.announcement && !isSetting ? 0x80 : 0)
        case Register.c:
            defer { bytes[Register.c] = 0 }
            return bytes[Register.c]
        case let place where Self.clockRegisters.contains(place) && !isSetting:
            return field(place, CivilTime(seconds: Self.floorSeconds(guestTime(now))))
        default: return bytes[index]
        }
    }

    package mutating func write(_ value: UInt8, now: UInt64) {
        check(now: now)
        switch index {
        case Register.a: bytes[Register.a] = value & 0x7F
        case Register.b: setControl(value, now)
        case Register.c, Register.d: break
        case let place where Self.clockRegisters.contains(place):
            if !isSetting { latch(now) }
            bytes[place] = value
            if !isSetting { adopt(now) }
        default: bytes[index] = value
        }
        raise(0)
    }

    private mutating func setControl(_ value: UInt8, _ now: UInt64) {
        let was = isSetting
        if !was, value & Bit.set != 0 { latch(now) }
        bytes[Register.b] = value
        if was, value & Bit.set == 0 { adopt(now) }
    }

    /// Copies the time into the registers, where it then stands still.
    private mutating func latch(_ now: UInt64) {
        let time = CivilTime(seconds: Self.floorSeconds(guestTime(now)))
        for place in Self.clockRegisters { bytes[place] = field(place, time) }
    }

    /// Lets the clock go on from what the registers say.
    private mutating func adopt(_ now: UInt64) {
        var time = CivilTime(seconds: 0)
        time.second = number(bytes[Register.second])
        time.minute = number(bytes[Register.minute])
        time.hour = hour(bytes[Register.hour])
        time.day = number(bytes[Register.day])
        time.month = number(bytes[Register.month])
        time.year = number(bytes[Register.century]) * 100 + number(bytes[Register.year])
        let fraction = Self.fraction(guestTime(now))
        // Nanoseconds of later years do not fit a word.
        let seconds = min(max(time.seconds, 0), Self.latest)
        offset = seconds * Self.second + fraction - min(Int64(clamping: now), Self.latest * Self.second)
        seen = guestTime(now)
    }

    // MARK: Formats

    private func field(_ place: Int, _ time: CivilTime) -> UInt8 {
        switch place {
        case Register.second: coded(time.second)
        case Register.minute: coded(time.minute)
        case Register.hour: codedHour(time.hour)
        case Register.weekday: coded(time.weekday)
        case Register.day: coded(time.day)
        case Register.month: coded(time.month)
        case Register.year: coded(time.year % 100)
        default: coded(time.year / 100 % 100)
        }
    }

    private var isBinary: Bool { bytes[Register.b] & Bit.binary != 0 }

    private func coded(_ value: Int) -> UInt8 {
        let value = UInt8(clamping: value)
        return isBinary ? value : (value / 10 % 10) << 4 | value % 10
    }

    private func number(_ byte: UInt8) -> Int {
        isBinary ? Int(byte) : Int(byte >> 4) * 10 + Int(byte & 15)
    }

    /// With twelve hours, bit 7 is afternoon.
    private func codedHour(_ hour: Int) -> UInt8 {
        guard bytes[Register.b] & Bit.hours24 == 0 else { return coded(hour) }
        return coded((hour + 11) % 12 + 1) | (hour >= 12 ? 0x80 : 0)
    }

    private func hour(_ byte: UInt8) -> Int {
        guard bytes[Register.b] & Bit.hours24 == 0 else { return number(byte) }
        return number(byte & 0x7F) % 12 + (byte & 0x80 != 0 ? 12 : 0)
    }

    // MARK: Events

    /// Raises the flags of everything that has happened up to `now`.
    package mutating func check(now: UInt64) {
        let time = guestTime(now)
        defer { seen = time }
        guard time > seen, !isSetting else { return }
        var flags: UInt8 = 0
        if Self.floorSeconds(time) != Self.floorSeconds(seen) { flags |= Bit.updateEnded }
        if let due = alarm(after: seen), due <= time { flags |= Bit.alarm }
        if let period, time / period != seen / period { flags |= Bit.periodic }
        raise(flags)
    }

    private mutating func raise(_ flags: UInt8) {
        let all = bytes[Register.c] & ~Bit.interrupt | flags
        bytes[Register.c] = all | (all & bytes[Register.b] & 0x70 != 0 ? Bit.interrupt : 0)
    }

    /// Nanoseconds until the next event that raises the interrupt; `nil` when nothing will.
    package func timeToEvent(now: UInt64) -> UInt64? {
        let time = guestTime(now)
        guard !isSetting, !interruptAsserted else { return nil }
        let enabled = bytes[Register.b]
        var next: [Int64] = []
        if enabled & Bit.updateEnded != 0 { next.append((Self.floorSeconds(time) + 1) * Self.second) }
        if enabled & Bit.alarm != 0, let due = alarm(after: time) { next.append(due) }
        if enabled & Bit.periodic != 0, let period { next.append((time / period + 1) * period) }
        return next.min().map { UInt64(max($0 - time, 0)) }
    }

    /// Nanoseconds of the periodic interrupt (datasheet, table 3); `nil`: none.
    private var period: Int64? {
        let rate = Int64(bytes[Register.a] & 15)
        guard rate > 0 else { return nil }
        let shift = rate < 3 ? rate + 6 : rate - 1
        return (Self.second << shift) / 32_768
    }

    /// The first moment after `time` at which the alarm registers agree with the clock. Bytes from 0xC0 on agree
    /// with everything.
    private func alarm(after time: Int64) -> Int64? {
        let (seconds, minutes, hours) = (
            bytes[Register.secondAlarm], bytes[Register.minuteAlarm], bytes[Register.hourAlarm]
        )
        let first = Self.floorSeconds(time) + 1
        let wantedHour = hours >= 0xC0 ? nil : hour(hours)
        let wantedMinute = minutes >= 0xC0 ? nil : number(minutes)
        let wantedSecond = seconds >= 0xC0 ? nil : number(seconds)
        guard wantedHour ?? 0 < 24, wantedMinute ?? 0 < 60, wantedSecond ?? 0 < 60 else { return nil }
        var candidate = first
        // A field that is brought forward lets those below it begin anew, and may carry into those above it.
        for _ in 0..<7 {
            let day = (candidate % 86_400 + 86_400) % 86_400
            let (h, m, s) = (Int(day / 3600), Int(day / 60 % 60), Int(day % 60))
            if let wantedHour, wantedHour != h {
                candidate += Int64((wantedHour - h + 24) % 24) * 3600 - Int64(m * 60 + s)
            } else if let wantedMinute, wantedMinute != m {
                candidate += Int64((wantedMinute - m + 60) % 60) * 60 - Int64(s)
            } else if let wantedSecond, wantedSecond != s {
                candidate += Int64((wantedSecond - s + 60) % 60)
            } else {
                return candidate * Self.second
            }
        }
        return nil
    }

    private static func floorSeconds(_ time: Int64) -> Int64 {
        time >= 0 ? time / second : (time - second + 1) / second
    }

    private static func fraction(_ time: Int64) -> Int64 { time - floorSeconds(time) * second }
}
