import Glibc

/// A moment as `--since` and `--until` take it.
package enum TimeOption {
    /// Parses a Unix time (`1764082201.5`), a date (`2026-11-25`, `2026-11-25T14:50:01Z`) or a time before now (`10m`).
    ///
    /// - Returns: nanoseconds since 1970.
    package static func parse(_ text: String, option: String, now: Double = Amounts.now) throws(Failure)
        -> Int64
    {
        if let seconds = Double(text), seconds >= 0, seconds < 1e10 { return Int64(seconds * 1e9) }
        if let time = date(text) { return time }
        guard let before = try? Amount.nanoseconds(text, option: option) else {
            throw .badCommandLine(
                "\(option) takes a time such as 10m, 2026-11-25T14:50:01Z or 1764082201, not '\(text)'")
        }
        return Int64(now * 1e9) - before
    }

    /// RFC 3339 with missing parts: no zone means the user's, no time midnight.
    private static func date(_ text: String) -> Int64? {
        var text = text[...]
        var offset: Int?
        if text.hasSuffix("Z") {
            text.removeLast()
            offset = 0
        } else if text.count > 19, let sign = text.lastIndex(where: { $0 == "+" || $0 == "-" }),
            text.distance(from: text.startIndex, to: sign) >= 19
        {
            let parts = text[sign...].dropFirst().split(separator: ":").compactMap { Int($0) }
            guard parts.count == 2 else { return nil }
            offset = (parts[0] * 3600 + parts[1] * 60) * (text[sign] == "-" ? -1 : 1)
            text = text[..<sign]
        }
        let halves = text.split(separator: "T", omittingEmptySubsequences: false)
        let days = halves[0].split(separator: "-").compactMap { Int32($0) }
        guard halves.count <= 2, days.count == 3, days[0] > 1900, days[0] < 3000,
            let clock = clock(halves.count == 2 ? halves[1] : "")
        else { return nil }
        var fields = tm()
        fields.tm_year = days[0] - 1900
        fields.tm_mon = days[1] - 1
        fields.tm_mday = days[2]
        fields.tm_isdst = -1
        let midnight = offset == nil ? mktime(&fields) : timegm(&fields)
        return Int64((Double(midnight - (offset ?? 0)) + clock) * 1e9)
    }

    /// Seconds since midnight of `14`, `14:50`, `14:50:01.5` or nothing.
    private static func clock(_ text: Substring) -> Double? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Double($0) }
        if text.isEmpty { return 0 }
        guard parts.count <= 3 else { return nil }
        var total = 0.0
        for (part, scale) in zip(parts, [3600.0, 60, 1]) {
            guard let part, part >= 0 else { return nil }
            total += part * scale
        }
        return total
    }
}
