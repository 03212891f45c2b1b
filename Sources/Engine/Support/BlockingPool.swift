import Glibc
import Host

/// Threads for calls that block: file trees, SQLite, waiting programs. Tasks wait for them without holding a thread of
/// the concurrency runtime, of which there are only as many as processors.
final class BlockingPool: @unchecked Sendable {
    // SAFETY: everything mutable is touched only under `mutex`.

    static let shared = BlockingPool(limit: 16)

    /// Seconds that an idle thread stays.
    private static let patience = 5

    private let limit: Int
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let arrived = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [@Sendable () -> Void] = []
    private var next = 0
    private var threads = 0
    private var idle = 0

    /// - Parameter limit: how many calls go on at once; others queue.
    init(limit: Int) {
        self.limit = limit
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(arrived, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(arrived)
        mutex.deallocate()
        arrived.deallocate()
    }

    /// Runs `body` on a thread of the pool.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit { continuation.resume(with: Result { try body() }) }
        }
    }

    private func submit(_ job: @escaping @Sendable () -> Void) {
        pthread_mutex_lock(mutex)
        jobs.append(job)
        let mustGrow = idle < jobs.count - next && threads < limit
        if mustGrow { threads += 1 }
        pthread_cond_signal(arrived)
        pthread_mutex_unlock(mutex)
        if mustGrow { grow() }
    }

    private func grow() {
        do {
            try Thread(name: "blocking") { [self] in serve() }.detach()
        } catch {
            // The threads that there are serve the job; without any, the caller's own must.
            pthread_mutex_lock(mutex)
            threads -= 1
            let isAlone = threads == 0
            pthread_mutex_unlock(mutex)
            if isAlone { while let job = take(waiting: false) { job() } }
        }
    }

    private func serve() {
        while let job = take(waiting: true) { job() }
    }

    /// The next job; `nil` when none has come for a while, and this thread no longer counts.
    private func take(waiting: Bool) -> (@Sendable () -> Void)? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        var deadline = timespec()
        clock_gettime(CLOCK_REALTIME, &deadline)
        deadline.tv_sec += Self.patience
        while next == jobs.count {
            guard waiting else { return nil }
            idle += 1
            let code = pthread_cond_timedwait(arrived, mutex, &deadline)
            idle -= 1
            if code != 0, next == jobs.count {
                threads -= 1
                return nil
            }
        }
        let job = jobs[next]
        next += 1
        if next == jobs.count || next > 256 {
            jobs.removeFirst(next)
            next = 0
        }
        return job
    }
}

/// Runs a call that waits for somebody else, such as a slow client, on a thread of its own.
func onOwnThread<Value: Sendable>(
    _ name: String, _ body: @escaping @Sendable () throws -> Value
) async throws(EngineError) -> Value {
    do {
        return try await withCheckedThrowingContinuation { continuation in
            do {
                try Thread(name: name) { continuation.resume(with: Result { try body() }) }.detach()
            } catch {
                continuation.resume(throwing: error)
            }
        }
    } catch {
        throw EngineError(error)
    }
}

/// Runs a blocking call off the concurrency runtime's threads.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws(EngineError)
    -> Value
{
    do {
        return try await BlockingPool.shared.run(body)
    } catch {
        throw EngineError(error)
    }
}
