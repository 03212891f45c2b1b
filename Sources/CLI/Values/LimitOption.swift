import Model

/// Limits, devices and rates.
package enum LimitOption {
    private static let names: Set = [
        "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss",
        "rtprio", "rttime", "sigpending", "stack", "as",
    ]

    /// Parses `NAME=SOFT[:HARD]`; -1 and `unlimited` mean no bound.
    package static func ulimit(_ text: String) throws(Failure) -> ResourceLimit {
        let name = CommaList.key(of: text).lowercased()
        let values = (CommaList.value(of: text) ?? "").split(separator: ":").map(bound)
        guard names.contains(name), (1...2).contains(values.count), let soft = values[0],
            let hard = values[values.count - 1]
        else {
            let nearest = names.contains(name) ? nil : Suggestion.nearest(to: name, among: names.sorted())
            let hint = nearest.map { "; did you mean '\($0)'?" } ?? ""
            throw .badCommandLine("'\(text)' is no limit: use NAME=SOFT[:HARD], such as nofile=1024\(hint)")
        }
        guard hard == -1 || (soft != -1 && soft <= hard) else {
            throw .badCommandLine("the soft limit of '\(text)' is above the hard one")
        }
        return ResourceLimit(name: name, soft: soft, hard: hard)
    }

    private static func bound(_ text: Substring) -> Int64? {
        text == "unlimited" ? -1 : Int64(text).flatMap { $0 >= -1 ? $0 : nil }
    }

    /// Parses `HOST[:CONTAINER][:rwm]`.
    package static func device(_ text: String) throws(Failure) -> DeviceMapping {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var permissions = "rwm"
        if parts.count > 1, let last = parts.last, !last.isEmpty, last.allSatisfy({ "rwm".contains($0) }) {
            permissions = parts.removeLast()
        }
        guard (1...2).contains(parts.count), parts.allSatisfy({ $0.hasPrefix("/") }) else {
            throw .badCommandLine("'\(text)' is no device: use /dev/NAME[:/dev/NAME][:rwm]")
        }
        return DeviceMapping(
            hostPath: parts[0], containerPath: parts[parts.count - 1], permissions: permissions)
    }

    /// Parses `DEVICE:RATE`; the rate is a size for bytes, a number for operations and weights.
    package static func rate(_ text: String, option: String, isSize: Bool) throws(Failure) -> DeviceRate {
        guard let colon = text.lastIndex(of: ":"), text.hasPrefix("/"), colon != text.startIndex else {
            throw .badCommandLine("\(option) takes DEVICE:RATE, such as /dev/sda:1m, not '\(text)'")
        }
        let value = String(text[text.index(after: colon)...])
        let rate = isSize ? try Amount.bytes(value, option: option) : Int64(value) ?? -1
        guard let rate = UInt64(exactly: rate) else {
            throw .badCommandLine("\(option) takes DEVICE:NUMBER, not '\(text)'")
        }
        return DeviceRate(path: String(text[..<colon]), rate: rate)
    }

    /// Parses `no`, `always`, `unless-stopped` or `on-failure[:COUNT]`.
    package static func restart(_ text: String) throws(Failure) -> RestartPolicy {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard let kind = RestartPolicy.Kind(rawValue: parts[0]), parts.count <= 2 else {
            throw .badCommandLine(
                "'\(text)' is no restart policy: use no, always, unless-stopped or on-failure[:COUNT]")
        }
        guard parts.count == 2 else { return RestartPolicy(kind) }
        guard kind == .onFailure, let count = Int(parts[1]), count >= 0 else {
            throw .badCommandLine("only on-failure takes a count, as in on-failure:3, not '\(text)'")
        }
        return RestartPolicy(kind, maximumRetries: count)
    }
}
