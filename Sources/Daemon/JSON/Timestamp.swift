/// Moments as RFC 3339 writes them.
package enum Timestamp {
    /// What Go writes for a time that was never set.
    package static let never = "0001-01-01T00:00:00Z"

    /// - Parameter seconds: since 1970; `nil` is never.
    package static func text(_ seconds: Double?) -> String {
        guard let seconds, seconds.isFinite, abs(seconds) < 253_402_300_800 else { return never }
        let whole = seconds.rounded(.down)
        let nanoseconds = Int64(((seconds - whole) * 1_000_000_000).rounded(.down))
        return text(Int64(whole), fraction: nanoseconds)
    }

    /// - Parameter nanoseconds: since 1970.
    package static func text(nanoseconds: Int64) -> String {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest < 0
            ? text(seconds - 1, fraction: rest + 1_000_000_000) : text(seconds, fraction: rest)
    }

    private static func text(_ seconds: Int64, fraction: Int64) -> String {
        var days = seconds / 86400
        var second = seconds % 86400
        if second < 0 {
            second += 86400
            days -= 1
        }
        let (year, month, day) = date(days)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(second / 3600, 2)):"
            + "\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2)).\(padded(fraction, 9))Z"
    }

    /// The Gregorian date of a day counted from 1970, by eras of 400 years that begin in March.
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(width - digits.count, 0)) + digits
    }

    /// How long something took or is ago, in Docker's words: `About an hour`, `3 days`.
    package static func duration(_ seconds: Double) -> String {
        let seconds = Int(min(max(seconds, 0), 1e10))
        let minutes = seconds / 60
        let hours = Int((Double(seconds) / 3600).rounded())
        switch true {
        case seconds < 1: return "Less than a second"
        case seconds == 1: return "1 second"
        case seconds < 60: return "\(seconds) seconds"
        case minutes == 1: return "About a minute"
        case minutes < 60: return "\(minutes) minutes"
        case hours == 1: return "About an hour"
        case hours < 48: return "\(hours) hours"
        case hours < 24 * 7 * 2: return "\(hours / 24) days"
        case hours < 24 * 30 * 2: return "\(hours / 24 / 7) weeks"
        case hours < 24 * 365 * 2: return "\(hours / 24 / 30) months"
        default: return "\(hours / 24 / 365) years"
        }
    }
}

extension Timestamp {
    /// Seconds since 1970 of `2024-05-06T07:08:09.5Z` or with an offset such as `+02:00`; `nil` for anything else.
    package static func seconds(_ text: String?) -> Double? {
        guard let bytes = text.map({ Array($0.utf8) }), (20...40).contains(bytes.count),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
            let day = number(bytes[8..<10]), let hour = number(bytes[11..<13]),
            let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]),
            (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        let days = days(year, month, day)
        let rest = bytes[19...].drop { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
        guard let offset = offset(rest) else { return nil }
        return Double(days * 86400 + hour * 3600 + minute * 60 + second - offset)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        Int64(String(decoding: digits, as: UTF8.self))
    }

    /// Seconds east of Greenwich.
    private static func offset(_ text: ArraySlice<UInt8>) -> Int64? {
        if text.elementsEqual([UInt8(ascii: "Z")]) { return 0 }
        let text = Array(text)
        guard text.count == 6, text[0] == UInt8(ascii: "+") || text[0] == UInt8(ascii: "-"),
            let hours = number(text[1..<3]), let minutes = number(text[4..<6])
        else { return nil }
        return (hours * 3600 + minutes * 60) * (text[0] == UInt8(ascii: "-") ? -1 : 1)
    }

    /// Days from 1970 to a Gregorian date.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
