/// A moment as clocks on the wall show it, in the proleptic Gregorian calendar and without leap seconds.
struct CivilTime: Equatable {
    var year: Int
    /// 1 to 12.
    var month: Int
    /// 1 to 31.
    var day: Int
    var hour: Int
    var minute: Int
    var second: Int

    private static let secondsPerDay: Int64 = 86_400
    /// Days from 0000-03-01 to 1970-01-01.
    private static let epochDay: Int64 = 719_468
    /// Days of 400 years, after which the calendar repeats.
    private static let eraDays: Int64 = 146_097

    /// The moment so many seconds after 1970-01-01 00:00.
    ///
    /// Years begin in March here, so that the leap day is the last of its year.
    init(seconds: Int64) {
        let days = Self.floorDivide(seconds, Self.secondsPerDay)
        let rest = Int(seconds - days * Self.secondsPerDay)
        let shifted = days + Self.epochDay
        let era = Self.floorDivide(shifted, Self.eraDays)
        let dayOfEra = Int(shifted - era * Self.eraDays)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + Int(era) * 400 + (month <= 2 ? 1 : 0)
        hour = rest / 3600
        minute = rest / 60 % 60
        second = rest % 60
    }

    /// Seconds since 1970-01-01 00:00. Fields beyond their range count on: the 32nd of January is the 1st of
    /// February; a month is brought into its range.
    var seconds: Int64 {
        let month = min(max(month, 1), 12)
        let shifted = Int64(month <= 2 ? year - 1 : year)
        let era = Self.floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let monthFromMarch = Int64(month > 2 ? month - 3 : month + 9)
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + Int64(day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * Self.eraDays + dayOfEra - Self.epochDay
        return days * Self.secondsPerDay + Int64(hour) * 3600 + Int64(minute) * 60 + Int64(second)
    }

    /// 1 for Sunday to 7 for Saturday.
    var weekday: Int {
        let days = Self.floorDivide(seconds, Self.secondsPerDay)
        return Int((days % 7 + 11) % 7) + 1
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : (value - divisor + 1) / divisor
    }
}
