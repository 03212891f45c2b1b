import Glibc
import Model

/// Numbers events and hands them to those who listen. The store keeps them.
struct EventJournal {
    /// What a slow listener may fall behind before it loses the oldest.
    private static let backlog = 4096

    private var last: Int64
    private var listeners: [Int: (filters: Filters, stream: AsyncStream<Event>.Continuation)] = [:]
    private var nextListener = 0

    /// - Parameter last: the number of the newest event of earlier daemons.
    init(last: Int64) { self.last = last }

    /// The next event; `publish` it once it is durable.
    mutating func make(
        _ subject: Event.Subject, _ action: String, actor: String, _ attributes: [String: String],
        time: Int64 = Clock.nanoseconds
    ) -> Event {
        last += 1
        return Event(number: last, subject, action, actor: actor, attributes: attributes, time: time)
    }

    func publish(_ events: [Event]) {
        for listener in listeners.values {
            for event in events where EventFilter.matches(event, listener.filters) {
                listener.stream.yield(event)
            }
        }
    }

    /// Begins to listen. The number ends it.
    mutating func listen(_ filters: Filters) -> (number: Int, stream: AsyncStream<Event>) {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Event.self, bufferingPolicy: .bufferingNewest(Self.backlog))
        nextListener += 1
        listeners[nextListener] = (filters, continuation)
        return (nextListener, stream)
    }

    mutating func leave(_ number: Int) { listeners.removeValue(forKey: number)?.stream.finish() }

    /// Ends all listening.
    func finish() {
        for listener in listeners.values { listener.stream.finish() }
    }
}

/// The time of day.
enum Clock {
    /// Since 1970.
    static var nanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Since 1970.
    static var seconds: Double { Double(nanoseconds) / 1e9 }
}

/// Docker's filters on events.
enum EventFilter {
    static func matches(_ event: Event, _ filters: Filters) -> Bool {
        let attributes = event.attributes
        let names = [event.actor, attributes["name"] ?? ""]
        return filters.matches("type", anyOf: [event.subject.rawValue])
            && filters.matches("scope", anyOf: ["local"])
            && matchesAction(event, filters["event"])
            && of(event, [.container, .machine], names, filters, "container")
            && of(event, [.image], names + [attributes["image"] ?? ""], filters, "image")
            && of(event, [.volume], names, filters, "volume")
            && of(event, [.network], names, filters, "network")
            && filters.matchLabels(attributes)
    }

    /// `exec_create` also stands for `exec_create: sh`, `health_status` for `health_status: healthy`.
    private static func matchesAction(_ event: Event, _ wanted: [String]) -> Bool {
        wanted.isEmpty || wanted.contains { event.action == $0 || event.action.hasPrefix("\($0):") }
    }

    /// A filter by an object's name lets only events of its kind through, and ids by their beginning.
    private static func of(
        _ event: Event, _ subjects: [Event.Subject], _ names: [String], _ filters: Filters, _ key: String
    ) -> Bool {
        let wanted = filters[key]
        if wanted.isEmpty { return true }
        if key == "image", event.subject == .container {
            return wanted.contains { event.attributes["image"] == $0 }
        }
        return subjects.contains(event.subject)
            && wanted.contains { names.contains($0) || ($0.count >= 4 && event.actor.hasPrefix($0)) }
    }
}
