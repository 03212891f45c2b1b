import Glibc

/// Times of images: seconds since 1970, written as RFC 3339.
enum BuildTime {
    static func format(_ seconds: Int64) -> String {
        var time = time_t(min(max(seconds, 0), 253_402_300_799))
        var parts = tm()
        gmtime_r(&time, &parts)
        func digits(_ value: Int32, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(count - text.count, 0)) + text
        }
        let date = [digits(parts.tm_year + 1900, 4), digits(parts.tm_mon + 1, 2), digits(parts.tm_mday, 2)]
        let clock = [digits(parts.tm_hour, 2), digits(parts.tm_min, 2), digits(parts.tm_sec, 2)]
        return date.joined(separator: "-") + "T" + clock.joined(separator: ":") + "Z"
    }

    /// Fractions are dropped; `nil` for anything but a time of RFC 3339 in UTC or with an offset.
    static func parse(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 40 else { return nil }
        let numbers = text.prefix(19).split { !$0.isNumber }.compactMap { Int32($0) }
        guard numbers.count == 6, numbers[0] >= 1970, numbers[0] <= 9999 else { return nil }
        var parts = tm()
        parts.tm_year = numbers[0] - 1900
        parts.tm_mon = numbers[1] - 1
        parts.tm_mday = numbers[2]
        parts.tm_hour = numbers[3]
        parts.tm_min = numbers[4]
        parts.tm_sec = numbers[5]
        let zone = text.dropFirst(19).drop { $0 == "." || $0.isNumber }
        return Int64(timegm(&parts)) - offset(zone)
    }

    /// Seconds of `+02:00`; 0 for `Z`.
    private static func offset(_ zone: Substring) -> Int64 {
        let numbers = zone.dropFirst().split(separator: ":").compactMap { Int64($0) }
        guard numbers.count == 2, numbers.allSatisfy({ (0..<60).contains($0) }) else { return 0 }
        return (zone.first == "-" ? -1 : 1) * (numbers[0] * 3600 + numbers[1] * 60)
    }

    static var now: Int64 { Int64(time(nil)) }
}
