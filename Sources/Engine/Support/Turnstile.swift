/// Lets one task at a time through for each key, in the order of arrival.
///
/// An actor alone gives no such promise: between two of its awaits another task may come in.
struct Turnstile {
    /// The tasks that wait for each key that somebody is at; the one at work is not among them.
    private var queues: [String: [CheckedContinuation<Void, Never>]] = [:]

    /// Takes the key when it is free.
    mutating func tryEnter(_ key: String) -> Bool {
        guard queues[key] == nil else { return false }
        queues[key] = []
        return true
    }

    /// Queues for a key that is taken; `continuation` is resumed when it is this one's turn.
    mutating func queue(_ key: String, _ continuation: CheckedContinuation<Void, Never>) {
        queues[key, default: []].append(continuation)
    }

    /// Hands the key to the next in the queue.
    mutating func leave(_ key: String) {
        guard var queue = queues[key], !queue.isEmpty else {
            queues[key] = nil
            return
        }
        let next = queue.removeFirst()
        queues[key] = queue
        next.resume()
    }
}

extension Engine {
    /// Runs `body` while no other task does anything exclusive under `key`.
    func exclusively<Value>(
        _ key: String, _ body: () async throws(EngineError) -> Value
    ) async throws(EngineError) -> Value {
        if !turnstile.tryEnter(key) {
            await withCheckedContinuation { turnstile.queue(key, $0) }
        }
        defer { turnstile.leave(key) }
        return try await body()
    }
}
