import Model
import Store

extension Engine {
    /// What happened, oldest first, and goes on happening.
    ///
    /// - Parameters:
    ///   - since: nanoseconds since 1970; `nil` means from now on.
    ///   - until: nanoseconds since 1970; `nil` means without end.
    package func events(
        since: Int64? = nil, until: Int64? = nil, filters: Filters = Filters()
    ) async throws(EngineError) -> AsyncStream<Event> {
        let (number, live) = journal.listen(filters)
        var past: [Event] = []
        if since != nil || until != nil {
            let store = store
            do {
                past = try await blocking { try store.events(since: since ?? 0, until: until ?? .max) }
            } catch {
                journal.leave(number)
                throw error
            }
        }
        let known = past.last?.number ?? 0
        let matching = past.filter { EventFilter.matches($0, filters) }
        let (stream, continuation) = AsyncStream.makeStream(of: Event.self)
        let relay = Task { [self] in
            for event in matching { continuation.yield(event) }
            let timer = stopTimer(until, number)
            for await event in live where event.number > known && event.time <= until ?? .max {
                continuation.yield(event)
            }
            timer?.cancel()
            continuation.finish()
        }
        continuation.onTermination = { [weak self] _ in
            relay.cancel()
            Task { await self?.leaveJournal(number) }
        }
        return stream
    }

    private func leaveJournal(_ number: Int) { journal.leave(number) }

    private func stopTimer(_ until: Int64?, _ number: Int) -> Task<Void, Never>? {
        guard let until else { return nil }
        return Task { [weak self] in
            try? await Task.sleep(nanoseconds: UInt64(max(until - Clock.nanoseconds, 0)))
            await self?.leaveJournal(number)
        }
    }

    /// Notes something that happened outside the engine, such as a pull.
    package func record(
        _ subject: Event.Subject, _ action: String, actor: String, attributes: [String: String] = [:]
    ) async {
        let event = journal.make(subject, action, actor: actor, attributes)
        store.note([.event(event)])
        journal.publish([event])
    }

    /// Makes `changes` durable together with the events that tell of them, then tells.
    func commit(_ changes: [Change], _ events: [Event] = []) async throws(EngineError) {
        do {
            try await store.commit(changes + events.map { .event($0) })
        } catch {
            throw EngineError(error)
        }
        journal.publish(events)
    }

    /// Like `commit`, for what cannot be undone by refusing it: a failure of the store is logged.
    func commitAnyway(_ changes: [Change], _ events: [Event] = []) async {
        do {
            try await commit(changes, events)
        } catch {
            log.error("\(error)")
            journal.publish(events)
        }
    }

    /// An event of an instance's, with what Docker's clients look for.
    func event(_ entry: Entry, _ action: String, _ more: [String: String] = [:]) -> Event {
        var attributes = entry.instance.spec.labels
        attributes["name"] = entry.instance.name
        switch entry.instance.spec {
        case .container(let spec): attributes["image"] = spec.image
        case .machine(let spec): attributes["guest"] = spec.guest
        }
        attributes.merge(more) { _, new in new }
        return journal.make(entry.subject, action, actor: entry.id.text, attributes)
    }

    /// Tells of something that changes no record.
    func tell(_ event: Event) {
        store.note([.event(event)])
        journal.publish([event])
    }
}
