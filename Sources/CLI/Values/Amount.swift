/// Numbers with units as people write them after an option.
package enum Amount {
    /// Bytes: digits, a fraction if need be, and `b`, `k`, `m`, `g` or `t` in powers of 1024.
    package static func bytes(_ text: String, option: String) throws(Failure) -> Int64 {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits), let shift = shift(of: text.dropFirst(digits.count).lowercased()),
            let bytes = Int64(exactly: (number * Double(1 << shift as Int64)).rounded(.down))
        else {
            throw .badCommandLine("\(option) takes a size such as 512m or 1.5g, not '\(text)'")
        }
        return bytes
    }

    /// The same, or -1 for no bound.
    package static func bytesOrUnlimited(_ text: String, option: String) throws(Failure) -> Int64 {
        text == "-1" ? -1 : try bytes(text, option: option)
    }

    private static func shift(of unit: String) -> Int64? {
        switch unit {
        case "", "b": 0
        case "k", "kb", "kib": 10
        case "m", "mb", "mib": 20
        case "g", "gb", "gib": 30
        case "t", "tb", "tib": 40
        default: nil
        }
    }

    /// Processors as a decimal number, in units of 10⁻⁹.
    package static func nanoCPUs(_ text: String) throws(Failure) -> Int64 {
        guard let number = Double(text), number > 0, number < 1e6, number * 1e9 >= 1 else {
            throw .badCommandLine("--cpus takes a number of processors such as 0.5 or 2, not '\(text)'")
        }
        return Int64((number * 1e9).rounded())
    }

    /// A length of time as Go writes it (`1m30s`, `500ms`), in nanoseconds. A bare number is refused, but for 0.
    package static func nanoseconds(_ text: String, option: String) throws(Failure) -> Int64 {
        if text == "0" { return 0 }
        var rest = text[...]
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let number = Double(digits), let scale = units[String(unit)] else {
                throw .badCommandLine("\(option) takes a time such as 30s or 1m30s, not '\(text)'")
            }
            total += number * scale
        }
        guard let result = Int64(exactly: total.rounded()), !text.isEmpty else {
            throw .badCommandLine("\(option) takes a time such as 30s or 1m30s, not '\(text)'")
        }
        return result
    }

    private static let units: [String: Double] = [
        "ns": 1, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
    ]
}
