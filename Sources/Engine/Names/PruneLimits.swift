import Model

/// What `prune` is allowed to take: `until=` and labels.
struct PruneLimits {
    private let filters: Filters
    /// Seconds since 1970: nothing newer.
    private var until = Double.infinity

    /// - Throws: `invalid` for an `until` that is no time.
    init(_ filters: Filters, now: Double = Clock.seconds) throws(EngineError) {
        self.filters = filters
        for text in filters["until"] {
            guard let time = TimeText.seconds(text, now: now) else {
                throw EngineError(.invalid, "\"\(text)\" is no time: write 24h, 90m or 2026-01-02T15:04:05Z")
            }
            until = min(until, time)
        }
    }

    func allow(_ created: Double, _ labels: [String: String]) -> Bool {
        created < until && filters.matchLabels(labels)
    }
}

/// Times as clients write them.
enum TimeText {
    private static let units: [(name: String, seconds: Double)] = [
        ("ms", 0.001), ("h", 3600), ("m", 60), ("s", 1), ("d", 86400),
    ]

    /// Seconds since 1970 of a number of seconds, an RFC 3339 time, or how long ago it was (`1h30m`).
    static func seconds(_ text: String, now: Double) -> Double? {
        if let number = Double(text), number.isFinite { return number }
        if let time = Timestamp.nanoseconds(text) { return Double(time) / 1e9 }
        return duration(text).map { now - $0 }
    }

    private static func duration(_ text: String) -> Double? {
        var rest = text[...]
        var sum = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            guard let number = Double(digits), let unit = units.first(where: { rest.hasPrefix($0.name) })
            else {
                return nil
            }
            sum += number * unit.seconds
            rest = rest.dropFirst(unit.name.count)
        }
        return text.isEmpty ? nil : sum
    }
}
