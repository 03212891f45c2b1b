import FoundationEssentials
import Model

/// One line of a log file as Docker's `json-file` driver writes it.
struct LogLine: Codable {
    var log: String
    var stream: OutputStream
    /// RFC 3339 with nanoseconds.
    var time: String

    /// - Returns: `nil` for a line that was written in part or damaged.
    static func parse(_ line: some Collection<UInt8>) -> LogEntry? {
        guard let parsed = try? JSONDecoder().decode(LogLine.self, from: Data(line)),
            let time = Timestamp.nanoseconds(parsed.time)
        else { return nil }
        return LogEntry(stream: parsed.stream, bytes: Array(parsed.log.utf8), time: time)
    }
}

/// Points in time as text.
enum Timestamp {
    /// Nanoseconds since 1970 of an RFC 3339 text such as `2026-01-02T03:04:05.123456789Z` or `…+02:00`.
    static func nanoseconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20,
            let year = number(bytes, 0, 4), let month = number(bytes, 5, 2), let day = number(bytes, 8, 2),
            let hour = number(bytes, 11, 2), let minute = number(bytes, 14, 2),
            let second = number(bytes, 17, 2),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var position = 19
        let fraction = fraction(bytes, &position)
        guard let offset = offset(bytes, position) else { return nil }
        let days = Int64(daysSince1970(year, month, day))
        let seconds = days * 86400 + Int64(hour * 3600 + minute * 60 + second) - offset
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? nil : product + fraction
    }

    /// RFC 3339 in UTC with nine digits behind the point.
    static func text(nanoseconds: Int64) -> String {
        let seconds =
            nanoseconds >= 0 ? nanoseconds / 1_000_000_000 : (nanoseconds - 999_999_999) / 1_000_000_000
        let rest = nanoseconds - seconds * 1_000_000_000
        let days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
        let time = Int(seconds - days * 86400)
        let (year, month, day) = date(days: Int(days))
        return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T"
            + "\(pad(time / 3600, 2)):\(pad(time / 60 % 60, 2)):\(pad(time % 60, 2)).\(pad(Int(rest), 9))Z"
    }

    private static func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(width - digits.count, 0)) + digits
    }

    private static func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int? {
        var value = 0
        for byte in bytes[start..<start + count] {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }

    private static func fraction(_ bytes: [UInt8], _ position: inout Int) -> Int64 {
        guard position < bytes.count, bytes[position] == UInt8(ascii: ".") else { return 0 }
        position += 1
        var value: Int64 = 0
        var digits = 0
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
            if digits < 9 {
                value = value * 10 + Int64(bytes[position] - 0x30)
                digits += 1
            }
            position += 1
        }
        for _ in digits..<9 { value *= 10 }
        return value
    }

    /// Seconds east of UTC.
    private static func offset(_ bytes: [UInt8], _ position: Int) -> Int64? {
        guard position < bytes.count else { return nil }
        if bytes[position] == UInt8(ascii: "Z") { return position + 1 == bytes.count ? 0 : nil }
        let sign: Int64 = bytes[position] == UInt8(ascii: "-") ? -1 : 1
        guard bytes[position] == UInt8(ascii: "+") || sign < 0, position + 6 == bytes.count,
            let hours = number(bytes, position + 1, 2), let minutes = number(bytes, position + 4, 2)
        else { return nil }
        return sign * Int64(hours * 3600 + minutes * 60)
    }

    /// Days of the proleptic Gregorian calendar, counted in years that begin in March.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(days: Int) -> (Int, Int, Int) {
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
}
