import Glibc

/// Numbers and times as lists show them.
package enum Amounts {
    /// Bytes in powers of 1000 with up to four digits: `5.7MB`, `120kB`, as Docker prints sizes.
    package static func decimal(_ bytes: UInt64) -> String {
        scaled(Double(bytes), by: 1000, ["B", "kB", "MB", "GB", "TB", "PB", "EB"], digits: 4)
    }

    /// Bytes in powers of 1024: `256MiB`.
    package static func binary(_ bytes: UInt64) -> String {
        scaled(Double(bytes), by: 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"], digits: 4)
    }

    private static func scaled(_ value: Double, by base: Double, _ units: [String], digits: Int) -> String {
        var value = value
        var unit = 0
        while value >= base, unit < units.count - 1 {
            value /= base
            unit += 1
        }
        let whole = String(Int(value)).count
        let decimals = unit == 0 ? 0 : max(0, min(digits - whole, whole >= 3 ? 0 : whole == 2 ? 1 : 2))
        return trimmed(fixed(value, decimals)) + units[unit]
    }

    /// With `decimals` digits after the point.
    package static func fixed(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "0" }
        let factor = pow(10, Double(decimals))
        let scaled = Int64((abs(value) * factor).rounded())
        let whole = scaled / Int64(factor)
        let fraction = String(scaled % Int64(factor))
        let sign = value < 0 && scaled > 0 ? "-" : ""
        if decimals == 0 { return "\(sign)\(whole)" }
        return "\(sign)\(whole)." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    private static func trimmed(_ text: String) -> String {
        guard text.contains(".") else { return text }
        var text = text
        while text.hasSuffix("0") { text.removeLast() }
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }

    /// A length of time in words: `3 minutes`, `About an hour`, `2 weeks`.
    package static func duration(_ seconds: Double) -> String {
        let seconds = Int(max(0, min(seconds, 1e12)))
        let (minutes, hours) = (seconds / 60, (seconds + 1800) / 3600)
        return switch seconds {
        case ..<1: "Less than a second"
        case 1: "1 second"
        case ..<60: "\(seconds) seconds"
        case ..<120: "About a minute"
        case ..<3600: "\(minutes) minutes"
        case ..<5400: "About an hour"
        case ..<172_800: "\(hours) hours"
        case ..<1_209_600: "\(hours / 24) days"
        case ..<5_184_000: "\(hours / 24 / 7) weeks"
        case ..<63_072_000: "\(hours / 24 / 30) months"
        default: "\(hours / 24 / 365) years"
        }
    }

    /// How long ago a time was; empty for one that is not known.
    package static func ago(_ time: Double?, now: Double = Amounts.now) -> String {
        guard let time, time > 0 else { return "" }
        return duration(now - time) + " ago"
    }

    /// Seconds since 1970.
    package static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// A time as `2026-11-25 14:50:01 +0000 UTC`, in the user's zone.
    package static func local(_ time: Double) -> String { text(time, "%Y-%m-%d %H:%M:%S %z %Z") }

    /// RFC 3339 with nanoseconds, in UTC: `2026-11-25T14:50:01.000000001Z`.
    package static func precise(nanoseconds: Int64) -> String {
        let (seconds, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        var moment = time_t(seconds)
        var fields = tm()
        gmtime_r(&moment, &fields)
        let digits = String(max(fraction, 0))
        return formatted(fields, "%Y-%m-%dT%H:%M:%S.")
            + String(repeating: "0", count: 9 - digits.count) + digits + "Z"
    }

    private static func text(_ time: Double, _ format: String) -> String {
        var moment = time_t(max(0, min(time, 1e11)))
        var fields = tm()
        localtime_r(&moment, &fields)
        return formatted(fields, format)
    }

    private static func formatted(_ fields: tm, _ format: String) -> String {
        var fields = fields
        var buffer = [CChar](repeating: 0, count: 64)
        let count = strftime(&buffer, buffer.count, format, &fields)
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
