import Glibc
import Host

/// Threads that builds run on. Steps read and write whole file trees: on the threads of the concurrency runtime, of
/// which there are as many as processors, they would keep everybody else waiting.
final class BuildThreads: TaskExecutor, @unchecked Sendable {
    // SAFETY: everything mutable is touched only under `mutex`.

    static let shared = BuildThreads(limit: 2 * StepSlots.processors + 2)

    /// Seconds that an idle thread stays.
    private static let patience = 5

    private let limit: Int
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let arrived = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// Oldest last.
    private var jobs: [UnownedJob] = []
    private var threads = 0
    private var idle = 0

    private init(limit: Int) {
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

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pthread_mutex_lock(mutex)
        jobs.insert(job, at: 0)
        let mustGrow = idle < jobs.count && threads < limit
        if mustGrow { threads += 1 }
        pthread_cond_signal(arrived)
        pthread_mutex_unlock(mutex)
        if mustGrow { grow() }
    }

    private func grow() {
        do {
            _ = try Thread(name: "build") { [self] in
                // Nobody joins: the thread's resources go with it.
                pthread_detach(pthread_self())
                serve()
            }
        } catch {
            // The threads that there are serve the job; without any, the caller's own must.
            pthread_mutex_lock(mutex)
            threads -= 1
            let isAlone = threads == 0
            pthread_mutex_unlock(mutex)
            if isAlone { while let job = take(isWaiting: false) { perform(job) } }
        }
    }

    private func serve() {
        while let job = take(isWaiting: true) { perform(job) }
    }

    private func perform(_ job: UnownedJob) { job.runSynchronously(on: asUnownedTaskExecutor()) }

    /// The next job; `nil` when none has come for a while, and this thread no longer counts.
    private func take(isWaiting: Bool) -> UnownedJob? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        var deadline = timespec()
        clock_gettime(CLOCK_REALTIME, &deadline)
        deadline.tv_sec += Self.patience
        while jobs.isEmpty {
            guard isWaiting else { return nil }
            idle += 1
            let code = pthread_cond_timedwait(arrived, mutex, &deadline)
            idle -= 1
            if code != 0, jobs.isEmpty {
                threads -= 1
                return nil
            }
        }
        return jobs.popLast()
    }
}
